import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { System } from '../../local/system.ts'
import type { Store } from '../../shared/store/client.ts'

export type { Store }

/** Both tables through the door, as the caller `direct`, with the settings of the functions' own client. */
export const openStore = (system: System): Store => {
  const { handles: handlesTable, escrow: escrowTable } = system.tables
  if (handlesTable === undefined || escrowTable === undefined) throw new Error('a table is missing')
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ ...system.aws, maxAttempts: 5 }), {
    marshallOptions: { removeUndefinedValues: true },
  })
  return { db, handlesTable, escrowTable }
}
