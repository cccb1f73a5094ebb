import Stripe from 'stripe'
import { type Currency, currencySchema, type Money } from '../contract/money.ts'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

// A card authorised before large bids: a payment that is captured by hand, and never is.

export type WantedAuthorisation = { readonly id: string; readonly accountId: string; readonly amount: Money }

/** What the provider knows of one authorisation, read now. */
export type AuthorisationFacts = {
  readonly id: string
  readonly accountId: string
  readonly paymentIntentId: string
  /** `pending`: the page is still open. `ended`: it lapsed or was cancelled. */
  readonly state: 'pending' | 'held' | 'ended'
  readonly amountMinor: number
  readonly currency: Currency
  /** RFC 3339: the bank keeps it until then. */
  readonly until: string
  readonly cardFingerprint: string | null
}

export type Authorisations = {
  /**
   * The hosted page, where nothing is taken. Asking again under the same id gives the same page; with another amount it is
   * `key_reused`.
   */
  readonly open: (
    wanted: WantedAuthorisation,
    publicUrl: string,
  ) => Promise<{ readonly url: string; readonly expiresAt: string } | 'done' | 'in_progress' | 'key_reused'>
  /** Null: the payment is no authorisation of ours. */
  readonly read: (paymentIntentId: string) => Promise<AuthorisationFacts | null>
  /** Lets the card go. One that has ended is left as it is. */
  readonly cancel: (paymentIntentId: string) => Promise<void>
  /** The fingerprint of the card that paid; null where no card did. */
  readonly readCard: (paymentIntentId: string) => Promise<string | null>
}

/** Where the provider does not say until when a card is kept: Stripe's shortest for cards online, in milliseconds. */
const keptMsMin = 5 * 86_400_000

export const openAuthorisations = (config: StripeConfig): Authorisations => {
  const stripe = openStripe(config)
  const retrieve = (id: string) => callStripe(() => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }))

  return {
    open: async (wanted, publicUrl) => {
      try {
        const session = await callStripe(() =>
          stripe.checkout.sessions.create(sessionOf(wanted, publicUrl), { idempotencyKey: `${wanted.id}:authorise` }),
        )
        return session.url === null
          ? 'done'
          : { url: session.url, expiresAt: new Date(session.expires_at * 1000).toISOString() }
      } catch (error) {
        if (error instanceof Stripe.errors.StripeIdempotencyError) return 'key_reused'
        if (error instanceof Stripe.errors.StripeError && error.code === 'idempotency_key_in_use') return 'in_progress'
        throw error
      }
    },
    read: async (paymentIntentId) => {
      const intent = await retrieve(paymentIntentId)
      const { authorisationId, accountId } = intent.metadata
      const currency = currencySchema.safeParse(intent.currency.toUpperCase())
      if (authorisationId === undefined || accountId === undefined || !currency.success) return null
      const card = cardOf(intent)
      const charged = chargeOf(intent)
      return {
        id: authorisationId,
        accountId,
        paymentIntentId,
        state: intent.status === 'requires_capture' ? 'held' : intent.status === 'canceled' ? 'ended' : 'pending',
        amountMinor: intent.amount_capturable,
        currency: currency.data,
        until: new Date(
          card?.capture_before === undefined
            ? (charged?.created ?? intent.created) * 1000 + keptMsMin
            : card.capture_before * 1000,
        ).toISOString(),
        cardFingerprint: card?.fingerprint ?? null,
      }
    },
    cancel: async (paymentIntentId) => {
      try {
        await callStripe(() =>
          stripe.paymentIntents.cancel(
            paymentIntentId,
            { cancellation_reason: 'abandoned' },
            { idempotencyKey: `${paymentIntentId}:cancel` },
          ),
        )
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error
        // It may have lapsed meanwhile; whatever else is wrong with it, a person must see.
        const { status } = await retrieve(paymentIntentId)
        if (status !== 'canceled') throw error
      }
    },
    readCard: async (paymentIntentId) => cardOf(await retrieve(paymentIntentId))?.fingerprint ?? null,
  }
}

const chargeOf = (intent: Stripe.PaymentIntent): Stripe.Charge | null =>
  typeof intent.latest_charge === 'object' ? intent.latest_charge : null

const cardOf = (intent: Stripe.PaymentIntent): Stripe.Charge.PaymentMethodDetails.Card | undefined =>
  chargeOf(intent)?.payment_method_details?.card

/** Every parameter comes from what was asked, so that asking again under the same key is the same request. */
const sessionOf = (
  { id, accountId, amount }: WantedAuthorisation,
  publicUrl: string,
): Stripe.Checkout.SessionCreateParams => {
  const metadata = { authorisationId: id, accountId }
  const back = (result: string) => `${publicUrl}/?authorisation=${id}&result=${result}`
  return {
    mode: 'payment',
    client_reference_id: id,
    metadata,
    payment_intent_data: { capture_method: 'manual', metadata, description: 'Card authorisation before bids' },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: amount.currency.toLowerCase(),
          unit_amount: amount.amountMinor,
          product_data: { name: 'Card authorisation before bids: nothing is charged' },
        },
      },
    ],
    success_url: back('authorised'),
    cancel_url: back('left'),
  }
}
