import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { PageKey } from './pages.ts'

/** A table's sparse index `byDue` and its sort key: an order's deadline, or the instant that a handle's rule counts from. */
export type DueIndex = { readonly table: string; readonly sortKey: 'dueAt' | 'dueFrom' }

/**
 * The ids in one shard of `byDue` up to an instant, oldest first, page by page (1 MB of index each). Eventually consistent:
 * an id is a hint, and whoever acts on it reads the item again.
 */
export async function* dueIds(
  db: DynamoDBDocumentClient,
  { table, sortKey }: DueIndex,
  shard: string,
  until: string,
): AsyncGenerator<string[]> {
  let after: PageKey | undefined
  do {
    const answer = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'byDue',
        KeyConditionExpression: `dueShard = :shard AND ${sortKey} <= :until`,
        ExpressionAttributeValues: { ':shard': shard, ':until': until },
        ProjectionExpression: 'pk',
        ExclusiveStartKey: after,
      }),
    )
    yield (answer.Items ?? []).map((item) => String(item['pk']).slice(2))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}
