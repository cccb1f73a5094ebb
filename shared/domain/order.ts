import { derivedId } from '../contract/ids.ts'
import type { Currency } from '../contract/money.ts'
import { type Quote, quoteOf } from './commission.ts'
import type { Handle } from './handle.ts'
import { orderMachine } from './order-machine.ts'
import { durationMs, isDuration, type Terms, termsOf } from './terms.ts'
import { assertBorn, deadlineOf, rowOf } from './transitions.ts'

/**
 * `disputed`: between buyer and seller. `chargeback`: the payer's bank took the money back, and may still give it up.
 * `settling`: the seller is to be paid, and the money is held until the provider has paid.
 */
export type OrderStatus =
  | 'awaiting_payment'
  | 'payment_processing'
  | 'funded'
  | 'handing_over'
  | 'inspection'
  | 'disputed'
  | 'settling'
  | 'settled'
  | 'expired'
  | 'cancelled'
  | 'refunding'
  | 'refunded'
  | 'chargeback'
  | 'charged_back'

/** What an order is from its placing on. Amounts are minor units. */
export type Placement = {
  readonly handle: string
  readonly display: string
  readonly tier: string
  readonly buyerId: string
  /** The user who sells it; absent: the platform does. */
  readonly sellerId?: string | undefined
  readonly priceMinor: number
  readonly currency: Currency
  /** Of a user's sale: what the seller was told before agreeing. It stays what was quoted. */
  readonly quote?: Quote | undefined
  readonly termsVersion: string
  /** Promised when it was placed: later terms do not move it. */
  readonly payBy: string
  /** Hash of the request that placed it: the same Idempotency-Key with another body is told apart by it. */
  readonly requestHash: string
  /** The auction, drop, private offer or negotiation that the buyer won; absent: bought in the market. */
  readonly saleId?: string | undefined
  /** An external platform hands the name over and says so; absent: this system is the registry of names. */
  readonly handOver?: 'platform' | undefined
}

/** How a dispute was split: the buyer gets `refundMinor` back, and the rest is settled by the schedule that was quoted. */
export type Award = { readonly refundMinor: number; readonly commissionMinor: number; readonly netMinor: number }

/** The request of an operator, so that a repeat of it is known, and its key with another body as well. */
export type RequestMark = { readonly id: string; readonly hash: string }

export type GoodwillProposal = {
  readonly amountMinor: number
  readonly reason: string
  readonly operatorId: string
  readonly request: RequestMark
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
  /** The name that the seller wants instead of the one sold, and whether the old one may say where the seller is now. */
  readonly replacement?: { readonly handle: string; readonly redirect: boolean } | undefined
  readonly handedOverAt?: string | undefined
  /** The platform said that it cannot hand the name over. */
  readonly handOverFailed?: { readonly at: string; readonly reason: string } | undefined
  /** The handle that the seller has instead of the one sold. */
  readonly replacedBy?: string | undefined
  readonly settledAt?: string | undefined
  readonly award?: Award | undefined
  /** The newest refund, and how much of the price was given back so far. */
  readonly refundId?: string | undefined
  readonly refundedMinor?: number | undefined
  /** How much of that the platform bore, where a user sells: it came out of goodwill, and not out of the sale. */
  readonly givenMinor?: number | undefined
  /** Refunds of a part of the price. */
  readonly partRefunds?: readonly { readonly refundId: string; readonly amountMinor: number }[] | undefined
  /** A refund that the platform bears, as one operator wants it and another must approve it. */
  readonly goodwillProposal?: GoodwillProposal | undefined
  /** A refund that the platform bears is wanted, and not made yet. */
  readonly goodwillMinor?: number | undefined
  /** The newest request that was granted. */
  readonly goodwillRequest?: RequestMark | undefined
  /** The newest transfer to the seller, and how much it was. */
  readonly transferId?: string | undefined
  readonly paidMinor?: number | undefined
  /** Transfers before it: taken back, or owed since. */
  readonly earlierTransfers?: readonly EarlierTransfer[] | undefined
  /** Why the seller cannot be paid now. */
  readonly payoutBlocked?: string | undefined
  /** The transfer was taken back. */
  readonly reversalId?: string | undefined
  /** Why the transfer could not be taken back: the seller owes it. */
  readonly clawbackFailed?: string | undefined
  /** Taken back after the chargeback was won: it is on the seller's account here, and is paid again. */
  readonly owedMinor?: number | undefined
  readonly chargebackId?: string | undefined
  /** How much the bank took. */
  readonly chargebackMinor?: number | undefined
  /**
   * The bank took the money before the buyer could have the handle, or while it was on its way back: what is won is given
   * back to the buyer.
   */
  readonly refundDue?: true | undefined
  /** The sale was undone after the seller was paid: the transfer is to be taken back. */
  readonly clawbackWanted?: true | undefined
}

/** An earlier transfer to the seller; `reversalId` where it was taken back. */
export type EarlierTransfer = {
  readonly transferId: string
  readonly amountMinor: number
  readonly reversalId?: string | undefined
}

export type OrderEvent =
  | ({ readonly type: 'order_placed' } & Placement)
  | { readonly type: 'payment_started'; readonly paymentIntentId: string }
  | { readonly type: 'payment_captured'; readonly paymentIntentId: string }
  | { readonly type: 'payment_failed'; readonly paymentIntentId: string }
  | { readonly type: 'replacement_chosen'; readonly handle: string; readonly redirect: boolean }
  | {
      readonly type: 'handover_started'
      /** The platform is asked to; absent: this system does it in the same commit. */
      readonly by?: 'platform' | undefined
    }
  | {
      readonly type: 'handover_completed'
      /** Of a user's sale: the handle that the seller has instead. */
      readonly replacedBy?: string | undefined
    }
  | { readonly type: 'handover_failed'; readonly reason: string }
  | { readonly type: 'inspection_accepted' }
  | { readonly type: 'inspection_ended' }
  | { readonly type: 'dispute_opened'; readonly reason: string }
  | { readonly type: 'dispute_withdrawn' }
  | { readonly type: 'dispute_settled' }
  | { readonly type: 'dispute_refunded' }
  | ({ readonly type: 'dispute_split' } & Award)
  | { readonly type: 'dispute_review_due' }
  | { readonly type: 'transfer_wanted' }
  | { readonly type: 'transfer_blocked'; readonly reason: string }
  | {
      readonly type: 'order_settled'
      /** Of a user's sale: the transfer that paid the seller; absent where a debt took all of it. */
      readonly transferId?: string | undefined
      /** So much of the seller's net went to what the seller owed. */
      readonly offsetMinor?: number | undefined
    }
  | { readonly type: 'order_cancelled' }
  | { readonly type: 'order_expired' }
  | { readonly type: 'refund_wanted' }
  | {
      /** The whole price was given back at the provider before the seller was paid. */
      readonly type: 'sale_undone'
      readonly refundId: string
    }
  | { readonly type: 'refund_completed'; readonly refundId: string }
  | { readonly type: 'part_refund_completed'; readonly refundId: string; readonly amountMinor: number }
  | { readonly type: 'goodwill_proposed'; readonly proposal: GoodwillProposal }
  | { readonly type: 'goodwill_rejected'; readonly operatorId: string; readonly reason: string }
  | {
      readonly type: 'goodwill_wanted'
      readonly amountMinor: number
      readonly reason: string
      readonly request: RequestMark
      /** Who proposed it, where another operator had to approve. */
      readonly proposedBy?: string | undefined
    }
  | {
      /** A refund that the platform bears was made: one that operators granted, or one from the provider's dashboard. */
      readonly type: 'goodwill_refunded'
      readonly refundId: string
      readonly amountMinor: number
      /** The request that it answers. */
      readonly requestId?: string | undefined
    }
  | { readonly type: 'chargeback_opened'; readonly chargebackId: string }
  | { readonly type: 'chargeback_won'; readonly chargebackId: string }
  | { readonly type: 'chargeback_won_unpaid'; readonly chargebackId: string }
  | { readonly type: 'chargeback_won_refund_due'; readonly chargebackId: string }
  | { readonly type: 'chargeback_lost'; readonly chargebackId: string }
  | { readonly type: 'chargeback_review_due' }
  | {
      /** The transfer was made while a chargeback or a refund came in: the seller was paid, and gives it back. */
      readonly type: 'transfer_found'
      readonly transferId: string
      readonly offsetMinor?: number | undefined
    }
  | { readonly type: 'clawback_wanted' }
  | { readonly type: 'clawback_completed'; readonly reversalId: string }
  | { readonly type: 'clawback_failed'; readonly reason: string }

/** Statuses in which the order keeps its handle on hold: at most one such order a handle. */
export const holdingStatuses: ReadonlySet<OrderStatus> = new Set([
  'awaiting_payment',
  'payment_processing',
  'funded',
  'handing_over',
])

/** Events that leave the status, and with it the deadline, as they are. */
const notes: ReadonlySet<OrderEvent['type']> = new Set([
  'transfer_found',
  'replacement_chosen',
  'clawback_wanted',
  'goodwill_proposed',
  'goodwill_rejected',
  'goodwill_wanted',
  'goodwill_refunded',
])

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveOrder = (id: string, order: Order | null, event: OrderEvent, at: string): Order => {
  const row = rowOf(orderMachine, id, order, event)
  if (event.type === 'order_placed') {
    const { type: _, ...placed } = event
    return { id, ...placed, status: row.to, createdAt: at, updatedAt: at, since: at }
  }
  assertBorn(id, order, event)
  const moved: Order = { ...order, status: row.to, updatedAt: at, since: notes.has(event.type) ? order.since : at }
  switch (event.type) {
    case 'payment_started':
      return { ...moved, paymentIntentId: event.paymentIntentId }
    case 'payment_captured':
      return { ...moved, paymentIntentId: event.paymentIntentId, capturedAt: at }
    case 'replacement_chosen':
      return { ...moved, replacement: { handle: event.handle, redirect: event.redirect } }
    case 'handover_failed':
      return { ...moved, handOverFailed: { at, reason: event.reason } }
    case 'handover_completed':
      return { ...moved, handedOverAt: at, replacedBy: event.replacedBy }
    case 'order_settled':
    case 'transfer_found':
      return settled(moved, event, at)
    case 'refund_completed': {
      const givenMinor = bornByPlatform(order, takenMinor(order))
      const { goodwillMinor: _, ...rest } = moved
      return { ...rest, refundId: event.refundId, refundedMinor: order.priceMinor, givenMinor }
    }
    case 'dispute_split': {
      const { refundMinor, commissionMinor, netMinor } = event
      return { ...moved, award: { refundMinor, commissionMinor, netMinor } }
    }
    case 'transfer_blocked':
      return { ...moved, payoutBlocked: event.reason }
    case 'part_refund_completed':
      return {
        ...moved,
        ...partRefunded(order, event),
        ...givenBesides(order, besidesAward(order, event.amountMinor)),
      }
    case 'goodwill_proposed':
      return { ...moved, goodwillProposal: event.proposal }
    case 'goodwill_rejected':
      return { ...moved, goodwillProposal: undefined }
    case 'goodwill_wanted':
      return {
        ...moved,
        goodwillProposal: undefined,
        goodwillMinor: event.amountMinor,
        goodwillRequest: event.request,
      }
    case 'goodwill_refunded': {
      const answered = event.requestId !== undefined && event.requestId === order.goodwillRequest?.id
      const { goodwillMinor, ...rest } = moved
      return {
        ...rest,
        ...partRefunded(order, event),
        ...givenBesides(order, event.amountMinor),
        ...(goodwillMinor !== undefined && !answered && { goodwillMinor }),
      }
    }
    case 'chargeback_opened': {
      // The bank gives the buyer all of it: who wants to give something besides, once it is won, has to say so anew.
      const { goodwillMinor: _, goodwillProposal: _p, ...rest } = moved
      return {
        ...rest,
        chargebackId: event.chargebackId,
        chargebackMinor: takenMinor(order),
        ...(refundDueIn.has(order.status) && { refundDue: true }),
      }
    }
    case 'chargeback_won':
    case 'chargeback_won_unpaid': {
      const { clawbackWanted: _, ...rest } = moved
      return rest
    }
    case 'chargeback_won_refund_due': {
      const { refundDue: _, ...rest } = moved
      return rest
    }
    case 'clawback_wanted':
      return { ...moved, clawbackWanted: true }
    case 'clawback_completed':
      return order.status === 'settled'
        ? { ...moved, reversalId: event.reversalId, owedMinor: order.paidMinor ?? 0 }
        : { ...moved, reversalId: event.reversalId }
    case 'clawback_failed':
      return { ...moved, clawbackFailed: event.reason }
    default:
      return plainly(moved, event)
  }
}

/** Events that change nothing but the status. An event that is neither here nor told apart above does not compile. */
type PlainEvent = Extract<
  OrderEvent,
  {
    type:
      | 'payment_failed'
      | 'handover_started'
      | 'inspection_accepted'
      | 'inspection_ended'
      | 'dispute_opened'
      | 'dispute_withdrawn'
      | 'dispute_settled'
      | 'dispute_refunded'
      | 'dispute_review_due'
      | 'transfer_wanted'
      | 'order_cancelled'
      | 'order_expired'
      | 'refund_wanted'
      | 'sale_undone'
      | 'chargeback_lost'
      | 'chargeback_review_due'
  }
>

const plainly = (moved: Order, _: PlainEvent): Order => moved

/** What the buyer's payment still is after what was given back, in minor units. */
export const takenMinor = (order: Order): number => order.priceMinor - (order.refundedMinor ?? 0)

const refundDueIn: ReadonlySet<OrderStatus> = new Set(['handing_over', 'refunding'])

/**
 * What the platform has borne once the whole price is given back: after a user's sale was settled the rest as well, before
 * it nothing, since the buyer's money was there still.
 */
const bornByPlatform = (order: Order, restMinor: number): number | undefined => {
  if (order.sellerId === undefined) return undefined
  return order.status === 'settled' ? (order.givenMinor ?? 0) + restMinor : 0
}

const givenBesides = ({ sellerId, givenMinor = 0 }: Order, minor: number): Partial<Order> =>
  sellerId === undefined || minor === 0 ? {} : { givenMinor: givenMinor + minor }

/** How much more a refund gives than the dispute awarded, in minor units; negative: less. */
export const besidesAward = (order: Order, amountMinor: number): number =>
  amountMinor - (order.award?.refundMinor ?? amountMinor)

const partRefunded = (
  order: Order,
  { refundId, amountMinor }: { readonly refundId: string; readonly amountMinor: number },
): Partial<Order> => ({
  refundId,
  refundedMinor: (order.refundedMinor ?? 0) + amountMinor,
  partRefunds: [...(order.partRefunds ?? []), { refundId, amountMinor }],
})

/** What the seller is due by the next settlement: by the award where there is one, else by the quote; 0 of the platform's own. */
export const dueToSeller = (order: Order): number => order.owedMinor ?? (order.award ?? order.quote)?.netMinor ?? 0

const settled = (
  moved: Order,
  { transferId, offsetMinor = 0 }: Extract<OrderEvent, { type: 'order_settled' | 'transfer_found' }>,
  at: string,
): Order => {
  const first = { ...moved, settledAt: moved.settledAt ?? at }
  if (moved.sellerId === undefined) return first
  const { payoutBlocked: _, reversalId, owedMinor: _o, clawbackFailed: _c, transferId: before, ...rest } = first
  // Where a clawback failed, the seller has the earlier transfer still.
  const stands = before !== undefined && reversalId === undefined
  if (transferId === undefined && stands) return { ...rest, transferId: before }
  const earlier: EarlierTransfer[] = [...(moved.earlierTransfers ?? [])]
  if (before !== undefined) {
    earlier.push({
      transferId: before,
      amountMinor: moved.paidMinor ?? 0,
      ...(reversalId !== undefined && { reversalId }),
    })
  }
  return {
    ...rest,
    paidMinor: dueToSeller(moved) - offsetMinor,
    ...(transferId !== undefined && { transferId }),
    ...(earlier.length > 0 && { earlierTransfers: earlier }),
  }
}

/** Whether the seller has the money of the sale: a transfer was made and not taken back. */
export const isPaidOut = ({ transferId, reversalId }: Order): boolean =>
  transferId !== undefined && reversalId === undefined

/** The order's deadline as an instant, from its table and the terms it was placed under; null where nothing is waited for. */
export const orderDueAt = (order: Pick<Order, 'status' | 'payBy' | 'since' | 'termsVersion'>): string | null => {
  if (order.status === 'awaiting_payment') return order.payBy
  const after = deadlineOf(orderMachine, order.status)?.after
  if (after === undefined || !isDuration(after)) return null
  return new Date(Date.parse(order.since) + durationMs(termsOf(order.termsVersion), after)).toISOString()
}

/** The order of one round of a sale: the same id whoever asks, so that it is placed once. */
export const saleOrderId = (saleId: string, round: number): string => derivedId('ord', saleId, String(round))

/** What an order is about, from its handle as it is put on hold. */
export const placementOf = (
  handle: Handle,
  order: Pick<Placement, 'buyerId' | 'priceMinor' | 'payBy' | 'requestHash' | 'saleId' | 'handOver'>,
  terms: Terms,
): Placement => {
  const { listing } = handle
  if (listing === undefined) throw new Error(`${handle.name} has no listing`)
  return {
    handle: handle.name,
    display: handle.display,
    tier: handle.appraisal?.tier ?? 'common',
    currency: listing.currency,
    termsVersion: terms.version,
    ...(listing.sellerId !== undefined && { sellerId: listing.sellerId, quote: quoteOf(order.priceMinor) }),
    ...order,
  }
}

/** Until when an order that is placed at `at` can be paid. */
export const payByOf = (at: string, terms: Terms): string =>
  new Date(Date.parse(at) + durationMs(terms, 'paymentWindowMinutes')).toISOString()
