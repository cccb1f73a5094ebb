import { request } from 'node:http'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineHeaders } from '../../local/engines/dynamodb.ts'
import type { Json } from '../../local/json.ts'
import { deliver, findEvent, payUnheard, textOf } from './events.ts'
import { eventsOf, expectInvariants, refundsOf, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy, openPage, payOnPage, placeOrder, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

type StreamRecord = { readonly dynamodb: { readonly SequenceNumber: string; readonly NewImage?: object } } & Record<
  string,
  Json
>

const engineCall = async (target: string, body: object): Promise<Record<string, unknown>> => {
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      market.system.dynamodbEndpoint,
      { method: 'POST', headers: engineHeaders(target, Buffer.byteLength(text)) },
      (incoming) => {
        let answer = ''
        incoming.on('data', (chunk: Buffer) => (answer += chunk.toString()))
        incoming.on('end', () => resolve(JSON.parse(answer) as Record<string, unknown>))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(text)
  })
}

/** Everything that a table's stream holds, as Lambda would get it. */
const recordsOf = async (table: string): Promise<StreamRecord[]> => {
  const { Table } = (await engineCall('DynamoDB_20120810.DescribeTable', { TableName: table })) as {
    Table: { LatestStreamArn: string }
  }
  const StreamArn = Table.LatestStreamArn
  const { StreamDescription } = (await engineCall('DynamoDBStreams_20120810.DescribeStream', { StreamArn })) as {
    StreamDescription: { Shards: { ShardId: string }[] }
  }
  const records: StreamRecord[] = []
  for (const { ShardId } of StreamDescription.Shards) {
    const first = await engineCall('DynamoDBStreams_20120810.GetShardIterator', {
      StreamArn,
      ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    })
    for (let iterator = first['ShardIterator']; typeof iterator === 'string';) {
      const page = await engineCall('DynamoDBStreams_20120810.GetRecords', { ShardIterator: iterator, Limit: 1000 })
      const found = (page['Records'] ?? []) as StreamRecord[]
      records.push(...found)
      iterator = found.length === 0 ? undefined : page['NextShardIterator']
    }
  }
  return records
}

const publish = async (records: readonly StreamRecord[]): Promise<Json> => {
  const outcome = await market.system.functions.invoke('workers-publish-outbox', { Records: [...records] })
  if (outcome.kind !== 'returned') throw new Error(`publish-outbox ${outcome.kind}`)
  await market.system.settle()
  return outcome.payload
}

/** The same mixture each time: a linear congruential generator. */
const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  let state = seed
  return items
    .map((item) => ({ item, at: (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

test('case 15: a stream batch replayed, doubled and re-ordered changes nothing, inside or at Stripe', async () => {
  const settled = await buy(market, 'replayed')
  await market.system.idle()
  const cancelled = await placeOrder(market, 'replayed')
  await openPage(market, cancelled)
  await market.buyer('replayed').cancelOrder({ params: { orderId: cancelled.id } })
  const late = await placeOrder(market, 'replayed')
  const charge = await payUnheard(market, late)
  await market.system.clock.move(61 * 60_000, { settle: true })
  await deliver(market, textOf(await findEvent(market, 'checkout.session.completed', charge)))
  await market.system.settle()
  expect(await statusOf(market, settled)).toBe('settled')
  expect(await statusOf(market, late)).toBe('refunded')

  const { handlesTable, escrowTable } = market.store
  const records = [...(await recordsOf(handlesTable)).slice(-400), ...(await recordsOf(escrowTable)).slice(-100)]
  expect(records.length).toBeGreaterThan(100)
  const asked = () => market.system.door.counts.snapshot()['workers-carry-out-effects']?.calls['dynamodb:GetItem'] ?? 0
  const askedBefore = asked()
  const written = await writesOf(market, async () => {
    for (const batch of [records, records.toReversed(), [...records, ...records], shuffled(records, 7)]) {
      expect(await publish(batch)).toEqual({ batchItemFailures: [] })
    }
  })
  expect(written).toEqual([])
  // The effects were asked for again, and each found that nothing was left to do.
  expect(asked()).toBeGreaterThan(askedBefore)
  expect(await refundsOf(market, late.id)).toHaveLength(1)
  expect(await eventsOf(market, settled.id)).toEqual([
    'order_placed',
    'payment_captured',
    'handover_started',
    'order_settled',
  ])
  await expectInvariants(market)
})

test('case 15, the poison: a batch is done up to the poison record, which is named, so that the stream comes back to it', async () => {
  await placeOrder(market, 'before_poison')
  await market.system.idle()
  const records = (await recordsOf(market.store.handlesTable)).slice(-9)
  const [, , , , victim] = records
  if (victim === undefined) throw new Error('the stream is too short')
  const poison = {
    ...victim,
    dynamodb: { ...victim.dynamodb, NewImage: { pk: { S: 'H#poison' }, sk: { S: 'handle' } } },
  }
  const batch = records.with(4, poison)
  expect(await publish(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: victim.dynamodb.SequenceNumber }] })
  await expectInvariants(market)
})

test('case 15, on the road: a poison record in the stream ends alone among the dead letters; all others are filed and acted on once', async () => {
  const { db, handlesTable } = market.store
  const poison = { pk: 'H#poison', sk: 'handle' }
  const spoil = async () => {
    // The function is told of changed handles alone: the second write is the poison.
    await db.send(new PutCommand({ TableName: handlesTable, Item: poison }))
    await db.send(new PutCommand({ TableName: handlesTable, Item: { ...poison, spoiled: true } }))
  }
  const before = await placeOrder(market, 'upstream')
  const beforePage = await openPage(market, before)
  const write = async (buyer: string) => {
    const order = await placeOrder(market, buyer)
    await market.buyer(buyer).cancelOrder({ params: { orderId: order.id } })
    return order
  }
  const cancelled = await Promise.all([
    write('upstream_1'),
    write('upstream_2'),
    spoil().then(() => write('downstream_1')),
    write('downstream_2'),
    market
      .buyer('upstream')
      .cancelOrder({ params: { orderId: before.id } })
      .then(() => before),
  ])
  await market.system.settle()
  await db.send(new DeleteCommand({ TableName: handlesTable, Key: poison }))
  await market.system.settle()

  const dead = market.system.queues.peek('outbox-failures').map(({ body }) => JSON.parse(body) as object)
  expect(dead).toEqual([
    expect.objectContaining({ DDBStreamBatchInfo: expect.objectContaining({ batchSize: 1 }) as object }),
  ])
  for (const order of cancelled) {
    expect(await eventsOf(market, order.id)).toEqual(['order_placed', 'order_cancelled'])
  }
  // The effect of what stood around the poison was carried out: the page of the cancelled order is closed.
  expect(await payOnPage(beforePage)).toBe('closed')
  await expectInvariants(market, { 'outbox-failures': 1 })
})
