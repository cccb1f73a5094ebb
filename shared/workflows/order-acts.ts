import type { Actor } from '../domain/actors.ts'
import { decideCancel, decideInspectionAccepted } from '../domain/order-decisions.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import { ok, type Result } from '../domain/result.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { orderChanges } from './order-changes.ts'
import { unknownOrder } from './orders.ts'

type Deps = CommitDeps<Store>

/** Cancels an unpaid order; the handle is back on sale in the same commit. */
export const cancelOrder = (deps: Deps, orderId: string, buyerId: string): Promise<Result<Order>> =>
  actOnOrder(deps, orderId, { kind: 'buyer', id: buyerId }, (order, actor) => decideCancel(order, actor))

/** The buyer is content: the seller is paid. Said again: the order as it stands. */
export const acceptInspection = (deps: Deps, orderId: string, buyerId: string): Promise<Result<Order>> =>
  actOnOrder(deps, orderId, { kind: 'buyer', id: buyerId }, decideInspectionAccepted)

/** An act of buyer or seller on their own order; somebody else's is `not_found`, whether it exists or not. */
export const actOnOrder = (
  deps: Deps,
  orderId: string,
  actor: Actor & { readonly kind: 'buyer' | 'seller'; readonly id: string },
  decide: (order: Order, actor: Actor) => Result<readonly OrderEvent[]>,
): Promise<Result<Order>> =>
  committing<Result<Order>>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    const party = actor.kind === 'buyer' ? order?.state.buyerId : order?.state.sellerId
    if (order === null || party !== actor.id) return { changes: [], answer: unknownOrder(orderId) }
    const decided = decide(order.state, actor)
    if (!decided.ok) return { changes: [], answer: decided }
    const moved = await orderChanges(deps, order, decided.value, instant(deps.now()), actor)
    return moved && { changes: moved.changes, answer: ok(moved.order) }
  })
