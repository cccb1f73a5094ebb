import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item } from './items.ts'

const keysPerRequest = 100
const triesMax = 8

/**
 * Many items of one table, strongly consistent unless told otherwise, in no order; a key that is not there gives nothing. 100 keys to a request;
 * what DynamoDB did not process is asked for again. No key may come twice.
 * @throws where it leaves keys unread every time, or is out of reach
 */
export async function* getItems(
  db: DynamoDBDocumentClient,
  table: string,
  keys: readonly Readonly<Record<string, string>>[],
  ConsistentRead = true,
): AsyncGenerator<Item> {
  for (let start = 0; start < keys.length; start += keysPerRequest) {
    let wanted: Record<string, unknown>[] = keys.slice(start, start + keysPerRequest)
    for (let attempt = 1; wanted.length > 0; attempt += 1) {
      if (attempt > triesMax) throw new Error(`DynamoDB left ${wanted.length} keys of ${table} unread`)
      const answer = await db.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: wanted, ConsistentRead } } }))
      yield* answer.Responses?.[table] ?? []
      wanted = answer.UnprocessedKeys?.[table]?.Keys ?? []
    }
  }
}
