import * as z from 'zod'
import { runIdSchema } from '../ids.ts'
import * as operatorResource from '../operator-resources.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

/** Each run of a page is summed up from its messages, so a page is short. */
export const runsPageMax = 20

/** Sweeps of due handles, and how far their work has come. */
export const runRoutes = {
  startRun: {
    operationId: 'startRun',
    group: 'runs',
    method: 'POST',
    path: '/v1/operator/runs',
    role: 'operator',
    summary: 'Sweep now: look for due handles without waiting for the schedule',
    idempotent: true,
    success: { status: 202, schema: operatorResource.runSchema, words: 'The run; follow it by its id' },
    problems: ['idempotency_key_missing', 'role_missing', 'service_unavailable'],
  },
  listRuns: {
    operationId: 'listRuns',
    group: 'runs',
    method: 'GET',
    path: '/v1/operator/runs',
    role: 'operator',
    summary: 'Sweeps that found something or were asked for, newest first; kept for 90 days',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(runsPageMax).default(10),
      cursor: resource.pageQuery.cursor,
    }),
    success: { status: 200, schema: resource.pageOf(operatorResource.runSchema, 'RunPage'), words: 'Runs' },
    problems: ['validation_failed', 'cursor_invalid', 'role_missing', 'service_unavailable'],
  },
  getRun: {
    operationId: 'getRun',
    group: 'runs',
    method: 'GET',
    path: '/v1/operator/runs/{runId}',
    role: 'operator',
    summary: 'The progress of one run',
    params: z.strictObject({ runId: runIdSchema }),
    success: { status: 200, schema: operatorResource.runSchema, words: 'The run' },
    problems: ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
