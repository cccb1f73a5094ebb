import type * as z from 'zod'
import type { auctionSchema, placedBidSchema, visibleBidSchema } from '../contract/auction-resources.ts'
import type { Money } from '../contract/money.ts'
import type { nextStepSchema } from '../contract/resources.ts'
import {
  type Auction,
  type AuctionEvent,
  type BidAnswer,
  bidderAlias,
  isReserveMet,
  minimumAfter,
  minimumNext,
  platformSeller,
  saleOf,
} from '../domain/auction.ts'
import type { Entry } from '../domain/journal.ts'
import { saleOrderId } from '../domain/order.ts'

// From an auction to what the contract shows. Maxima, accounts and an unmet reserve price are in none of these.

const money = ({ currency }: Auction, amountMinor: number): Money => ({ amountMinor, currency })

/** The auction as everybody sees it at this instant. */
export const viewAuction = (auction: Auction, now: string): z.infer<typeof auctionSchema> => {
  const { id, handle, display, tier, status, startsAt, endsAt, extensionMinutes, increments, sale } = auction
  const takesBids = (status === 'open' || status === 'scheduled') && now < endsAt
  const leader = auction.bidders[0]
  return {
    id,
    handle,
    display,
    tier,
    status,
    seller: auction.sellerId === platformSeller ? 'platform' : 'account',
    start: money(auction, auction.startMinor),
    reserve: auction.reserveMinor === undefined ? 'none' : isReserveMet(auction) ? 'met' : 'not_met',
    buyNow: auction.buyNowMinor === undefined ? null : money(auction, auction.buyNowMinor),
    startsAt,
    endsAt,
    endedAt: auction.endedAt ?? null,
    extensionMinutes,
    increments,
    paymentHours: auction.paymentHours,
    runnerUpHours: auction.runnerUpHours,
    price: auction.priceMinor === undefined ? null : money(auction, auction.priceMinor),
    bids: auction.bids,
    leader: leader === undefined ? null : bidderAlias(auction, leader.bidderId),
    minimumNext: takesBids ? money(auction, minimumNext(auction)) : null,
    sale:
      sale === undefined
        ? null
        : {
            bidder: bidderAlias(auction, sale.bidderId),
            price: money(auction, sale.priceMinor),
            to: sale.round === 1 ? 'winner' : 'runner_up',
            payBy: sale.payBy,
          },
    unsold: auction.unsold ?? null,
    next: auctionNext(auction),
  }
}

/** Who acts next, and until when. */
const auctionNext = (auction: Auction): z.infer<typeof nextStepSchema> | null => {
  switch (auction.status) {
    case 'scheduled':
      return { actor: 'system', action: 'auction_started', by: auction.startsAt }
    case 'open':
      return { actor: 'buyer', action: 'bid_placed', by: auction.endsAt }
    case 'awaiting_payment':
    case 'offered_to_runner_up':
      return { actor: 'buyer', action: 'pay', by: saleOf(auction).payBy }
    case 'sold':
    case 'unsold':
    case 'cancelled':
      return null
  }
}

/** What a bid did when it was placed, whatever has happened since. */
export const viewPlacedBid = (auction: Auction, bidderId: string, bid: BidAnswer): z.infer<typeof placedBidSchema> => {
  const hasWon = bid.priceMinor === auction.buyNowMinor
  return {
    auctionId: auction.id,
    number: bid.number,
    bidder: bidderAlias(auction, bidderId),
    maximum: money(auction, bid.maxMinor),
    outcome: hasWon ? 'won' : bid.leads ? 'leading' : 'outbid',
    price: money(auction, bid.priceMinor),
    minimumNext: hasWon ? null : money(auction, minimumAfter(auction, bid.priceMinor)),
    endsAt: bid.endsAt,
    placedAt: bid.at,
    orderId: hasWon ? saleOrderId(auction.id, 1) : null,
  }
}

/** The visible bids of some entries of an auction, in their order. */
export const viewBids = (
  auction: Auction,
  entries: readonly Entry<AuctionEvent>[],
): z.infer<typeof visibleBidSchema>[] =>
  entries.flatMap(({ at, events }) =>
    events.flatMap((event) =>
      event.type === 'bid_placed'
        ? [
            {
              number: event.number,
              bidder: bidderAlias(auction, event.bidderId),
              amount: money(auction, event.amountMinor),
              price: money(auction, event.priceMinor),
              leader: bidderAlias(auction, event.leaderId),
              endsAt: event.endsAt,
              at,
            },
          ]
        : [],
    ),
  )
