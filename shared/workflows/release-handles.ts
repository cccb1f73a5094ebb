import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { skeleton } from '../domain/handle-name.ts'
import type { HandleEvent } from '../domain/handle.ts'
import type { GateFacts } from '../domain/release-gate.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { type Assessment, decideDue } from '../domain/release.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import { type CommitDeps, committingEach, instant, type Step } from './committing.ts'
import { readPolicyInForce } from './policies.ts'

export type ReleaseDeps = CommitDeps & {
  /** Gate and appraisal of a name. Pure; called when really due. */
  readonly assess: (name: string, display: string, facts: GateFacts) => Assessment
}

/** What became of a name of a message: the last event that was decided for it, or nothing. */
export type ReleaseOutcome = 'released' | 'reserved' | 'noticed' | 'unreachable' | 'let_be' | 'not_due'
export type ReleaseCounts = Record<ReleaseOutcome, number>

const outcomeOf = (events: readonly HandleEvent[]): ReleaseOutcome => {
  switch (events.at(-1)?.type) {
    case 'handle_released':
      return 'released'
    case 'handle_reserved':
      return 'reserved'
    case 'notice_wanted':
      return 'noticed'
    case 'contact_failed':
      return 'unreachable'
    default:
      return 'let_be'
  }
}

/**
 * Takes the handles of one message a step further. Each is read again just before, and the policy with it: an account that
 * came back, a legal hold, a newer policy or an earlier delivery leave nothing to do. Gate, appraisal and listing are one
 * decision and one write with the release.
 */
export const releaseHandles = async (deps: ReleaseDeps, names: readonly string[]): Promise<ReleaseCounts> => {
  const [{ handles, looks }, policy] = await Promise.all([
    loadHandles(deps.store, names, names.map(skeleton)),
    readPolicyInForce(deps.store),
  ])
  const reservedNames = new Set(policy.reservedNames)
  const counts: ReleaseCounts = { released: 0, reserved: 0, noticed: 0, unreachable: 0, let_be: 0, not_due: 0 }
  const steps = [...new Set(names)].map((name) =>
    releaseStep(deps, handles.get(name) ?? null, name, policy, { reservedNames, look: looks.get(skeleton(name)) }),
  )
  for (const outcome of await committingEach(deps, steps)) counts[outcome] += 1
  return counts
}

const releaseStep = (
  deps: ReleaseDeps,
  loaded: LoadedHandle | null,
  name: string,
  policy: ReleasePolicy,
  facts: GateFacts,
): Step<ReleaseOutcome> => {
  let fresh = false
  return async () => {
    const before = fresh ? await loadHandle(deps.store, name) : loaded
    fresh = true
    if (before === null) return { changes: [], answer: 'not_due' }
    const now = instant(deps.now())
    const assess = (overruled: readonly string[]) =>
      deps.assess(name, before.state.display, { ...facts, overruled: new Set(overruled) })
    const decided = decideDue(before.state, policy, assess, now)
    if (!decided.ok) return { changes: [], answer: 'not_due' }
    const after = advanceHandle(name, before, decided.value, now, systemActor)
    // With the account goes its holder's address: the market has no use for it.
    const contact = after.state.holder === null ? undefined : before.contact
    return { changes: [{ kind: 'handle', before, after, contact }], answer: outcomeOf(decided.value) }
  }
}
