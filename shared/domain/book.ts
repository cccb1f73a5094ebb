import type { Currency } from '../contract/money.ts'
import { balances, orderAccount, type Posting, posting, providerAccount, reverse, salesAccount } from './ledger.ts'
import { heldStatuses, type Order, type OrderEvent, postingsOf } from './order.ts'

/** Money that an order's book says has moved at the payment provider. */
export type Movement = {
  readonly kind: MovementKind
  /** The provider's id of it: of the payment, refund, transfer, reversal or dispute. */
  readonly reference: string
  /** Minor units; negative: money left the platform's balance. */
  readonly amountMinor: number
  readonly currency: Currency
}

export type MovementKind = 'capture' | 'refund' | 'transfer' | 'reversal' | 'chargeback' | 'chargeback_returned'

/** The same for the same movement, here and at the provider. */
export const movementKey = ({ kind, reference }: Pick<Movement, 'kind' | 'reference'>): string => `${kind} ${reference}`

const referenceOf = (event: OrderEvent): Pick<Movement, 'kind' | 'reference'> | null => {
  switch (event.type) {
    case 'payment_captured':
      return { kind: 'capture', reference: event.paymentIntentId }
    case 'refund_completed':
      return { kind: 'refund', reference: event.refundId }
    case 'dispute_opened':
      return { kind: 'chargeback', reference: event.disputeId }
    case 'dispute_won':
      return { kind: 'chargeback_returned', reference: event.disputeId }
    default:
      return null
  }
}

/** What a posting takes out of the provider's balance, or brings in. */
const atProvider = ({ source, destination, amountMinor }: Posting): number =>
  source === providerAccount ? amountMinor : destination === providerAccount ? -amountMinor : 0

/** What an event moved at the provider; null: nothing. `order` is the state before it. @throws where it has no reference */
export const movementOf = (order: Order, event: OrderEvent): Movement | null => {
  const amountMinor = postingsOf(order, event).reduce((sum, one) => sum + atProvider(one), 0)
  if (amountMinor === 0) return null
  const reference = referenceOf(event)
  if (reference === null) throw new Error(`${event.type} of ${order.id} moves money at the provider without a name`)
  return { ...reference, amountMinor, currency: order.currency }
}

/** Everything that an order has moved at the provider, from its state alone. */
export const movementsOf = (order: Order): Movement[] => {
  const { priceMinor, currency, paymentIntentId, refundId, disputeId, status } = order
  const movement = (kind: MovementKind, reference: string | undefined, sign: 1 | -1): Movement[] =>
    reference === undefined ? [] : [{ kind, reference, amountMinor: sign * priceMinor, currency }]
  const returned = status === 'settled' || status === 'refunded'
  return [
    ...(order.capturedAt === undefined ? [] : movement('capture', paymentIntentId, 1)),
    ...movement('chargeback', disputeId, -1),
    ...(returned ? movement('chargeback_returned', disputeId, 1) : []),
    ...movement('refund', refundId, -1),
  ]
}

/** An order's balances by account and currency (`order:ord_… USD`), from its state alone; what is zero is left out. */
export const bookOf = (order: Order): Map<string, number> => {
  const held = orderAccount(order.id)
  const capture = [posting(providerAccount, held, order.priceMinor, order.currency)]
  const settle = [posting(held, salesAccount, order.priceMinor, order.currency)]
  const postings = heldStatuses.has(order.status)
    ? capture
    : order.status === 'settled'
      ? [...capture, ...settle]
      : [...capture, ...reverse(capture)]
  return withoutZeros(balances(postings))
}

/** A book in which only accounts that hold or owe something stand. */
export const withoutZeros = (book: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...book].filter(([, balance]) => balance !== 0))
