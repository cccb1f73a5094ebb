import type { DynamoDb } from './engines/dynamodb.ts'
import { asArray, asObject, type JsonObject, asText } from './json.ts'
import type { TablePlan } from './plan.ts'

/**
 * Deletes items whose time to live is over by the clock, as DynamoDB does within days and the engines never do. The
 * removal appears in the stream like any other. Returns how many items went.
 */
export async function deleteExpired(dynamodb: DynamoDb, tables: readonly TablePlan[], nowMs: number): Promise<number> {
  let deleted = 0
  for (const table of tables) {
    if (table.ttlAttribute === undefined) continue
    const keys = asArray(table.create.KeySchema).map((key) => asText(asObject(key).AttributeName))
    const names: JsonObject = { '#ttl': table.ttlAttribute }
    keys.forEach((key, index) => (names[`#k${index}`] = key))
    let start: JsonObject | undefined
    do {
      const page: JsonObject = await dynamodb.call('DynamoDB_20120810.Scan', {
        TableName: table.name,
        FilterExpression: '#ttl < :now',
        ProjectionExpression: keys.map((_, index) => `#k${index}`).join(', '),
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(nowMs / 1000)) } },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      })
      for (const item of asArray(page.Items)) {
        await dynamodb.call('DynamoDB_20120810.DeleteItem', { TableName: table.name, Key: asObject(item) })
        deleted += 1
      }
      start = page.LastEvaluatedKey === undefined ? undefined : asObject(page.LastEvaluatedKey)
    } while (start !== undefined)
  }
  return deleted
}
