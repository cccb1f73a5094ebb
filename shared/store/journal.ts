import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Entry } from '../domain/journal.ts'
import { putFixedItems } from './batch-write.ts'
import type { EscrowStore } from './client.ts'
import { type Item, journalKey, storeEntry, type StoredEntry } from './items.ts'
import { type Page, type PageKey, type PageKeyTest, pageKeyTest, pageOf, type PageOf } from './pages.ts'

export const filedItem = (entry: Entry) => ({ ...journalKey(entry.aggregate, entry.seq), ...storeEntry(entry) })

/** Files entries that were replaced on their items. Key and content are fixed, so filing twice changes nothing. */
export const fileEntries = (store: EscrowStore, entries: readonly Entry[]): Promise<void> =>
  putFixedItems(store.db, store.escrowTable, entries.map(filedItem))

/** The entries of one aggregate that were replaced, oldest first; the newest one is on the aggregate's own item. */
export const filedEntries = async (store: EscrowStore, aggregate: string): Promise<Entry[]> => {
  const entries: Entry[] = []
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `J#${aggregate}` },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    )
    for (const item of answer.Items ?? []) entries.push(readEntry(aggregate, item))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
  return entries
}

/** Replaced entries of one aggregate behind this one, oldest first, `limit` at most: one request for each megabyte of them. */
export const entriesAfter = async (
  store: EscrowStore,
  aggregate: string,
  seq: number,
  limit: number,
): Promise<Entry[]> => {
  const entries: Entry[] = []
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk AND sk > :seq',
        ExpressionAttributeValues: { ':pk': `J#${aggregate}`, ':seq': journalKey(aggregate, seq).sk },
        ConsistentRead: true,
        Limit: limit - entries.length,
        ExclusiveStartKey: after,
      }),
    )
    for (const item of answer.Items ?? []) entries.push(readEntry(aggregate, item))
    after = answer.LastEvaluatedKey
  } while (after !== undefined && entries.length < limit)
  return entries
}

export const entryPageKey = (aggregate: string): PageKeyTest => pageKeyTest({ pk: `J#${aggregate}`, sk: /^\d{8}$/ })

/** One page of the entries of one aggregate that were replaced, newest first; eventually consistent. */
export const queryEntries = async (store: EscrowStore, aggregate: string, page: Page): Promise<PageOf<Entry>> => {
  const answer = await store.db.send(
    new QueryCommand({
      TableName: store.escrowTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `J#${aggregate}` },
      ScanIndexForward: false,
      Limit: page.limit,
      ExclusiveStartKey: page.after,
    }),
  )
  const { items, next } = pageOf<Item>(answer)
  return { items: items.map((item) => readEntry(aggregate, item)), next }
}

/** An entry from a filed item (`J#…`), or from the `entry` attribute of an aggregate's item. */
export const readEntry = (aggregate: string, item: Item): Entry => {
  const { pk: _pk, sk: _sk, ...entry } = item
  return { aggregate, ...(entry as unknown as StoredEntry) }
}
