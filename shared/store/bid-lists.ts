import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Auction } from '../domain/auction.ts'
import type { ListedBid } from '../domain/own-bids.ts'
import { getItems } from './batch-get.ts'
import { putFixedItems } from './batch-write.ts'
import type { EscrowStore } from './client.ts'
import { aggregateKey, readAggregate } from './items.ts'
import { type Page, type PageKeyTest, pageKeyTest, pageOf, type PageOf } from './pages.ts'

/**
 * The auctions that an account has bid in: one item each, made from the auctions by their stream, with the account's own
 * maximum, which the auction itself forgets where eight others bid more.
 */
const partitionOf = (accountId: string) => `B#${accountId}`

/** Longer than any auction lasts after the bid (`auctionDaysMax`), and as long as what else an account did is kept. */
const keptSeconds = 400 * 86_400

const itemOf = ({ accountId, auctionId, openedAt, maxMinor, at }: ListedBid) => ({
  pk: partitionOf(accountId),
  sk: `${openedAt} ${auctionId}`,
  maxMinor,
  at,
  expiresAt: Math.floor(Date.parse(at) / 1000) + keptSeconds,
})

type BidItem = Omit<ReturnType<typeof itemOf>, 'expiresAt'>

const readBid = ({ pk, sk, maxMinor, at }: BidItem): ListedBid => {
  const [openedAt = '', auctionId = ''] = sk.split(' ')
  return { accountId: pk.slice(partitionOf('').length), auctionId, openedAt, maxMinor, at }
}

/** Lists bids for their bidders, a write unit each; of one account in one auction the last of them. */
export const listBids = ({ db, escrowTable }: EscrowStore, bids: readonly ListedBid[]): Promise<void> =>
  putFixedItems(db, escrowTable, bids.map(itemOf))

export const bidPageKey = (accountId: string): PageKeyTest =>
  pageKeyTest({ pk: partitionOf(accountId), sk: /^\d{4}-\S{1,32} auc_[0-9A-Z]{26}$/ })

/** A page of an account's list, the auction that was opened last first: one request, half a unit for some thirty. */
export const queryBids = async (
  { db, escrowTable }: EscrowStore,
  accountId: string,
  page: Page,
): Promise<PageOf<ListedBid>> => {
  const { items, next } = pageOf<BidItem>(
    await db.send(
      new QueryCommand({
        TableName: escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': partitionOf(accountId) },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  return { items: items.map(readBid), next }
}

/** The auctions of these bids by their ids, eventually consistent: half a unit or one each, 100 to a request. */
export const loadAuctions = async (
  { db, escrowTable }: EscrowStore,
  bids: readonly ListedBid[],
): Promise<ReadonlyMap<string, Auction>> => {
  const auctions = new Map<string, Auction>()
  const keys = bids.map(({ auctionId }) => aggregateKey('auction', auctionId))
  for await (const item of getItems(db, escrowTable, keys, false)) {
    const { state } = readAggregate('auction', item)
    auctions.set(state.id, state)
  }
  return auctions
}
