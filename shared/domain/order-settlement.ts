import { type Actor, systemActor } from './actors.ts'
import { commissionOf, scheduleOf } from './commission.ts'
import { decide } from './order-decisions.ts'
import { dueToSeller, type Order, type OrderEvent, takenMinor } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

// A user's sale after its hand-over: the dispute between the parties, and how the seller is paid.

/** The buyer objects within the inspection. */
export const decideDisputeOpened = (order: Order, reason: string, actor: Actor): Result<readonly OrderEvent[]> =>
  decide(order, actor, { type: 'dispute_opened', reason })

/** The buyer gives in: the seller is paid. */
export const decideDisputeWithdrawn = (order: Order, actor: Actor): Result<readonly OrderEvent[]> =>
  decide(order, actor, { type: 'dispute_withdrawn' }, { type: 'transfer_wanted' })

/** `split`: the buyer gets `refundMinor` back and keeps the handle. */
export type DisputeOutcome =
  | { readonly kind: 'settle' }
  | { readonly kind: 'refund' }
  | { readonly kind: 'split'; readonly refundMinor: number }

/** An operator decides a dispute. Commission is taken of what the seller keeps, by the schedule that was quoted. */
export const decideDispute = (order: Order, outcome: DisputeOutcome, actor: Actor): Result<readonly OrderEvent[]> => {
  switch (outcome.kind) {
    case 'settle':
      return decide(order, actor, { type: 'dispute_settled' }, { type: 'transfer_wanted' })
    case 'refund':
      return decide(order, actor, { type: 'dispute_refunded' }, { type: 'refund_wanted' })
    case 'split': {
      const { refundMinor } = outcome
      // What the platform gave besides is its own: the seller keeps the rest of the price.
      const kept = order.priceMinor - refundMinor
      const most = Math.min(takenMinor(order), order.priceMinor - 1)
      if (order.quote === undefined || refundMinor < 1 || refundMinor > most) {
        return refuse('validation_failed', `A split gives back from 1 to ${most} minor units`, 'refund')
      }
      const commissionMinor = Math.min(kept, commissionOf(kept, scheduleOf(order.quote.scheduleVersion)))
      const award = { refundMinor, commissionMinor, netMinor: kept - commissionMinor }
      return decide(order, actor, { type: 'dispute_split', ...award }, { type: 'refund_wanted' })
    }
  }
}

/** The seller cannot be paid now; the money stays where it is. The same reason again is not noted again. */
export const decideTransferBlocked = (order: Order, reason: string): Result<readonly OrderEvent[]> =>
  order.status !== 'settling' || order.payoutBlocked === reason
    ? ok([])
    : decide(order, systemActor, { type: 'transfer_blocked', reason })

/** The seller can be paid again: what could not be paid is asked for anew. */
export const decideTransferWanted = (order: Order): readonly OrderEvent[] =>
  order.status === 'settling' && order.payoutBlocked !== undefined ? [{ type: 'transfer_wanted' }] : []

/** The seller was paid: what was not taken for a debt is transferred. Told again: nothing changes. */
export const decideSettled = (
  order: Order,
  paid: { readonly transferId?: string | undefined; readonly offsetMinor: number },
): Result<readonly OrderEvent[]> => {
  if (order.status === 'settled' && order.transferId === paid.transferId) return ok([])
  const { transferId, offsetMinor } = paid
  const due = dueToSeller(order)
  if (offsetMinor < 0 || offsetMinor > due || (transferId === undefined) !== (offsetMinor === due)) {
    throw new RangeError(`${order.id} owes ${due}: ${offsetMinor} for a debt and transfer ${transferId ?? 'none'}`)
  }
  return decide(order, systemActor, {
    type: 'order_settled',
    ...(transferId !== undefined && { transferId }),
    ...(offsetMinor > 0 && { offsetMinor }),
  })
}
