import { expect, it } from 'vitest'
import type { Json, JsonObject } from '../../local/json.ts'
import { halfBatch } from '../../local/partial-batch.ts'

const halved = (operation: string, request: JsonObject, answer: JsonObject) => {
  const half = halfBatch(operation, Buffer.from(JSON.stringify(request)))
  return half === undefined ? undefined : { request: half.request, answer: half.finish(answer) }
}

const put = (id: string): Json => ({ PutRequest: { Item: { pk: { S: id } } } })

it('a batch of writes is done by half for each table, and the rest comes back unprocessed', () => {
  expect(
    halved(
      'BatchWriteItem',
      { RequestItems: { handles: [put('a'), put('b'), put('c')], escrow: [put('d')] } },
      { UnprocessedItems: {} },
    ),
  ).toEqual({
    request: { RequestItems: { handles: [put('a')] } },
    answer: { UnprocessedItems: { handles: [put('b'), put('c')], escrow: [put('d')] } },
  })
})

it('a batch of reads keeps what it asked of each table in what it leaves unread', () => {
  const keys = [{ pk: { S: 'a' } }, { pk: { S: 'b' } }]
  expect(
    halved(
      'BatchGetItem',
      { RequestItems: { handles: { Keys: keys, ConsistentRead: true } } },
      { Responses: { handles: [{ pk: { S: 'a' } }] } },
    ),
  ).toEqual({
    request: { RequestItems: { handles: { Keys: keys.slice(0, 1), ConsistentRead: true } } },
    answer: {
      Responses: { handles: [{ pk: { S: 'a' } }] },
      UnprocessedKeys: { handles: { Keys: keys.slice(1), ConsistentRead: true } },
    },
  })
})

it('statements, messages and events answer for each entry in its place', () => {
  const statements = [{ Statement: 'UPDATE 1' }, { Statement: 'UPDATE 2' }]
  expect(halved('BatchExecuteStatement', { Statements: statements }, { Responses: [{}] })).toMatchObject({
    request: { Statements: statements.slice(0, 1) },
    answer: { Responses: [{}, { Error: { Code: 'ThrottlingError' } }] },
  })
  const entries = [{ Id: '0' }, { Id: '1' }]
  expect(halved('SendMessageBatch', { QueueUrl: 'q', Entries: entries }, { Successful: [{ Id: '0' }] })).toMatchObject({
    request: { QueueUrl: 'q', Entries: entries.slice(0, 1) },
    answer: { Successful: [{ Id: '0' }], Failed: [{ Id: '1', SenderFault: false }] },
  })
  expect(halved('PutEvents', { Entries: entries }, { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] })).toMatchObject(
    {
      answer: { FailedEntryCount: 1, Entries: [{ EventId: 'e' }, { ErrorCode: 'InternalFailure' }] },
    },
  )
})

it('of a batch of one nothing is done, and what is no batch is not cut', () => {
  expect(halved('BatchWriteItem', { RequestItems: { handles: [put('a')] } }, {})).toEqual({
    request: undefined,
    answer: { UnprocessedItems: { handles: [put('a')] } },
  })
  expect(halved('PutItem', { Item: {} }, {})).toBeUndefined()
})
