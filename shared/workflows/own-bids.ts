import type { Auction } from '../domain/auction.ts'
import type { ListedBid } from '../domain/own-bids.ts'
import { ok, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { bidPageKey, loadAuctions, queryBids } from '../store/bid-lists.ts'
import type { EscrowStore } from '../store/client.ts'

export type OwnBid = { readonly auction: Auction; readonly bid: ListedBid }

/**
 * A page of the auctions that an account has bid in, those opened last first, each as it stands: two requests, half a unit
 * for the list and half a unit or one for each auction.
 */
export const listOwnBids = async (
  store: EscrowStore,
  accountId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ readonly items: readonly OwnBid[]; readonly nextCursor: string | null }>> => {
  const scope = `own bids ${accountId}`
  const after = decodeCursor(scope, cursor, bidPageKey(accountId))
  if (!after.ok) return after
  const { items, next } = await queryBids(store, accountId, { limit, after: after.value })
  const auctions = await loadAuctions(store, items)
  return ok({
    items: items.map((bid) => {
      const auction = auctions.get(bid.auctionId)
      if (auction === undefined) throw new Error(`${accountId} has bid in ${bid.auctionId}, which does not exist`)
      return { auction, bid }
    }),
    nextCursor: encodeCursor(scope, next),
  })
}
