import type * as z from 'zod'
import type { auctionSchema, ownBidSchema, placedBidSchema, visibleBidSchema } from '../contract/auction-resources.ts'
import type { Money } from '../contract/money.ts'
import type { nextStepSchema } from '../contract/resources.ts'
import {
  type Auction,
  type AuctionEvent,
  type BidAnswer,
  bidderAlias,
  isBiddingOver,
  isReserveMet,
  minimumAfter,
  minimumFor,
  minimumNext,
  platformSeller,
  saleOf,
} from '../domain/auction.ts'
import type { Entry } from '../domain/journal.ts'
import { saleOrderId } from '../domain/order.ts'
import { bidOutcome, type ListedBid, ownOrderId } from '../domain/own-bids.ts'

// From an auction to what the contract shows. Maxima, accounts and an unmet reserve price are in none of these.

const money = ({ currency }: Auction, amountMinor: number): Money => ({ amountMinor, currency })

/** The auction as everybody sees it at this instant. */
export const viewAuction = (auction: Auction, now: string): z.infer<typeof auctionSchema> => {
  const { id, handle, display, tier, status, startsAt, endsAt, extensionMinutes, increments, sale } = auction
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
    minimumNext: isBiddingOver(auction, now) ? null : money(auction, minimumNext(auction)),
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

/** An auction as an account that has bid in it sees it: with its own maximum, which nobody else is told. */
export const viewOwnBid = (auction: Auction, bid: ListedBid, now: string): z.infer<typeof ownBidSchema> => {
  const { accountId } = bid
  // The list follows the auction: the auction itself may know of a newer bid.
  const newest = auction.bidders.find(({ bidderId }) => bidderId === accountId) ?? bid
  const { sale } = auction
  const isToPay = auction.status === 'awaiting_payment' || auction.status === 'offered_to_runner_up'
  return {
    auctionId: auction.id,
    handle: auction.handle,
    display: auction.display,
    status: auction.status,
    bidder: bidderAlias(auction, accountId),
    outcome: bidOutcome(auction, accountId),
    price: money(auction, sale?.priceMinor ?? auction.priceMinor ?? auction.startMinor),
    maximum: money(auction, newest.maxMinor),
    minimumNext: isBiddingOver(auction, now) ? null : money(auction, minimumFor(auction, accountId)),
    bidAt: newest.at,
    endsAt: auction.endsAt,
    endedAt: auction.endedAt ?? null,
    payBy: isToPay && sale?.bidderId === accountId ? sale.payBy : null,
    orderId: ownOrderId(auction, accountId),
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
