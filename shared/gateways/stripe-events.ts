import Stripe from 'stripe'
import { refuse, ok, type Result } from '../domain/result.ts'
import type { PaymentMessage } from '../contract/messages.ts'

/** The event types that mean something to us: subscribe the endpoint to these. Others are acknowledged and recorded. */
export const stripeEventTypes = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'charge.refunded',
  'refund.updated',
  'charge.dispute.created',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.closed',
  'payment_intent.amount_capturable_updated',
  'payment_intent.canceled',
] as const

/** The same of the endpoint for events of connected accounts, which Stripe wants to be one of its own. */
export const connectEventTypes = ['account.updated', 'payout.paid', 'payout.failed'] as const

/** Stripe's own tolerance for the age of a signature; we hold it for the future too. */
const toleranceSeconds = 300

/**
 * Checks the signature over the raw bytes as they came and its age (at most 300 s, either way). One of the secrets must fit:
 * each endpoint at Stripe has its own. Every fault is the same refusal: a forger learns nothing.
 */
export const verifyStripeEvent = (
  raw: string,
  signature: string | undefined,
  secrets: readonly string[],
  nowMs: number,
): Result<Stripe.Event> => {
  const refusal = refuse('signature_invalid', 'The signature does not fit this body now', 'Stripe-Signature')
  const signedAt = Number(/(?:^|,)t=(\d+)(?:,|$)/.exec(signature ?? '')?.[1])
  // Stripe's client refuses what is too old; what comes from the future is refused here.
  if (!Number.isSafeInteger(signedAt) || signedAt - Math.floor(nowMs / 1000) > toleranceSeconds) return refusal
  // On a signature without a value the client throws no refusal but a fault of its own.
  const given = (signature ?? '').split(',').filter((part) => /^v1(=|$)/.test(part))
  if (!given.every((part) => /^v1=[0-9a-f]{64}$/.test(part))) return refusal
  for (const secret of secrets) {
    try {
      return ok(Stripe.webhooks.constructEvent(raw, signature ?? '', secret, toleranceSeconds, undefined, nowMs))
    } catch (error) {
      if (error instanceof SyntaxError) return refusal
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error
    }
  }
  return refusal
}

const idOf = (ref: string | { readonly id: string } | null | undefined): string | null =>
  ref === null || ref === undefined ? null : typeof ref === 'string' ? ref : ref.id

/** The part of an event that the payment worker acts on. Events that are not about an order's money become `other`. */
export const toPaymentMessage = (event: Stripe.Event): PaymentMessage => {
  const common = {
    eventId: event.id,
    type: event.type,
    livemode: event.livemode,
    account: event.account ?? null,
  }
  const other: PaymentMessage = { kind: 'other', ...common }
  const charge = (
    payment: string | { readonly id: string } | null | undefined,
    dispute: Extract<PaymentMessage, { kind: 'charge' }>['dispute'],
  ): PaymentMessage => {
    const paymentIntentId = idOf(payment)
    return paymentIntentId === null ? other : { kind: 'charge', ...common, paymentIntentId, dispute }
  }
  const authorisation = (paymentIntentId: string | null): PaymentMessage =>
    paymentIntentId === null ? other : { kind: 'authorisation', ...common, paymentIntentId }
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
    case 'checkout.session.async_payment_failed': {
      const session = event.data.object
      const paymentIntentId = idOf(session.payment_intent)
      const orderId = session.client_reference_id
      if (paymentIntentId === null || orderId === null || !/^ord_[0-9A-HJKMNP-TV-Z]{26}$/.test(orderId)) return other
      const failed = event.type === 'checkout.session.async_payment_failed'
      return {
        kind: 'checkout',
        ...common,
        step: failed ? 'failed' : session.payment_status === 'paid' ? 'paid' : 'processing',
        orderId,
        paymentIntentId,
        amountMinor: session.amount_total ?? 0,
        currency: session.currency ?? '',
      }
    }
    case 'charge.refunded': {
      const { payment_intent: payment, metadata } = event.data.object
      return metadata['authorisationId'] === undefined ? charge(payment, null) : authorisation(idOf(payment))
    }
    case 'payment_intent.amount_capturable_updated':
    case 'payment_intent.canceled': {
      const { id, metadata } = event.data.object
      return metadata['authorisationId'] === undefined ? other : authorisation(id)
    }
    case 'refund.updated':
      return charge(event.data.object.payment_intent, null)
    case 'charge.dispute.created':
    case 'charge.dispute.funds_withdrawn': {
      const { id, status, amount: amountMinor } = event.data.object
      // An inquiry takes no money. If it becomes a dispute, `funds_withdrawn` tells.
      const dispute = { id, step: 'opened', amountMinor } as const
      return status.startsWith('warning_') ? other : charge(event.data.object.payment_intent, dispute)
    }
    case 'charge.dispute.closed': {
      const { id, status, amount: amountMinor } = event.data.object
      // `warning_closed`: an inquiry that never became a dispute took no money.
      const step = status === 'won' ? 'won' : status === 'lost' ? 'lost' : null
      return step === null ? other : charge(event.data.object.payment_intent, { id, step, amountMinor })
    }
    case 'account.updated':
      return event.account === undefined ? other : { kind: 'account', ...common, account: event.account }
    case 'payout.paid':
    case 'payout.failed': {
      const { id: payoutId, amount: amountMinor, currency, failure_code: failureCode } = event.data.object
      const step = event.type === 'payout.paid' ? 'paid' : 'failed'
      // Payouts of the platform's own account are its treasurer's business.
      return event.account === undefined
        ? other
        : { kind: 'payout', ...common, account: event.account, payoutId, step, amountMinor, currency, failureCode }
    }
    default:
      return other
  }
}

/** What is told in order among themselves: the messages of one payment, or of one connected account. */
export const orderedBy = (message: PaymentMessage): string => {
  switch (message.kind) {
    case 'checkout':
    case 'charge':
    case 'authorisation':
      return message.paymentIntentId
    case 'account':
    case 'payout':
      return message.account
    case 'other':
      return message.eventId
  }
}
