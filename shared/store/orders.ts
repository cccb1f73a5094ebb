import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedOrder } from '../domain/aggregate.ts'
import type { Currency } from '../contract/money.ts'
import type { EscrowStore } from './client.ts'
import { load } from './aggregates.ts'
import { sellerKeyOf } from './items.ts'
import type { BuyersOrder, SellersOrder } from '../domain/order-rows.ts'
import { type Page, type PageKey, type PageKeyTest, pageKeyTest, type PageOf, queryNewest } from './pages.ts'

/** One strongly consistent read: 1 unit. */
export const loadOrder = (store: EscrowStore, id: string): Promise<VersionedOrder | null> => load(store, 'order', id)

const orderPageKey = { pk: /^O#./, sk: 'order' }

export const buyerPageKey = (buyerId: string): PageKeyTest => pageKeyTest({ ...orderPageKey, buyerId, createdAt: /./ })

/** A buyer's orders, newest first, from the index `byParty`. */
export const queryBuyer = (store: EscrowStore, buyerId: string, page: Page): Promise<PageOf<BuyersOrder>> =>
  queryNewest(store.db, { table: store.escrowTable, index: 'byParty', key: 'buyerId', is: buyerId }, page)

export const sellerPageKey = (sellerId: string): PageKeyTest =>
  pageKeyTest({ ...orderPageKey, sellerKey: sellerKeyOf('order', sellerId), createdAt: /./ })

/** What a user has sold and sells, newest first, from the index `bySeller`. */
export const querySeller = (store: EscrowStore, sellerId: string, page: Page): Promise<PageOf<SellersOrder>> => {
  const is = sellerKeyOf('order', sellerId)
  return queryNewest(store.db, { table: store.escrowTable, index: 'bySeller', key: 'sellerKey', is }, page)
}

/**
 * The orders of a seller that are being settled, among the newest `lookedAtMax`; eventually consistent. One request for each
 * megabyte of orders.
 */
export const settlingOrderIds = async (
  store: EscrowStore,
  sellerId: string,
  lookedAtMax: number,
): Promise<readonly string[]> => {
  const ids: string[] = []
  let lookedAt = 0
  let after: PageKey | undefined
  do {
    const page = await querySeller(store, sellerId, { limit: lookedAtMax - lookedAt, after })
    lookedAt += page.items.length
    for (const { id, status } of page.items) if (status === 'settling') ids.push(id)
    after = page.next
  } while (after !== undefined && lookedAt < lookedAtMax)
  return ids
}

/** What the caps on orders ask of one. */
export type OrderBrief = Pick<VersionedOrder['state'], 'status' | 'createdAt'>

/**
 * The newest orders of a buyer since an instant, from the index `byParty`: eventually consistent, so that orders placed at the
 * same moment do not see each other yet.
 */
export const recentOrders = async (
  store: EscrowStore,
  buyerId: string,
  since: string,
  limit: number,
): Promise<readonly OrderBrief[]> => {
  const { Items = [] } = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      IndexName: 'byParty',
      KeyConditionExpression: 'buyerId = :buyer AND createdAt >= :since',
      ProjectionExpression: '#status, createdAt',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':buyer': buyerId, ':since': since },
      ScanIndexForward: false,
      Limit: limit,
    }),
  )
  return Items as OrderBrief[]
}

export type SaleRow = {
  readonly handle: string
  readonly display: string
  readonly priceMinor: number
  readonly currency: Currency
  readonly tier: string
  readonly soldAt: string
}

export type StoredSale = SaleRow & { readonly pk: string }

export const salePageKey = (saleMonth: string): PageKeyTest => pageKeyTest({ ...orderPageKey, saleMonth, soldAt: /./ })

/** The key of a sale that was read, to go on behind it. */
export const keyOfSale = (saleMonth: string, { pk, soldAt }: StoredSale): PageKey => ({
  pk,
  sk: 'order',
  saleMonth,
  soldAt,
})

/** Sales of one month, newest first, from the sparse index `bySale`. */
export const querySales = (store: EscrowStore, month: string, page: Page): Promise<PageOf<StoredSale>> =>
  queryNewest(store.db, { table: store.escrowTable, index: 'bySale', key: 'saleMonth', is: month }, page)
