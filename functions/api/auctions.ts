import { randomBytes } from 'node:crypto'
import { auctionRoutes } from '../../shared/contract/routes/auctions.ts'
import type { Auction } from '../../shared/domain/auction.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { viewAuction, viewBids, viewOwnBid, viewPlacedBid } from '../../shared/workflows/auction-views.ts'
import { cancelAuction, declineOffer, getAuction, listBids, openAuction } from '../../shared/workflows/auctions.ts'
import { listOwnBids } from '../../shared/workflows/own-bids.ts'
import { buyNow, placeBid, type PlacedBid } from '../../shared/workflows/place-bid.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const secret = () => randomBytes(16).toString('base64url')
const policy = cachedPolicy(store, running.now)
const deps = { ...running, store, secret, policy, humanity: claimedHumanity, secondFactor: claimedSecondFactor }

const view = async (answered: Promise<Result<Auction>>) => {
  const auction = await answered
  return auction.ok ? ok(viewAuction(auction.value, new Date(running.now()).toISOString())) : auction
}

const viewBid = async (bidderId: string, answered: Promise<Result<PlacedBid>>) => {
  const placed = await answered
  return placed.ok ? ok(viewPlacedBid(placed.value.auction, bidderId, placed.value.bid)) : placed
}

export const handler = api(auctionRoutes, {
  openAuction: ({ body, caller, idempotencyKey, requestHash }) => {
    const { start, reserve, buyNow: price, ...rest } = body
    const prices = {
      currency: start.currency,
      startMinor: start.amountMinor,
      reserveMinor: reserve?.amountMinor,
      buyNowMinor: price?.amountMinor,
    }
    return view(openAuction(deps, { wanted: { ...rest, ...prices }, operator: caller, idempotencyKey, requestHash }))
  },
  cancelAuction: ({ params, body, caller }) => view(cancelAuction(deps, { ...params, ...body }, caller.id)),
  getAuction: ({ params }) => view(getAuction(store, params.auctionId)),
  listBids: async ({ params, query }) => {
    const page = await listBids(store, params.auctionId, query)
    if (!page.ok) return page
    const { auction, entries, nextCursor } = page.value
    return ok({ items: viewBids(auction, entries), nextCursor })
  },
  listMyBids: async ({ query, caller }) => {
    const page = await listOwnBids(store, caller.id, query)
    if (!page.ok) return page
    const at = new Date(running.now()).toISOString()
    return ok({ ...page.value, items: page.value.items.map(({ auction, bid }) => viewOwnBid(auction, bid, at)) })
  },
  placeBid: ({ params, body, caller: bidder, idempotencyKey }) =>
    viewBid(bidder.id, placeBid(deps, { ...params, ...body, bidder, idempotencyKey })),
  buyNow: ({ params, body, caller: bidder, idempotencyKey }) =>
    viewBid(bidder.id, buyNow(deps, { ...params, maximum: body.price, bidder, idempotencyKey })),
  declineAuctionOffer: ({ params, caller }) => view(declineOffer(deps, params.auctionId, caller.id)),
})
