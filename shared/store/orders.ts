import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedOrder } from '../domain/aggregate.ts'
import type { Currency } from '../contract/money.ts'
import type { EscrowStore } from './client.ts'
import { orderKey, readOrder } from './items.ts'
import { type PageKey, type PageKeyTest, pageKeyTest, type PageOf, pageOf } from './pages.ts'

/** One strongly consistent read: 1 unit. */
export const loadOrder = async (store: EscrowStore, id: string): Promise<VersionedOrder | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: orderKey(id), ConsistentRead: true }),
  )
  return Item === undefined ? null : readOrder(Item)
}

const orderPageKey = { pk: /^O#./, sk: 'order' }

export const buyerPageKey = (buyerId: string): PageKeyTest => pageKeyTest({ ...orderPageKey, buyerId, createdAt: /./ })

/** A buyer's orders, newest first, from the index `byParty`. */
export const queryBuyer = async (
  store: EscrowStore,
  buyerId: string,
  page: { readonly limit: number; readonly after?: PageKey | undefined },
): Promise<PageOf<VersionedOrder>> => {
  const answer = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      IndexName: 'byParty',
      KeyConditionExpression: 'buyerId = :buyer',
      ExpressionAttributeValues: { ':buyer': buyerId },
      ScanIndexForward: false,
      Limit: page.limit,
      ExclusiveStartKey: page.after,
    }),
  )
  const raw = pageOf<Record<string, unknown>>(answer)
  return { items: raw.items.map(readOrder), next: raw.next }
}

export type SaleRow = {
  readonly handle: string
  readonly display: string
  readonly priceMinor: number
  readonly currency: Currency
  readonly tier: string
  readonly soldAt: string
}

export const salePageKey = (saleMonth: string): PageKeyTest => pageKeyTest({ ...orderPageKey, saleMonth, soldAt: /./ })

/** Sales of one month, newest first, from the sparse index `bySale`. */
export const querySales = async (
  store: EscrowStore,
  month: string,
  page: { readonly limit: number; readonly after?: PageKey | undefined },
): Promise<PageOf<SaleRow>> => {
  const answer = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      IndexName: 'bySale',
      KeyConditionExpression: 'saleMonth = :month',
      ExpressionAttributeValues: { ':month': month },
      ScanIndexForward: false,
      Limit: page.limit,
      ExclusiveStartKey: page.after,
    }),
  )
  return pageOf(answer)
}
