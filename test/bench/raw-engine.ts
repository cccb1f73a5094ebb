import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { System } from '../../local/system.ts'
import { type Load, load } from './statistics.ts'

export type RawItem = Record<string, AttributeValue>

/** The engine by itself: the same SDK, straight at the engine, past the door, on tables that nobody listens to. */
export const openRawEngine = (system: System) => {
  const client = new DynamoDBClient({
    endpoint: system.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  /** A table with no index and no stream: the engine at its best. */
  const plainTable = async (name: string): Promise<string> => {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    )
    return name
  }
  /** A copy of one of the system's tables, empty, with its indexes and its stream. */
  const likeTable = async (original: string, name: string): Promise<string> => {
    const plan = system.plan.tables.find((table) => table.name === original)
    if (plan === undefined) throw new Error(`no table ${original}`)
    await client.send(
      new CreateTableCommand({ ...(plan.create as unknown as CreateTableCommandInput), TableName: name }),
    )
    return name
  }
  return { client, plainTable, likeTable, close: () => client.destroy() }
}

export type RawEngine = ReturnType<typeof openRawEngine>

/** A copy of an item under another key. */
export const rekeyed = (item: RawItem, suffix: string): RawItem => ({
  ...item,
  pk: { S: `${item['pk']?.S ?? ''}${suffix}` },
})

/** PutItem of an item of this size, new each time. */
export const rawPuts = (
  { client }: RawEngine,
  table: string,
  item: RawItem,
  count: number,
  concurrency: number,
): Promise<Load> =>
  load(count, concurrency, (index) =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: rekeyed(item, `-${index}`),
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    ),
  )

/** UpdateItem of what `rawPuts` put: two attributes set under a condition, as a release would at the least. */
export const rawUpdates = ({ client }: RawEngine, table: string, item: RawItem, count: number, concurrency: number) =>
  load(count, concurrency, (index) =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: `${item['pk']?.S ?? ''}-${index}` }, sk: item['sk'] ?? { S: '' } },
        UpdateExpression: 'SET #status = :released, display = :display',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':released': { S: 'released' }, ':display': { S: 'bench' } },
      }),
    ),
  )

/** TransactWriteItems of a hold's shape: one item replaced under a condition, one created. */
export const rawHolds = async (
  { client }: RawEngine,
  handles: { readonly table: string; readonly item: RawItem },
  orders: { readonly table: string; readonly item: RawItem },
  run: { readonly name: string; readonly count: number; readonly concurrency: number },
): Promise<Load> => {
  const handleAt = (index: number) => rekeyed(handles.item, `-${run.name}-${index}`)
  await load(run.count, 16, (index) =>
    client.send(new PutItemCommand({ TableName: handles.table, Item: handleAt(index) })),
  )
  const hash = handles.item['entry']?.M?.['hash']
  if (hash === undefined) throw new Error('a handle carries its newest entry')
  return load(run.count, run.concurrency, (index) =>
    client.send(
      new TransactWriteItemsCommand({
        ClientRequestToken: `${run.name}-${index}`,
        TransactItems: [
          {
            Put: {
              TableName: handles.table,
              Item: handleAt(index),
              ConditionExpression: 'entry.#hash = :hash',
              ExpressionAttributeNames: { '#hash': 'hash' },
              ExpressionAttributeValues: { ':hash': hash },
            },
          },
          {
            Put: {
              TableName: orders.table,
              Item: rekeyed(orders.item, `-${run.name}-${index}`),
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
        ],
      }),
    ),
  )
}
