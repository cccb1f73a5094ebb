import * as z from 'zod'
import { orderIdSchema } from '../ids.ts'
import * as resource from '../resources.ts'
import type { Route } from '../route.ts'

const orderParams = z.strictObject({ orderId: orderIdSchema })

/** The payment provider's page of an order. */
export const checkoutRoutes = {
  openCheckout: {
    operationId: 'openCheckout',
    group: 'checkout',
    method: 'POST',
    path: '/v1/orders/{orderId}/checkout',
    role: 'user',
    summary: 'Open the hosted payment page of an order; asking again gives the same page',
    params: orderParams,
    success: { status: 200, schema: resource.checkoutSchema, words: 'Where to pay' },
    problems: ['validation_failed', 'not_found', 'checkout_closed', 'request_in_progress', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
