import type * as z from 'zod'
import type { bidOutcomeSchema } from '../contract/auction-resources.ts'
import type { Auction, UnsoldReason } from './auction.ts'
import { saleOrderId } from './order.ts'

// What an account is told of the auctions that it has bid in.

export type BidOutcome = z.infer<typeof bidOutcomeSchema>

/** That an account has bid in an auction: what its list is made of. Instants are RFC 3339 UTC. */
export type ListedBid = {
  readonly accountId: string
  readonly auctionId: string
  /** When the auction was opened: the place in the list, which no later bid moves. */
  readonly openedAt: string
  /** Up to which its newest bid went, in minor units: the bidder's secret. */
  readonly maxMinor: number
  /** When that was. */
  readonly at: string
}

/**
 * The bids that came between two states of an auction. A bid that is taken is above the price, so that its bidder is the
 * first or the second of those that the state keeps: none is missed, whoever it pushes out.
 */
export const listedBids = (before: Auction | null, { id, openedAt, bidders }: Auction): readonly ListedBid[] =>
  bidders
    .filter(({ bidderId, key }) => !before?.bidders.some((one) => one.bidderId === bidderId && one.key === key))
    .map(({ bidderId, maxMinor, at }) => ({ accountId: bidderId, auctionId: id, openedAt, maxMinor, at }))

/** How an auction stands for an account that has bid in it. Whoever lost may still be offered it as the runner-up. */
export const bidOutcome = ({ status, bidders, sale, defaulterId, unsold }: Auction, accountId: string): BidOutcome => {
  const isToPay = sale?.bidderId === accountId
  if (defaulterId === accountId) return 'passed_over'
  switch (status) {
    case 'scheduled':
    case 'open':
      return bidders[0]?.bidderId === accountId ? 'leading' : 'outbid'
    case 'awaiting_payment':
    case 'offered_to_runner_up':
    case 'sold':
      return isToPay ? 'won' : 'lost'
    case 'unsold':
      return unsoldOutcome(unsold, isToPay)
    case 'cancelled':
      return 'cancelled'
  }
}

const unsoldOutcome = (reason: UnsoldReason | undefined, wasToPay: boolean): BidOutcome => {
  switch (reason) {
    case 'handle_not_for_sale':
      return 'cancelled'
    case 'refunded':
      return wasToPay ? 'cancelled' : 'lost'
    case 'runner_up_declined':
    case 'runner_up_did_not_pay':
      return wasToPay ? 'passed_over' : 'lost'
    case 'no_runner_up':
      return 'lost'
    case 'no_bids':
    case 'reserve_not_met':
    case undefined:
      return 'unsold'
  }
}

/** The order that an account had, or has, for what it won here; null: none. */
export const ownOrderId = ({ id, sale, defaulterId }: Auction, accountId: string): string | null => {
  if (sale?.bidderId === accountId) return sale.orderId
  return defaulterId === accountId ? saleOrderId(id, 1) : null
}
