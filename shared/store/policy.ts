import { GetCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedPolicy } from '../domain/aggregate.ts'
import type { HandlesStore } from './client.ts'
import { policyKey, readPolicy } from './items.ts'

/** The release policy in force, strongly consistent; null: none was published, the shipped one holds. */
export const loadPolicy = async (store: HandlesStore): Promise<VersionedPolicy | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.handlesTable, Key: policyKey, ConsistentRead: true }),
  )
  return Item === undefined ? null : readPolicy(Item)
}
