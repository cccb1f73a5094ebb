import { type Actor, actorName } from '../domain/actors.ts'
import { advanceHandle, handleAggregate } from '../domain/aggregate.ts'
import { skeleton } from '../domain/handle-name.ts'
import type { HandleEvent } from '../domain/handle.ts'
import type { GateFacts } from '../domain/release-gate.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { type Assessment, decideDue } from '../domain/release.ts'
import type { WithDemand } from '../domain/watch.ts'
import { plainError } from '../runtime/log.ts'
import type { Store } from '../store/client.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import { filedEntries } from '../store/journal.ts'
import type { NameFailure } from '../store/runs.ts'
import { loadDemand } from '../store/watches.ts'
import { type CommitDeps, committingEach, instant, type Step } from './committing.ts'
import { readPolicyInForce } from './policies.ts'

export type ReleaseDeps = CommitDeps<Store> & {
  /** Gate and appraisal of a name. Pure; called when really due. */
  readonly assess: (name: string, display: string, facts: GateFacts & WithDemand) => Assessment
}

/** What became of a name of a message. */
export type ReleaseOutcome =
  | { readonly kind: 'released' | 'unreachable' | 'letBe' | 'notDue' }
  | { readonly kind: 'reserved'; readonly code: string }
  /** `begins`: the time of grace began with this notice. */
  | { readonly kind: 'noticed'; readonly begins: boolean }
  | { readonly kind: 'failed'; readonly failure: NameFailure }

/** Told by the last event that was decided. */
const outcomeOf = (events: readonly HandleEvent[]): ReleaseOutcome => {
  const last = events.at(-1)
  switch (last?.type) {
    case 'handle_released':
      return { kind: 'released' }
    case 'handle_reserved':
      return { kind: 'reserved', code: last.code }
    case 'notice_wanted':
      return { kind: 'noticed', begins: events.some(({ type }) => type === 'dormancy_started') }
    case 'contact_failed':
      return { kind: 'unreachable' }
    default:
      return { kind: 'letBe' }
  }
}

/**
 * Takes the handles of one message a step further, and tells of each what became of it. Each is read again just before, and
 * the policy with it: an account that came back, a legal hold, a newer policy or an earlier delivery leave nothing to do.
 * Gate, appraisal and listing are one decision and one write with the release. A name that fails holds up no other. What
 * this very run did before its worker was cut off is told as done: of a repeated delivery the filed entries are asked too,
 * since a notice may have been given or a handle ordered in the meantime.
 */
export const releaseHandles = async (
  deps: ReleaseDeps,
  names: readonly string[],
  run?: { readonly id: string; readonly repeated: boolean },
): Promise<readonly ReleaseOutcome[]> => {
  const distinct = [...new Set(names)]
  const [{ handles, looks }, demand, policy] = await Promise.all([
    loadHandles(deps.store, distinct, distinct.map(skeleton), 'is left out'),
    loadDemand(deps.store, distinct),
    readPolicyInForce(deps.store),
  ])
  const reservedNames = new Set(policy.reservedNames)
  const actor: Actor = { kind: 'system', ...(run !== undefined && { runId: run.id }) }
  const doneBefore = doneBy(deps.store, actorName(actor), run)
  const steps = distinct.map((name) => {
    const facts = { reservedNames, look: looks.get(skeleton(name)), demand: demand.get(name) }
    return releaseStep(deps, { name, loaded: handles.get(name), policy, facts, actor, doneBefore })
  })
  return committingEach(deps, steps, (error, index) => ({
    kind: 'failed',
    failure: { name: distinct[index] ?? '', ...plainError(error) },
  }))
}

/** The clock's turn at one handle, with what it was read as at first. */
type Turn = {
  readonly name: string
  readonly loaded: LoadedHandle | undefined
  readonly policy: ReleasePolicy
  readonly facts: GateFacts & WithDemand
  readonly actor: Actor
  readonly doneBefore: (handle: LoadedHandle) => Promise<ReleaseOutcome>
}

const releaseStep = (
  deps: ReleaseDeps,
  { name, loaded, policy, facts, actor, doneBefore }: Turn,
): Step<ReleaseOutcome> => {
  let known = loaded
  return async () => {
    const before = known ?? (await loadHandle(deps.store, name))
    known = undefined
    if (before === null) return { changes: [], answer: { kind: 'notDue' } }
    const now = instant(deps.now())
    const assess = (overruled: readonly string[]) =>
      deps.assess(name, before.state.display, { ...facts, overruled: new Set(overruled) })
    const decided = decideDue(before.state, policy, assess, now)
    if (!decided.ok) return { changes: [], answer: await doneBefore(before) }
    const after = advanceHandle(name, before, decided.value, now, actor)
    // With the account goes its holder's address: the market has no use for it.
    const contact = after.state.holder === null ? undefined : before.contact
    return { changes: [{ kind: 'handle', before, after, contact }], answer: outcomeOf(decided.value) }
  }
}

/** Nothing to do: either it is not due, or this very run did it before. */
const doneBy =
  (store: Store, runActor: string, run: { readonly repeated: boolean } | undefined) =>
  async ({ state, entry }: LoadedHandle): Promise<ReleaseOutcome> => {
    if (run === undefined) return { kind: 'notDue' }
    if (entry.by === runActor) return outcomeOf(entry.events)
    const filed = run.repeated ? await filedEntries(store, handleAggregate(state.name)) : []
    const ours = filed.findLast(({ by }) => by === runActor)
    return ours === undefined ? { kind: 'notDue' } : outcomeOf(ours.events as readonly HandleEvent[])
  }
