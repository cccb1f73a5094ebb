import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DeadLetterQueueName } from '../../shared/contract/queues.ts'
import { createClient, type Client } from '../../shared/contract/client.ts'
import { plainError } from '../../shared/runtime/log.ts'
import { checkedFetch } from './contract-check.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
let operator: Client
beforeAll(async () => {
  market = await startMarket()
  // Dead letters take hours of the market's clock: a token for each call.
  operator = createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('operator'),
    fetch: checkedFetch,
  })
})
afterEach(async () => {
  market.system.door.clearFaults()
  for (const { queue, redrivable } of await queues()) {
    if (redrivable) await drain(queue)
  }
})
afterAll(() => market.stop())

const queues = async () => value(await operator.listDeadLetterQueues({})).queues
const waiting = async (queue: DeadLetterQueueName) => (await queues()).find((one) => one.queue === queue)?.messages
const letters = async (queue: DeadLetterQueueName, limit = 100) =>
  value(await operator.listDeadLetters({ params: { queue }, query: { limit } })).items
const redrive = async (queue: DeadLetterQueueName) => value(await operator.redriveDeadLetters({ params: { queue } }))

/** Empties a dead-letter queue past the API, so that each case begins with none. */
const drain = async (queue: DeadLetterQueueName) => {
  const plan = market.system.plan.queues.find(({ name }) => name.replace('.fifo', '').endsWith(`-${queue}-dead`))
  await fetch(market.system.aws.endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': 'AmazonSQS.PurgeQueue',
      'content-type': 'application/x-amz-json-1.0',
      authorization: `AWS4-HMAC-SHA256 Credential=${market.system.aws.credentials.accessKeyId}/20261123/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ QueueUrl: plan?.url }),
  })
}

/** Accounts that are due for release, in the tables. */
const importDue = async (...handles: string[]) => {
  const done = await market.importFeed(handles.map((handle) => market.suspended(handle)))
  expect(done).toMatchObject({ status: 'complete', rejected: 0 })
}
const statusOf = async (handle: string) => value(await operator.getHandle({ params: { handle } })).status
const sendNames = (...names: string[]) => market.system.queues.send('releases', JSON.stringify({ names }))

test('poison messages go to their dead-letter queue with the reason, while the rest goes on', async () => {
  await importDue('amongpoison1', 'amongpoison2')
  sendNames('amongpoison1')
  market.system.queues.send('releases', 'names, please: someone@example.com')
  market.system.queues.send('releases', JSON.stringify({ names: 7, holder: 'someone@example.com' }))
  sendNames('amongpoison2')
  await market.system.settle()

  expect([await statusOf('amongpoison1'), await statusOf('amongpoison2')]).toEqual(['released', 'released'])
  expect((await queues()).filter(({ messages }) => messages > 0)).toEqual([
    { queue: 'releases', messages: 2, oldestSentAt: expect.any(String) as string, redrivable: true },
  ])
  const dead = await letters('releases')
  expect(dead.map(({ body, failure }) => [body, failure?.error, failure?.message, failure?.receives])).toEqual([
    ['names, please: someone@example.com', 'MessageMalformed', 'the body is not JSON', 5],
    [
      '{"names":7,"holder":"someone@example.com"}',
      'MessageMalformed',
      'names: Invalid input: expected array, received number; the body: Unrecognized key: "holder"',
      5,
    ],
  ])
  // Looking changes nothing: they are there to be looked at again.
  expect(await letters('releases')).toEqual(dead)
  expect(await letters('releases', 1)).toEqual(dead.slice(0, 1))
})

/** Chunks of feeds cannot be read until the fault is removed. */
const breakImports = () =>
  market.system.door.inject({
    kind: '500',
    function: 'workers-import-accounts',
    operation: 'GetObject',
    times: Number.POSITIVE_INFINITY,
  })

test('work that throws every time is a dead letter with the error, and is done after a redrive once the cause is mended', async () => {
  const broken = breakImports()
  const { id } = await market.importFeed([market.account('afterredrive', 10)])
  await market.system.settle()
  const imported = async () => value(await operator.getImport({ params: { importId: id } }))
  expect(await imported()).toMatchObject({ status: 'importing', created: 0 })
  expect((await letters('chunks')).map(({ failure }) => [failure?.error, failure?.receives])).toEqual([
    ['InternalError', 5],
  ])

  broken.remove()
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 1, left: 0 })
  await market.system.settle()
  expect(await imported()).toMatchObject({ status: 'complete', created: 1 })
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 0, left: 0 })
})

test('a worker that dies every time leaves no reason, and its message is a dead letter all the same', async () => {
  market.system.door.inject({
    kind: 'kill',
    function: 'workers-apply-deadlines',
    times: Number.POSITIVE_INFINITY,
  })
  const orderId = `ord_${'0'.repeat(26)}`
  market.system.queues.send('deadlines', JSON.stringify({ aggregate: `order:${orderId}` }))
  await market.system.settle()
  expect(await letters('deadlines')).toMatchObject([
    { body: JSON.stringify({ aggregate: `order:${orderId}` }), failure: null },
  ])
})

test('a failure that cannot be recorded is in the log, and the message fails all the same', async () => {
  market.system.door.inject({
    kind: '500',
    function: 'workers-apply-deadlines',
    operation: 'PutItem',
    times: Number.POSITIVE_INFINITY,
  })
  market.system.queues.send('deadlines', '{}')
  await market.system.settle()
  expect(await letters('deadlines')).toMatchObject([{ body: '{}', failure: null }])
  expect(market.system.logs.lines().filter((line) => line.includes('failure_not_recorded'))).toHaveLength(5)
})

test('a redrive that is cut off after the sending loses nothing: the work is done, and the letter can be sent again', async () => {
  const broken = breakImports()
  const { id } = await market.importFeed([market.account('cutoff', 10)])
  await market.system.settle()
  broken.remove()
  const died = market.system.door.inject({
    kind: 'kill',
    function: 'api-dead-letters',
    operation: 'SendMessageBatch',
    when: 'after',
  })
  const answer = await fetch(new URL('/v1/operator/dead-letters/chunks/redrive', market.system.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${await market.system.token('operator')}` },
  })
  expect([answer.status, died.hits]).toEqual([500, 1])
  await market.system.settle()
  expect(value(await operator.getImport({ params: { importId: id } }))).toMatchObject({
    status: 'complete',
    created: 1,
  })
  expect(await waiting('chunks')).toBe(1)
  const before = await market.items()
  // It is hidden from a second redrive until the first one's time is over.
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 0, left: 1 })
  await market.system.clock.move(61_000)
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 1, left: 0 })
  await market.system.settle()
  await market.checkItems(before)
})

test('payments keep their group and their order through a redrive, also within five minutes of their first sending', async () => {
  for (const id of ['1', '2', '3']) {
    market.system.queues.send('payments.fifo', `{"event":${id}}`, { groupId: 'pi_same', deduplicationId: `evt_${id}` })
  }
  await market.system.settle()
  const dead = () =>
    market.system.queues.peek('payments-dead.fifo').map(({ body, messageGroupId }) => [body, messageGroupId])
  const three = ['1', '2', '3'].map((id) => [`{"event":${id}}`, 'pi_same'])
  expect(dead()).toEqual(three)
  expect(await redrive('payments')).toEqual({ queue: 'payments', moved: 3, left: 0 })
  await market.system.settle()
  expect(dead()).toEqual(three)
  // The local queue shows one message of a group at a time.
  expect((await letters('payments')).map(({ failure }) => failure?.receives)).toEqual([5])
})

test('one redrive moves at most two hundred messages and says how many are left', async () => {
  for (let at = 0; at < 205; at += 1) market.system.queues.send('chunks-dead', JSON.stringify({ at }))
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 200, left: 5 })
  expect(await redrive('chunks')).toEqual({ queue: 'chunks', moved: 5, left: 0 })
  await market.system.settle()
  expect(await waiting('chunks')).toBe(205)
  expect(await letters('chunks')).toHaveLength(100)
})

test('a long body is shown up to its limit', async () => {
  const body = JSON.stringify({ names: Array.from({ length: 501 }, (_, at) => `name${at}`) })
  market.system.queues.send('releases-dead', body)
  const [letter] = await letters('releases')
  expect([letter?.body, letter?.bodyCharacters]).toEqual([body.slice(0, 4000), body.length])
})

test('a stream record that was given up is shown with its reason, and is not sent back from here', async () => {
  const { db, handlesTable } = market.store
  const poison = { pk: 'H#poison', sk: 'handle' }
  await db.send(new PutCommand({ TableName: handlesTable, Item: poison }))
  await db.send(new PutCommand({ TableName: handlesTable, Item: { ...poison, spoiled: true } }))
  await market.system.settle()
  await db.send(new DeleteCommand({ TableName: handlesTable, Key: poison }))
  expect(await letters('outbox-failures')).toMatchObject([
    { failure: { error: 'Error', message: 'handle:poison carries no journal entry', receives: 11 } },
  ])
  await checkRefused(market, 'redrive_by_hand', 'POST', '/v1/operator/dead-letters/outbox-failures/redrive', {
    token: await market.system.token('operator'),
  })
})

test('a queue that does not exist is refused by name', async () => {
  const problem = await checkRefused(market, 'validation_failed', 'GET', '/v1/operator/dead-letters/letters', {
    token: await market.system.token('operator'),
  })
  expect(problem.field).toBe('queue')
})

test('an error that quotes an address or a key is told without it', () => {
  const { message } = plainError(new Error('no mail to <anna.b@example.com>, key sk_test_abc123, Bearer abc.def'))
  expect(message).toBe('no mail to <[address]>, key [secret], [secret]')
  expect(plainError(new Error('x'.repeat(2000))).message).toHaveLength(500)
})
