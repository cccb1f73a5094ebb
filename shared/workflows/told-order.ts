import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import { disputeIdOf } from '../domain/dispute.ts'
import { decideOvertaken } from '../domain/dispute-acts.ts'
import { decideRefunded, type ProviderRefund } from '../domain/order-refunds.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import type { Result } from '../domain/result.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { orderChanges } from './order-changes.ts'

/**
 * Moves an order by what the payment provider says of it, and ends its dispute in the same transaction where that takes the
 * decision out of our hands. Null: done, or nothing was to do. Otherwise why it was refused.
 */
export const moveToldOrder = (
  deps: CommitDeps<Store>,
  orderId: string,
  decide: (order: Order) => Result<readonly OrderEvent[]>,
): Promise<string | null> =>
  committing<string | null>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    if (order === null) return { changes: [], answer: 'there is no such order' }
    const decided = decide(order.state)
    if (!decided.ok) return { changes: [], answer: decided.refusal.message }
    const now = instant(deps.now())
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    if (moved === null) return null
    return { changes: [...moved.changes, ...(await overtaken(deps, order.state, decided.value, now))], answer: null }
  })

/** Books the refunds of an order that are not booked yet. Answers like `moveToldOrder`. */
export const recordRefunds = (
  deps: CommitDeps<Store>,
  orderId: string,
  refunds: readonly ProviderRefund[],
): Promise<string | null> => moveToldOrder(deps, orderId, (order) => decideRefunded(order, refunds))

const overtaken = async (
  deps: CommitDeps<Store>,
  { id: orderId, status }: Order,
  events: readonly OrderEvent[],
  at: string,
): Promise<readonly Change[]> => {
  const by = status === 'disputed' ? events.map(overtakes).find((id) => id !== null) : undefined
  if (by === undefined || by === null) return []
  const id = disputeIdOf(orderId)
  const before = await load(deps.store, 'dispute', id)
  const ends = before === null ? [] : decideOvertaken(before.state, by)
  if (before === null || ends.length === 0) return []
  return [{ kind: 'dispute', before, after: advance('dispute', id, before, ends, at, systemActor) }]
}

/** The provider's id of what leaves a dispute nothing to decide; null: this event does not. */
const overtakes = (event: OrderEvent): string | null => {
  switch (event.type) {
    case 'chargeback_opened':
      return event.chargebackId
    case 'sale_undone':
      return event.refundId
    default:
      return null
  }
}
