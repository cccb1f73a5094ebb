import type Stripe from 'stripe'
import { endAuthorisation } from '../authorisations.ts'
import { mergeMetadata } from '../metadata.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidRequest } from '../stripe-error.ts'

const retrieve = ({ core, id }: Call): Stripe.PaymentIntent => required(core, 'payment_intent', id, 'intent')

const list = ({ core, parameters }: Call): object => listPage(core, 'payment_intent', '/v1/payment_intents', parameters)

const update = ({ core, id, parameters }: Call): Stripe.PaymentIntent => {
  const intent = required(core, 'payment_intent', id, 'intent')
  const { description, transfer_group: transferGroup } = parameters as Record<string, string | undefined>
  const changed: Stripe.PaymentIntent = {
    ...intent,
    metadata: mergeMetadata(intent.metadata, parameters['metadata']),
    ...(description !== undefined && { description }),
    ...(transferGroup !== undefined && { transfer_group: transferGroup }),
  }
  core.state.update('payment_intent', changed)
  return changed
}

/**
 * Every PaymentIntent here belongs to a Checkout Session, and Stripe lets such a one be cancelled only while it waits for
 * capture (the client's documentation of `cancel`).
 */
const cancel = ({ core, id, parameters }: Call): Stripe.PaymentIntent => {
  const intent = required(core, 'payment_intent', id, 'intent')
  if (intent.status === 'requires_capture') {
    const reason = parameters['cancellation_reason'] as Stripe.PaymentIntent.CancellationReason | undefined
    return endAuthorisation(core, intent, reason ?? null)
  }
  const open = intent.status === 'requires_payment_method'
  throw invalidRequest(
    open
      ? 'You cannot cancel the PaymentIntent of a Checkout Session. Expire the Checkout Session instead.'
      : `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.`,
    { code: 'payment_intent_unexpected_state' },
  )
}

export const paymentIntentRoutes: readonly Route[] = [
  { operationId: 'GetPaymentIntents', method: 'GET', path: '/v1/payment_intents', serves: ['created'], run: list },
  { operationId: 'GetPaymentIntentsIntent', method: 'GET', path: '/v1/payment_intents/{}', serves: [], run: retrieve },
  {
    operationId: 'PostPaymentIntentsIntent',
    method: 'POST',
    path: '/v1/payment_intents/{}',
    serves: ['description', 'metadata', 'transfer_group'],
    run: update,
  },
  {
    operationId: 'PostPaymentIntentsIntentCancel',
    method: 'POST',
    path: '/v1/payment_intents/{}/cancel',
    serves: ['cancellation_reason'],
    run: cancel,
  },
]
