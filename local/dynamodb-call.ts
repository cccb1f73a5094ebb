import { asArray, asObject, asString, isObject, parseObject, type Json, asText } from './json.ts'
import type { FunctionCounts } from './counts.ts'

/** Reading what the door must know of a DynamoDB call, without parsing more than that. */

export interface Access {
  readonly action: string
  readonly table: string
  readonly index: string | undefined
}

const single = new Set(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan'])
const writes = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
  // Reads by statement are not told apart: no function makes any.
  'BatchExecuteStatement',
])
const counted = new Set([...single, ...writes, 'BatchGetItem', 'TransactGetItems'])

export function isWrite(operation: string): boolean {
  return writes.has(operation)
}

export function isCounted(operation: string): boolean {
  return counted.has(operation)
}

/**
 * What the call does to which table or index: the questions that IAM is asked. A transaction asks one per kind of item,
 * as AWS does. `undefined` for operations on no item (`DescribeTable` and the like), which functions have no use for.
 */
export function accesses(operation: string, body: Buffer): readonly Access[] | undefined {
  if (single.has(operation)) {
    const text = body.toString('utf8')
    // Inside a JSON string a quote is escaped, so these can only match a member that is a string.
    const table = /"TableName":"([^"]+)"/.exec(text)?.[1]
    if (table !== undefined) {
      const index = operation === 'Query' || operation === 'Scan' ? /"IndexName":"([^"]+)"/.exec(text)?.[1] : undefined
      return [{ action: operation, table, index }]
    }
    const parsed = parseObject(text)
    return [
      {
        action: operation,
        table: asText(parsed.TableName),
        index: typeof parsed.IndexName === 'string' ? parsed.IndexName : undefined,
      },
    ]
  }
  switch (operation) {
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(asObject(parseObject(body.toString('utf8')).RequestItems)).map((table) => ({
        action: operation,
        table,
        index: undefined,
      }))
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return distinct(asArray(parseObject(body.toString('utf8')).TransactItems).flatMap(transactAccess))
    case 'BatchExecuteStatement':
      return distinct(asArray(parseObject(body.toString('utf8')).Statements).map(statementAccess))
    default:
      return undefined
  }
}

/**
 * The partition keys that a call names, as a condition on `dynamodb:LeadingKeys` sees them. Of a call that is not read
 * here, one key that no policy can mean: it is then refused, never let through unseen.
 */
export function partitionKeys(operation: string, body: Buffer, table: string, keyName: string): string[] {
  const call = parseObject(body.toString('utf8'))
  const keyOf = (item: Json | undefined) => asString(asObject(asObject(item)[keyName]).S) ?? unread
  const inTable = asObject(call.RequestItems)[table]
  switch (operation) {
    case 'PutItem':
      return [keyOf(call.Item)]
    case 'GetItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [keyOf(call.Key)]
    case 'BatchGetItem':
      return [...new Set(asArray(asObject(inTable).Keys).map(keyOf))]
    case 'BatchWriteItem':
      return [
        ...new Set(
          asArray(inTable).map((request) => {
            const { PutRequest: put, DeleteRequest: remove } = asObject(request)
            return put === undefined ? keyOf(asObject(remove).Key) : keyOf(asObject(put).Item)
          }),
        ),
      ]
    case 'Query': {
      const [, name = '', value = ''] = /^\s*(\S+)\s*=\s*(:\w+)/.exec(asString(call.KeyConditionExpression) ?? '') ?? []
      const attribute = asString(asObject(call.ExpressionAttributeNames)[name]) ?? name
      return [
        attribute === keyName ? keyOf({ [keyName]: asObject(call.ExpressionAttributeValues)[value] ?? {} }) : unread,
      ]
    }
    // Every key of the transaction, of whichever table: more than a policy can mean, never less.
    case 'TransactWriteItems':
      return [
        ...new Set(
          asArray(call.TransactItems).flatMap((item) =>
            Object.entries(asObject(item)).map(([kind, value]) =>
              keyOf(kind === 'Put' ? asObject(value).Item : asObject(value).Key),
            ),
          ),
        ),
      ]
    default:
      return [unread]
  }
}

const unread = '\u0000'

const transactActions: Record<string, string> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
}

function transactAccess(item: Json): Access[] {
  return Object.entries(asObject(item)).flatMap(([kind, value]) => {
    const action = transactActions[kind]
    return action === undefined ? [] : [{ action, table: asText(asObject(value).TableName), index: undefined }]
  })
}

/** AWS asks one question a statement: `dynamodb:PartiQLInsert` on its table, and so on. */
function statementAccess(item: Json): Access {
  const text = asText(asObject(item).Statement ?? null)
  const [, verb = '', table = ''] =
    /^\s*(INSERT INTO|UPDATE|DELETE FROM|SELECT\s.*?\sFROM)\s+"?([^"\s]+)"?/i.exec(text) ?? []
  const action = `${verb.charAt(0).toUpperCase()}${(verb.split(/\s/)[0] ?? '').slice(1).toLowerCase()}`
  return { action: `PartiQL${action}`, table, index: undefined }
}

function distinct(list: readonly Access[]): Access[] {
  const seen = new Map(list.map((access) => [`${access.action} ${access.table}`, access]))
  return [...seen.values()]
}

/** The number of items in a transaction, for the reasons of an injected conflict. */
export function transactionItems(body: Buffer): number {
  return asArray(parseObject(body.toString('utf8')).TransactItems).length
}

const asked = Buffer.from('"ReturnConsumedCapacity"')
const opening = Buffer.from('{"ReturnConsumedCapacity":"INDEXES",')
const answered = Buffer.from('"ConsumedCapacity":')

/** The request with capacity asked for, unless the caller asked already: then `added` is false. */
export function askForCapacity(body: Buffer): { body: Buffer; added: boolean } {
  if (body.includes(asked) || body[0] !== 0x7b || body.length < 3) return { body, added: false }
  return { body: Buffer.concat([opening, body.subarray(1)]), added: true }
}

/**
 * Adds the capacity in an answer to the counts, and cuts it out when the caller did not ask for it. The answer is
 * searched as bytes: pages of items are large and their items are nobody's business here.
 */
export function takeCapacity(operation: string, body: Buffer, cut: boolean, counts: FunctionCounts): Buffer {
  const at = body.indexOf(answered)
  if (at === -1) return body
  const start = at + answered.length
  const end = endOfValue(body, start)
  const value: Json = JSON.parse(body.toString('utf8', start, end))
  for (const consumed of asArray(value)) addCapacity(operation, consumed, counts)
  if (!cut) return body
  // With the member goes the comma on one side of it.
  let from = at
  let to = end
  if (body[to] === comma) to += 1
  else if (body[from - 1] === comma) from -= 1
  return Buffer.concat([body.subarray(0, from), body.subarray(to)])
}

const comma = 0x2c
const quote = 0x22
const backslash = 0x5c

function endOfValue(body: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < body.length; at += 1) {
    const byte = body[at]
    switch (byte) {
      case quote:
        for (at += 1; body[at] !== quote; at += 1) if (body[at] === backslash) at += 1
        break
      case 0x7b:
      case 0x5b:
        depth += 1
        break
      case 0x7d:
      case 0x5d:
        depth -= 1
        if (depth === 0) return at + 1
        break
      default:
        break
    }
  }
  throw new SyntaxError('the engine answered with JSON that does not end')
}

function addCapacity(operation: string, value: Json, counts: FunctionCounts): void {
  const consumed = asObject(value)
  const total = units(consumed.CapacityUnits)
  const indexes = [
    ...Object.values(asObject(consumed.GlobalSecondaryIndexes)),
    ...Object.values(asObject(consumed.LocalSecondaryIndexes)),
  ]
  const indexUnits = indexes.reduce<number>((sum, index) => sum + units(asObject(index).CapacityUnits), 0)
  const tableUnits = isObject(consumed.Table) ? units(consumed.Table.CapacityUnits) : total - indexUnits
  if (isWrite(operation)) {
    counts.writeUnits += tableUnits
    counts.indexWriteUnits += indexUnits
  } else {
    counts.readUnits += tableUnits
    counts.indexReadUnits += indexUnits
  }
}

function units(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
