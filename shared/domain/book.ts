import type { Currency } from '../contract/money.ts'
import {
  commissionAccount,
  goodwillAccount,
  orderAccount,
  type Posting,
  providerAccount,
  receivableAccount,
  salesAccount,
  sellerAccount,
} from './ledger.ts'
import { heldMinor, postingsOf } from './order-money.ts'
import type { Order, OrderEvent } from './order.ts'

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
    case 'part_refund_completed':
    case 'goodwill_refunded':
      return { kind: 'refund', reference: event.refundId }
    case 'order_settled':
    case 'transfer_found':
      return event.transferId === undefined ? null : { kind: 'transfer', reference: event.transferId }
    case 'clawback_completed':
      return { kind: 'reversal', reference: event.reversalId }
    case 'chargeback_opened':
      return { kind: 'chargeback', reference: event.chargebackId }
    case 'chargeback_won':
    case 'chargeback_won_unpaid':
    case 'chargeback_won_refund_due':
      return { kind: 'chargeback_returned', reference: event.chargebackId }
    default:
      return null
  }
}

/** What a posting takes out of the provider's balance, or brings in. */
const atProviderBy = ({ source, destination, amountMinor }: Posting): number =>
  source === providerAccount ? amountMinor : destination === providerAccount ? -amountMinor : 0

/** What an event moved at the provider; null: nothing. `order` is the state before it. @throws where it has no reference */
export const movementOf = (order: Order, event: OrderEvent): Movement | null => {
  const amountMinor = postingsOf(order, event).reduce((sum, one) => sum + atProviderBy(one), 0)
  if (amountMinor === 0) return null
  const reference = referenceOf(event)
  if (reference === null) throw new Error(`${event.type} of ${order.id} moves money at the provider without a name`)
  return { ...reference, amountMinor, currency: order.currency }
}

/** Everything that an order has moved at the provider, from its state alone. Amounts of nothing are no movements. */
export const movementsOf = (order: Order): Movement[] => {
  const { currency, status, partRefunds = [] } = order
  const movement = (kind: MovementKind, reference: string | undefined, amountMinor = 0): Movement[] =>
    reference === undefined || amountMinor === 0 ? [] : [{ kind, reference, amountMinor, currency }]
  const transfers = [...(order.earlierTransfers ?? []), presentTransfer(order)]
  const inParts = partRefunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  return [
    ...(order.capturedAt === undefined ? [] : movement('capture', order.paymentIntentId, order.priceMinor)),
    ...partRefunds.flatMap(({ refundId, amountMinor }) => movement('refund', refundId, -amountMinor)),
    ...movement('refund', order.refundId, inParts - (order.refundedMinor ?? 0)),
    ...transfers.flatMap(({ transferId, amountMinor = 0, reversalId }) => [
      ...movement('transfer', transferId, -amountMinor),
      ...movement('reversal', reversalId, amountMinor),
    ]),
    ...movement('chargeback', order.chargebackId, -(order.chargebackMinor ?? 0)),
    ...(lostToBank.has(status) ? [] : movement('chargeback_returned', order.chargebackId, order.chargebackMinor)),
  ]
}

const lostToBank: ReadonlySet<Order['status']> = new Set(['chargeback', 'charged_back'])

/** Nobody but the provider and the seller has anything of the sale any more. */
const isUndone = ({ status, clawbackWanted }: Order): boolean =>
  lostToBank.has(status) || (status === 'refunded' && clawbackWanted === true)

const presentTransfer = ({ transferId, paidMinor, reversalId }: Order) => ({
  transferId,
  amountMinor: transferId === undefined ? 0 : paidMinor,
  reversalId,
})

/**
 * An order's balances by account and currency (`order:ord_… USD`), from its state alone; what is zero is left out. What
 * the provider holds, what the order and its seller's account hold, commission and goodwill follow from the status; the
 * rest is the platform's sale, or stands between platform and seller.
 */
export const bookOf = (order: Order): Map<string, number> => {
  const { status, sellerId, currency } = order
  const atProvider = movementsOf(order).reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  const held = heldMinor(order)
  const book = new Map<string, number>()
  const add = (account: string, minor: number) => book.set(`${account} ${currency}`, minor)
  add(providerAccount, -atProvider)
  add(orderAccount(order.id), held)
  if (sellerId === undefined) {
    add(salesAccount, atProvider - held)
    return withoutZeros(book)
  }
  const owed = status === 'settling' ? (order.owedMinor ?? 0) : 0
  const isSettled = order.settledAt !== undefined && held === 0 && !isUndone(order)
  const commission = isSettled ? ((order.award ?? order.quote)?.commissionMinor ?? 0) : 0
  const goodwill = isUndone(order) ? 0 : -(order.givenMinor ?? 0)
  add(sellerAccount(sellerId), owed)
  add(commissionAccount, commission)
  add(goodwillAccount, goodwill)
  add(receivableAccount(sellerId), atProvider - held - owed - commission - goodwill)
  return withoutZeros(book)
}

/** A book in which only accounts that hold or owe something stand. */
export const withoutZeros = (book: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...book].filter(([, balance]) => balance !== 0))
