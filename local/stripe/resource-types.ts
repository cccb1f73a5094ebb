import type Stripe from 'stripe'

/** On the wire a decimal is text; the client's types name the class it makes of that text. */
export type WireLineItem = Omit<Stripe.LineItem, 'price'> & { price: WirePrice }
export type WirePrice = Omit<Stripe.Price, 'unit_amount_decimal' | 'deleted'> & { unit_amount_decimal: string }
export type WireProduct = Omit<Stripe.Product, 'deleted'>

/** An event as it is stored and sent, whatever its type. */
export interface WireEvent {
  id: string
  object: 'event'
  api_version: string
  created: number
  data: { object: object; previous_attributes?: object }
  livemode: false
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

/** Everything this server keeps, by the value of its `object` field. */
export interface Resources {
  'checkout.session': Stripe.Checkout.Session
  payment_intent: Stripe.PaymentIntent
  payment_method: Stripe.PaymentMethod
  charge: Stripe.Charge
  refund: Stripe.Refund
  dispute: Stripe.Dispute
  balance_transaction: Stripe.BalanceTransaction
  price: WirePrice
  product: WireProduct
  event: WireEvent
}

export type Kind = keyof Resources

export const kinds: readonly Kind[] = [
  'checkout.session',
  'payment_intent',
  'payment_method',
  'charge',
  'refund',
  'dispute',
  'balance_transaction',
  'price',
  'product',
  'event',
]

const kindOfPrefix: Readonly<Record<string, Kind>> = {
  cs: 'checkout.session',
  pi: 'payment_intent',
  pm: 'payment_method',
  ch: 'charge',
  py: 'charge',
  re: 'refund',
  pyr: 'refund',
  du: 'dispute',
  txn: 'balance_transaction',
  price: 'price',
  prod: 'product',
  evt: 'event',
}

/** The kind of thing an id names, by its prefix. */
export const kindOfId = (id: string): Kind | undefined => kindOfPrefix[id.slice(0, id.indexOf('_'))]

/** The id behind a field that may have been expanded. */
export const idOf = (field: string | { id: string } | null | undefined): string | null =>
  typeof field === 'string' ? field : (field?.id ?? null)
