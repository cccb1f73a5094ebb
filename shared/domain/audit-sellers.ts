import { receivableAccount, sellerAccount } from './ledger.ts'
import { debtAfterClawback, wantsClawback } from './order-chargebacks.ts'
import type { Order } from './order.ts'
import { debtMinorOf, type Seller } from './seller.ts'

/**
 * What of sellers does not agree with the ledger: what a seller owes is the debts that are written down and the sales whose
 * clawback is under way, and what we owe a seller is what is to be paid again.
 */
export const sellerFaults = (
  sellers: readonly Seller[],
  orders: readonly Order[],
  book: ReadonlyMap<string, number>,
): { readonly aggregate: string; readonly fault: string }[] => {
  const undecided = sumBySeller(orders, (order) => (wantsClawback(order) ? debtAfterClawback(order, 'failed') : 0))
  const toPay = sumBySeller(orders, (order) => (order.status === 'settling' ? (order.owedMinor ?? 0) : 0))
  return sellers.flatMap((seller) => {
    const { accountId } = seller
    const balance = (account: string) => book.get(`${account} USD`) ?? 0
    const [owes, booked] = [debtMinorOf(seller, 'USD'), -balance(receivableAccount(accountId))]
    const [due, held] = [toPay.get(accountId) ?? 0, balance(sellerAccount(accountId))]
    const underway = undecided.get(accountId) ?? 0
    const aggregate = `seller:${accountId}`
    return [
      ...(owes + underway === booked
        ? []
        : [{ aggregate, fault: `debts of ${owes} and clawbacks of ${underway}, and the ledger says ${booked}` }]),
      ...(due === held ? [] : [{ aggregate, fault: `${due} is to be paid again, and the ledger says ${held}` }]),
    ]
  })
}

const sumBySeller = (orders: readonly Order[], amountOf: (order: Order) => number): Map<string, number> => {
  const sums = new Map<string, number>()
  for (const order of orders) {
    const { sellerId } = order
    if (sellerId !== undefined) sums.set(sellerId, (sums.get(sellerId) ?? 0) + amountOf(order))
  }
  return sums
}
