import type { Order } from '../domain/order.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { advanceDrop } from './advance-drop.ts'
import { advanceAuction } from './advance-auction.ts'
import type { CommitDeps } from './committing.ts'
import { advanceNegotiation } from './end-negotiations.ts'
import { advanceOfferSale } from './offer-acts.ts'

/** What a sale does when an order that it placed has come to an end. Told again: nothing. */
export type AdvanceSale = (deps: CommitDeps<Store>, order: Order) => Promise<unknown>

/** Every kind of sale, by the prefix of its ids. */
const sales: Readonly<Record<string, AdvanceSale>> = {
  drp: advanceDrop,
  pof: advanceOfferSale,
  cmp: advanceOfferSale,
  auc: advanceAuction,
  off: advanceNegotiation,
}

/**
 * Tells a sale what became of the order that it placed. Returns the sale's id; null for an order of the open market.
 * @throws where the order's sale is of no known kind
 */
export const advanceSale = async (deps: CommitDeps<Store>, orderId: string): Promise<string | null> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  const { saleId } = order.state
  if (saleId === undefined) return null
  const advance = sales[saleId.slice(0, saleId.indexOf('_'))]
  if (advance === undefined) throw new Error(`${saleId} is of no known kind of sale`)
  await advance(deps, order.state)
  return saleId
}
