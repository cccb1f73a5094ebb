import { advance, type VersionedOf } from '../../shared/domain/aggregate.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import {
  type Auction,
  type AuctionEvent,
  bidKey,
  type Opening,
  shippedAuctionDefaults,
} from '../../shared/domain/auction.ts'
import { decideBid } from '../../shared/domain/auction-bids.ts'
import { decideAuctionDeadline, decideSaleOrder } from '../../shared/domain/auction-close.ts'
import type { ProblemCode } from '../../shared/contract/problems.ts'
import { usd } from '../../shared/contract/money.ts'
import type { Result } from '../../shared/domain/result.ts'

export const auctionId = 'auc_0123456789ABCDEFGHJKMNPQRS'
const start = Date.parse('2026-11-23T12:00:00.000Z')
export const minuteMs = 60_000
export const hourMs = 3_600_000
/** So many milliseconds after the auctions of these tests open. */
export const at = (ms: number): string => new Date(start + ms).toISOString()

export type VersionedAuction = VersionedOf<'auction'>

/** An auction of ten hours that is open, from $10.00, in steps of $1.00 below $100.00 and of $5.00 above. */
export const openAuction = (more: Partial<Opening> = {}): VersionedAuction => {
  const opening: Opening = {
    handle: 'moons',
    display: 'Moons',
    tier: 'rare',
    sellerId: 'platform',
    openedBy: 'olga',
    currency: 'USD',
    startMinor: 10_00,
    startsAt: at(0),
    endsAt: at(10 * hourMs),
    extensionMinutes: 60,
    increments: {
      rows: [
        { belowMinor: 100_00, stepMinor: 1_00 },
        { belowMinor: null, stepMinor: 5_00 },
      ],
    },
    paymentHours: shippedAuctionDefaults.paymentHours,
    runnerUpHours: shippedAuctionDefaults.runnerUpHours,
    aliasKey: 'k'.repeat(22),
    requestHash: 'h',
    ...more,
  }
  const operator = { kind: 'operator', id: 'olga' } as const
  const events: AuctionEvent[] = [{ type: 'auction_opened', ...opening }]
  if (opening.startsAt <= at(0)) events.push({ type: 'auction_started' })
  return advance('auction', auctionId, null, events, at(0), operator)
}

export type Placing = { readonly by: string; readonly max: number; readonly ms?: number; readonly key?: string }

/** What an auction answers to a bid of so many minor units. */
export const bidding = ({ state }: VersionedAuction, { by, max, ms = hourMs, key = `${by} ${max}` }: Placing) =>
  decideBid(state, { bidderId: by, maximum: usd(max), key: bidKey(by, key) }, at(ms))

/** The auction after a bid that must be taken. */
export const bid = (auction: VersionedAuction, placing: Placing): VersionedAuction => {
  const { by, ms = hourMs } = placing
  return advance('auction', auctionId, auction, taken(bidding(auction, placing)), at(ms), { kind: 'buyer', id: by })
}

export const bids = (auction: VersionedAuction, ...placings: readonly Placing[]): VersionedAuction =>
  placings.reduce(bid, auction)

/** The auction after what the clock does to it, which must be something. */
export const byClock = (auction: VersionedAuction, ms: number): VersionedAuction =>
  advance('auction', auctionId, auction, taken(decideAuctionDeadline(auction.state, at(ms))), at(ms), systemActor)

/** The auction after its order came to an end. */
export const orderEnded = (
  auction: VersionedAuction,
  status: 'settled' | 'expired' | 'cancelled' | 'refunded',
  ms: number,
): VersionedAuction => {
  const order = { id: auction.state.sale?.orderId ?? '', status, settledAt: status === 'settled' ? at(ms) : undefined }
  return advance('auction', auctionId, auction, decideSaleOrder(auction.state, order, at(ms)), at(ms), systemActor)
}

export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`)
  return result.value
}

export const codeOf = (result: Result<unknown>): ProblemCode | 'taken' => (result.ok ? 'taken' : result.refusal.code)

/** Who leads, at what visible price, and what the next bid must be; amounts in minor units. */
export const leader = ({ state }: { readonly state: Auction }): string | undefined => state.bidders[0]?.bidderId
