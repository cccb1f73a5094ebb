import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Card } from '../domain/card.ts'
import type { SaleRow, ShelfRow } from '../domain/shelf-rows.ts'
import { getItems } from './batch-get.ts'
import { replaceItems } from './batch-write.ts'
import type { ShelvesStore } from './client.ts'
import type { Item } from './items.ts'

/** A stretch of one shelf: keys from `from` to `to`, both included, behind `after` in the direction that is read. */
export type Stretch = {
  readonly from: string
  readonly to: string
  readonly after?: string | undefined
  readonly backwards: boolean
  readonly limit: number
}

/** `card` is null where the item at this key is not for sale (any more). */
export type CardAt = { readonly key: string; readonly card: Card | null }
export type CardPage = { readonly rows: readonly CardAt[]; readonly more: boolean }

/**
 * A row as an item: the card without what the key tells and without what nearly every card says, so that twenty rows are
 * one 4 KB block, which is what half a read unit reads.
 */
export const shelfItem = ({ pk, sk, card }: ShelfRow): Item & { readonly pk: string; readonly sk: string } => {
  const { name, display, status, currency, ...rest } = card
  return {
    pk,
    sk,
    ...rest,
    ...(display === name ? {} : { display }),
    ...(status === 'open' ? {} : { status }),
    ...(currency === 'USD' ? {} : { currency }),
  }
}

export const readRow = ({ pk, sk, ...fields }: Item): ShelfRow => {
  const key = String(sk)
  const name = key.slice(key.lastIndexOf('#') + 1)
  const usual = { name, display: name, status: 'open', currency: 'USD' }
  return { pk: String(pk), sk: key, card: { ...usual, ...fields } as unknown as Card }
}

/** One page of one shelf: one eventually consistent Query, half a unit for each 4 KB. */
export const queryRows = async (store: ShelvesStore, shelf: string, stretch: Stretch): Promise<CardPage> => {
  const { items, more } = await queryShelfItems(store, shelf, stretch)
  return { rows: items.map(readRow).map(({ sk, card }) => ({ key: sk, card })), more }
}

const queryShelfItems = async (
  store: ShelvesStore,
  shelf: string,
  stretch: Stretch,
): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> => {
  const answer = await store.db.send(
    new QueryCommand({
      TableName: store.shelvesTable,
      KeyConditionExpression: 'pk = :shelf AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':shelf': shelf, ':from': stretch.from, ':to': stretch.to },
      ScanIndexForward: !stretch.backwards,
      Limit: stretch.limit,
      ExclusiveStartKey: stretch.after === undefined ? undefined : { pk: shelf, sk: stretch.after },
    }),
  )
  return { items: answer.Items ?? [], more: answer.LastEvaluatedKey !== undefined }
}

/** One page of the auctions or drops that are open, those that end first in front. */
export const querySaleRows = async (
  store: ShelvesStore,
  shelf: string,
  stretch: Stretch,
): Promise<{ readonly rows: readonly SaleRow[]; readonly more: boolean }> => {
  const { items, more } = await queryShelfItems(store, shelf, stretch)
  return { rows: items as unknown as SaleRow[], more }
}

/** Which of these rows are there, by `<shelf> <place>`, as they are: 100 to a request, half a unit each. */
export const loadRows = async (
  store: ShelvesStore,
  rows: readonly Pick<ShelfRow, 'pk' | 'sk'>[],
): Promise<Map<string, ShelfRow>> => {
  const keys = rows.map(({ pk, sk }) => ({ pk, sk }))
  const found = new Map<string, ShelfRow>()
  for await (const item of getItems(store.db, store.shelvesTable, keys, false)) {
    const row = readRow(item)
    found.set(`${row.pk} ${row.sk}`, row)
  }
  return found
}

/** Puts rows and takes others away: a write unit each. */
export const writeRows = (
  store: ShelvesStore,
  puts: readonly (ShelfRow | SaleRow)[],
  deletes: readonly Pick<ShelfRow, 'pk' | 'sk'>[],
): Promise<void> =>
  replaceItems(
    store.db,
    store.shelvesTable,
    puts.map((row) => ('card' in row ? shelfItem(row) : row)),
    deletes,
  )
