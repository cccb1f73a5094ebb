import { GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Kind, VersionedOf } from '../domain/aggregate.ts'
import type { EscrowStore, HandlesStore } from './client.ts'
import { aggregateKey, kinds, readAggregate } from './items.ts'

/** One strongly consistent read: 1 unit for every 4 KB. Null: there is no such aggregate. */
export const load = async <K extends Kind>(
  store: Partial<HandlesStore & EscrowStore> & Pick<HandlesStore, 'db'>,
  kind: K,
  id: string,
): Promise<VersionedOf<K> | null> => {
  const TableName = kinds[kind].table === 'escrow' ? store.escrowTable : store.handlesTable
  if (TableName === undefined) throw new Error(`this function was not given the table of ${kind}`)
  const { Item } = await store.db.send(new GetCommand({ TableName, Key: aggregateKey(kind, id), ConsistentRead: true }))
  return Item === undefined ? null : readAggregate(kind, Item)
}
