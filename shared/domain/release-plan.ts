import type { SellThrough } from './plan-summary.ts'
import {
  decidePublish,
  type PolicyDraft,
  type PolicyEvent,
  type PublishedPolicy,
  type ReleasePolicy,
  shippedPolicy,
} from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'
import type { Seal } from './schedule.ts'
import { assertBorn } from './transitions.ts'

/** What was asked for: the plan's policy as it then stood, so that a later publication does not change a plan under way. */
export type PlanRequest = {
  readonly requestHash: string
  /** The instant for which it is decided what is due. */
  readonly asOf: string
  readonly operatorId: string
  /** Of a draft: with the version that it gets when it is published. */
  readonly policy: ReleasePolicy
  /** Compared with a draft; null: the plan is of the policy in force. */
  readonly inForce: ReleasePolicy | null
  readonly sellThrough: SellThrough
  /** Segments of the handles table, read at the same time. */
  readonly segments: number
}

export type PlanEvent =
  | ({ readonly type: 'plan_requested' } & PlanRequest)
  | ({ readonly type: 'plan_computed' } & Seal)
  | ({ readonly type: 'plan_published'; readonly policyVersion: number; readonly asOf: string } & Seal)

/** A release before the fact. Its schedule lies beside it; the seal that it carries tells whether that was changed. */
export type ReleasePlan = PlanRequest & {
  readonly id: string
  readonly status: 'computing' | 'computed' | 'published'
  readonly seal?: Seal | undefined
  readonly publishedAt?: string | undefined
}

/** Folds one event, which happened at `at`, into the plan. */
export const evolvePlan = (id: string, plan: ReleasePlan | null, event: PlanEvent, at: string): ReleasePlan => {
  if (event.type === 'plan_requested') {
    const { type: _, ...request } = event
    return { id, status: 'computing', ...request }
  }
  assertBorn(id, plan, event)
  if (event.type === 'plan_published') return { ...plan, status: 'published', publishedAt: at }
  const { type: _, ...seal } = event
  return { ...plan, status: 'computed', seal }
}

/** The schedule is written. A plan that has its seal keeps it. */
export const decideComputed = (plan: ReleasePlan, seal: Seal): readonly PlanEvent[] =>
  plan.status === 'computing' ? [{ type: 'plan_computed', ...seal }] : []

const draftOf = ({ version: _, publishedAt: _at, ...draft }: ReleasePolicy): PolicyDraft => draft

/** The policy's part of a plan, as it was sent. */
export const plannedDraft = ({ policy }: ReleasePlan): PolicyDraft => draftOf(policy)

/**
 * Seals a plan for everybody to see, and publishes its draft with it. Refused as `policy_changed` where somebody published
 * another policy since the plan was asked for: it would be the plan of a release that does not happen. Again: no events.
 */
export const decidePublishPlan = (
  plan: ReleasePlan,
  policy: PublishedPolicy | null,
): Result<{ readonly plan: readonly PlanEvent[]; readonly policy: readonly PolicyEvent[] }> => {
  if (plan.status === 'published') return ok({ plan: [], policy: [] })
  if (plan.seal === undefined) return refuse('plan_not_ready', `${plan.id} is still being computed`)
  const event = { type: 'plan_published', policyVersion: plan.policy.version, asOf: plan.asOf, ...plan.seal } as const
  if (plan.inForce !== null) {
    const published = decidePublish(policy, {
      basedOn: plan.inForce.version,
      draft: draftOf(plan.policy),
      requestHash: plan.requestHash,
      idempotencyKey: plan.id,
    })
    return published.ok ? ok({ plan: [event], policy: published.value }) : published
  }
  const { version } = policy ?? shippedPolicy
  if (version !== plan.policy.version) {
    return refuse(
      'policy_changed',
      `Version ${version} is in force, and the plan is of ${plan.policy.version}`,
      undefined,
      {
        version,
      },
    )
  }
  return ok({ plan: [event], policy: [] })
}

/** When the schedule of a published plan is shown to everybody: as soon as it releases a handle, or has none to hide. */
export const opensAt = ({ seal, publishedAt }: ReleasePlan): string => {
  const published = publishedAt ?? ''
  const first = seal?.firstReleaseAt ?? published
  return first > published ? first : published
}
