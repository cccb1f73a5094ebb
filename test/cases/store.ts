import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { System } from '../../local/system.ts'
import type { ShelvesStore, Store } from '../../shared/store/client.ts'

export type { Store }

/** The tables through the door, as the caller `direct`, with the settings of the functions' own client. */
export const openStore = (system: System): Store & ShelvesStore => {
  const { handles: handlesTable, escrow: escrowTable, shelves: shelvesTable } = system.tables
  if (handlesTable === undefined || escrowTable === undefined || shelvesTable === undefined)
    throw new Error('a table is missing')
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ ...system.aws, maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return { db, handlesTable, escrowTable, shelvesTable }
}
