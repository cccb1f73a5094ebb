import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item } from './items.ts'

const itemsPerRequest = 25
const triesMax = 8

/**
 * Puts items whose key and content are fixed, so that putting one twice changes nothing: 25 to a request, at the units of
 * single puts. Nothing is checked, so no aggregate is written this way. What DynamoDB did not process is put again.
 * @throws where it leaves items unprocessed every time, or is out of reach
 */
export const putFixedItems = async (
  db: DynamoDBDocumentClient,
  table: string,
  items: readonly (Item & { readonly pk: string; readonly sk: string })[],
): Promise<void> => {
  // A request may name a key once.
  const distinct = [...new Map(items.map((item) => [`${item.pk} ${item.sk}`, item])).values()]
  for (let start = 0; start < distinct.length; start += itemsPerRequest) {
    let wanted: unknown[] = distinct.slice(start, start + itemsPerRequest).map((Item) => ({ PutRequest: { Item } }))
    for (let attempt = 1; wanted.length > 0; attempt += 1) {
      if (attempt > triesMax) throw new Error(`DynamoDB left ${wanted.length} items of ${table} unwritten`)
      const answer = await db.send(
        new BatchWriteCommand({ RequestItems: { [table]: wanted as { PutRequest: { Item: Item } }[] } }),
      )
      wanted = answer.UnprocessedItems?.[table] ?? []
    }
  }
}
