import type { Actor } from './actors.ts'
import { type Auction, type AuctionEvent, isReserveMet, plusHours, saleOf } from './auction.ts'
import { runnerUpOf } from './auction-bids.ts'
import { type Order, saleOrderId } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

/** What the clock wants of an auction whose bids are not over; payments are told by their orders. */
export const decideAuctionDeadline = (auction: Auction, now: string): Result<readonly AuctionEvent[]> => {
  if (auction.status === 'scheduled' && now >= auction.startsAt) {
    const started: AuctionEvent = { type: 'auction_started' }
    return ok(now >= auction.endsAt ? [started, ...closed(auction, now)] : [started])
  }
  if (auction.status === 'open' && now >= auction.endsAt) return ok(closed(auction, now))
  return refuse('not_due', `${auction.id} is ${auction.status} until ${auction.endsAt}`)
}

/** The end of the bidding: sold to the leader where the reserve is met. */
const closed = (auction: Auction, now: string): readonly AuctionEvent[] => {
  const leader = auction.bidders[0]
  if (leader === undefined || auction.priceMinor === undefined) return [{ type: 'auction_unsold', reason: 'no_bids' }]
  if (!isReserveMet(auction)) return [{ type: 'auction_unsold', reason: 'reserve_not_met' }]
  return [
    {
      type: 'auction_won',
      bidderId: leader.bidderId,
      priceMinor: auction.priceMinor,
      orderId: saleOrderId(auction.id, 1),
      round: 1,
      payBy: plusHours(now, auction.paymentHours),
    },
  ]
}

/** An operator calls it off, as long as nobody has bid. Again: nothing changes. */
export const decideAuctionCancel = (auction: Auction, reason: string): Result<readonly AuctionEvent[]> => {
  if (auction.status === 'cancelled') return ok([])
  if (auction.status !== 'scheduled' && auction.status !== 'open') {
    return refuse('auction_ended', `The auction is ${auction.status}`)
  }
  if (auction.bids > 0) {
    return refuse('auction_has_bids', 'Bidders rely on an auction that has bids: it cannot be called off', undefined, {
      bids: auction.bids,
    })
  }
  return ok([{ type: 'auction_cancelled', reason }])
}

/**
 * What became of the order of the sale that waits. Paid and handed over: sold. A winner who let it expire or cancelled it
 * has defaulted: the runner-up is offered what it would have bid without the defaulter. A runner-up who declines or does
 * not pay has not: it owes nothing. Given back although paid: the hand-over failed, and nobody is to blame. No events:
 * the order is of an earlier round, or still on its way.
 */
export const decideSaleOrder = (
  auction: Auction,
  order: Pick<Order, 'id' | 'status' | 'settledAt'>,
  now: string,
): readonly AuctionEvent[] => {
  if (auction.status !== 'awaiting_payment' && auction.status !== 'offered_to_runner_up') return []
  if (saleOf(auction).orderId !== order.id) return []
  // What happens to a settled order afterwards is between the buyer and the seller.
  if (order.settledAt !== undefined) return [{ type: 'auction_paid', orderId: order.id }]
  switch (order.status) {
    case 'expired':
    case 'cancelled':
      return defaulted(auction, order, now)
    case 'refunding':
    case 'refunded':
      return [{ type: 'auction_unsold', reason: 'refunded' }]
    case 'awaiting_payment':
    case 'payment_processing':
    case 'funded':
    case 'handing_over':
    case 'inspection':
    case 'disputed':
    case 'settling':
    case 'settled':
    case 'chargeback':
    case 'charged_back':
      return []
  }
}

const defaulted = (auction: Auction, order: Pick<Order, 'id' | 'status'>, now: string): readonly AuctionEvent[] => {
  const { bidderId } = saleOf(auction)
  if (auction.status === 'offered_to_runner_up') {
    const reason = order.status === 'cancelled' ? 'runner_up_declined' : 'runner_up_did_not_pay'
    return [{ type: 'auction_unsold', reason }]
  }
  const strike: AuctionEvent = { type: 'winner_defaulted', bidderId, orderId: order.id }
  const runnerUp = runnerUpOf(auction, bidderId)
  if (runnerUp === null) return [strike, { type: 'auction_unsold', reason: 'no_runner_up' }]
  const payBy = plusHours(now, auction.runnerUpHours)
  return [strike, { type: 'runner_up_offered', ...runnerUp, orderId: saleOrderId(auction.id, 2), round: 2, payBy }]
}

/** The clock looks again when the order itself is due: a slow payment is on its way. */
export const decidePaymentAwaited = (auction: Auction, payBy: string): readonly AuctionEvent[] =>
  saleOf(auction).payBy < payBy ? [{ type: 'payment_awaited', payBy }] : []

/** The runner-up says no; it owes nothing for that. Anybody else has no offer here. */
export const decideDecline = (auction: Auction, actor: Actor): Result<{ readonly orderId: string }> => {
  const { sale } = auction
  if (sale?.round !== 2 || actor.kind !== 'buyer' || sale.bidderId !== actor.id) {
    return refuse('not_found', `You have no offer from ${auction.id}`, 'auctionId')
  }
  if (auction.status === 'sold') {
    return refuse('transition_not_allowed', 'The offer was accepted and paid', undefined, { status: auction.status })
  }
  return ok({ orderId: sale.orderId })
}
