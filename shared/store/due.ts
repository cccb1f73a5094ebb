import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { PageKey } from './pages.ts'

/**
 * The ids that are due in one shard of a table's sparse index `byDue`, oldest first, page by page (1 MB of index each).
 * Eventually consistent: an id is a hint, and whoever acts on it reads the item again.
 */
export async function* dueIds(
  db: DynamoDBDocumentClient,
  table: string,
  shard: string,
  now: string,
): AsyncGenerator<string[]> {
  let after: PageKey | undefined
  do {
    const answer = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'byDue',
        KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
        ExpressionAttributeValues: { ':shard': shard, ':now': now },
        ProjectionExpression: 'pk',
        ExclusiveStartKey: after,
      }),
    )
    yield (answer.Items ?? []).map((item) => String(item['pk']).slice(2))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}
