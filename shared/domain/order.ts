import { derivedId } from '../contract/ids.ts'
import type { Currency } from '../contract/money.ts'
import type { Actor } from './actors.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { orderAccount, type Posting, posting, providerAccount, reverse, salesAccount } from './ledger.ts'
import { durationMs, isDuration, type Terms } from './terms.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { deadlineOf, findTransition, type Machine, possibleEvents } from './transitions.ts'

export type OrderStatus =
  | 'awaiting_payment'
  | 'payment_processing'
  | 'funded'
  | 'handing_over'
  | 'settled'
  | 'expired'
  | 'cancelled'
  | 'refunding'
  | 'refunded'
  | 'disputed'
  | 'charged_back'

/** What an order is from its placing on. Amounts are minor units. */
export type Placement = {
  readonly handle: string
  readonly display: string
  readonly tier: string
  readonly buyerId: string
  readonly priceMinor: number
  readonly currency: Currency
  readonly termsVersion: string
  /** Promised when it was placed: later terms do not move it. */
  readonly payBy: string
  /** Hash of the request that placed it: the same Idempotency-Key with another body is told apart by it. */
  readonly requestHash: string
  /** The auction, drop or private offer whose winner the buyer is; absent: bought in the market. */
  readonly saleId?: string | undefined
}

/** One purchase from hold to settlement. Instants are RFC 3339 UTC. */
export type Order = Placement & {
  readonly id: string
  readonly status: OrderStatus
  readonly createdAt: string
  readonly updatedAt: string
  /** When it entered `status`: the deadline counts from here. */
  readonly since: string
  readonly paymentIntentId?: string | undefined
  /** The capture is on the book: the payment was taken, whatever became of it. */
  readonly capturedAt?: string | undefined
  readonly settledAt?: string | undefined
  readonly refundId?: string | undefined
  readonly disputeId?: string | undefined
}

export type OrderEvent =
  | ({ readonly type: 'order_placed' } & Placement)
  | { readonly type: 'payment_started'; readonly paymentIntentId: string }
  | { readonly type: 'payment_captured'; readonly paymentIntentId: string }
  | { readonly type: 'payment_failed'; readonly paymentIntentId: string }
  | { readonly type: 'handover_started' }
  | { readonly type: 'order_settled' }
  | { readonly type: 'order_cancelled' }
  | { readonly type: 'order_expired' }
  | { readonly type: 'refund_wanted' }
  | { readonly type: 'refund_completed'; readonly refundId: string }
  | { readonly type: 'dispute_opened'; readonly disputeId: string }
  | { readonly type: 'dispute_won'; readonly disputeId: string }
  | { readonly type: 'dispute_lost'; readonly disputeId: string }
  | { readonly type: 'dispute_review_due' }

/** The life of an order and of the money held for it. */
export const orderMachine: Machine<OrderStatus, OrderEvent['type']> = {
  name: 'order',
  states: {
    awaiting_payment: 'waiting',
    payment_processing: 'waiting',
    funded: 'waiting',
    handing_over: 'waiting',
    settled: 'resting',
    expired: 'resting',
    cancelled: 'resting',
    refunding: 'waiting',
    refunded: 'final',
    disputed: 'waiting',
    charged_back: 'final',
  },
  transitions: [
    { from: null, on: 'order_placed', to: 'awaiting_payment', by: ['buyer', 'system'] },
    { from: 'awaiting_payment', on: 'payment_captured', to: 'funded', by: ['system'] },
    { from: 'awaiting_payment', on: 'payment_started', to: 'payment_processing', by: ['system'] },
    { from: 'awaiting_payment', on: 'order_cancelled', to: 'cancelled', by: ['buyer', 'operator'] },
    { from: 'awaiting_payment', on: 'order_expired', to: 'expired', by: ['system'], after: 'paymentWindowMinutes' },
    { from: 'payment_processing', on: 'payment_captured', to: 'funded', by: ['system'] },
    { from: 'payment_processing', on: 'payment_failed', to: 'expired', by: ['system'] },
    { from: 'payment_processing', on: 'order_expired', to: 'expired', by: ['system'], after: 'paymentProcessingDays' },
    { from: 'funded', on: 'handover_started', to: 'handing_over', by: ['system'] },
    { from: 'funded', on: 'refund_wanted', to: 'refunding', by: ['system'], after: 'handOverHours' },
    { from: 'handing_over', on: 'order_settled', to: 'settled', by: ['system'] },
    { from: 'handing_over', on: 'refund_wanted', to: 'refunding', by: ['system'], after: 'handOverHours' },
    { from: 'expired', on: 'payment_captured', to: 'refunding', by: ['system'] },
    { from: 'cancelled', on: 'payment_captured', to: 'refunding', by: ['system'] },
    { from: 'refunding', on: 'refund_wanted', to: 'refunding', by: ['system'], after: 'refundRetryHours' },
    { from: 'refunding', on: 'refund_completed', to: 'refunded', by: ['system'] },
    { from: 'settled', on: 'refund_completed', to: 'refunded', by: ['system'] },
    { from: 'settled', on: 'dispute_opened', to: 'disputed', by: ['system'] },
    { from: 'disputed', on: 'dispute_won', to: 'settled', by: ['system'] },
    { from: 'disputed', on: 'dispute_lost', to: 'charged_back', by: ['system'] },
    { from: 'disputed', on: 'dispute_review_due', to: 'disputed', by: ['system'], after: 'disputeReviewDays' },
  ],
}

/** Statuses in which the order's ledger account holds its price. */
export const heldStatuses: ReadonlySet<OrderStatus> = new Set(['funded', 'handing_over', 'refunding'])

/** Statuses in which the order keeps its handle on hold: at most one such order a handle. */
export const holdingStatuses: ReadonlySet<OrderStatus> = new Set([
  'awaiting_payment',
  'payment_processing',
  'funded',
  'handing_over',
])

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveOrder = (id: string, order: Order | null, event: OrderEvent, at: string): Order => {
  const row = findTransition(orderMachine, order?.status ?? null, event.type)
  if (row === undefined) throw new Error(`${event.type} happened to ${id} in state ${order?.status ?? 'none'}`)
  if (event.type === 'order_placed') {
    const { type: _, ...placed } = event
    return { id, ...placed, status: row.to, createdAt: at, updatedAt: at, since: at }
  }
  if (order === null) throw new Error(`${event.type} happened to ${id} before it existed`)
  const moved = { ...order, status: row.to, updatedAt: at, since: at }
  switch (event.type) {
    case 'payment_started':
      return { ...moved, paymentIntentId: event.paymentIntentId }
    case 'payment_captured':
      return { ...moved, paymentIntentId: event.paymentIntentId, capturedAt: at }
    case 'order_settled':
      return { ...moved, settledAt: at }
    case 'refund_completed':
      return { ...moved, refundId: event.refundId }
    case 'dispute_opened':
      return { ...moved, disputeId: event.disputeId }
    case 'payment_failed':
    case 'handover_started':
    case 'order_cancelled':
    case 'order_expired':
    case 'refund_wanted':
    case 'dispute_won':
    case 'dispute_lost':
    case 'dispute_review_due':
      return moved
  }
}

/** The money each event moves. `order` is the state before it. */
export const postingsOf = (order: Order, event: OrderEvent): Posting[] => {
  const held = orderAccount(order.id)
  const capture = [posting(providerAccount, held, order.priceMinor, order.currency)]
  const settle = [posting(held, salesAccount, order.priceMinor, order.currency)]
  switch (event.type) {
    case 'payment_captured':
      return capture
    case 'order_settled':
      return settle
    case 'refund_completed':
      return order.status === 'settled' ? reverse([...capture, ...settle]) : reverse(capture)
    case 'dispute_opened': // The provider takes the money back the moment a dispute opens.
      return reverse([...capture, ...settle])
    case 'dispute_won':
      return [...capture, ...settle]
    case 'order_placed':
    case 'payment_started':
    case 'payment_failed':
    case 'handover_started':
    case 'order_cancelled':
    case 'order_expired':
    case 'refund_wanted':
    case 'dispute_lost':
    case 'dispute_review_due':
      return []
  }
}

/** What each event does to the order's handle, in the same commit. */
export const handleEventOf = (order: Order, event: OrderEvent): Extract<HandleEvent, { orderId: string }> | null => {
  const orderId = order.id
  switch (event.type) {
    case 'order_cancelled':
    case 'order_expired':
    case 'payment_failed':
      return { type: 'hold_lifted', orderId }
    case 'order_settled':
      return { type: 'handle_handed_over', orderId, accountId: order.buyerId }
    case 'refund_wanted': // From `refunding` on the hold is gone; before, it is lifted with the decision to refund.
      return holdingStatuses.has(order.status) ? { type: 'hold_lifted', orderId } : null
    case 'refund_completed':
      return order.status === 'settled' ? { type: 'handle_locked', orderId, reason: 'refunded' } : null
    case 'dispute_opened':
      return { type: 'handle_locked', orderId, reason: 'disputed' }
    case 'dispute_won':
      return { type: 'handle_unlocked', orderId }
    case 'order_placed':
    case 'payment_started':
    case 'payment_captured':
    case 'handover_started':
    case 'dispute_lost':
    case 'dispute_review_due':
      return null
  }
}

/** The order's deadline as an instant, from its table and the terms; null where nothing is waited for. */
export const orderDueAt = (order: Order, terms: Terms): string | null => {
  if (order.status === 'awaiting_payment') return order.payBy
  const after = deadlineOf(orderMachine, order.status)?.after
  if (after === undefined || !isDuration(after)) return null
  return new Date(Date.parse(order.since) + durationMs(terms, after)).toISOString()
}

const notAllowed = (order: Order, on: OrderEvent['type']): { readonly ok: false; readonly refusal: Refusal } =>
  refuse('transition_not_allowed', `${on} is not possible while the order is ${order.status}`, undefined, {
    status: order.status,
    possible: possibleEvents(orderMachine, order.status),
  })

const decide = (
  order: Order,
  actor: Actor,
  ...events: [OrderEvent, ...OrderEvent[]]
): Result<readonly OrderEvent[]> => {
  const [first] = events
  const row = findTransition(orderMachine, order.status, first.type)
  return row?.by.includes(actor.kind) ? ok(events) : notAllowed(order, first.type)
}

/** The order of one round of a sale: the same id whoever asks, so that it is placed once. */
export const saleOrderId = (saleId: string, round: number): string => derivedId('ord', saleId, String(round))

/** What an order is about, from its handle as it is put on hold. */
export const placementOf = (
  handle: Handle,
  order: Pick<Placement, 'buyerId' | 'priceMinor' | 'payBy' | 'requestHash' | 'saleId'>,
  terms: Terms,
): Placement => {
  if (handle.listing === undefined) throw new Error(`${handle.name} has no listing`)
  return {
    handle: handle.name,
    display: handle.display,
    tier: handle.appraisal?.tier ?? 'common',
    currency: handle.listing.currency,
    termsVersion: terms.version,
    ...order,
  }
}

/** Until when an order that is placed at `at` can be paid. */
export const payByOf = (at: string, terms: Terms): string =>
  new Date(Date.parse(at) + durationMs(terms, 'paymentWindowMinutes')).toISOString()

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
 * The money was taken. In time: the handle is handed over and the order settles, in the same commit, since this system is
 * the registry of names. Too late: it is given back. Told again: nothing changes (one capture, one entry).
 */
export const decideCapture = (order: Order, payment: Payment): Result<readonly OrderEvent[]> => {
  const refusal = mismatch(order, payment)
  if (refusal !== null) return { ok: false, refusal }
  if (order.capturedAt !== undefined) return ok([])
  const captured: OrderEvent = { type: 'payment_captured', paymentIntentId: payment.paymentIntentId }
  if (order.status === 'expired' || order.status === 'cancelled') return ok([captured, { type: 'refund_wanted' }])
  return ok([captured, { type: 'handover_started' }, { type: 'order_settled' }])
}

/** The whole payment was given back, by our wish or from the provider's dashboard. */
export const decideRefundCompleted = (order: Order, refundId: string): Result<readonly OrderEvent[]> =>
  order.refundId !== undefined ? ok([]) : decide(order, { kind: 'system' }, { type: 'refund_completed', refundId })

/** The payer's bank took the money back; it may still be won. */
export const decideDisputeOpened = (
  order: Order,
  dispute: { readonly id: string; readonly amountMinor: number },
): Result<readonly OrderEvent[]> => {
  if (order.disputeId === dispute.id) return ok([])
  if (dispute.amountMinor !== order.priceMinor) {
    return refuse(
      'payment_mismatch',
      `${dispute.id} takes ${dispute.amountMinor} of ${order.priceMinor}: not booked by itself`,
    )
  }
  return decide(order, { kind: 'system' }, { type: 'dispute_opened', disputeId: dispute.id })
}

export const decideDisputeClosed = (
  order: Order,
  disputeId: string,
  outcome: 'won' | 'lost',
): Result<readonly OrderEvent[]> => {
  if (order.disputeId === disputeId && order.status !== 'disputed') return ok([])
  return decide(order, { kind: 'system' }, { type: outcome === 'won' ? 'dispute_won' : 'dispute_lost', disputeId })
}

/** The clock's turn: raises the event that the table names for this state, once its time has come. */
export const decideDeadline = (order: Order, now: string, terms: Terms): Result<readonly OrderEvent[]> => {
  const dueAt = orderDueAt(order, terms)
  if (dueAt === null || dueAt > now) return refuse('not_due', `${order.id} is ${order.status}, due ${dueAt ?? 'never'}`)
  const on = deadlineOf(orderMachine, order.status)?.on
  switch (on) {
    case 'order_expired':
    case 'refund_wanted':
    case 'dispute_review_due':
      return decide(order, { kind: 'system' }, { type: on })
    default:
      throw new Error(`the deadline of ${order.status} raises ${on ?? 'nothing'}, which has no rule`)
  }
}
