import * as z from 'zod'
import { handOverSchema } from '../hand-over.ts'
import { orderIdSchema } from '../ids.ts'
import { reasonSchema } from '../parameters.ts'
import type { Route } from '../route.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })

const problems = ['validation_failed', 'not_found', 'role_missing', 'service_unavailable'] as const

/** What an external platform tells of the hand-overs that it makes. Told again, the answer is the same. */
export const handOverRoutes = {
  getHandOver: {
    operationId: 'getHandOver',
    group: 'hand-overs',
    method: 'GET',
    path: '/v1/platform/handovers/{orderId}',
    role: 'platform',
    summary: 'What is to be handed over to whom, and what was told of it',
    params: orderParams,
    success: { status: 200, schema: handOverSchema, words: 'The hand-over' },
    problems,
  },
  completeHandOver: {
    operationId: 'completeHandOver',
    group: 'hand-overs',
    method: 'POST',
    path: '/v1/platform/handovers/{orderId}/complete',
    role: 'platform',
    summary: 'The buyer has the handle',
    params: orderParams,
    success: { status: 200, schema: handOverSchema, words: 'The hand-over, completed (again: the same)' },
    problems: [...problems, 'transition_not_allowed'],
  },
  failHandOver: {
    operationId: 'failHandOver',
    group: 'hand-overs',
    method: 'POST',
    path: '/v1/platform/handovers/{orderId}/fail',
    role: 'platform',
    summary: 'The handle cannot be handed over: it stays where it is, and the buyer is refunded',
    params: orderParams,
    body: z.strictObject({ reason: reasonSchema }),
    success: { status: 200, schema: handOverSchema, words: 'The hand-over, failed (again: the same)' },
    problems: [...problems, 'body_not_json', 'body_too_large', 'transition_not_allowed'],
  },
} as const satisfies Record<string, Route>
