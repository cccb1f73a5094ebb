import type * as z from 'zod'
import type { protectedNameSchema, protectionOutcomeSchema } from '../contract/operator-resources.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, type VersionedLook } from '../domain/aggregate.ts'
import { checkForeignName } from '../domain/ascii-lookalike.ts'
import { skeleton } from '../domain/handle-name.ts'
import { brandNames, brandOfSkeleton } from '../domain/protected-brands.ts'
import {
  decideAccountProtection,
  decideMarkProtection,
  decideWithdrawal,
  evolveLook,
  guardOf,
  type LookEvent,
  type ProtectedLook,
  type Protection,
  protectionsOf,
} from '../domain/protected-names.ts'
import { ok, type Refusal, type Result } from '../domain/result.ts'
import type { HandlesStore } from '../store/client.ts'
import { loadLook } from '../store/handles.ts'
import { type CommitDeps, committing, committingEach, instant, type Step } from './committing.ts'

type Outcome = z.infer<typeof protectionOutcomeSchema>
type Status = z.infer<typeof protectedNameSchema>
type Wanted = { readonly index: number; readonly name: string; readonly owner?: string | undefined }

const changeOf = (shape: string, before: VersionedLook | null, events: readonly LookEvent[], at: string, by: Actor) =>
  events.length === 0 ? [] : [{ kind: 'look' as const, before, after: advance('look', shape, before, events, at, by) }]

/** Protects the looks of a verified account's handle: nothing else with this skeleton is offered. Again: no change. */
export const protectAccount = async (
  deps: CommitDeps,
  account: { readonly handle: string; readonly importId: string; readonly operatorId: string },
): Promise<void> => {
  const shape = skeleton(account.handle)
  await committing(deps, async () => {
    const before = await loadLook(deps.store, shape)
    const events = decideAccountProtection(before?.state ?? null, account.handle, account.importId)
    const by: Actor = { kind: 'operator', id: account.operatorId }
    return { changes: changeOf(shape, before, events, instant(deps.now()), by), answer: null }
  })
}

/**
 * Protects the names of one source, each by itself: a name outside the grammar is refused and harms no other. The same
 * list again changes nothing. Answers stand in the order of the names.
 */
export const importMarks = async (
  deps: CommitDeps,
  request: {
    readonly source: string
    readonly names: readonly { readonly name: string; readonly owner?: string | undefined }[]
    readonly operatorId: string
  },
): Promise<Result<{ items: Outcome[] }>> => {
  const outcomes: Outcome[] = []
  const byShape = new Map<string, Wanted[]>()
  request.names.forEach(({ name, owner }, index) => {
    const checked = checkForeignName(name, `names.${index}.name`)
    if (!checked.ok) {
      outcomes[index] = refusedOutcome(name, null, checked.refusal)
      return
    }
    const shape = skeleton(checked.value)
    const wanted = { index, name: checked.value, owner }
    const same = byShape.get(shape)
    if (same === undefined) byShape.set(shape, [wanted])
    else same.push(wanted)
  })
  const steps = [...byShape].map(([shape, wanted]) => markStep(deps, request, shape, wanted))
  for (const answers of await committingEach(deps, steps)) {
    for (const [index, outcome] of answers) outcomes[index] = outcome
  }
  return ok({ items: outcomes })
}

/** Names with one look are one decision: each is decided on what the one before it left. */
const markStep =
  (
    deps: CommitDeps,
    request: Parameters<typeof importMarks>[1],
    shape: string,
    wanted: readonly Wanted[],
  ): Step<(readonly [number, Outcome])[]> =>
  async () => {
    const before = await loadLook(deps.store, shape)
    const at = instant(deps.now())
    const events: LookEvent[] = []
    let look: ProtectedLook | null = before?.state ?? null
    const answer = wanted.map(({ index, name, owner }): readonly [number, Outcome] => {
      const decided = decideMarkProtection(look, { name, source: request.source, owner })
      const sent = request.names[index]?.name ?? name
      if (!decided.ok) return [index, refusedOutcome(sent, name, decided.refusal)]
      for (const event of decided.value) look = evolveLook(shape, look, event, at)
      events.push(...decided.value)
      const outcome = decided.value.length > 0 ? 'protected' : 'already_protected'
      return [index, { name: sent, handle: name, outcome, code: null, reason: null }]
    })
    const by: Actor = { kind: 'operator', id: request.operatorId }
    return { changes: changeOf(shape, before, events, at, by), answer }
  }

const refusedOutcome = (name: string, handle: string | null, { code, message }: Refusal): Outcome => ({
  name,
  handle,
  outcome: 'refused',
  code,
  reason: message,
})

/** Whether and why a name is protected. A disguised name is refused with the plain one that it imitates. */
export const getProtectedName = async (store: HandlesStore, input: string): Promise<Result<Status>> => {
  const name = checkForeignName(input, 'name')
  if (!name.ok) return name
  const look = await loadLook(store, skeleton(name.value))
  return ok(viewStatus(name.value, look?.state))
}

/**
 * Takes an imported name away again, of one source or of every one, and answers what protects it still. Again: nothing is
 * left to withdraw, and the answer is the same.
 */
export const withdrawMark = async (
  deps: CommitDeps,
  request: {
    readonly name: string
    readonly source?: string | undefined
    readonly reason: string
    readonly operatorId: string
  },
): Promise<Result<Status>> => {
  const checked = checkForeignName(request.name, 'name')
  if (!checked.ok) return checked
  const name = checked.value
  const shape = skeleton(name)
  return committing<Result<Status>>(deps, async () => {
    const before = await loadLook(deps.store, shape)
    const decided = decideWithdrawal(before?.state ?? null, { ...request, name }, brandNames.has(name))
    if (!decided.ok) return { changes: [], answer: decided }
    const by: Actor = { kind: 'operator', id: request.operatorId }
    const changes = changeOf(shape, before, decided.value, instant(deps.now()), by)
    return { changes, answer: ok(viewStatus(name, changes[0]?.after.state ?? before?.state)) }
  })
}

type ShownProtection = Omit<Protection, 'by'> & { readonly by: Protection['by'] | 'shipped_list' }

/** What the gate would say of a name's looks, and everything that says so, the shipped list first as in the gate. */
const viewStatus = (name: string, look: ProtectedLook | undefined): Status => {
  const brand = brandNames.has(name) ? name : brandOfSkeleton(skeleton(name))
  const code = brand === name ? 'protected_name' : 'confusable_with_protected'
  const shipped: ShownProtection[] = brand === undefined ? [] : [{ code, like: brand, by: 'shipped_list' }]
  const gate = shipped[0]?.code ?? guardOf(name, look)?.code ?? null
  return {
    name,
    gate,
    protections: [...shipped, ...protectionsOf(name, look)].map(({ source, owner, since, ...one }) => ({
      ...one,
      source: source ?? null,
      owner: owner ?? null,
      since: since ?? null,
    })),
  }
}
