import { type AccountKind, type Composition, generateAccounts, isDue } from './accounts.ts'
import { forecast } from './forecast.ts'
import type { HandleOutcome, Reconciliation } from './reconcile.ts'

const noAccounts = (): Record<AccountKind, number> => ({
  suspended: 0,
  warned: 0,
  forgotten: 0,
  present: 0,
  reserved: 0,
})

/**
 * What must be true of every handle once the sweeps are done: who was due has one release or reservation, nobody else has
 * any new one, and the counts are the planned ones.
 */
export const expectationsOf = async (composition: Composition) => {
  const kinds = new Map<string, AccountKind>()
  const counts = noAccounts()
  for await (const { line, kind } of generateAccounts(composition)) {
    kinds.set(line.name, kind)
    counts[kind] += 1
  }
  const releasable = new Set<string>()
  const planned = await forecast(composition, (name) => releasable.add(name))
  const faults: string[] = []
  const seen = noAccounts()
  return {
    planned,
    counts,
    /** Looks at one handle. `kept` are those whose holders came back in time. */
    check: ({ state, decisions }: HandleOutcome, kept: ReadonlySet<string> = new Set()): void => {
      const { name, status } = state
      const kind = kinds.get(name)
      if (kind === undefined) return void faults.push(`${name} came from nowhere`)
      seen[kind] += 1
      const wanted = kind === 'reserved' || (isDue(kind) && !kept.has(name)) ? 1 : 0
      if (decisions.length !== wanted)
        faults.push(`${name} (${kind}) was released or reserved ${decisions.length} times`)
      if (wanted === 0 && status !== 'active') faults.push(`${name} (${kind}) is ${status}`)
      if (kind === 'reserved' && decisions.some(({ at }) => Date.parse(at) !== composition.now)) {
        faults.push(`${name}, reserved before, was touched`)
      }
    },
    /** Everything that is not as it must be, at the end. */
    faultsOf: (found: Reconciliation, kept: ReadonlySet<string> = new Set()): readonly string[] => {
      const compare = (what: string, wanted: number, is: number) => {
        if (wanted !== is) faults.push(`${what}: ${wanted} expected, ${is} found`)
      }
      for (const kind of Object.keys(counts) as AccountKind[]) compare(`handles (${kind})`, counts[kind], seen[kind])
      compare('released', planned.released - [...kept].filter((name) => releasable.has(name)).length, found.released)
      const reserved = Object.values(found.reservedByCode).reduce((sum, count) => sum + count, 0)
      const due = counts.suspended + counts.warned
      compare('due: released, reserved or kept', due, found.released + reserved - counts.reserved + kept.size)
      for (const { aggregate, fault } of found.audit.faults) faults.push(`${aggregate}: ${fault}`)
      return faults
    },
  }
}
