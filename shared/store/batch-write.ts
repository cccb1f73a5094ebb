import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import type { Item } from './items.ts'

const itemsPerRequest = 25
const requestsAtOnce = 4
const triesMax = 8

type FixedItem = Item & { readonly pk: string; readonly sk: string }

/**
 * Puts items whose key and content are fixed, so that putting one twice changes nothing: 25 to a request, at the units of
 * single puts. Nothing is checked, so no aggregate is written this way. What DynamoDB did not process is put again.
 * @throws where it leaves items unprocessed every time, or is out of reach
 */
export const putFixedItems = async (
  db: DynamoDBDocumentClient,
  table: string,
  items: readonly FixedItem[],
): Promise<void> => {
  // A request may name a key once.
  const distinct = [...new Map(items.map((item) => [`${item.pk} ${item.sk}`, item])).values()]
  const requests = Array.from({ length: Math.ceil(distinct.length / itemsPerRequest) }, (_, request) =>
    distinct.slice(request * itemsPerRequest, (request + 1) * itemsPerRequest),
  )
  await pMap(requests, (request) => putRequest(db, table, request), { concurrency: requestsAtOnce })
}

const putRequest = async (db: DynamoDBDocumentClient, table: string, items: readonly FixedItem[]): Promise<void> => {
  let wanted = items.map((Item): PutRequest => ({ PutRequest: { Item } }))
  for (let attempt = 1; wanted.length > 0; attempt += 1) {
    if (attempt > triesMax) throw new Error(`DynamoDB left ${wanted.length} items of ${table} unwritten`)
    const answer = await db.send(new BatchWriteCommand({ RequestItems: { [table]: wanted } }))
    wanted = (answer.UnprocessedItems?.[table] ?? []) as PutRequest[]
  }
}

type PutRequest = { PutRequest: { Item: Item } }
