import { systemActor } from '../domain/actors.ts'
import { decideDeadline } from '../domain/order.ts'
import { loadOrder } from '../store/orders.ts'
import type { Store } from '../store/client.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { orderChanges } from './order-changes.ts'

/**
 * Raises what the clock wants of one order, if it still wants it: the queue's word is a hint, the order as it stands now
 * decides. Returns what happened, for the log.
 */
export const applyDeadline = async (deps: CommitDeps<Store>, orderId: string): Promise<'moved' | 'not_due'> =>
  committing<'moved' | 'not_due'>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    const now = instant(deps.now())
    const decided = order === null ? null : decideDeadline(order.state, now, deps.terms)
    if (order === null || decided === null || !decided.ok) return { changes: [], answer: 'not_due' }
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    return moved && { changes: moved.changes, answer: 'moved' }
  })
