import type { Order } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { EscrowStore } from '../store/client.ts'
import type { BuyersOrder } from '../domain/order-rows.ts'
import { buyerPageKey, loadOrder, queryBuyer } from '../store/orders.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'

/** A buyer's own order. Somebody else's is `not_found`: whether it exists is not told. */
export const getOrder = async (store: EscrowStore, orderId: string, buyerId: string): Promise<Result<Order>> => {
  const order = await loadOrder(store, orderId)
  return order === null || order.state.buyerId !== buyerId ? unknownOrder(orderId) : ok(order.state)
}

/** The refusal of whatever is not the caller's to see. */
export const unknownOrder = (orderId: string) => refuse('not_found', `You have no order ${orderId}`, 'orderId')

export const listOrders = async (
  store: EscrowStore,
  buyerId: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ readonly items: readonly BuyersOrder[]; readonly nextCursor: string | null }>> => {
  const scope = `orders ${buyerId}`
  const after = decodeCursor(scope, page.cursor, buyerPageKey(buyerId))
  if (!after.ok) return after
  const { items, next } = await queryBuyer(store, buyerId, { limit: page.limit, after: after.value })
  return ok({ items, nextCursor: encodeCursor(scope, next) })
}
