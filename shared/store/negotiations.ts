import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedOf } from '../domain/aggregate.ts'
import type { OfferGroup } from '../domain/negotiation.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'
import { aggregateKey, offersMadeKey, offersReceivedKey, readAggregate } from './items.ts'
import {
  type Page,
  type PageKey,
  type PageKeyTest,
  pageKeyTest,
  type PageOf,
  type Question,
  queryNewest,
} from './pages.ts'

type Versioned = VersionedOf<'negotiation'>

const negotiationPageKey = { pk: /^M#./, sk: 'negotiation' }

export const madePageKey = (group: OfferGroup, proposerId: string): PageKeyTest =>
  pageKeyTest({ ...negotiationPageKey, buyerId: offersMadeKey(group, proposerId), createdAt: /./ })

export const receivedPageKey = (group: OfferGroup, holderId: string): PageKeyTest =>
  pageKeyTest({ ...negotiationPageKey, offersTo: offersReceivedKey(group, holderId), offerRank: /./ })

/** The offers that an account made, newest first, from the index `byParty`. */
export const queryMade = (store: EscrowStore, group: OfferGroup, proposerId: string, page: Page) =>
  queryOffers(store, { index: 'byParty', key: 'buyerId', is: offersMadeKey(group, proposerId) }, page)

/** The offers that an account received, open ones by their rank, from the index `byRank`. */
export const queryReceived = (store: EscrowStore, group: OfferGroup, holderId: string, page: Page) =>
  queryOffers(store, { index: 'byRank', key: 'offersTo', is: offersReceivedKey(group, holderId) }, page)

/** One request for the keys and one for the offers. One that moved to another list in between is left out. */
const queryOffers = async (
  store: EscrowStore,
  list: Omit<Question, 'table'>,
  page: Page,
): Promise<PageOf<Versioned>> => {
  const question = { ...list, table: store.escrowTable }
  const { items: rows, next } = await queryNewest<{ readonly pk: string; readonly sk: string }>(
    store.db,
    question,
    page,
  )
  const found = new Map<string, Versioned>()
  for await (const item of getItems(
    store.db,
    store.escrowTable,
    rows.map(({ pk, sk }) => ({ pk, sk })),
    false,
  )) {
    if (item[list.key] === list.is) found.set(String(item['pk']), readAggregate('negotiation', item))
  }
  return { items: rows.flatMap(({ pk }) => found.get(pk) ?? []), next }
}

/** How many open offers an account has made, up to `max`: half a unit for three or so. Eventually consistent. */
export const countMade = async (store: EscrowStore, proposerId: string, max: number): Promise<number> => {
  const { Count = 0 } = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      IndexName: 'byParty',
      KeyConditionExpression: 'buyerId = :is',
      ExpressionAttributeValues: { ':is': offersMadeKey('open', proposerId) },
      Select: 'COUNT',
      Limit: max,
    }),
  )
  return Count
}

/** The ids of the open offers for one handle that its holder has received, page by page. Eventually consistent. */
export async function* openOffersFor(store: EscrowStore, holderId: string, handle: string): AsyncGenerator<string[]> {
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        IndexName: 'byRank',
        KeyConditionExpression: 'offersTo = :is',
        FilterExpression: 'handle = :handle',
        ExpressionAttributeValues: { ':is': offersReceivedKey('open', holderId), ':handle': handle },
        ExclusiveStartKey: after,
      }),
    )
    const prefix = aggregateKey('negotiation', '').pk
    yield (answer.Items ?? []).map(({ pk }) => String(pk).slice(prefix.length))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}

/** How many open offers there are for a handle, up to `max`. */
export const countReceived = async (
  store: EscrowStore,
  holderId: string,
  handle: string,
  max: number,
): Promise<number> => {
  let count = 0
  for await (const ids of openOffersFor(store, holderId, handle)) {
    count += ids.length
    if (count >= max) break
  }
  return count
}
