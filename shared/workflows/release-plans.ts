import type * as z from 'zod'
import { derivedId } from '../contract/ids.ts'
import type { PlanMessage } from '../contract/messages.ts'
import type { planCardSchema, planSchema, publishedPlanSchema, scheduleLinkSchema } from '../contract/release-plan.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, policyId, type VersionedPlan } from '../domain/aggregate.ts'
import type { SellThrough } from '../domain/plan-summary.ts'
import { decidePublishPlan, opensAt, type PlanRequest, type ReleasePlan } from '../domain/release-plan.ts'
import { checkPolicy, type PolicyDraft, type PublishedPolicy, type ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Queue } from '../gateways/queue.ts'
import { scheduleObjectKey, type Schedules } from '../gateways/schedules.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { Change } from '../store/commit.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import type { PageKey } from '../store/pages.ts'
import { listPlan, loadParts, loadPlan, loadResult, planPageKey, queryPlans } from '../store/plans.ts'
import { loadPolicy } from '../store/policy.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { planSegments } from './plan-part.ts'
import { readPolicyInForce } from './policies.ts'
import { viewPlan, viewPlanCard, viewPublishedPlan } from './plan-views.ts'

type PlanView = z.input<typeof planSchema>
type PublishedView = z.input<typeof publishedPlanSchema>
type LinkView = z.input<typeof scheduleLinkSchema>
type Page = { readonly limit: number; readonly cursor?: string | undefined }
type PageView<T> = { items: T[]; nextCursor: string | null }

export type PlanDeps = CommitDeps<Store> & { readonly queue: Queue }

/**
 * Begins a plan. The same key gives the same plan; as long as that computes, its work is queued anew, so that a repeated
 * request mends what a crash after the commit left undone. Work that is done is found done.
 */
export const planRelease = async (
  deps: PlanDeps,
  request: {
    readonly basedOn: number
    readonly policy: PolicyDraft | undefined
    readonly sellThrough: SellThrough
    readonly requestHash: string
    readonly idempotencyKey: string
  },
  operatorId: string,
): Promise<Result<PlanView>> => {
  const id = derivedId('pln', operatorId, request.idempotencyKey)
  const begun = await committing<Result<ReleasePlan>>(deps, async () => {
    const known = await loadPlan(deps.store, id)
    if (known !== null) return { changes: [], answer: sameRequest(known, request.requestHash) }
    const wanted = await requestOf(deps, request, operatorId)
    if (!wanted.ok) return { changes: [], answer: wanted }
    const { asOf } = wanted.value
    await listPlan(deps.store, { id, asOf })
    const by: Actor = { kind: 'operator', id: operatorId }
    const after = advance('plan', id, null, [{ type: 'plan_requested', ...wanted.value }], asOf, by)
    return { changes: [{ kind: 'plan', before: null, after }], answer: ok(after.state) }
  })
  if (!begun.ok) return begun
  if (begun.value.status === 'computing') {
    const first = Array.from({ length: begun.value.segments }, (_, segment): PlanMessage => ({
      step: 'read',
      planId: id,
      segment,
      part: 0,
    }))
    await deps.queue.sendAll(first)
  }
  return ok(await view(deps.store, begun.value))
}

const sameRequest = ({ state }: VersionedPlan, requestHash: string): Result<ReleasePlan> =>
  state.requestHash === requestHash
    ? ok(state)
    : refuse('idempotency_key_reused', `This key began ${state.id} with another body`, 'Idempotency-Key')

const requestOf = async (
  deps: PlanDeps,
  request: Parameters<typeof planRelease>[1],
  operatorId: string,
): Promise<Result<PlanRequest>> => {
  const { basedOn, policy: draft, sellThrough, requestHash } = request
  const inForce = stripped(await readPolicyInForce(deps.store))
  if (inForce.version !== basedOn) {
    const { version } = inForce
    return refuse('policy_changed', `Version ${version} is in force`, 'basedOn', { version })
  }
  const common = { requestHash, asOf: instant(deps.now()), operatorId, sellThrough, segments: planSegments }
  if (draft === undefined) return ok({ ...common, policy: inForce, inForce: null })
  const checked = checkPolicy(draft)
  if (!checked.ok) {
    const { code, message, field } = checked.refusal
    return refuse(code, message, `policy.${field ?? ''}`)
  }
  const policy = { version: basedOn + 1, publishedAt: null, ...checked.value }
  return ok({ ...common, policy, inForce })
}

/** A published policy's item also tells what it was asked by; a plan does not repeat that. */
const stripped = ({ requestHash: _h, idempotencyKey: _k, ...policy }: PublishedPolicy): ReleasePolicy => policy

const view = async (store: EscrowStore, plan: ReleasePlan): Promise<PlanView> =>
  plan.status === 'computing'
    ? viewPlan(plan, await loadParts(store, plan.id), null)
    : viewPlan(plan, [], await loadResult(store, plan.id))

const unknownPlan = (id: string) => refuse('not_found', `There is no release plan ${id}`, 'planId')

export const getReleasePlan = async (store: EscrowStore, id: string): Promise<Result<PlanView>> => {
  const plan = await loadPlan(store, id)
  return plan === null ? unknownPlan(id) : ok(await view(store, plan.state))
}

/** Every plan, newest first. */
export const listReleasePlans = (
  store: EscrowStore,
  page: Page,
): Promise<Result<PageView<z.input<typeof planCardSchema>>>> => listPlans(store, page, 'plans', viewPlanCard)

/** The seals of those that were published, newest first. */
export const listPublishedPlans = (store: EscrowStore, page: Page): Promise<Result<PageView<PublishedView>>> =>
  listPlans(store, page, 'published plans', viewPublishedPlan)

/** Pages of the list until enough plans are found that have this view. */
const listPlans = async <T>(
  store: EscrowStore,
  { limit, cursor }: Page,
  scope: string,
  viewOf: (plan: ReleasePlan) => T | null,
): Promise<Result<PageView<T>>> => {
  const start = decodeCursor(scope, cursor, planPageKey)
  if (!start.ok) return start
  const items: T[] = []
  let after: PageKey | undefined = start.value
  do {
    const page = await queryPlans(store, { limit, after })
    after = page.next
    for (const { plan, place } of page.items) {
      const item = viewOf(plan.state)
      if (item === null) continue
      items.push(item)
      if (items.length === limit) return ok({ items, nextCursor: encodeCursor(scope, place) })
    }
  } while (after !== undefined)
  return ok({ items, nextCursor: null })
}

/** A link serves this long: enough for a slow line, too short to be handed around. */
const linkSeconds = 900

type LinkDeps = { readonly store: EscrowStore; readonly schedules: Schedules; readonly now: () => number }

/** Where an operator gets the schedule, whenever it is written. */
export const linkSchedule = async (deps: LinkDeps, id: string): Promise<Result<LinkView>> => {
  const plan = await loadPlan(deps.store, id)
  return plan === null ? unknownPlan(id) : link(deps, plan.state)
}

const link = async ({ schedules, now }: LinkDeps, { id, seal }: ReleasePlan): Promise<Result<LinkView>> => {
  if (seal === undefined) return refuse('plan_not_ready', `${id} is still being computed`)
  const { lines, sha256 } = seal
  const expiresAt = instant(now() + linkSeconds * 1000)
  return ok({ url: await schedules.downloadUrl(scheduleObjectKey(id), linkSeconds), expiresAt, lines, sha256 })
}

const unpublished = (id: string) => refuse('not_found', `There is no published release plan ${id}`, 'planId')

export const getPublishedPlan = async (store: EscrowStore, id: string): Promise<Result<PublishedView>> => {
  const plan = await loadPlan(store, id)
  const shown = plan === null ? null : viewPublishedPlan(plan.state)
  return shown === null ? unpublished(id) : ok(shown)
}

/** The schedule for everybody, from the first instant on at which it releases a handle: earlier it would serve squatters. */
export const linkPublishedSchedule = async (deps: LinkDeps, id: string): Promise<Result<LinkView>> => {
  const plan = await loadPlan(deps.store, id)
  if (plan?.state.status !== 'published') return unpublished(id)
  const opens = opensAt(plan.state)
  return instant(deps.now()) < opens
    ? refuse('schedule_sealed', `The schedule is shown from ${opens} on`, undefined, { opensAt: opens })
    : link(deps, plan.state)
}

/** Seals a plan and publishes its draft, in one transaction. Again: the same answer. */
export const publishReleasePlan = async (
  deps: CommitDeps<Store>,
  id: string,
  operatorId: string,
): Promise<Result<PublishedView>> =>
  committing<Result<PublishedView>>(deps, async () => {
    const [before, policy] = await Promise.all([loadPlan(deps.store, id), loadPolicy(deps.store)])
    if (before === null) return { changes: [], answer: unknownPlan(id) }
    const decided = decidePublishPlan(before.state, policy?.state ?? null)
    if (!decided.ok) return { changes: [], answer: decided }
    const at = instant(deps.now())
    const by: Actor = { kind: 'operator', id: operatorId }
    const { plan: events, policy: published } = decided.value
    const after = events.length === 0 ? before : advance('plan', id, before, events, at, by)
    const changes: Change[] = published.map((event) => ({
      kind: 'policy',
      before: policy,
      after: advance('policy', policyId, policy, [event], at, by),
    }))
    if (events.length > 0) changes.push({ kind: 'plan', before, after })
    const shown = viewPublishedPlan(after.state)
    if (shown === null) throw new Error(`${id} was published and has no seal`)
    return { changes, answer: ok(shown) }
  })
