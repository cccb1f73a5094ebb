import * as z from 'zod'
import { orderIdSchema } from '../ids.ts'
import { currencySchema } from '../money.ts'
import { handleProblems } from '../parameters.ts'
import * as resource from '../resources.ts'
import { eligibilityProblems } from '../eligibility-problems.ts'
import type { Route } from '../route.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })

/** Orders of a buyer. */
export const purchaseRoutes = {
  placeOrder: {
    operationId: 'placeOrder',
    group: 'purchases',
    method: 'POST',
    path: '/v1/orders',
    role: 'user',
    summary: 'Buy a handle: puts it on hold for you until the payment deadline',
    body: z.strictObject({
      handle: resource.handleInputSchema,
      price: z
        .strictObject({ amountMinor: z.int().min(1).max(1_000_000_000), currency: currencySchema })
        .meta({ description: 'The price you saw; refused with the present one where it has changed' }),
    }),
    idempotent: true,
    success: { status: 201, schema: resource.orderSchema, words: 'The order, awaiting payment' },
    problems: [
      'validation_failed',
      'body_not_json',
      'body_too_large',
      ...handleProblems,
      'idempotency_key_missing',
      'idempotency_key_reused',
      'not_found',
      'handle_on_hold',
      'handle_not_for_sale',
      'handle_in_sale',
      'own_handle',
      'listing_not_open',
      ...eligibilityProblems,
      'act_refused',
      'price_changed',
      'service_unavailable',
    ],
  },
  listOrders: {
    operationId: 'listOrders',
    group: 'purchases',
    method: 'GET',
    path: '/v1/orders',
    role: 'user',
    summary: 'Your orders, newest first',
    query: z.strictObject(resource.pageQuery),
    success: { status: 200, schema: resource.pageOf(resource.orderSchema, 'OrderPage'), words: 'Your orders' },
    problems: ['validation_failed', 'cursor_invalid'],
  },
  getOrder: {
    operationId: 'getOrder',
    group: 'purchases',
    method: 'GET',
    path: '/v1/orders/{orderId}',
    role: 'user',
    summary: 'One of your orders',
    params: orderParams,
    success: { status: 200, schema: resource.orderSchema, words: 'The order' },
    problems: ['validation_failed', 'not_found'],
  },
} as const satisfies Record<string, Route>
