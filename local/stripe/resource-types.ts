import type Stripe from 'stripe'

/** On the wire a decimal is text; the client's types name the class it makes of that text. */
export type WireLineItem = Omit<Stripe.LineItem, 'price'> & { price: WirePrice }
export type WirePrice = Omit<Stripe.Price, 'unit_amount_decimal' | 'deleted'> & { unit_amount_decimal: string }
export type WireProduct = Omit<Stripe.Product, 'deleted'>

/** An event as it is stored and sent, whatever its type. */
export interface WireEvent {
  id: string
  object: 'event'
  /** The connected account it is of; the platform's own have none. */
  account?: string
  api_version: string
  created: number
  data: { object: object; previous_attributes?: object }
  livemode: false
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

/** An account link as it is kept: the API shows neither its id nor where it leads to in the end. */
export interface StoredAccountLink {
  id: string
  object: 'account_link'
  created: number
  expires_at: number
  url: string
  account: string
  refreshUrl: string
  returnUrl: string
  /** It works once; whoever opened it then works on under another address. */
  openedAt: number | null
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
  account: Stripe.Account
  account_link: StoredAccountLink
  bank_account: Stripe.BankAccount
  transfer: Stripe.Transfer
  transfer_reversal: Stripe.TransferReversal
  payout: Stripe.Payout
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
  'account',
  'account_link',
  'bank_account',
  'transfer',
  'transfer_reversal',
  'payout',
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
  acct: 'account',
  ba: 'bank_account',
  tr: 'transfer',
  trr: 'transfer_reversal',
  po: 'payout',
}

/** The kind of thing an id names, by its prefix. */
export const kindOfId = (id: string): Kind | undefined => kindOfPrefix[id.slice(0, id.indexOf('_'))]

/** The id behind a field that may have been expanded. */
export const idOf = (field: string | { id: string } | null | undefined): string | null =>
  typeof field === 'string' ? field : (field?.id ?? null)
