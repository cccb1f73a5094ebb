import Stripe from 'stripe'
import type { Order } from '../domain/order.ts'
import { type ProviderRefund, refundToMake, refundWanted } from '../domain/order-refunds.ts'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

/** What the provider knows of one payment, read now. */
export type PaymentFacts = {
  readonly orderId: string | null
  readonly paymentIntentId: string
  readonly captured: boolean
  readonly amountMinor: number
  readonly currency: string
  /** Every refund of it, the oldest first. */
  readonly refunds: readonly ProviderRefund[]
}

export type Payments = {
  /**
   * Opens the hosted page of an order, or finds the one that is open: same order, same page. Otherwise why not; `opensAt`:
   * too little is left for a page now, and there is time for another one from then on. `now` is in milliseconds.
   */
  readonly openCheckout: (
    order: Order,
    publicUrl: string,
    now: number,
  ) => Promise<Checkout | 'too_late' | 'in_progress' | { readonly opensAt: string }>
  /** Closes an order's page, where one is open, so that nobody pays there. */
  readonly closeCheckout: (order: Order, publicUrl: string, now: number) => Promise<void>
  /** Gives back what the order wants given back, once. Answers with every refund of its payment, the oldest first. */
  readonly refund: (order: Order) => Promise<readonly ProviderRefund[]>
  readonly readRefunds: (paymentIntentId: string) => Promise<readonly ProviderRefund[]>
  readonly readPayment: (paymentIntentId: string) => Promise<PaymentFacts>
}

export type Checkout = { readonly sessionId: string; readonly url: string; readonly expiresAt: string }

/** The page closes this long before the order's own deadline, so that a payment made there still finds the hold. */
const closesBeforeDeadlineMs = 60_000

/** Refunds of one payment that are looked at. */
const refundsMax = 1_000

export const openPayments = (config: StripeConfig): Payments => {
  const stripe = openStripe(config)
  const createSession = (order: Order, publicUrl: string, page: CheckoutPage) =>
    stripe.checkout.sessions.create(sessionOf(order, publicUrl, page), { idempotencyKey: page.key })

  /** Stripe lists the newest first. */
  const readRefunds = async (paymentIntentId: string): Promise<readonly ProviderRefund[]> => {
    const list = () => stripe.refunds.list({ payment_intent: paymentIntentId, limit: 100 })
    const refunds = await callStripe(() => list().autoPagingToArray({ limit: refundsMax }))
    return refunds.map(refundOf).toReversed()
  }

  return {
    openCheckout: async (order, publicUrl, now) => {
      const page = checkoutPage(order, now)
      try {
        const session = await callStripe(() => createSession(order, publicUrl, page))
        return session.url === null
          ? 'too_late'
          : { sessionId: session.id, url: session.url, expiresAt: new Date(session.expires_at * 1000).toISOString() }
      } catch (error) {
        if (isTooLate(error)) return page.next === null ? 'too_late' : { opensAt: page.next }
        if (isInProgress(error)) return 'in_progress'
        throw error
      }
    },
    closeCheckout: async (order, publicUrl, now) => {
      // Asking for it again under its key gives the page that was opened, so its id need not be kept.
      try {
        const session = await callStripe(() => createSession(order, publicUrl, checkoutPage(order, now)))
        await callStripe(() => stripe.checkout.sessions.expire(session.id))
      } catch (error) {
        // Never opened and too late to be; or paid or expired already, which the provider's own event tells.
        if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error
      }
    },
    refund: async (order) => {
      // Looked for first: the key alone is forgotten after a day, and a bank may take longer.
      const made = await readRefunds(paymentOf(order))
      const wanted = refundWanted(order)
      const missing = wanted === null ? null : refundToMake(order, wanted, made)
      if (missing === null) return made
      const { purpose, amountMinor, attempt } = missing
      const refund = await callStripe(() =>
        stripe.refunds.create(
          { payment_intent: paymentOf(order), amount: amountMinor, metadata: { orderId: order.id, purpose } },
          { idempotencyKey: refundKey(order, purpose, attempt) },
        ),
      )
      return [...made, refundOf(refund)]
    },
    readRefunds,
    readPayment: async (paymentIntentId) => {
      const intent = await callStripe(() => stripe.paymentIntents.retrieve(paymentIntentId))
      const refunds = await readRefunds(paymentIntentId)
      return {
        orderId: intent.metadata['orderId'] ?? null,
        paymentIntentId,
        captured: intent.status === 'succeeded',
        amountMinor: intent.amount_received,
        currency: intent.currency,
        refunds,
      }
    },
  }
}

/**
 * A refund that the bank sent back is made anew, under a key of its own. So is one that was refused while a bank had the
 * money: Stripe answers a key with the refusal that it got, for a day.
 */
const refundKey = ({ id, chargebackId }: Order, purpose: string, attempt: number): string =>
  [id, 'refund', purpose, attempt, ...(chargebackId === undefined ? [] : [chargebackId])].join(':')

const refundOf = ({ id, amount, status, metadata }: Stripe.Refund): ProviderRefund => ({
  refundId: id,
  amountMinor: amount,
  status: status === 'succeeded' ? status : status === 'failed' || status === 'canceled' ? 'failed' : 'pending',
  purpose: metadata?.['purpose'] ?? null,
})

const paymentOf = (order: Order): string => {
  if (order.paymentIntentId === undefined) throw new Error(`${order.id} has no payment to refund`)
  return order.paymentIntentId
}

/** Stripe keeps a page open for 24 hours at most; winners of a sale have longer to pay. */
const pageHours = 23

type CheckoutPage = {
  readonly key: string
  readonly expiresAt: number
  /** When the next page can be opened; null: this is the last. */
  readonly next: string | null
}

/**
 * Which page of an order it is now. One follows another, each until the next begins, so that never two are open: nobody
 * can pay twice.
 */
const checkoutPage = (order: Order, now: number): CheckoutPage => {
  const createdAt = Date.parse(order.createdAt)
  const lengthMs = pageHours * 3_600_000
  const number = Math.max(0, Math.floor((now - createdAt) / lengthMs))
  const nextAt = createdAt + (number + 1) * lengthMs
  const lastCall = Date.parse(order.payBy) - closesBeforeDeadlineMs
  return {
    key: number === 0 ? `${order.id}:checkout` : `${order.id}:checkout:${number}`,
    expiresAt: Math.min(nextAt, lastCall),
    next: nextAt < lastCall ? new Date(nextAt).toISOString() : null,
  }
}

/** Every parameter comes from order and page, so that asking again under the same key is the same request. */
const sessionOf = (
  order: Order,
  publicUrl: string,
  { expiresAt }: CheckoutPage,
): Stripe.Checkout.SessionCreateParams => {
  const metadata = { orderId: order.id }
  const back = (result: string) => `${publicUrl}/?order=${order.id}&result=${result}`
  return {
    mode: 'payment',
    client_reference_id: order.id,
    metadata,
    payment_intent_data: { metadata, transfer_group: order.id, description: `Handle @${order.display}` },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: order.currency.toLowerCase(),
          unit_amount: order.priceMinor,
          product_data: { name: `Handle @${order.display}` },
        },
      },
    ],
    expires_at: Math.floor(expiresAt / 1000),
    success_url: back('paid'),
    cancel_url: back('left'),
  }
}

/** Stripe keeps a page open for 30 minutes at least: one that would close sooner is refused. */
const isTooLate = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.param === 'expires_at'

/** Another request with this order's key is being answered, and was still after the client's own retries. */
const isInProgress = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.code === 'idempotency_key_in_use'
