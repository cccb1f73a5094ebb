import * as z from 'zod'
import type { Route } from '../route.ts'

/** What the payment provider tells. */
export const webhookRoutes = {
  receiveStripeEvent: {
    operationId: 'receiveStripeEvent',
    group: 'stripe-webhook',
    method: 'POST',
    path: '/v1/webhooks/stripe',
    role: 'public',
    summary: 'Signed events of the payment provider',
    success: { status: 200, schema: z.object({ received: z.literal(true) }), words: 'Queued' },
    problems: ['signature_invalid', 'body_too_large', 'service_unavailable'],
  },
} as const satisfies Record<string, Route>
