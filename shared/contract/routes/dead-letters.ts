import * as z from 'zod'
import { redriveMessagesMax } from '../queues.ts'
import * as operatorResource from '../operator-resources.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const deadLetterParams = z.strictObject({ queue: operatorResource.deadLetterQueueNameSchema })

/** Work that failed every time, for the handle team. */
export const deadLetterRoutes = {
  listDeadLetterQueues: {
    operationId: 'listDeadLetterQueues',
    group: 'dead-letters',
    method: 'GET',
    path: '/v1/operator/dead-letters',
    role: 'operator',
    summary: 'How much work failed every time, by queue',
    success: {
      status: 200,
      schema: z.object({ queues: z.array(operatorResource.deadLetterQueueSchema) }).meta({ id: 'DeadLetterQueues' }),
      words: 'Every queue, also the empty ones',
    },
    problems: ['role_missing', 'service_unavailable'],
  },
  listDeadLetters: {
    operationId: 'listDeadLetters',
    group: 'dead-letters',
    method: 'GET',
    path: '/v1/operator/dead-letters/{queue}',
    role: 'operator',
    summary: 'The messages of one queue that failed every time, with the reason; they stay where they are',
    params: deadLetterParams,
    query: z.strictObject({ limit: resource.pageQuery.limit }),
    success: {
      status: 200,
      schema: z
        .object({ messages: z.int().min(0), items: z.array(operatorResource.deadLetterSchema) })
        .meta({ id: 'DeadLetterList' }),
      words: 'Dead letters',
    },
    problems: ['validation_failed', 'role_missing', 'service_unavailable'],
  },
  redriveDeadLetters: {
    operationId: 'redriveDeadLetters',
    group: 'dead-letters',
    method: 'POST',
    path: '/v1/operator/dead-letters/{queue}/redrive',
    role: 'operator',
    summary: `Send dead letters back to their queue, at most ${redriveMessagesMax} a call; safe to repeat`,
    params: deadLetterParams,
    success: { status: 200, schema: operatorResource.redriveSchema, words: 'How many were moved and are left' },
    problems: ['validation_failed', 'redrive_by_hand', 'role_missing', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
