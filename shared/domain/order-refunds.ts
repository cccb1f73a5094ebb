import { systemActor } from './actors.ts'
import { decide } from './order-decisions.ts'
import { type Order, type OrderEvent, takenMinor } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

/** What the order wants given back at the provider now, in minor units; 0: nothing. */
export const refundWantedMinor = (order: Order): number => {
  if (order.status === 'refunding') return order.award?.refundMinor ?? takenMinor(order)
  return order.status === 'settled' ? (order.goodwillMinor ?? 0) : 0
}

/** What the provider has given back of an order's payment: the sum of all that succeeded, and the newest of them. */
export type Refunded = { readonly refundedMinor: number; readonly refundId: string }

/**
 * Money was given back, by our wish or from the provider's dashboard. Decided by the sum, so that it does not matter how
 * often or in which order it is told. After the settlement any part of it is the platform's goodwill; before it only what
 * is wanted fits.
 */
export const decideRefunded = (order: Order, { refundedMinor, refundId }: Refunded): Result<readonly OrderEvent[]> => {
  const amountMinor = refundedMinor - (order.refundedMinor ?? 0)
  if (amountMinor <= 0) return ok([])
  if (refundedMinor === order.priceMinor && order.award === undefined) {
    const completed: OrderEvent = { type: 'refund_completed', refundId }
    // While the platform is to hand over, the hold ends first: the handle stays with who held it.
    return order.status === 'handing_over'
      ? decide(order, systemActor, { type: 'refund_wanted' }, completed)
      : decide(order, systemActor, completed)
  }
  if (order.status === 'settled' && refundedMinor < order.priceMinor) {
    return decide(order, systemActor, { type: 'goodwill_refunded', refundId, amountMinor })
  }
  if (order.status === 'refunding' && amountMinor === order.award?.refundMinor) {
    return decide(
      order,
      systemActor,
      { type: 'part_refund_completed', refundId, amountMinor },
      { type: 'transfer_wanted' },
    )
  }
  return refuse(
    'payment_mismatch',
    `${amountMinor} of ${order.id} were given back while it is ${order.status} and wants ${refundWantedMinor(order)}`,
  )
}
