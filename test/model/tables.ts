import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  BatchExecuteStatementCommand,
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { Entry } from '../../shared/domain/journal.ts'
import { aggregateAt, entryOnItem } from '../../shared/store/items.ts'
import { filedItem } from '../../shared/store/journal.ts'
import { type Attributes, holds, updated } from './expressions.ts'

/** The tables that a market needs, by name; the sort keys of their indexes by index. */
export type TableNames = { readonly handlesTable: string; readonly escrowTable: string; readonly shelvesTable: string }

const sortKeys: Readonly<Record<string, string>> = {
  byDue: 'dueAt',
  byParty: 'createdAt',
  byHolder: 'acquiredAt',
  bySale: 'soldAt',
  byRank: 'offerRank',
  bySeller: 'createdAt',
}

type Key = { readonly pk: string; readonly sk: string }
type Expressions = {
  readonly ConditionExpression?: string | undefined
  readonly ExpressionAttributeNames?: Record<string, string> | undefined
  readonly ExpressionAttributeValues?: Record<string, unknown> | undefined
}

/** What items are found by: `pk` of the tables, the others of their indexes. */
const partitionKeys = ['pk', 'dueShard', 'buyerId', 'acquiredBy', 'saleMonth', 'sellerKey', 'shelf'] as const

/** A query asks for one value of the partition key, first of all. */
const partitionAsked = /^(#?\w+) = (:\w+)/

const nameOf = ({ pk, sk }: Key) => `${pk}\u0000${sk}`

/**
 * Tables in memory that keep the conditions and the transactions of the store, and nothing else, so that a hundred thousand
 * steps take seconds; what the store does not send throws. `test/model/engine.test.ts` holds them to the real engine: the
 * same acts leave the same items.
 * The entry that a write replaces is archived at once, as the stream does. `onEntry` is told of each new entry, with the item
 * that it came on, at the moment of the write; of those that the tables begin with, `items`, it is told nothing.
 */
export const openTables = (
  names: TableNames,
  onEntry: (entry: Entry, item: Attributes) => void = () => {},
  items: Iterable<readonly [table: string, item: Attributes]> = [],
): DynamoDBDocumentClient => {
  const tables = new Map(Object.values(names).map((name) => [name, new Map<string, Attributes>()]))
  const tableOf = (name: string | undefined) => {
    const table = tables.get(name ?? '')
    if (table === undefined) throw new Error(`there is no table ${name ?? ''}`)
    return table
  }
  // Items by table, partition key and value, so that a query reads no others.
  const partitions = new Map<string, Map<string, Attributes>>()
  const place = (
    table: string | undefined,
    key: Key,
    before: Attributes | undefined,
    after: Attributes | undefined,
  ) => {
    for (const attribute of partitionKeys) {
      const left = before?.[attribute]
      const entered = after?.[attribute]
      if (left === undefined && entered === undefined) continue
      const partition = (value: unknown) => `${table} ${attribute} ${String(value)}`
      if (left !== undefined && left !== entered) partitions.get(partition(left))?.delete(nameOf(key))
      if (after === undefined || entered === undefined) continue
      const named = partition(entered)
      const items = partitions.get(named) ?? new Map<string, Attributes>()
      partitions.set(named, items.set(nameOf(key), after))
    }
  }
  for (const [table, item] of items) {
    const key = item as Key
    tableOf(table).set(nameOf(key), item)
    place(table, key, undefined, item)
  }
  const partitionOf = (input: QueryCommand['input']): Iterable<Attributes> => {
    const [, named = '', value = ''] = partitionAsked.exec(input.KeyConditionExpression ?? '') ?? []
    const attribute = input.ExpressionAttributeNames?.[named] ?? named
    if (!(partitionKeys as readonly string[]).includes(attribute)) return tableOf(input.TableName).values()
    const asked = input.ExpressionAttributeValues?.[value]
    return partitions.get(`${input.TableName} ${attribute} ${String(asked)}`)?.values() ?? []
  }
  const stands = (table: string | undefined, key: Key) => tableOf(table).get(nameOf(key))

  const met = (item: Attributes | undefined, { ConditionExpression, ...more }: Expressions): boolean =>
    ConditionExpression === undefined ||
    holds(ConditionExpression, item, more.ExpressionAttributeNames, more.ExpressionAttributeValues)

  const write = (table: string | undefined, key: Key, item: Attributes | undefined): void => {
    const before = stands(table, key)
    if (item === undefined) tableOf(table).delete(nameOf(key))
    else tableOf(table).set(nameOf(key), item)
    place(table, key, before, item)
    archive(before, item)
  }

  const archive = (before: Attributes | undefined, after: Attributes | undefined): void => {
    const aggregate = after === undefined ? null : aggregateAt(after)
    if (after === undefined || aggregate === null) return
    const entry = entryOnItem(aggregate, after)
    const replaced = before === undefined ? null : entryOnItem(aggregate, before)
    if (replaced?.hash === entry.hash) return
    onEntry(entry, after)
    if (replaced === null || replaced.postings.length > 0) return
    const filed = filedItem(replaced)
    write(names.escrowTable, filed, filed)
  }

  const failed = (item: Attributes | undefined) =>
    new ConditionalCheckFailedException({
      message: 'The conditional request failed',
      $metadata: {},
      ...(item !== undefined && { Item: marshall(item, { removeUndefinedValues: true }) }),
    })

  const query = (input: QueryCommand['input']) => {
    const { IndexName, KeyConditionExpression = '', ScanIndexForward = true, Limit, ExclusiveStartKey } = input
    const sortKey = IndexName === undefined ? 'sk' : sortKeys[IndexName]
    if (sortKey === undefined) throw new Error(`there is no index ${IndexName ?? ''}`)
    const positionOf = (item: Attributes) =>
      `${String(item[sortKey])}\u0000${String(item['pk'])}\u0000${String(item['sk'])}`
    const { FilterExpression, ExpressionAttributeNames: named, ExpressionAttributeValues: values } = input
    const found = [...partitionOf(input)]
      .filter(
        (item) =>
          holds(KeyConditionExpression, item, named, values) &&
          (FilterExpression === undefined || holds(FilterExpression, item, named, values)),
      )
      .toSorted((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1) * (ScanIndexForward ? 1 : -1))
    const after = ExclusiveStartKey === undefined ? undefined : positionOf(ExclusiveStartKey)
    const left =
      after === undefined
        ? found
        : found.filter((item) => (ScanIndexForward ? positionOf(item) > after : positionOf(item) < after))
    const Items = left.slice(0, Limit ?? left.length)
    const last = Items.length < left.length ? Items.at(-1) : undefined
    return { Items, Count: Items.length, ...(last !== undefined && { LastEvaluatedKey: last }) }
  }

  const transact = ({ TransactItems = [] }: TransactWriteCommand['input']) => {
    const writes = TransactItems.map(({ Put, Update, Delete, ConditionCheck }) => {
      const one = Put ?? Update ?? Delete ?? ConditionCheck
      if (one === undefined) throw new Error('an item of a transaction does nothing')
      const key = (Put?.Item ?? Update?.Key ?? Delete?.Key ?? ConditionCheck?.Key) as Key
      return { table: one.TableName, key, one, before: stands(one.TableName, key), Put, Update, Delete }
    })
    const reasons = writes.map(({ before, one }) =>
      met(before, one)
        ? { Code: 'None' }
        : { Code: 'ConditionalCheckFailed', ...(before !== undefined && { Item: before as never }) },
    )
    if (reasons.some(({ Code }) => Code !== 'None')) {
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: reasons })
    }
    for (const { table, key, before, Put, Update, Delete } of writes) {
      if (Put !== undefined) write(table, key, Put.Item)
      else if (Delete !== undefined) write(table, key, undefined)
      else if (Update !== undefined) write(table, key, changed(before, key, Update))
    }
    return {}
  }

  const changed = (
    before: Attributes | undefined,
    key: Key,
    update: Expressions & { UpdateExpression?: string | undefined },
  ) =>
    updated(
      update.UpdateExpression ?? '',
      before ?? key,
      update.ExpressionAttributeNames,
      update.ExpressionAttributeValues,
    )

  const answer = (command: { readonly input: unknown }): unknown => {
    if (command instanceof GetCommand) {
      const Item = stands(command.input.TableName, command.input.Key as Key)
      return Item === undefined ? {} : { Item }
    }
    if (command instanceof BatchGetCommand) {
      const Responses = Object.fromEntries(
        Object.entries(command.input.RequestItems ?? {}).map(([table, { Keys = [] }]) => [
          table,
          Keys.flatMap((key) => stands(table, key as Key) ?? []),
        ]),
      )
      return { Responses, UnprocessedKeys: {} }
    }
    if (command instanceof PutCommand) {
      const { TableName, Item = {} } = command.input
      const key = Item as Key
      if (!met(stands(TableName, key), command.input)) throw failed(stands(TableName, key))
      write(TableName, key, Item)
      return {}
    }
    if (command instanceof UpdateCommand) {
      const { TableName, Key: key } = command.input
      const before = stands(TableName, key as Key)
      if (!met(before, command.input)) throw failed(before)
      const after = changed(before, key as Key, command.input)
      write(TableName, key as Key, after)
      return { Attributes: after }
    }
    if (command instanceof DeleteCommand) {
      const { TableName, Key: key } = command.input
      const before = stands(TableName, key as Key)
      if (!met(before, command.input)) throw failed(before)
      write(TableName, key as Key, undefined)
      return { Attributes: before }
    }
    if (command instanceof BatchWriteCommand) {
      for (const [table, requests] of Object.entries(command.input.RequestItems ?? {})) {
        for (const { PutRequest, DeleteRequest } of requests) {
          if (PutRequest?.Item !== undefined) write(table, PutRequest.Item as Key, PutRequest.Item)
          if (DeleteRequest?.Key !== undefined) write(table, DeleteRequest.Key as Key, undefined)
        }
      }
      return { UnprocessedItems: {} }
    }
    if (command instanceof QueryCommand) return query(command.input)
    if (command instanceof ScanCommand) return { Items: [...tableOf(command.input.TableName).values()] }
    if (command instanceof TransactWriteCommand) return transact(command.input)
    // Every statement of a batch is throttled: whoever sent them commits each alone.
    if (command instanceof BatchExecuteStatementCommand) {
      return { Responses: (command.input.Statements ?? []).map(() => ({ Error: { Code: 'ThrottlingError' } })) }
    }
    throw new Error(`these tables do not know ${command.constructor.name}`)
  }
  const send = async (command: { readonly input: unknown }): Promise<unknown> => {
    // Whoever was waiting meanwhile comes in between, as over a wire.
    await Promise.resolve()
    return answer(command)
  }
  return { send, destroy: () => undefined } as unknown as DynamoDBDocumentClient
}
