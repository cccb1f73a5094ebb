import { type Actor, systemActor } from './actors.ts'
import { orderMachine } from './order-machine.ts'
import { type Order, orderDueAt, type OrderEvent } from './order.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { deadlineOf, findTransition, possibleEvents } from './transitions.ts'

/** Out of turn: says what is possible now. */
export const notAllowed = (order: Order, on: OrderEvent['type']): { readonly ok: false; readonly refusal: Refusal } =>
  refuse('transition_not_allowed', `${on} is not possible while the order is ${order.status}`, undefined, {
    status: order.status,
    possible: possibleEvents(orderMachine, order.status),
  })

/** These events, where the table lets the actor raise the first of them now. */
export const decide = (
  order: Order,
  actor: Actor,
  ...events: [OrderEvent, ...OrderEvent[]]
): Result<readonly OrderEvent[]> => {
  const [first] = events
  const row = findTransition(orderMachine, order.status, first.type)
  return row?.by.includes(actor.kind) ? ok(events) : notAllowed(order, first.type)
}

/** The buyer or an operator gives up an unpaid order. Cancelling a cancelled order changes nothing. */
export const decideCancel = (order: Order, actor: Actor): Result<readonly OrderEvent[]> =>
  order.status === 'cancelled' ? ok([]) : decide(order, actor, { type: 'order_cancelled' })

/** What the provider says of one payment of an order. */
export type Payment = {
  readonly paymentIntentId: string
  readonly amountMinor: number
  /** Lower case, as the provider writes it. */
  readonly currency: string
}

const mismatch = (order: Order, payment: Payment): Refusal | null => {
  if (payment.amountMinor !== order.priceMinor || payment.currency.toUpperCase() !== order.currency) {
    const { refusal } = refuse(
      'payment_mismatch',
      `${order.id} costs ${order.priceMinor} ${order.currency}, the payment is ${payment.amountMinor} ${payment.currency}`,
    )
    return refusal
  }
  if (order.paymentIntentId !== undefined && order.paymentIntentId !== payment.paymentIntentId) {
    return refuse('payment_mismatch', `${order.id} was paid by another payment than ${payment.paymentIntentId}`).refusal
  }
  return null
}

/** A slow method was chosen: the money is on its way. */
export const decidePaymentStarted = (order: Order, payment: Payment): Result<readonly OrderEvent[]> => {
  const refusal = mismatch(order, payment)
  if (refusal !== null) return { ok: false, refusal }
  // The provider's messages come in any order: one that was overtaken says nothing new.
  if (order.status !== 'awaiting_payment') return ok([])
  return ok([{ type: 'payment_started', paymentIntentId: payment.paymentIntentId }])
}

/** A slow method failed; the handle goes back on sale. */
export const decidePaymentFailed = (order: Order, payment: Payment): Result<readonly OrderEvent[]> => {
  const refusal = mismatch(order, payment)
  if (refusal !== null) return { ok: false, refusal }
  const { paymentIntentId } = payment
  if (order.status === 'payment_processing') return ok([{ type: 'payment_failed', paymentIntentId }])
  if (order.status !== 'awaiting_payment') return ok([])
  return ok([
    { type: 'payment_started', paymentIntentId },
    { type: 'payment_failed', paymentIntentId },
  ])
}

/**
 * The money was taken. In time: the handle is handed over in the same commit where this system is the registry of names,
 * and a sale of the platform's own settles with it. Too late: it is given back. Told again: nothing changes (one capture,
 * one entry).
 */
export const decideCapture = (order: Order, payment: Payment): Result<readonly OrderEvent[]> => {
  const refusal = mismatch(order, payment)
  if (refusal !== null) return { ok: false, refusal }
  if (order.capturedAt !== undefined) return ok([])
  const captured: OrderEvent = { type: 'payment_captured', paymentIntentId: payment.paymentIntentId }
  if (order.status === 'expired' || order.status === 'cancelled') return ok([captured, { type: 'refund_wanted' }])
  if (order.handOver === 'platform') return ok([captured, { type: 'handover_started', by: 'platform' }])
  return ok([captured, { type: 'handover_started' }, handedOver(order)])
}

/** A sale of the platform's own is settled by its hand-over; a user's is inspected first. */
const handedOver = (order: Order): OrderEvent => ({
  type: order.sellerId === undefined ? 'order_settled' : 'handover_completed',
})

/** The platform has handed the name over. Told again: nothing changes. */
export const decideHandoverCompleted = (order: Order, actor: Actor): Result<readonly OrderEvent[]> => {
  const done = order.handedOverAt !== undefined || order.settledAt !== undefined
  return order.handOver === 'platform' && done ? ok([]) : decide(order, actor, handedOver(order))
}

/** The platform cannot hand the name over: the money goes back. Told again: nothing changes. */
export const decideHandoverFailed = (order: Order, reason: string, actor: Actor): Result<readonly OrderEvent[]> => {
  const failed = order.status === 'refunding' || order.status === 'refunded'
  if (order.handOver === 'platform' && failed && order.handedOverAt === undefined) return ok([])
  return decide(order, actor, { type: 'handover_failed', reason }, { type: 'refund_wanted' })
}

/** The seller names the handle to have instead of the one sold. The same again changes nothing. */
export const decideReplacement = (
  order: Order,
  wanted: { readonly handle: string; readonly redirect: boolean },
  actor: Actor,
): Result<readonly OrderEvent[]> => {
  const { replacement } = order
  if (replacement?.handle === wanted.handle && replacement.redirect === wanted.redirect) return ok([])
  return decide(order, actor, { type: 'replacement_chosen', ...wanted })
}

/** The buyer is content before the inspection ends: the seller is paid. Once the seller is due it changes nothing. */
export const decideInspectionAccepted = (order: Order, actor: Actor): Result<readonly OrderEvent[]> => {
  const isDue = order.sellerId !== undefined && (order.status === 'settling' || order.status === 'settled')
  return isDue ? ok([]) : decide(order, actor, { type: 'inspection_accepted' }, { type: 'transfer_wanted' })
}

/** The clock's turn: raises the event that the table names for this state, once its time has come. */
export const decideDeadline = (order: Order, now: string): Result<readonly OrderEvent[]> => {
  const dueAt = orderDueAt(order)
  if (dueAt === null || dueAt > now) return refuse('not_due', `${order.id} is ${order.status}, due ${dueAt ?? 'never'}`)
  const on = deadlineOf(orderMachine, order.status)?.on
  switch (on) {
    case 'inspection_ended':
      return decide(order, systemActor, { type: on }, { type: 'transfer_wanted' })
    case 'order_expired':
    case 'refund_wanted':
    case 'transfer_wanted':
    case 'dispute_review_due':
    case 'chargeback_review_due':
      return decide(order, systemActor, { type: on })
    default:
      throw new Error(`the deadline of ${order.status} raises ${on ?? 'nothing'}, which has no rule`)
  }
}
