import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import type { Item } from './items.ts'

const itemsPerRequest = 25
const requestsAtOnce = 4
const triesMax = 8

type Key = { readonly pk: string; readonly sk: string }
type FixedItem = Item & Key

/**
 * Puts items whose key and content are fixed, so that putting one twice changes nothing: 25 to a request, at the units of
 * single puts. Nothing is checked, so no aggregate is written this way. What DynamoDB did not process is put again.
 * @throws where it leaves items unprocessed every time, or is out of reach
 */
export const putFixedItems = (db: DynamoDBDocumentClient, table: string, items: readonly FixedItem[]): Promise<void> =>
  replaceItems(db, table, items, [])

/**
 * Puts derived items and deletes others, in no order, as `putFixedItems` does; of two items of one key the later one is
 * put. A key that is put must not be deleted too.
 * @throws where DynamoDB leaves items unprocessed every time, or is out of reach
 */
export const replaceItems = async (
  db: DynamoDBDocumentClient,
  table: string,
  puts: readonly FixedItem[],
  deletes: readonly Key[],
): Promise<void> => {
  // A request may name a key once.
  const writes = new Map<string, WriteRequest>()
  for (const { pk, sk } of deletes) writes.set(`${pk} ${sk}`, { DeleteRequest: { Key: { pk, sk } } })
  for (const item of puts) writes.set(`${item.pk} ${item.sk}`, { PutRequest: { Item: item } })
  const distinct = [...writes.values()]
  const requests = Array.from({ length: Math.ceil(distinct.length / itemsPerRequest) }, (_, request) =>
    distinct.slice(request * itemsPerRequest, (request + 1) * itemsPerRequest),
  )
  await pMap(requests, (request) => sendRequest(db, table, request), { concurrency: requestsAtOnce })
}

const sendRequest = async (
  db: DynamoDBDocumentClient,
  table: string,
  request: readonly WriteRequest[],
): Promise<void> => {
  let wanted = [...request]
  for (let attempt = 1; wanted.length > 0; attempt += 1) {
    if (attempt > triesMax) throw new Error(`DynamoDB left ${wanted.length} items of ${table} unwritten`)
    const answer = await db.send(new BatchWriteCommand({ RequestItems: { [table]: wanted } }))
    wanted = (answer.UnprocessedItems?.[table] ?? []) as WriteRequest[]
  }
}

type WriteRequest = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Key } }
