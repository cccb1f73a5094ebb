import {
  commissionAccount,
  goodwillAccount,
  orderAccount,
  type Posting,
  posting,
  providerAccount,
  receivableAccount,
  reverse,
  salesAccount,
  sellerAccount,
} from './ledger.ts'
import { besidesAward, dueToSeller, type Order, type OrderEvent, takenMinor } from './order.ts'

/** Amounts that may be nothing move nothing. */
const move = (source: string, destination: string, amountMinor: number, { currency }: Order): Posting[] =>
  amountMinor === 0 ? [] : [posting(source, destination, amountMinor, currency)]

/** The money each event moves. `order` is the state before it. */
export const postingsOf = (order: Order, event: OrderEvent): Posting[] => {
  const held = orderAccount(order.id)
  switch (event.type) {
    case 'payment_captured':
      return move(providerAccount, held, order.priceMinor, order)
    case 'order_settled':
      return order.sellerId === undefined
        ? move(held, salesAccount, order.priceMinor, order)
        : sellersSettlement(order, order.sellerId, event.offsetMinor ?? 0)
    case 'refund_completed':
      return order.status === 'settled' ? refundOfPlatform(order, takenMinor(order)) : giveBack(order)
    case 'part_refund_completed':
      return awarded(order, event.amountMinor)
    case 'goodwill_refunded':
      return order.sellerId === undefined && order.status !== 'settled'
        ? move(held, providerAccount, event.amountMinor, order)
        : refundOfPlatform(order, event.amountMinor)
    case 'chargeback_opened': // The provider takes the money back the moment its dispute opens.
      return [...(order.status === 'settled' ? undoSettlement(order) : []), ...giveBack(order)]
    case 'transfer_found': // As though it had come before the chargeback, or the refund.
      return [...sellersSettlement(order, sellerOf(order), event.offsetMinor ?? 0), ...undoSettlement(order)]
    case 'chargeback_won':
      return reverse([...undoSettlement(order), ...giveBack(order)])
    case 'chargeback_won_unpaid':
    case 'chargeback_won_refund_due':
      return reverse(giveBack(order))
    case 'clawback_completed':
      return order.status === 'settled'
        ? move(providerAccount, sellerAccount(sellerOf(order)), order.paidMinor ?? 0, order)
        : move(providerAccount, receivableAccount(sellerOf(order)), order.paidMinor ?? 0, order)
    default:
      return nothing(event)
  }
}

/** Events that move no money. An event that is neither here nor told apart above does not compile. */
type QuietEvent = Extract<
  OrderEvent,
  {
    type:
      | 'order_placed'
      | 'payment_started'
      | 'payment_failed'
      | 'replacement_chosen'
      | 'handover_started'
      | 'handover_completed'
      | 'handover_failed'
      | 'inspection_accepted'
      | 'inspection_ended'
      | 'dispute_opened'
      | 'dispute_withdrawn'
      | 'dispute_settled'
      | 'dispute_refunded'
      | 'dispute_split'
      | 'dispute_review_due'
      | 'transfer_wanted'
      | 'transfer_blocked'
      | 'order_cancelled'
      | 'order_expired'
      | 'refund_wanted'
      | 'sale_undone'
      | 'goodwill_proposed'
      | 'goodwill_rejected'
      | 'goodwill_wanted'
      | 'chargeback_lost'
      | 'chargeback_review_due'
      | 'clawback_wanted'
      | 'clawback_failed'
  }
>

const nothing = (_: QuietEvent): Posting[] => []

/**
 * The sale bears what the dispute awarded. Where the provider's dashboard had left less of the price than that, the platform
 * has what it gave before; where more was given back, it bears that.
 */
const awarded = (order: Order, amountMinor: number): Posting[] => {
  const held = orderAccount(order.id)
  const besides = besidesAward(order, amountMinor)
  return [
    ...move(held, providerAccount, amountMinor - Math.max(0, besides), order),
    ...move(goodwillAccount, providerAccount, Math.max(0, besides), order),
    ...move(held, goodwillAccount, Math.max(0, -besides), order),
  ]
}

/** Out of the order's account the rest of the payment to the buyer, and to the platform what it had given before. */
const giveBack = (order: Order): Posting[] => [
  ...reverse(move(providerAccount, orderAccount(order.id), takenMinor(order), order)),
  ...move(orderAccount(order.id), goodwillAccount, order.givenMinor ?? 0, order),
]

/** @throws where the platform itself sells */
export const sellerOf = (order: Order): string => {
  if (order.sellerId === undefined) throw new Error(`${order.id} is the platform's own sale`)
  return order.sellerId
}

/** The buyer's money: commission to the platform, the net to the seller; of that a debt first, and the rest is transferred. */
const sellersSettlement = (order: Order, sellerId: string, offsetMinor: number): Posting[] => {
  const held = orderAccount(order.id)
  const seller = sellerAccount(sellerId)
  const net = dueToSeller(order)
  const paid = [
    ...move(seller, receivableAccount(sellerId), offsetMinor, order),
    ...move(seller, providerAccount, net - offsetMinor, order),
  ]
  // What was taken back and is paid again stands on the seller's account already.
  if (order.owedMinor !== undefined) return paid
  const { commissionMinor = 0 } = order.award ?? order.quote ?? {}
  return [...move(held, commissionAccount, commissionMinor, order), ...move(held, seller, net, order), ...paid]
}

/** A refund that the platform bears: out of its own sale, or out of goodwill where a user sells. */
const refundOfPlatform = (order: Order, amountMinor: number): Posting[] =>
  order.sellerId === undefined
    ? [
        ...move(salesAccount, orderAccount(order.id), amountMinor, order),
        ...move(orderAccount(order.id), providerAccount, amountMinor, order),
      ]
    : move(goodwillAccount, providerAccount, amountMinor, order)

/** Back into the order's account what its settlement took out; the seller owes the net until the transfer is taken back. */
const undoSettlement = (order: Order): Posting[] => {
  const held = orderAccount(order.id)
  if (order.sellerId === undefined) return move(salesAccount, held, takenMinor(order), order)
  const { commissionMinor = 0, netMinor = 0 } = order.award ?? order.quote ?? {}
  return [
    ...move(commissionAccount, held, commissionMinor, order),
    ...move(receivableAccount(order.sellerId), held, netMinor, order),
  ]
}

/** Statuses in which the buyer's money lies in the order's account. */
const heldIn: ReadonlySet<Order['status']> = new Set([
  'funded',
  'handing_over',
  'inspection',
  'disputed',
  'refunding',
  'settling',
])

/** What the order's ledger account holds in its present state, in minor units: what goodwill gave did not come out of it. */
export const heldMinor = (order: Order): number =>
  heldIn.has(order.status) && order.owedMinor === undefined ? takenMinor(order) + (order.givenMinor ?? 0) : 0
