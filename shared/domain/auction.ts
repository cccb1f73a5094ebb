import { createHash } from 'node:crypto'
import type * as z from 'zod'
import type { auctionStatusSchema, AuctionDefaults, Increments, unsoldReasonSchema } from '../contract/auction.ts'
import { derivedId } from '../contract/ids.ts'
import type { Currency } from '../contract/money.ts'
import { aStepAbove } from './increments.ts'
import { dayMs } from './terms.ts'
import { assertBorn, type Machine, rowOf } from './transitions.ts'

export type AuctionStatus = z.infer<typeof auctionStatusSchema>
export type UnsoldReason = z.infer<typeof unsoldReasonSchema>

/**
 * What shipped auctions go by. Extension and the share of a step above the table are Fragment's (one hour, 5 %), the table
 * is GoDaddy's up to $10,000, the payment window of 48 hours is usual among name auctions; the last two rows are ours.
 */
export const shippedAuctionDefaults: AuctionDefaults = {
  durationHours: 168,
  extensionMinutes: 60,
  increments: {
    rows: [
      { belowMinor: 500_00, stepMinor: 5_00 },
      { belowMinor: 1_000_00, stepMinor: 10_00 },
      { belowMinor: 2_500_00, stepMinor: 25_00 },
      { belowMinor: 5_000_00, stepMinor: 50_00 },
      { belowMinor: 10_000_00, stepMinor: 100_00 },
      { belowMinor: 50_000_00, stepMinor: 250_00 },
      { belowMinor: null, stepMinor: 500_00 },
    ],
  },
  paymentHours: 48,
  runnerUpHours: 48,
}

/** The longest an auction can last from its start, extensions included (Fragment's limit). */
export const auctionDaysMax = 365

/** How far ahead an auction can be announced. */
export const announcedDaysMax = 90

/** Shorter ones would be over before anybody heard of them. */
export const auctionMinutesMin = 5

/** The seller of handles that the platform released. */
export const platformSeller = 'platform'

/**
 * How many bidders the state keeps, by their maxima: the leader, the runner-up, and whoever sets the runner-up's price are
 * the first three. Who is outbid by so many others stands in the journal alone: such a bidder cannot become the runner-up.
 */
export const biddersKept = 8

/** What an auction is from its opening on: its terms do not change. Amounts are minor units. */
export type Opening = {
  readonly handle: string
  readonly display: string
  readonly tier: string
  /** `platform`, or the account whose handle it is. */
  readonly sellerId: string
  /** The operator who opened it: may not bid. */
  readonly openedBy: string
  readonly currency: Currency
  /** The lowest first bid. */
  readonly startMinor: number
  /** Not sold below; bidders are told only whether it is met. */
  readonly reserveMinor?: number | undefined
  /** A bid at or above it ends the auction at this price. */
  readonly buyNowMinor?: number | undefined
  readonly startsAt: string
  readonly endsAt: string
  readonly extensionMinutes: number
  readonly increments: Increments
  readonly paymentHours: number
  readonly runnerUpHours: number
  /** Random: without it nobody can tell the account behind a bidder's alias. */
  readonly aliasKey: string
  /** Hash of the request that opened it: the same Idempotency-Key with another body is told apart by it. */
  readonly requestHash: string
}

/** What a bidder was answered, so that the same request can be answered the same. */
export type BidAnswer = {
  readonly maxMinor: number
  /** The how-manieth bid it was; a maximum that was raised without moving the price has its last bid's. */
  readonly number: number
  readonly at: string
  /** Visible after it. */
  readonly priceMinor: number
  readonly endsAt: string
  readonly leads: boolean
}

/** A bidder's newest bid. `key` is the hash of bidder and Idempotency-Key. */
export type Bidder = BidAnswer & { readonly bidderId: string; readonly key: string }

/** A sale that waits for its payment. */
export type AuctionSale = {
  readonly bidderId: string
  readonly priceMinor: number
  readonly orderId: string
  /** 1: the winner's; 2: the runner-up's. */
  readonly round: number
  /** When the clock looks after the payment: the order's deadline. */
  readonly payBy: string
}

/** An English auction of one handle. Instants are RFC 3339 UTC. */
export type Auction = Opening & {
  readonly id: string
  readonly status: AuctionStatus
  readonly openedAt: string
  /** Visible bids so far. */
  readonly bids: number
  /** The highest maxima, highest first and of equal ones the earlier first: at most `biddersKept`. The first one leads. */
  readonly bidders: readonly Bidder[]
  /** The visible price; absent before the first bid. */
  readonly priceMinor?: number | undefined
  readonly sale?: AuctionSale | undefined
  /** Who won and did not pay. */
  readonly defaulterId?: string | undefined
  readonly unsold?: UnsoldReason | undefined
  /** When the bidding ended, by the clock, by buy-now or by an operator. */
  readonly endedAt?: string | undefined
}

export type AuctionEvent =
  | ({ readonly type: 'auction_opened' } & Opening)
  | { readonly type: 'auction_started' }
  | {
      readonly type: 'bid_placed'
      /** The how-manieth visible bid of the auction. */
      readonly number: number
      readonly bidderId: string
      /** The bidder's secret: never in a public view. */
      readonly maxMinor: number
      /** What of it is visible: all of it where it was outbid at once, else the price. */
      readonly amountMinor: number
      /** The price after it. */
      readonly priceMinor: number
      readonly leaderId: string
      readonly endsAt: string
      readonly key: string
    }
  /** Somebody else leads now: whoever led before is told by mail. Not where the bid ended the auction. */
  | { readonly type: 'leader_outbid'; readonly bidderId: string }
  /** The leader may go higher, and nobody sees it. */
  | { readonly type: 'maximum_raised'; readonly bidderId: string; readonly maxMinor: number; readonly key: string }
  | ({ readonly type: 'auction_won' } & AuctionSale)
  | { readonly type: 'payment_awaited'; readonly payBy: string }
  /** The strike: won, and did not pay. */
  | { readonly type: 'winner_defaulted'; readonly bidderId: string; readonly orderId: string }
  | ({ readonly type: 'runner_up_offered' } & AuctionSale)
  | { readonly type: 'auction_paid'; readonly orderId: string }
  | { readonly type: 'auction_unsold'; readonly reason: UnsoldReason }
  | { readonly type: 'auction_cancelled'; readonly reason: string }

/** The life of an auction. `auction_unsold` at the end of the bidding is the same deadline's other outcome. */
export const auctionMachine: Machine<AuctionStatus, AuctionEvent['type']> = {
  name: 'auction',
  states: {
    scheduled: 'waiting',
    open: 'waiting',
    awaiting_payment: 'waiting',
    offered_to_runner_up: 'waiting',
    sold: 'final',
    unsold: 'final',
    cancelled: 'final',
  },
  transitions: [
    { from: null, on: 'auction_opened', to: 'scheduled', by: ['operator'] },
    {
      from: 'scheduled',
      on: 'auction_started',
      to: 'open',
      by: ['operator', 'buyer', 'system'],
      after: 'auctionStart',
    },
    { from: 'scheduled', on: 'auction_cancelled', to: 'cancelled', by: ['operator'] },
    { from: 'open', on: 'bid_placed', to: 'open', by: ['buyer'] },
    { from: 'open', on: 'leader_outbid', to: 'open', by: ['buyer'] },
    { from: 'open', on: 'maximum_raised', to: 'open', by: ['buyer'] },
    { from: 'open', on: 'auction_won', to: 'awaiting_payment', by: ['buyer', 'system'], after: 'auctionEnd' },
    { from: 'open', on: 'auction_unsold', to: 'unsold', by: ['system'] },
    { from: 'open', on: 'auction_cancelled', to: 'cancelled', by: ['operator'] },
    { from: 'awaiting_payment', on: 'auction_paid', to: 'sold', by: ['system'] },
    { from: 'awaiting_payment', on: 'payment_awaited', to: 'awaiting_payment', by: ['system'] },
    {
      from: 'awaiting_payment',
      on: 'winner_defaulted',
      to: 'awaiting_payment',
      by: ['system'],
      after: 'orderDeadline',
    },
    { from: 'awaiting_payment', on: 'runner_up_offered', to: 'offered_to_runner_up', by: ['system'] },
    { from: 'awaiting_payment', on: 'auction_unsold', to: 'unsold', by: ['system'] },
    { from: 'offered_to_runner_up', on: 'auction_paid', to: 'sold', by: ['system'] },
    { from: 'offered_to_runner_up', on: 'payment_awaited', to: 'offered_to_runner_up', by: ['system'] },
    { from: 'offered_to_runner_up', on: 'auction_unsold', to: 'unsold', by: ['system'], after: 'orderDeadline' },
  ],
}

/** Folds one event, which happened at `at`, into the state; an illegal one is an impossible state and throws. */
export const evolveAuction = (id: string, auction: Auction | null, event: AuctionEvent, at: string): Auction => {
  const row = rowOf(auctionMachine, id, auction, event)
  if (event.type === 'auction_opened') {
    const { type: _, ...opening } = event
    return { id, ...opening, status: row.to, openedAt: at, bids: 0, bidders: [] }
  }
  assertBorn(id, auction, event)
  const moved = { ...auction, status: row.to }
  switch (event.type) {
    case 'bid_placed': {
      const { number, bidderId, maxMinor, priceMinor, endsAt, key } = event
      const leads = event.leaderId === bidderId
      const bidder = { bidderId, key, maxMinor, number, at, priceMinor, endsAt, leads }
      return { ...moved, bids: number, priceMinor, endsAt, bidders: ranked(auction.bidders, bidder) }
    }
    case 'maximum_raised': {
      const { bidderId, maxMinor, key } = event
      const leader = auction.bidders[0]
      if (leader?.bidderId !== bidderId) throw new Error(`${bidderId} does not lead ${id}`)
      const answered = { maxMinor, key, at, priceMinor: visiblePrice(auction), endsAt: auction.endsAt, leads: true }
      return { ...moved, bidders: ranked(auction.bidders, { ...leader, ...answered }) }
    }
    case 'auction_won':
    case 'runner_up_offered': {
      const { type: _, ...sale } = event
      return { ...moved, sale, endedAt: auction.endedAt ?? at }
    }
    case 'payment_awaited':
      return { ...moved, sale: { ...saleOf(auction), payBy: event.payBy } }
    case 'winner_defaulted':
      return { ...moved, defaulterId: event.bidderId }
    case 'auction_unsold':
      return { ...moved, unsold: event.reason, endedAt: auction.endedAt ?? at }
    case 'auction_cancelled':
      return { ...moved, endedAt: at }
    case 'auction_started':
    case 'leader_outbid':
    case 'auction_paid':
      return moved
  }
}

/** A bidder's newest maximum in its rank: behind the equal ones, which were earlier. */
const ranked = (bidders: readonly Bidder[], bidder: Bidder): Bidder[] => {
  const others = bidders.filter(({ bidderId }) => bidderId !== bidder.bidderId)
  const rank = others.findIndex(({ maxMinor }) => maxMinor < bidder.maxMinor)
  const at = rank === -1 ? others.length : rank
  return [...others.slice(0, at), bidder, ...others.slice(at)].slice(0, biddersKept)
}

const visiblePrice = ({ id, priceMinor }: Auction): number => {
  if (priceMinor === undefined) throw new Error(`${id} has no bid`)
  return priceMinor
}

/** The sale that waits for its payment. */
export const saleOf = ({ id, sale }: Auction): AuctionSale => {
  if (sale === undefined) throw new Error(`nobody has won ${id}`)
  return sale
}

/** The least that a bid must offer at this visible price, in minor units; buy-now is always enough. */
export const minimumAfter = ({ buyNowMinor, increments }: Opening, priceMinor: number): number =>
  Math.min(aStepAbove(increments, priceMinor), buyNowMinor ?? Infinity)

/** The least that a bid must offer now, in minor units. */
export const minimumNext = (auction: Auction): number =>
  auction.priceMinor === undefined ? auction.startMinor : minimumAfter(auction, auction.priceMinor)

/** The least that a bid of this account must offer now, in minor units: the leader can only raise its own maximum. */
export const minimumFor = (auction: Auction, bidderId: string): number => {
  const leader = auction.bidders[0]
  return leader?.bidderId === bidderId ? leader.maxMinor + 1 : minimumNext(auction)
}

/** Whether the bidding is over at this instant: by the clock and not by when the sweep came. */
export const isBiddingOver = ({ status, endsAt }: Auction, now: string): boolean =>
  (status !== 'scheduled' && status !== 'open') || now >= endsAt

/** Whether somebody has bid as much as the seller asks for at least. */
export const isReserveMet = ({ reserveMinor = 0, priceMinor = -1 }: Pick<Auction, 'reserveMinor' | 'priceMinor'>) =>
  priceMinor >= reserveMinor

/** The end of an order is told to its auction; this long after the deadline of the payment the clock looks for itself. */
const payLookMinutes = 5

/** When the clock looks at it: its start, its end, or soon after the deadline of the payment; null: never again. */
export const auctionDueAt = (auction: Auction): string | null => {
  switch (auction.status) {
    case 'scheduled':
      return auction.startsAt
    case 'open':
      return auction.endsAt
    case 'awaiting_payment':
    case 'offered_to_runner_up':
      return plusHours(saleOf(auction).payBy, payLookMinutes / 60)
    case 'sold':
    case 'unsold':
    case 'cancelled':
      return null
  }
}

/** A bidder as everybody sees it: the same in one auction, another in the next, and no account by it. */
export const bidderAlias = ({ id, aliasKey }: Pick<Auction, 'id' | 'aliasKey'>, bidderId: string): string =>
  derivedId('bidder', aliasKey, id, bidderId).slice(0, 'bidder_'.length + 8)

/** 96 bits of bidder and Idempotency-Key: enough that no two requests of one auction meet. */
export const bidKey = (bidderId: string, idempotencyKey: string): string =>
  createHash('sha256').update(`${bidderId}\u0000${idempotencyKey}`).digest('base64url').slice(0, 16)

/** An instant so many hours later. */
export const plusHours = (at: string, hours: number): string =>
  new Date(Date.parse(at) + hours * 3_600_000).toISOString()

/** The instant beyond which no bid moves the end. */
export const latestEnd = ({ startsAt }: Pick<Opening, 'startsAt'>): string =>
  new Date(Date.parse(startsAt) + auctionDaysMax * dayMs).toISOString()
