import type { Kind, VersionedOf } from '../domain/aggregate.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'
import { type Item, readAggregate } from './items.ts'
import { type Page, type PageOf, queryOldest } from './pages.ts'

/**
 * Aggregates of one kind that wait for a person, in a shard of `byDue` that no sweep of the clock reads, the first in line
 * first: one request of the index, and one for the aggregates themselves.
 */
export const queryWaiting = async <K extends Kind>(
  store: EscrowStore,
  kind: K,
  shard: string,
  page: Page,
): Promise<PageOf<VersionedOf<K>>> => {
  const question = { table: store.escrowTable, index: 'byDue', key: 'dueShard', is: shard }
  const { items: keys, next } = await queryOldest<{ readonly pk: string; readonly sk: string }>(
    store.db,
    question,
    page,
  )
  const found = new Map<string, Item>()
  for await (const item of getItems(
    store.db,
    store.escrowTable,
    keys.map(({ pk, sk }) => ({ pk, sk })),
  )) {
    found.set(String(item['pk']), item)
  }
  // In the index's own order. One that was decided a moment ago is gone from the table's answer, not from the page.
  const items = keys.flatMap(({ pk }) => {
    const item = found.get(pk)
    return item === undefined ? [] : [readAggregate(kind, item)]
  })
  return { items, next }
}
