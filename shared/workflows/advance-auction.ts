import { systemActor } from '../domain/actors.ts'
import { type Auction, auctionDueAt, type AuctionEvent, saleOf } from '../domain/auction.ts'
import { decideAuctionDeadline, decidePaymentAwaited, decideSaleOrder } from '../domain/auction-close.ts'
import { type Order, orderDueAt } from '../domain/order.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import type { DeadlineOutcome } from './apply-deadline.ts'
import { auctionChanges, type AuctionStep, type VersionedAuction } from './auction-changes.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { recordStrike } from './standing.ts'

/** What an order that came to an end does to its auction. Told again, nothing. */
export const advanceAuction = (deps: CommitDeps<Store>, order: Order): Promise<Auction> => {
  const { saleId } = order
  if (saleId === undefined) throw new Error(`${order.id} is of no auction`)
  return committing<Auction>(deps, async () => {
    const auction = await load(deps.store, 'auction', saleId)
    if (auction === null) throw new Error(`${order.id} is of ${saleId}, which does not exist`)
    const now = instant(deps.now())
    const events = decideSaleOrder(auction.state, order, now)
    if (events.length === 0) return { changes: [], answer: auction.state }
    const step = await byClock(deps, auction, events, now)
    return step && { changes: step.changes, answer: step.auction.state }
  })
}

/** Starts or ends the bidding, or looks after a payment that nobody told of. */
export const applyAuctionDeadline = (deps: CommitDeps<Store>, id: string): Promise<DeadlineOutcome> =>
  committing<DeadlineOutcome>(deps, async () => {
    const auction = await load(deps.store, 'auction', id)
    if (auction === null) return { changes: [], answer: { notDue: null } }
    const now = instant(deps.now())
    const dueAt = auctionDueAt(auction.state)
    const events = dueAt === null || dueAt > now ? [] : await dueEvents(deps, auction, now)
    if (events.length === 0) return { changes: [], answer: { notDue: dueAt } }
    const step = await byClock(deps, auction, events, now)
    return step && { changes: step.changes, answer: 'moved' }
  })

const dueEvents = async (
  deps: CommitDeps<Store>,
  { state }: VersionedAuction,
  now: string,
): Promise<readonly AuctionEvent[]> => {
  if (state.status === 'scheduled' || state.status === 'open') {
    const decided = decideAuctionDeadline(state, now)
    return decided.ok ? decided.value : []
  }
  const { orderId } = saleOf(state)
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`${state.id} waits for ${orderId}, which does not exist`)
  const ended = decideSaleOrder(state, order.state, now)
  const dueAt = orderDueAt(order.state)
  return ended.length > 0 || dueAt === null ? ended : decidePaymentAwaited(state, dueAt)
}

/**
 * The changes of what the clock or an order decided. A strike is recorded before them, once for the sale however often it
 * comes to this, so that no crash in between forgets it. A handle that cannot be sold any more (a legal hold, a name that
 * became protected) ends the auction without a buyer. Null: somebody else moved the auction before its handle was read.
 */
const byClock = async (
  deps: CommitDeps<Store>,
  auction: VersionedAuction,
  events: readonly AuctionEvent[],
  now: string,
): Promise<AuctionStep | null> => {
  for (const event of events) {
    if (event.type !== 'winner_defaulted') continue
    const reason = `The auction of ${auction.state.handle} was won and not paid`
    await recordStrike(deps, event.bidderId, { saleId: auction.state.id, reason })
  }
  const step = await auctionChanges(deps, auction, events, now, systemActor)
  if (step.ok) return step.value
  const standing = await load(deps.store, 'auction', auction.state.id)
  if (standing?.entry.hash !== auction.entry.hash) return null
  const kept = events.filter(({ type }) => type !== 'auction_won' && type !== 'runner_up_offered')
  const unsold: AuctionEvent = { type: 'auction_unsold', reason: 'handle_not_for_sale' }
  const ended = await auctionChanges(deps, auction, [...kept, unsold], now, systemActor)
  if (!ended.ok) throw new Error(`${auction.state.id}: ${ended.refusal.message}`)
  return ended.value
}
