import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('quietriver')])
  await market.sweep()
})
afterEach(async () => {
  market.system.door.clearFaults()
  await market.checkInvariants()
})
afterAll(() => market.stop())

test.each(['throttle', '500', 'cut'] as const)(
  'a table that does not answer (%s) is 503 with Retry-After, which tells nothing of the inside',
  async (kind) => {
    const fault = market.system.door.inject({ kind, when: 'before', service: 'dynamodb', times: 100 })
    const answer = await market.send('GET', '/v1/handles/quietriver')
    expect(answer.body).toMatchObject({ code: 'service_unavailable', status: 503 })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(fault.hits).toBeGreaterThan(1)
    fault.remove()
    expect((await market.send('GET', '/v1/handles/quietriver')).status).toBe(200)
  },
)

test('an order that could not be written is 503, and the same request again places it', async () => {
  const alice = await market.client('alice')
  const { listing } = value(await alice.getHandle({ params: { handle: 'quietriver' } }))
  if (listing === null) throw new Error('quietriver is not for sale')
  const order = { body: { handle: 'quietriver', price: listing.price }, idempotencyKey: 'again' }
  const before = await market.items()
  const operation = 'TransactWriteItems'
  const fault = market.system.door.inject({ kind: '500', when: 'before', operation, times: 100 })
  expect(await alice.placeOrder(order)).toMatchObject({ ok: false, problem: { code: 'service_unavailable' } })
  await market.checkItems(before)
  fault.remove()
  expect(value(await alice.placeOrder(order)).status).toBe('awaiting_payment')
})

test('an item that nobody foresaw is 500 without its cause, which stands in the log under the same request', async () => {
  const key = { pk: 'H#unforeseen', sk: 'handle' }
  const table = market.store.handlesTable
  await market.store.db.send(
    new PutCommand({ TableName: table, Item: { ...key, name: 'unforeseen', display: 'x', status: 'vanished' } }),
  )
  const problem = await checkRefused(market, 'internal_error', 'GET', '/v1/handles/unforeseen')
  await market.store.db.send(new DeleteCommand({ TableName: table, Key: key }))
  expect(problem.detail).not.toContain('vanished')
  const lines = market.system.logs.lines().filter((text) => text.includes(problem.requestId ?? 'no id'))
  expect(lines).toEqual([expect.stringContaining('"event":"fault"')])
})
