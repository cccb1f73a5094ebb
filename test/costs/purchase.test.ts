import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Market, startMarket } from '../cases/market.ts'
import { buy, openPage, payOnPage, placeOrder, statusOf } from '../cases/purchase.ts'
import { callsTo, costOf, units } from './counted.ts'

/** What each step of a purchase costs at the door, with everything warm. The figures are budgets: a step that costs more fails. */

let market: Market
beforeAll(async () => {
  market = await startMarket()
  // Every environment that a purchase needs has read its secrets and opened its connections.
  await buy(market, 'warm')
  await market.system.idle()
})
afterAll(() => market.stop())

it('a search page is one query', async () => {
  const cost = await costOf(market, () => market.buyer('reader').searchListings({ query: { prefix: 'a', limit: 20 } }))
  expect(cost.calls).toEqual({ 'dynamodb:Query': 1 })
  expect(units(cost)).toMatchObject({ readUnits: 0, writeUnits: 0, indexWriteUnits: 0 })
  expect(cost.indexReadUnits).toBeLessThanOrEqual(1)
})

it('a handle page is one read of half a unit, once the policy in force is known', async () => {
  const { handle } = market.nextOffer()
  await market.buyer('reader').getHandle({ params: { handle } })
  const cost = await costOf(market, () => market.buyer('reader').getHandle({ params: { handle } }))
  expect(cost.calls).toEqual({ 'dynamodb:GetItem': 1 })
  expect(units(cost)).toEqual({ readUnits: 0.5, indexReadUnits: 0, writeUnits: 0, indexWriteUnits: 0 })
})

it('an order is three reads at once and one transaction of two items; the entry it replaces is filed by the stream', async () => {
  const cost = await costOf(market, () => placeOrder(market, 'alice'))
  expect(cost.calls).toEqual({
    // The handle, whether its looks are protected, and the buyer's standing.
    'dynamodb:BatchGetItem': 1,
    // While that is read: the buyer's last orders, and the count of requests.
    'dynamodb:Query': 1,
    'dynamodb:UpdateItem': 1,
    'dynamodb:TransactWriteItems': 1,
    'dynamodb:BatchWriteItem': 1,
    'events:PutEvents': 1,
  })
  expect(units(cost)).toEqual({ readUnits: 3, indexReadUnits: 0.5, writeUnits: 6, indexWriteUnits: 3 })
})

it('a checkout is one read and one call to Stripe, and stores nothing', async () => {
  const order = await placeOrder(market, 'bob')
  const cost = await costOf(market, () => openPage(market, order))
  expect(cost.calls).toEqual({ 'dynamodb:GetItem': 1, 'stripe:POST /v1/checkout/sessions': 1 })
  expect(units(cost)).toEqual({ readUnits: 1, indexReadUnits: 0, writeUnits: 0, indexWriteUnits: 0 })
})

it('funding, hand-over and settlement by the webhook are one transaction, and no call to Stripe', async () => {
  const order = await placeOrder(market, 'carol')
  const page = await openPage(market, order)
  const cost = await costOf(market, () => payOnPage(page))
  expect(await statusOf(market, order)).toBe('settled')
  expect(callsTo(cost, 'stripe')).toEqual({})
  expect(callsTo(cost, 'dynamodb')).toMatchObject({ 'dynamodb:GetItem': 2, 'dynamodb:TransactWriteItems': 1 })
  expect(callsTo(cost, 'sqs')).toEqual({ 'sqs:SendMessage': 1 })
  expect(cost.readUnits).toBe(2)
  // 4 in the transaction, and 2 entries that it replaced.
  expect(cost.writeUnits).toBe(6)
  expect(cost.indexWriteUnits).toBe(6)
})

it('a whole purchase costs at most 12 write units with its archive, two transactions and one call to Stripe', async () => {
  const cost = await costOf(market, () => buy(market, 'dave'))
  expect(cost.writeUnits).toBeLessThanOrEqual(12)
  expect(cost.indexWriteUnits).toBe(9)
  expect(cost.readUnits).toBe(6)
  expect(callsTo(cost, 'stripe')).toEqual({ 'stripe:POST /v1/checkout/sessions': 1 })
  expect(cost.calls).toMatchObject({ 'dynamodb:TransactWriteItems': 2, 'dynamodb:GetItem': 3, 'sqs:SendMessage': 1 })
  // The archive and the bus, by stream batch: one each for the hold and for the settlement, and not one more a table.
  expect(cost.calls['dynamodb:BatchWriteItem']).toBeLessThanOrEqual(4)
  expect(cost.calls['events:PutEvents']).toBeLessThanOrEqual(4)
  expect(new Set(Object.keys(cost.calls))).toEqual(
    new Set([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      'dynamodb:TransactWriteItems',
      'dynamodb:BatchWriteItem',
      'events:PutEvents',
      'sqs:SendMessage',
      'stripe:POST /v1/checkout/sessions',
    ]),
  )
})

it('whoever comes too late for a handle costs three reads and writes nothing but the count of requests', async () => {
  const { offer } = await placeOrder(market, 'winner')
  const cost = await costOf(market, async () => {
    const answer = await market.buyer('loser').placeOrder({ body: offer, idempotencyKey: 'too-late' })
    expect(answer.ok ? 'an order' : answer.problem.code).toBe('handle_on_hold')
  })
  expect(cost.calls).toEqual({
    'dynamodb:BatchGetItem': 1,
    'dynamodb:GetItem': 1,
    'dynamodb:Query': 1,
    'dynamodb:UpdateItem': 1,
  })
  expect(units(cost)).toMatchObject({ writeUnits: 1, indexWriteUnits: 0 })
  expect(cost.readUnits).toBeLessThanOrEqual(4)
})
