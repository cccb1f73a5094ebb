import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Item } from './items.ts'
import type { PageKey } from './pages.ts'

/** Every item of a table, page by page, strongly consistent. For the audit alone: no route reads like this. */
export async function* scanTable(db: DynamoDBDocumentClient, table: string): AsyncGenerator<Item> {
  let after: PageKey | undefined
  do {
    const answer = await db.send(new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: after }))
    yield* answer.Items ?? []
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}
