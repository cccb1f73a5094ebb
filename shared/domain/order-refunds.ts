import { systemActor } from './actors.ts'
import { decide } from './order-decisions.ts'
import { evolveOrder, type Order, type OrderEvent, takenMinor } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

/** One refund of an order's payment, as the provider knows it. */
export type ProviderRefund = {
  readonly refundId: string
  /** Minor units. */
  readonly amountMinor: number
  /** `failed`: it never arrived, or came back from the buyer's bank. */
  readonly status: 'pending' | 'succeeded' | 'failed'
  /** What we made it for; null: somebody made it in the provider's dashboard. */
  readonly purpose: string | null
}

/** A refund that the order wants: of its price, of what a dispute awarded, or of one granted request (`rfd_…`). */
export type RefundWanted = { readonly purpose: string; readonly amountMinor: number }

/** What the order wants given back at the provider now; null: nothing. */
export const refundWanted = (order: Order): RefundWanted | null => {
  const { award, goodwillMinor, goodwillRequest } = order
  if (order.status === 'refunding') {
    return award === undefined
      ? { purpose: 'price', amountMinor: takenMinor(order) }
      : { purpose: 'award', amountMinor: award.refundMinor }
  }
  return order.status === 'settled' && goodwillMinor !== undefined && goodwillRequest !== undefined
    ? { purpose: goodwillRequest.id, amountMinor: goodwillMinor }
    : null
}

/**
 * The refund to make now for what is wanted, never more than is left of the price; null: it was made, or nothing is left.
 * `attempt` counts those that were made for the same purpose.
 */
export const refundToMake = (
  order: Order,
  wanted: RefundWanted,
  made: readonly ProviderRefund[],
): (RefundWanted & { readonly attempt: number }) | null => {
  const ours = made.filter(({ purpose }) => purpose === wanted.purpose)
  const left = order.priceMinor - sumOf(standing(made))
  // The price is given back whole, whoever gives it. Of a part the rest, where a refund under way had left too little.
  const missing = wanted.purpose === 'price' ? left : wanted.amountMinor - sumOf(standing(ours))
  const amountMinor = Math.min(missing, left)
  return amountMinor > 0 ? { purpose: wanted.purpose, amountMinor, attempt: ours.length } : null
}

const standing = (refunds: readonly ProviderRefund[]) => refunds.filter(({ status }) => status !== 'failed')

const sumOf = (refunds: readonly ProviderRefund[]): number => refunds.reduce((sum, one) => sum + one.amountMinor, 0)

/**
 * What the provider has given back of the order's payment, by our wish or from its dashboard: every refund of it, the oldest
 * first. Each is booked once, however often and in whatever order it is told. One that nothing of the order wanted is the
 * platform's goodwill, until the whole price is given back: that undoes a sale which is not settled. Refused where a refund
 * does not fit, or came back from the buyer's bank after it was booked: somebody must see to that.
 */
export const decideRefunded = (order: Order, refunds: readonly ProviderRefund[]): Result<readonly OrderEvent[]> => {
  const returned = refunds.find((refund) => refund.status === 'failed' && isBooked(order, refund))
  let state = order
  const events: OrderEvent[] = []
  for (const refund of refunds) {
    if (refund.status !== 'succeeded' || isBooked(state, refund)) continue
    const decided = decideOne(state, refund, refunds)
    if (!decided.ok) return decided
    events.push(...decided.value)
    state = decided.value.reduce((before, event) => evolveOrder(order.id, before, event, order.updatedAt), state)
  }
  return returned === undefined || events.length > 0 ? ok(events) : cameBack(order, returned)
}

const isBooked = ({ refundId, partRefunds = [] }: Order, refund: ProviderRefund): boolean =>
  refund.refundId === refundId || partRefunds.some((part) => part.refundId === refund.refundId)

const cameBack = ({ id }: Order, { refundId, amountMinor }: ProviderRefund) =>
  refuse(
    'payment_mismatch',
    `${refundId} of ${id} came back from the buyer's bank: ${amountMinor} is to be paid another way`,
  )

const decideOne = (
  order: Order,
  refund: ProviderRefund,
  all: readonly ProviderRefund[],
): Result<readonly OrderEvent[]> => {
  const { refundId, amountMinor } = refund
  const left = takenMinor(order) - amountMinor
  if (left < 0) return refuse('payment_mismatch', `${refundId} gives back ${-left} more than ${order.id} cost`)
  if (answersAward(order, refund, all, left)) {
    const completed: OrderEvent = { type: 'part_refund_completed', refundId, amountMinor }
    return decide(order, systemActor, completed, { type: 'transfer_wanted' })
  }
  if (left > 0 || standsAsSettled(order)) {
    const requestId = order.goodwillRequest?.id === refund.purpose ? order.goodwillRequest?.id : undefined
    const given: OrderEvent = { type: 'goodwill_refunded', refundId, amountMinor, ...(requestId && { requestId }) }
    return decide(order, systemActor, given)
  }
  const completed: OrderEvent = { type: 'refund_completed', refundId }
  switch (order.status) {
    case 'handing_over': // The hold ends first: the handle stays with who held it.
      return decide(order, systemActor, { type: 'refund_wanted' }, completed)
    case 'inspection':
    case 'disputed':
    case 'settling':
      return decide(order, systemActor, { type: 'sale_undone', refundId }, completed)
    default:
      return decide(order, systemActor, completed)
  }
}

/**
 * Whether the buyer has with it what a dispute awarded: by refunds made for that, or where none was made, by one of its very
 * amount; or all of the price.
 */
const answersAward = (order: Order, refund: ProviderRefund, all: readonly ProviderRefund[], left: number): boolean => {
  if (order.status !== 'refunding' || order.award === undefined) return false
  if (left === 0) return true
  const ours = all.filter(({ purpose }) => purpose === 'award')
  if (refund.purpose !== 'award') return standing(ours).length === 0 && refund.amountMinor === order.award.refundMinor
  const given = ours.filter((one) => one === refund || isBooked(order, one))
  return sumOf(given) >= order.award.refundMinor
}

/** The seller is due what was decided, or what was settled before: whatever is given back besides does not undo it. */
const standsAsSettled = (order: Order): boolean =>
  (order.status === 'refunding' && order.award !== undefined) ||
  (order.status === 'settling' && (order.award !== undefined || order.settledAt !== undefined))
