import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Item } from './items.ts'
import type { PageKey } from './pages.ts'

/**
 * Items a page of a scan, at most: about the 1 MB at which DynamoDB ends a page by itself. The local engine does not end
 * its reading there, and without a limit reads the rest of the table for every page.
 */
export const scanItemsMax = 1_000

/** Every item of a table, page by page, strongly consistent. For the audit alone: no route reads like this. */
export async function* scanTable(db: DynamoDBDocumentClient, table: string): AsyncGenerator<Item> {
  let after: PageKey | undefined
  do {
    const answer = await db.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, Limit: scanItemsMax, ExclusiveStartKey: after }),
    )
    yield* answer.Items ?? []
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}
