import { dueToSeller, type Order } from './order.ts'
import type { SettledSale } from './seller.ts'

/** How many transfers an order has had: the number of the newest. */
export const transfersMade = ({ transferId, earlierTransfers = [] }: Order): number =>
  earlierTransfers.length + (transferId === undefined ? 0 : 1)

/** An order as its settlement with the seller. */
export const settledSaleOf = (order: Order): SettledSale => {
  const netMinor = dueToSeller(order)
  const isCounted = order.owedMinor !== undefined
  const commissionMinor = isCounted ? 0 : ((order.award ?? order.quote)?.commissionMinor ?? 0)
  return saleOf(order, isCounted ? 0 : netMinor + commissionMinor, commissionMinor, netMinor)
}

/**
 * What a clawback takes back: the sale as it was settled. Where the chargeback was won meanwhile the sale stands, and only
 * the transfer went back.
 */
export const takenBackSaleOf = (order: Order): SettledSale =>
  order.status === 'settled' ? saleOf(order, 0, 0, order.paidMinor ?? 0) : settledSaleOf(order)

const saleOf = (
  { id: orderId, handle, currency }: Order,
  grossMinor: number,
  commissionMinor: number,
  netMinor: number,
): SettledSale => ({ orderId, handle, currency, grossMinor, commissionMinor, netMinor })
