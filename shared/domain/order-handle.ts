import type { HandleEvent } from './handle.ts'
import { holdingStatuses, isPaidOut, type Order, type OrderEvent } from './order.ts'

/** What an order does to its handle, but for what only the handle knows: of whom it is given back to, their account. */
export type HandleTouch =
  | Extract<HandleEvent, { type: 'hold_lifted' | 'handle_handed_over' | 'handle_locked' | 'handle_unlocked' }>
  | { readonly type: 'handle_returned'; readonly orderId: string }

/** Whether the sale has brought the handle to its buyer: not where it was never handed over, or went back with a refund. */
const hasBuyersHandle = (order: Order): boolean => {
  if (order.handedOverAt === undefined && order.settledAt === undefined) return false
  return order.award !== undefined || !(order.status === 'refunding' || order.refundDue === true)
}

/** What each event does to the order's handle, in the same commit. `order` is the state before it. */
export const handleTouchOf = (order: Order, event: OrderEvent): HandleTouch | null => {
  const orderId = order.id
  const lock = (reason: string): HandleTouch => ({ type: 'handle_locked', orderId, reason })
  switch (event.type) {
    case 'order_cancelled':
    case 'order_expired':
    case 'payment_failed':
    case 'handover_failed':
      return { type: 'hold_lifted', orderId }
    case 'handover_completed':
      return { type: 'handle_handed_over', orderId, accountId: order.buyerId }
    case 'order_settled': // The platform's own sale: a user's was handed over before its inspection.
      return order.status === 'handing_over' ? { type: 'handle_handed_over', orderId, accountId: order.buyerId } : null
    case 'refund_wanted': // From `refunding` on the hold is gone; before, it is lifted with the decision to refund.
      return holdingStatuses.has(order.status) ? { type: 'hold_lifted', orderId } : null
    case 'refund_completed':
      return order.status === 'settled' ? lock('refunded') : null
    case 'dispute_opened':
      return lock('disputed')
    case 'dispute_withdrawn':
    case 'dispute_settled':
    case 'dispute_split':
      return { type: 'handle_unlocked', orderId }
    case 'dispute_refunded':
    case 'sale_undone':
      return { type: 'handle_returned', orderId }
    case 'chargeback_opened': // A dispute has locked it already.
      if (order.status === 'handing_over') return { type: 'hold_lifted', orderId }
      return order.status === 'disputed' || !hasBuyersHandle(order) ? null : lock('chargeback')
    case 'chargeback_won':
    case 'chargeback_won_unpaid':
    case 'chargeback_won_refund_due':
      return hasBuyersHandle(order) ? { type: 'handle_unlocked', orderId } : null
    case 'chargeback_lost': // A seller who was not paid has the name again; else it stays locked.
      if (order.sellerId === undefined || isPaidOut(order) || !hasBuyersHandle(order)) return null
      return { type: 'handle_returned', orderId }
    case 'clawback_completed':
      return order.status === 'charged_back' ? { type: 'handle_returned', orderId } : null
    case 'order_placed':
    case 'payment_started':
    case 'payment_captured':
    case 'replacement_chosen':
    case 'handover_started':
    case 'inspection_accepted':
    case 'inspection_ended':
    case 'dispute_review_due':
    case 'transfer_wanted':
    case 'transfer_blocked':
    case 'part_refund_completed':
    case 'goodwill_proposed':
    case 'goodwill_rejected':
    case 'goodwill_wanted':
    case 'goodwill_refunded':
    case 'chargeback_review_due':
    case 'transfer_found':
    case 'clawback_wanted':
    case 'clawback_failed':
      return null
  }
}
