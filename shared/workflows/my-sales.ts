import { checkHandle, skeleton } from '../domain/handle-name.ts'
import { decideReplacement } from '../domain/order-decisions.ts'
import type { Order } from '../domain/order.ts'
import { gate } from '../domain/release-gate.ts'
import { ok, type Refusal, refuse, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore, HandlesStore, Store } from '../store/client.ts'
import { loadHandles } from '../store/handles.ts'
import type { SellersOrder } from '../domain/order-rows.ts'
import { loadOrder, querySeller, sellerPageKey } from '../store/orders.ts'
import type { CommitDeps } from './committing.ts'
import { actOnOrder } from './order-acts.ts'
import { unknownOrder } from './orders.ts'

/** A user's sale as its seller sees it. Somebody else's is `not_found`. */
export const getSale = async (store: EscrowStore, orderId: string, sellerId: string): Promise<Result<Order>> => {
  const order = await loadOrder(store, orderId)
  return order === null || order.state.sellerId !== sellerId ? unknownOrder(orderId) : ok(order.state)
}

export const listSales = async (
  store: EscrowStore,
  sellerId: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ readonly items: readonly SellersOrder[]; readonly nextCursor: string | null }>> => {
  const scope = `sales ${sellerId}`
  const after = decodeCursor(scope, page.cursor, sellerPageKey(sellerId))
  if (!after.ok) return after
  const { items, next } = await querySeller(store, sellerId, { limit: page.limit, after: after.value })
  return ok({ items, nextCursor: encodeCursor(scope, next) })
}

/**
 * The seller names the handle to have instead of the one sold. It must be free and pass the gate now; it is not kept for
 * the seller, so where somebody else has it by the hand-over, a generated one takes its place.
 */
export const chooseReplacement = async (
  deps: CommitDeps<Store>,
  wanted: {
    readonly orderId: string
    readonly sellerId: string
    readonly handle: string
    readonly redirect: boolean
  },
): Promise<Result<Order>> => {
  const { orderId, sellerId, redirect } = wanted
  const sale = await getSale(deps.store, orderId, sellerId)
  if (!sale.ok) return sale
  const refusal = await replacementRefusal(deps.store, wanted.handle, 'handle')
  if (refusal !== null) return { ok: false, refusal }
  return actOnOrder(deps, orderId, { kind: 'seller', id: sellerId }, (order, actor) =>
    decideReplacement(order, { handle: wanted.handle, redirect }, actor),
  )
}

/** Why a seller cannot have this handle instead of the one sold, with `field` at fault; null: it can. */
export const replacementRefusal = async (
  store: HandlesStore,
  handle: string,
  field: string,
): Promise<Refusal | null> => {
  const name = checkHandle(handle, field)
  if (!name.ok) return name.refusal
  const { handles, looks } = await loadHandles(store, [name.value], [skeleton(name.value)])
  if (handles.has(name.value)) return refuse('handle_taken', `${name.value} is not free`, field).refusal
  const look = looks.get(skeleton(name.value))
  const verdict = gate(name.value, look === undefined ? {} : { look })
  return verdict.pass ? null : refuse('handle_not_offered', verdict.reason, field, { gate: verdict.code }).refusal
}
