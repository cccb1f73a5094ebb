import type { Money } from '../contract/money.ts'
import {
  type Auction,
  type AuctionEvent,
  type BidAnswer,
  type Bidder,
  isBiddingOver,
  latestEnd,
  minimumFor,
  plusHours,
} from './auction.ts'
import { saleOrderId } from './order.ts'
import { aStepAbove } from './increments.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'

export type Bid = {
  readonly bidderId: string
  /** Up to which the bidder goes; nobody else is told. */
  readonly maximum: Money
  /** Hash of bidder and Idempotency-Key (`bidKey`). */
  readonly key: string
}

/** Whether this account may bid here, whatever it offers: sellers must not bid up what they sell. */
export const refusedAsOwn = ({ sellerId, openedBy }: Auction, bidderId: string): Refusal | null =>
  bidderId === sellerId || bidderId === openedBy
    ? refuse('bid_own_listing', 'Whoever sells a handle or opened its auction cannot bid for it').refusal
    : null

/** Bids are taken from `startsAt` on and before `endsAt`, by the clock and not by when the sweep came. */
const refusedByClock = (auction: Auction, now: string): Refusal | null => {
  const { startsAt, endsAt, endedAt } = auction
  if (isBiddingOver(auction, now)) {
    const at = endedAt ?? endsAt
    return refuse('auction_ended', `The auction ended at ${at}`, undefined, { endedAt: at }).refusal
  }
  if (now < startsAt) {
    return refuse('auction_not_open', `Bids are taken from ${startsAt} on`, undefined, { startsAt }).refusal
  }
  return null
}

/**
 * The visible price where `leaderMax` stands against `rivalMax` (null: against nobody): a step above the rival's, never more
 * than the leader's own; the reserve is a rival that is beaten by meeting it.
 */
const priceAgainst = (auction: Auction, leaderMax: number, rivalMax: number | null): number => {
  const { startMinor, reserveMinor = 0, increments } = auction
  const price = rivalMax === null ? startMinor : Math.min(leaderMax, aStepAbove(increments, rivalMax))
  return leaderMax >= reserveMinor ? Math.max(price, reserveMinor) : price
}

/** A bid this close to the end moves it to a whole extension after the bid; it never moves back, nor beyond a year. */
const endAfter = (auction: Auction, now: string): string => {
  const { endsAt, extensionMinutes } = auction
  const extended = plusHours(now, extensionMinutes / 60)
  const latest = latestEnd(auction)
  const wanted = extended < latest ? extended : latest
  return wanted > endsAt ? wanted : endsAt
}

/**
 * One bid by proxy: the bidder says a maximum, and the price moves only as far as it must. A maximum above the leader's
 * takes the lead a step above it; one below or equal lifts the price against itself, and at a tie the earlier keeps the
 * lead. The leader may raise its own maximum, which nobody sees. At or above buy-now it ends the auction at once.
 */
export const decideBid = (auction: Auction, bid: Bid, now: string): Result<readonly AuctionEvent[]> => {
  const { bidderId, maximum, key } = bid
  const refused = refusedAsOwn(auction, bidderId) ?? refusedByClock(auction, now)
  if (refused !== null) return { ok: false, refusal: refused }
  const maxMinor = maximum.amountMinor
  const started: readonly AuctionEvent[] = auction.status === 'scheduled' ? [{ type: 'auction_started' }] : []
  if (auction.buyNowMinor !== undefined && maxMinor >= auction.buyNowMinor) {
    return ok([...started, ...boughtNow(auction, auction.buyNowMinor, bidderId, key, now)])
  }
  const leader = auction.bidders[0]
  const minimum = minimumFor(auction, bidderId)
  if (leader?.bidderId === bidderId) {
    if (maxMinor < minimum) return tooLow(auction, minimum, 'Your maximum is as high already')
    const { priceMinor = leader.priceMinor, reserveMinor = 0 } = auction
    const lifted = maxMinor >= reserveMinor ? Math.max(priceMinor, reserveMinor) : priceMinor
    if (lifted === priceMinor) return ok([...started, { type: 'maximum_raised', bidderId, maxMinor, key }])
    return ok([...started, placed(auction, bid, lifted, lifted, bidderId, endAfter(auction, now))])
  }
  if (maxMinor < minimum) return tooLow(auction, minimum, 'A bid must be a step above the price')
  const endsAt = endAfter(auction, now)
  if (leader === undefined || maxMinor > leader.maxMinor) {
    const priceMinor = priceAgainst(auction, maxMinor, leader?.maxMinor ?? null)
    const taken = placed(auction, bid, priceMinor, priceMinor, bidderId, endsAt)
    return ok([...started, taken, ...(leader === undefined ? [] : [outbid(leader)])])
  }
  const priceMinor = Math.max(priceAgainst(auction, leader.maxMinor, maxMinor), auction.priceMinor ?? 0)
  return ok([...started, placed(auction, bid, maxMinor, priceMinor, leader.bidderId, endsAt)])
}

const outbid = ({ bidderId }: Bidder): AuctionEvent => ({ type: 'leader_outbid', bidderId })

const tooLow = (auction: Auction, minimumMinor: number, why: string) => {
  const { currency } = auction
  return refuse('bid_too_low', `${why}: bid ${minimumMinor} ${currency} or more (minor units)`, 'maximum.amountMinor', {
    minimum: { amountMinor: minimumMinor, currency },
  })
}

const placed = (
  { bids }: Auction,
  { bidderId, maximum, key }: Bid,
  amountMinor: number,
  priceMinor: number,
  leaderId: string,
  endsAt: string,
): AuctionEvent => ({
  type: 'bid_placed',
  number: bids + 1,
  bidderId,
  maxMinor: maximum.amountMinor,
  amountMinor,
  priceMinor,
  leaderId,
  endsAt,
  key,
})

/** Takes it at the buy-now price, which must be the one the bidder saw. */
export const decideBuyNow = (
  auction: Auction,
  wanted: { readonly bidderId: string; readonly price: Money; readonly key: string },
  now: string,
): Result<readonly AuctionEvent[]> => {
  const { bidderId, price, key } = wanted
  const refused = refusedAsOwn(auction, bidderId) ?? refusedByClock(auction, now)
  if (refused !== null) return { ok: false, refusal: refused }
  const { buyNowMinor, currency } = auction
  if (buyNowMinor === undefined) return refuse('buy_now_not_offered', 'This auction has no buy-now price')
  if (price.amountMinor !== buyNowMinor) {
    return refuse('price_changed', `Buy-now costs ${buyNowMinor} ${currency} (minor units)`, 'price', {
      price: { amountMinor: buyNowMinor, currency },
    })
  }
  return decideBid(auction, { bidderId, maximum: price, key }, now)
}

const boughtNow = (
  auction: Auction,
  priceMinor: number,
  bidderId: string,
  key: string,
  now: string,
): readonly AuctionEvent[] => {
  const bid: Bid = { bidderId, key, maximum: { amountMinor: priceMinor, currency: auction.currency } }
  return [
    placed(auction, bid, priceMinor, priceMinor, bidderId, auction.endsAt),
    {
      type: 'auction_won',
      bidderId,
      priceMinor,
      orderId: saleOrderId(auction.id, 1),
      round: 1,
      payBy: plusHours(now, auction.paymentHours),
    },
  ]
}

/**
 * What a repeated request was answered the first time. A bid says "up to so much", so a repeat can never bid twice: it is
 * what the bidder holds already, or too low. The same answer is given while it is the bidder's newest bid and the bidder
 * is among the kept ones (`biddersKept`); null: not known, so it is decided.
 */
export const earlierAnswer = (auction: Auction, bid: Bid): Result<BidAnswer> | null => {
  const earlier: Bidder | undefined = auction.bidders.find(({ key }) => key === bid.key)
  if (earlier === undefined) return null
  const { buyNowMinor = Infinity } = auction
  if (Math.min(bid.maximum.amountMinor, buyNowMinor) !== earlier.maxMinor) {
    return refuse('idempotency_key_reused', 'This key placed another bid', 'Idempotency-Key')
  }
  return ok(answerOf(earlier))
}

/** The answer to a bidder's newest bid. */
export const answerOf = ({ maxMinor, number, at, priceMinor, endsAt, leads }: Bidder): BidAnswer => ({
  maxMinor,
  number,
  at,
  priceMinor,
  endsAt,
  leads,
})

/**
 * Who is next where the winner does not pay, and at what price: as high as the other bidders' maxima drive it among
 * themselves, as if the defaulter had never bid. For whoever stood there before, that is the bid held before the defaulter
 * came; nobody can bid up a rival by an account that does not pay. Null: no other bidder meets the reserve.
 */
export const runnerUpOf = (
  auction: Auction,
  defaulterId: string,
): { readonly bidderId: string; readonly priceMinor: number } | null => {
  const [first, second] = auction.bidders.filter(({ bidderId }) => bidderId !== defaulterId)
  if (first === undefined || first.maxMinor < (auction.reserveMinor ?? 0)) return null
  return { bidderId: first.bidderId, priceMinor: priceAgainst(auction, first.maxMinor, second?.maxMinor ?? null) }
}
