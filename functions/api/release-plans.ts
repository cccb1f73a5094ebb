import { releasePlanRoutes } from '../../shared/contract/routes/release-plans.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { openSchedules } from '../../shared/gateways/schedules.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import {
  getPublishedPlan,
  getReleasePlan,
  linkPublishedSchedule,
  linkSchedule,
  listPublishedPlans,
  listReleasePlans,
  planRelease,
  publishReleasePlan,
} from '../../shared/workflows/release-plans.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'SCHEDULES_BUCKET', 'PLANS_QUEUE_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const schedules = openSchedules(config.SCHEDULES_BUCKET)
const deps = { ...running, store, schedules, queue: openQueue(config.PLANS_QUEUE_URL) }

export const handler = api(releasePlanRoutes, {
  planRelease: ({ body: { basedOn, policy, sellThroughBasisPoints: sellThrough }, caller, ...request }) =>
    planRelease(deps, { ...request, basedOn, policy, sellThrough }, caller.id),
  listReleasePlans: ({ query }) => listReleasePlans(store, query),
  getReleasePlan: ({ params }) => getReleasePlan(store, params.planId),
  getPlanSchedule: ({ params }) => linkSchedule(deps, params.planId),
  publishReleasePlan: ({ params, caller }) => publishReleasePlan(deps, params.planId, caller.id),
  listPublishedPlans: ({ query }) => listPublishedPlans(store, query),
  getPublishedPlan: ({ params }) => getPublishedPlan(store, params.planId),
  getPublishedSchedule: ({ params }) => linkPublishedSchedule(deps, params.planId),
})
