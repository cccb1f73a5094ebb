import * as z from 'zod'
import { orderIdSchema } from '../ids.ts'
import { handleProblems } from '../parameters.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'
import { saleSchema } from '../trading.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })
const acts = ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'] as const

/** What buyers and sellers do with an order after it was placed. */
export const tradingRoutes = {
  cancelOrder: {
    operationId: 'cancelOrder',
    group: 'trading',
    method: 'POST',
    path: '/v1/orders/{orderId}/cancel',
    role: 'user',
    summary: 'Cancel an order before it is paid; the handle goes back on sale',
    params: orderParams,
    success: { status: 200, schema: resource.orderSchema, words: 'The order, cancelled (again: the same)' },
    problems: ['validation_failed', 'not_found', 'transition_not_allowed', 'service_unavailable'],
  },
  acceptInspection: {
    operationId: 'acceptInspection',
    group: 'trading',
    method: 'POST',
    path: '/v1/orders/{orderId}/accept',
    role: 'user',
    summary: 'You are content with a handle that a user sold you: the seller is paid before the inspection ends',
    params: orderParams,
    success: { status: 200, schema: resource.orderSchema, words: 'The order, settling (again: as it stands)' },
    problems: [...acts],
  },
  listMySales: {
    operationId: 'listMySales',
    group: 'trading',
    method: 'GET',
    path: '/v1/me/sales',
    role: 'user',
    summary: 'What you sell and have sold, newest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(saleSchema, 'MySalePage'), words: 'Your sales' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getMySale: {
    operationId: 'getMySale',
    group: 'trading',
    method: 'GET',
    path: '/v1/me/sales/{orderId}',
    role: 'user',
    summary: 'One of your sales: who acts next, and what you get',
    params: orderParams,
    success: { status: 200, schema: saleSchema, words: 'The sale' },
    problems: ['validation_failed', 'not_found'],
  },
  chooseReplacement: {
    operationId: 'chooseReplacement',
    group: 'trading',
    method: 'POST',
    path: '/v1/me/sales/{orderId}/replacement',
    role: 'user',
    summary:
      'The handle you want instead of the one you sell; until the hand-over. If it is taken by then, one is generated',
    params: orderParams,
    body: z.strictObject({
      handle: resource.handleInputSchema,
      redirect: z
        .boolean()
        .default(false)
        .meta({ description: 'Whether the page of the handle you sold says for a while where you are now' }),
    }),
    success: { status: 200, schema: saleSchema, words: 'The sale' },
    problems: [...acts, ...handleProblems, 'body_not_json', 'body_too_large', 'handle_taken', 'handle_not_offered'],
  },
} as const satisfies Record<string, Route>
