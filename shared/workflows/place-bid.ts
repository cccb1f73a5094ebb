import type { Money } from '../contract/money.ts'
import { type Auction, type AuctionEvent, type BidAnswer, bidKey } from '../domain/auction.ts'
import { answerOf, type Bid, decideBid, decideBuyNow, earlierAnswer, refusedAsOwn } from '../domain/auction-bids.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import { commit, CommitUnavailable } from '../store/commit.ts'
import { readAggregate } from '../store/items.ts'
import { loadStandings } from '../store/standings.ts'
import { auctionChanges, type VersionedAuction } from './auction-changes.ts'
import { instant } from './committing.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { noteContact } from './note-contact.ts'
import { checkLinks, othersIn, type SaleParties } from './links.ts'

export type BidRequest = {
  readonly auctionId: string
  readonly bidder: Caller
  readonly maximum: Money
  readonly idempotencyKey: string
}

export type PlacedBid = { readonly auction: Auction; readonly bid: BidAnswer }

/** One of twenty bids at once is the last that gets its turn; every conflict is somebody else's bid that was taken. */
export const bidTriesMax = 40

/**
 * One bid: one consistent read of the auction and one conditional write, beside what the rules of eligibility ask. Whoever
 * was overtaken by another bid decides again by the auction that the refused write showed, without reading it anew; so bids
 * of any number of bidders come into one order, and none is lost. A bid that ends the auction places its order in the same
 * transaction.
 * @throws CommitUnavailable where others were faster every time
 */
export const placeBid = (deps: EligibilityDeps, request: BidRequest): Promise<Result<PlacedBid>> =>
  bidding(deps, request, (auction, bid, at) => decideBid(auction, bid, at))

/** Takes the buy-now price, which the request names as its maximum. */
export const buyNow = (deps: EligibilityDeps, request: BidRequest): Promise<Result<PlacedBid>> =>
  bidding(deps, request, (auction, { bidderId, maximum: price, key }, at) =>
    decideBuyNow(auction, { bidderId, price, key }, at),
  )

type Decide = (auction: Auction, bid: Bid, at: string) => Result<readonly AuctionEvent[]>

const bidding = async (deps: EligibilityDeps, request: BidRequest, decide: Decide): Promise<Result<PlacedBid>> => {
  const { auctionId, bidder, maximum, idempotencyKey } = request
  const bidderId = bidder.id
  const bid = { bidderId, maximum, key: bidKey(bidderId, idempotencyKey) }
  const act = { kind: 'bid', amountMinor: maximum.amountMinor, saleId: auctionId } as const
  const auctionRead = load(deps.store, 'auction', auctionId)
  const standingsRead = auctionRead.then((read) =>
    loadStandings(deps.store, [bidderId, ...(read === null ? [] : othersIn(partiesOf(read.state), bidderId))]),
  )
  const standingRead = standingsRead.then((standings) => standings.get(bidderId) ?? null)
  const barred = await checkEligibility(deps, bidder, act, standingRead)
  let before = await auctionRead
  // Sellers and operators must not bid by another account of theirs; a bidder who bids up a linked one is looked into.
  const linked =
    before === null || barred !== null
      ? null
      : await checkLinks(deps, bidder, partiesOf(before.state), await standingsRead)
  for (let attempt = 1; attempt <= bidTriesMax; attempt += 1) {
    if (before === null) return refuse('not_found', `There is no auction ${auctionId}`, 'auctionId')
    const { state } = before
    const earlier = earlierAnswer(state, bid)
    if (earlier !== null) return earlier.ok ? ok({ auction: state, bid: earlier.value }) : earlier
    const own = refusedAsOwn(state, bidderId) ?? barred ?? linked
    if (own !== null) return { ok: false, refusal: own }
    // Once an auction: whoever is among its bidders has bid before.
    if (attempt === 1 && !state.bidders.some((one) => one.bidderId === bidderId)) await noteContact(deps, bidder)
    const at = later(instant(deps.now()), before.entry.at)
    const decided = decide(state, bid, at)
    if (!decided.ok) return decided
    const step = await auctionChanges(deps, before, decided.value, at, { kind: 'buyer', id: bidderId })
    if (!step.ok) {
      // The handle was read after the auction: somebody may have won it in between.
      const standing = await load(deps.store, 'auction', auctionId)
      if (standing?.entry.hash === before.entry.hash) return step
      before = standing
      continue
    }
    const { changes, auction } = step.value
    const [first, ...rest] = changes
    if (first === undefined) throw new Error('a bid changes its auction')
    const result = await commit(deps.store, deps, [first, ...rest])
    if (result.committed) return ok({ auction: auction.state, bid: newestOf(auction, bid) })
    const standing = result.existing[0]
    before = standing === undefined ? await load(deps.store, 'auction', auctionId) : readAggregate('auction', standing)
    await deps.pause(deps.random() * Math.min(2 * attempt, 20))
  }
  throw new CommitUnavailable(`other bids were faster ${bidTriesMax} times`)
}

const partiesOf = ({ id, sellerId, openedBy, bidders }: Auction): SaleParties => ({
  saleId: id,
  sellerId,
  operatorId: openedBy,
  rivalId: bidders[0]?.bidderId,
})

/** An auction's own time never goes back, whichever clock was asked. */
const later = (a: string, b: string): string => (a > b ? a : b)

const newestOf = ({ state }: VersionedAuction, { key }: Bid): BidAnswer => {
  const bidder = state.bidders.find((one) => one.key === key)
  if (bidder === undefined) throw new Error(`a bid that was taken is not among those of ${state.id}`)
  return answerOf(bidder)
}
