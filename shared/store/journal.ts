import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { handleAggregate, lookAggregate, planAggregate, policyAggregate } from '../domain/aggregate.ts'
import type { Entry } from '../domain/journal.ts'
import { putFixedItems } from './batch-write.ts'
import type { EscrowStore } from './client.ts'
import { type Item, journalKey, lookKey, orderKey, planKey, policyKey, storeEntry, type StoredEntry } from './items.ts'
import type { PageKey } from './pages.ts'

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

/** An entry from a filed item (`J#…`), or from the `entry` attribute of an aggregate's item. */
export const readEntry = (aggregate: string, item: Item): Entry => {
  const { pk: _pk, sk: _sk, ...entry } = item
  return { aggregate, ...(entry as unknown as StoredEntry) }
}

/** Which aggregate an item is, by its key; null for items that are none (journal, imports, events). */
export const aggregateOf = (item: Item): string | null => {
  const pk = String(item['pk'])
  if (item['sk'] === 'handle' && pk.startsWith('H#')) return handleAggregate(pk.slice(2))
  if (item['sk'] === policyKey.sk && pk === policyKey.pk) return policyAggregate
  if (item['sk'] === orderKey('').sk && pk.startsWith('O#')) return `order:${pk.slice(2)}`
  if (item['sk'] === lookKey('').sk && pk.startsWith('K#')) return lookAggregate(pk.slice(2))
  if (item['sk'] === planKey('').sk && pk.startsWith('P#')) return planAggregate(pk.slice(2))
  return null
}
