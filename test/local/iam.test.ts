import { expect, it } from 'vitest'
import { partitionKeys } from '../../local/dynamodb-call.ts'
import { Permissions } from '../../local/iam.ts'
import type { Json } from '../../local/json.ts'
import type { FunctionPlan } from '../../local/plan.ts'

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/one'
const other = 'arn:aws:dynamodb:us-east-1:000000000000:table/other'

const plan = {
  name: 'f',
  label: 'f',
  roleArn: 'arn:aws:iam::000000000000:role/f',
  policies: [
    {
      name: 'grants',
      document: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'dynamodb:PutItem',
            Resource: table,
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['F#releases', 'I#*'] } },
          },
          { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: other },
        ],
      },
    },
  ],
} as unknown as FunctionPlan

it.each([
  [table, ['F#releases'], true],
  [table, ['I#1'], true],
  [table, ['F#releases', 'O#1'], false],
  [table, ['F#payments'], false],
  [other, ['O#1'], true],
] as const)('a grant on some partitions of %s answers %j with %s', async (resource, keys, allowed) => {
  expect(await new Permissions().allows(plan, 'dynamodb:PutItem', resource, () => keys)).toBe(allowed)
})

const keysOf = (operation: string, call: Json) => partitionKeys(operation, Buffer.from(JSON.stringify(call)), 't', 'pk')
const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } })

it.each<[string, Json, string[]]>([
  ['PutItem', { Item: key('a') }, ['a']],
  ['GetItem', { Key: key('a') }, ['a']],
  ['UpdateItem', { Key: key('a') }, ['a']],
  ['DeleteItem', { Key: key('a') }, ['a']],
  ['BatchGetItem', { RequestItems: { t: { Keys: [key('a'), key('b')] }, u: { Keys: [key('c')] } } }, ['a', 'b']],
  [
    'BatchWriteItem',
    { RequestItems: { t: [{ PutRequest: { Item: key('a') } }, { DeleteRequest: { Key: key('b') } }] } },
    ['a', 'b'],
  ],
  ['Query', { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'a' } } }, ['a']],
  [
    'TransactWriteItems',
    { TransactItems: [{ Put: { TableName: 't', Item: key('a') } }, { Update: { TableName: 'u', Key: key('b') } }] },
    ['a', 'b'],
  ],
  [
    'Query',
    {
      KeyConditionExpression: '#k = :p AND sk < :s',
      ExpressionAttributeNames: { '#k': 'pk' },
      ExpressionAttributeValues: { ':p': { S: 'a' } },
    },
    ['a'],
  ],
])('reads the partitions that a %s names', (operation, call, keys) => {
  expect(keysOf(operation, call)).toEqual(keys)
})

it.each<[string, Json]>([
  ['Scan', {}],
  ['Query', { KeyConditionExpression: 'shelf = :p', ExpressionAttributeValues: { ':p': { S: 'I#1' } } }],
])('takes a %s whose partitions it does not read for one that no policy can mean', async (operation, call) => {
  const keys = keysOf(operation, call)
  expect(await new Permissions().allows(plan, 'dynamodb:PutItem', table, () => keys)).toBe(false)
})
