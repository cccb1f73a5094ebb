import * as z from 'zod'
import { planIdSchema } from '../ids.ts'
import {
  planCardSchema,
  planPolicySchema,
  planSchema,
  publishedPlanSchema,
  scheduleLinkSchema,
  sellThroughSchema,
} from '../release-plan.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const planParams = z.strictObject({ planId: planIdSchema })

/** Each plan of a page is read whole. */
export const plansPageMax = 20
const planPageQuery = {
  limit: z.coerce.number().int().min(1).max(plansPageMax).default(plansPageMax),
  cursor: resource.pageQuery.cursor,
}

/** What a release would do, before it is begun; and for everybody the seals of those that were published. */
export const releasePlanRoutes = {
  planRelease: {
    operationId: 'planRelease',
    group: 'release-plans',
    method: 'POST',
    path: '/v1/operator/release-plans',
    role: 'operator',
    summary: 'Compute what the policy in force, or a draft, would release now; changes nothing in the market',
    body: z.strictObject({
      basedOn: z.int().min(1).meta({ description: 'The version in force that you looked at' }),
      policy: planPolicySchema.optional().meta({ description: 'Absent: the policy in force' }),
      sellThroughBasisPoints: sellThroughSchema.prefault({}),
    }),
    idempotent: true,
    success: { status: 202, schema: planSchema, words: 'The plan; follow it by its id' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      'idempotency_key_missing',
      'idempotency_key_reused',
      'policy_invalid',
      'policy_changed',
      'role_missing',
      'service_unavailable',
    ],
  },
  listReleasePlans: {
    operationId: 'listReleasePlans',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/operator/release-plans',
    role: 'operator',
    summary: 'Every plan, newest first',
    query: z.strictObject(planPageQuery),
    success: { status: 200, schema: resource.pageOf(planCardSchema, 'ReleasePlanPage'), words: 'Plans' },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  getReleasePlan: {
    operationId: 'getReleasePlan',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/operator/release-plans/{planId}',
    role: 'operator',
    summary: 'One plan: its progress, then counts, forecast, the names most at risk, and what a draft changes',
    params: planParams,
    success: { status: 200, schema: planSchema, words: 'The plan' },
    problems: ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'],
  },
  getPlanSchedule: {
    operationId: 'getPlanSchedule',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/operator/release-plans/{planId}/schedule',
    role: 'operator',
    summary: 'Where to get the schedule: every name with its rule, instants, outcome and asking price',
    params: planParams,
    success: { status: 200, schema: scheduleLinkSchema, words: 'A link that serves for a quarter of an hour' },
    problems: ['validation_failed', 'not_found', 'plan_not_ready', 'role_missing', 'service_unavailable'],
  },
  publishReleasePlan: {
    operationId: 'publishReleasePlan',
    group: 'release-plans',
    method: 'POST',
    path: '/v1/operator/release-plans/{planId}/publish',
    role: 'operator',
    summary: "Seal a plan: its draft becomes the policy in force, and its schedule's hash is public from here on",
    params: planParams,
    success: { status: 200, schema: publishedPlanSchema, words: 'The seal (again: the same)' },
    problems: [
      'validation_failed',
      'not_found',
      'plan_not_ready',
      'policy_changed',
      'policy_invalid',
      'role_missing',
      'service_unavailable',
    ],
  },
  listPublishedPlans: {
    operationId: 'listPublishedPlans',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/release-plans',
    role: 'public',
    summary: 'The seals of published plans, newest first',
    query: z.strictObject(planPageQuery),
    success: {
      status: 200,
      schema: resource.pageOf(publishedPlanSchema, 'PublishedPlanPage'),
      words: 'Published plans',
    },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getPublishedPlan: {
    operationId: 'getPublishedPlan',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/release-plans/{planId}',
    role: 'public',
    summary: 'The seal of one published plan',
    params: planParams,
    success: { status: 200, schema: publishedPlanSchema, words: 'The seal' },
    problems: ['validation_failed', 'not_found'],
  },
  getPublishedSchedule: {
    operationId: 'getPublishedSchedule',
    group: 'release-plans',
    method: 'GET',
    path: '/v1/release-plans/{planId}/schedule',
    role: 'public',
    summary: 'The schedule of a published plan, from the first instant on at which it releases a handle',
    params: planParams,
    success: { status: 200, schema: scheduleLinkSchema, words: 'A link that serves for a quarter of an hour' },
    problems: ['validation_failed', 'not_found', 'schedule_sealed'],
  },
} as const satisfies Record<string, Route>
