import { assess } from '../../shared/domain/assess.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { decideDue } from '../../shared/domain/release.ts'
import { type Composition, generateAccounts } from './accounts.ts'
import { historyOf } from './history.ts'
import { newLooks } from './load.ts'

/** What the domain says will become of these accounts' handles when the sweep comes. */
export type ReleaseForecast = {
  readonly released: number
  readonly reservedByCode: Readonly<Record<string, number>>
  /** Of the others that are not reserved already. */
  readonly notDue: number
}

/** Decides each account by itself, as the worker will, and keeps nothing but the counts. `onReleased` is told the names. */
export const forecast = async (
  composition: Composition,
  onReleased: (name: string) => void = () => {},
): Promise<ReleaseForecast> => {
  const at = new Date(composition.now).toISOString()
  const looks = newLooks(at)
  for await (const { line } of generateAccounts(composition)) looks.protect(line)
  let released = 0
  let notDue = 0
  const reservedByCode: Record<string, number> = {}
  for await (const account of generateAccounts(composition)) {
    if (account.kind === 'reserved') continue
    const { name, display } = account.line
    const { handle } = historyOf(account, composition.now)
    const decided = decideDue(handle.state, shippedPolicy, () => assess(name, display, { look: looks.of(name) }), at)
    if (!decided.ok) {
      notDue += 1
      continue
    }
    for (const event of decided.value) {
      if (event.type === 'handle_released') {
        released += 1
        onReleased(name)
      }
      if (event.type === 'handle_reserved') reservedByCode[event.code] = (reservedByCode[event.code] ?? 0) + 1
    }
  }
  return { released, reservedByCode, notDue }
}
