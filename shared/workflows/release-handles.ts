import { type Actor, actorName } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { skeleton } from '../domain/handle-name.ts'
import type { HandleEvent } from '../domain/handle.ts'
import type { GateFacts } from '../domain/release-gate.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { type Assessment, decideDue } from '../domain/release.ts'
import { plainError } from '../runtime/log.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import type { NameFailure } from '../store/runs.ts'
import { type CommitDeps, committingEach, instant, type Step } from './committing.ts'
import { readPolicyInForce } from './policies.ts'

export type ReleaseDeps = CommitDeps & {
  /** Gate and appraisal of a name. Pure; called when really due. */
  readonly assess: (name: string, display: string, facts: GateFacts) => Assessment
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
 * this very run did before its worker was cut off is told as done.
 */
export const releaseHandles = async (
  deps: ReleaseDeps,
  names: readonly string[],
  runId?: string,
): Promise<readonly ReleaseOutcome[]> => {
  const distinct = [...new Set(names)]
  const [{ handles, looks }, policy] = await Promise.all([
    loadHandles(deps.store, distinct, distinct.map(skeleton), 'is left out'),
    readPolicyInForce(deps.store),
  ])
  const reservedNames = new Set(policy.reservedNames)
  const actor: Actor = { kind: 'system', ...(runId !== undefined && { runId }) }
  const steps = distinct.map((name) =>
    releaseStep(deps, handles.get(name), name, policy, { reservedNames, look: looks.get(skeleton(name)) }, actor),
  )
  return committingEach(deps, steps, (error, index) => ({
    kind: 'failed',
    failure: { name: distinct[index] ?? '', ...plainError(error) },
  }))
}

const releaseStep = (
  deps: ReleaseDeps,
  loaded: LoadedHandle | undefined,
  name: string,
  policy: ReleasePolicy,
  facts: GateFacts,
  actor: Actor,
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
    if (!decided.ok) return { changes: [], answer: doneBefore(before, actor) }
    const after = advanceHandle(name, before, decided.value, now, actor)
    // With the account goes its holder's address: the market has no use for it.
    const contact = after.state.holder === null ? undefined : before.contact
    return { changes: [{ kind: 'handle', before, after, contact }], answer: outcomeOf(decided.value) }
  }
}

/** Nothing to do: either it is not due, or this very run did it before. */
const doneBefore = ({ entry }: LoadedHandle, actor: Actor): ReleaseOutcome =>
  actor.kind === 'system' && actor.runId !== undefined && entry.by === actorName(actor)
    ? outcomeOf(entry.events)
    : { kind: 'notDue' }
