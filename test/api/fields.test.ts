import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
let before: readonly string[]
let priceMinor: number
let alice: string
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([
    market.suspended('quietriver'),
    market.account('oldfriend', 10, { accountId: 'acct_friend', followers: 77 }),
  ])
  await market.sweep()
  const { listing } = value(await (await market.client('alice')).getHandle({ params: { handle: 'quietriver' } }))
  if (listing === null) throw new Error('quietriver is not for sale')
  priceMinor = listing.price.amountMinor
  alice = await market.system.token('alice')
  before = await market.items()
})
afterEach(async () => {
  await market.checkItems(before)
  await market.checkInvariants()
})
afterAll(() => market.stop())

const headers = { 'idempotency-key': 'fields' }
const order = () => ({ handle: 'quietriver', price: { amountMinor: priceMinor, currency: 'USD' } })
const forbidden = {
  holderId: 'alice',
  status: 'settled',
  commissionBasisPoints: 0,
  buyerId: 'bob',
  id: 'ord_00000000000000000000000000',
  version: 7,
  price_minor: 1,
}

describe('case 22: unknown and forbidden fields are refused by name', () => {
  test.each(Object.entries(forbidden))('case 22: an order with %s', async (field, wrong) => {
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', {
      token: alice,
      headers,
      body: { ...order(), [field]: wrong },
    })
    expect(problem.field).toBe(field)
  })

  test.each(Object.entries(forbidden))('case 22: the price of an order with %s', async (field, wrong) => {
    const { price } = order()
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', {
      token: alice,
      headers,
      body: { ...order(), price: { ...price, [field]: wrong } },
    })
    expect(problem.field).toBe(`price.${field}`)
  })

  test.each(Object.entries(forbidden))('case 22: a report of activity with %s', async (field, wrong) => {
    const activeAt = new Date(market.system.clock.now()).toISOString()
    await checkRefused(market, 'validation_failed', 'POST', '/v1/platform/activity', {
      token: await market.system.token('platform'),
      body: { handle: 'oldfriend', accountId: 'acct_friend', activeAt, [field]: wrong },
    })
  })

  test.each(Object.entries(forbidden))('case 22: an import with %s', async (field, wrong) => {
    await checkRefused(market, 'validation_failed', 'POST', '/v1/operator/imports', {
      token: await market.system.token('operator'),
      headers,
      body: { format: 'ndjson', [field]: wrong },
    })
  })

  test.each(['/v1/listings', '/v1/sales', '/v1/orders', '/v1/me/handles', '/v1/me/bids'])(
    'case 22: a query of %s',
    async (path) => {
      for (const field of ['status', 'holderId', 'order by', 'constructor']) {
        await checkRefused(market, 'validation_failed', 'GET', `${path}?${encodeURIComponent(field)}=x`, {
          token: alice,
        })
      }
    },
  )

  test('case 22: names that mean something to JavaScript are fields like others', async () => {
    const { price } = order()
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', '']) {
      const raw = `{"handle":"quietriver","price":${JSON.stringify(price)},${JSON.stringify(name)}:{"status":"open"}}`
      await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', { token: alice, headers, raw })
    }
    expect(Object.hasOwn(Object.prototype, 'status')).toBe(false)
  })
})

describe('case 22: a price is a positive integer of minor units', () => {
  // As JSON text: some of these are numbers that JavaScript cannot hold.
  test.each([
    ['negative', '-1'],
    ['zero', '0'],
    ['minus zero', '-0'],
    ['fractional', '0.5'],
    ['fractional beyond the point of a double', '100.00000000001'],
    ['2^53', '9007199254740992'],
    ['2^53 + 1', '9007199254740993'],
    ['2^63', '9223372036854775808'],
    ['beyond the largest double', '1e400'],
    ['above the limit by one', '1000000001'],
    ['a string', '"100"'],
    ['null', 'null'],
    ['a boolean', 'true'],
    ['a list', '[100]'],
    ['an object', '{"amountMinor":100}'],
  ])('case 22: %s (%s)', async (_, amount) => {
    const raw = `{"handle":"quietriver","price":{"amountMinor":${amount},"currency":"USD"}}`
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', {
      token: alice,
      headers,
      raw,
    })
    expect(problem.field).toBe('price.amountMinor')
  })

  test.each(['"EUR"', '"usd"', '"USD "', '""', 'null', '840'])('case 22: currency %s', async (currency) => {
    const raw = `{"handle":"quietriver","price":{"amountMinor":${priceMinor},"currency":${currency}}}`
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', {
      token: alice,
      headers,
      raw,
    })
    expect(problem.field).toBe('price.currency')
  })

  test('case 22: any other price than the asking price is refused with the asking price', async () => {
    for (const amountMinor of [1, priceMinor - 1, priceMinor + 1, 1_000_000_000]) {
      const body = { handle: 'quietriver', price: { amountMinor, currency: 'USD' } }
      const problem = await checkRefused(market, 'price_changed', 'POST', '/v1/orders', { token: alice, headers, body })
      expect(problem.facts).toEqual({ price: { amountMinor: priceMinor, currency: 'USD' } })
    }
  })
})

test('case 22: missing fields are refused by name', async () => {
  for (const [field, body] of [
    ['handle', { price: order().price }],
    ['price', { handle: 'quietriver' }],
    ['price.currency', { handle: 'quietriver', price: { amountMinor: priceMinor } }],
  ] as const) {
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/orders', {
      token: alice,
      headers,
      body,
    })
    expect(problem.field).toBe(field)
  }
})

test('case 22: activity from the future, or of another account, changes nothing', async () => {
  const token = await market.system.token('platform')
  const now = market.system.clock.now()
  const report = (accountId: string, activeMs: number) => ({
    token,
    body: { handle: 'oldfriend', accountId, activeAt: new Date(activeMs).toISOString() },
  })
  await checkRefused(market, 'validation_failed', 'POST', '/v1/platform/activity', report('acct_friend', now + 600_000))
  await checkRefused(market, 'handle_not_held_by_account', 'POST', '/v1/platform/activity', report('acct_other', now))
})
