import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('quietriver'), market.suspended('stillwater')])
  await market.sweep()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const placeOrder = async (sub: string, handle: string, idempotencyKey: string) => {
  const buyer = await market.client(sub)
  const { listing } = value(await buyer.getHandle({ params: { handle } }))
  if (listing === null) throw new Error(`${handle} is not for sale`)
  return buyer.placeOrder({ body: { handle, price: listing.price }, idempotencyKey })
}

const stripeCalls = () =>
  Object.entries(market.system.door.counts.total().calls)
    .filter(([operation]) => operation.startsWith('stripe:'))
    .reduce((sum, [, times]) => sum + times, 0)

test('case 19: a buyer neither reads nor cancels nor pays the order of another, and nothing is written', async () => {
  const order = value(await placeOrder('alice', 'quietriver', 'first'))
  const before = await market.items()
  const calls = stripeCalls()
  for (const sub of ['bob', 'operator', 'platform']) {
    const token = await market.system.token(sub)
    await checkRefused(market, 'not_found', 'GET', `/v1/orders/${order.id}`, { token })
    await checkRefused(market, 'not_found', 'POST', `/v1/orders/${order.id}/cancel`, { token })
    await checkRefused(market, 'not_found', 'POST', `/v1/orders/${order.id}/checkout`, { token })
    expect((await market.send('GET', '/v1/orders', { token })).body).toEqual({ items: [], nextCursor: null })
  }
  expect(await market.items()).toEqual(before)
  expect(stripeCalls()).toBe(calls)
  const alice = await market.client('alice')
  expect(value(await alice.getOrder({ params: { orderId: order.id } }))).toEqual(order)
})

test('case 19: the refusal of a real order is, but for its id, that of an order that does not exist', async () => {
  const alice = await market.client('alice')
  const [order] = value(await alice.listOrders({})).items
  if (order === undefined) throw new Error('alice has no order')
  const token = await market.system.token('bob')
  const unknownId = 'ord_00000000000000000000000000'
  for (const [method, tail] of [
    ['GET', ''],
    ['POST', '/cancel'],
    ['POST', '/checkout'],
  ] as const) {
    const real = await checkRefused(market, 'not_found', method, `/v1/orders/${order.id}${tail}`, { token })
    const unknown = await checkRefused(market, 'not_found', method, `/v1/orders/${unknownId}${tail}`, { token })
    const told = ({ requestId: _, ...problem }: typeof real) => JSON.stringify(problem)
    expect(told(real).replaceAll(order.id, unknownId)).toBe(told(unknown))
  }
})

test("case 19: another's Idempotency-Key leads to no order of theirs", async () => {
  const before = await market.items()
  const answer = await placeOrder('bob', 'quietriver', 'first')
  expect(answer).toMatchObject({ ok: false, problem: { code: 'handle_on_hold' } })
  expect(await market.items()).toEqual(before)
})

test("case 19: the cursor of another's orders opens no page", async () => {
  const alice = await market.client('alice')
  value(await placeOrder('alice', 'stillwater', 'second'))
  const { nextCursor } = value(await alice.listOrders({ query: { limit: 1 } }))
  expect(nextCursor).toBeTypeOf('string')
  const path = `/v1/orders?limit=1&cursor=${nextCursor ?? ''}`
  const own = await market.send('GET', path, { token: await market.system.token('alice') })
  expect(own.body).toMatchObject({ items: [{ handle: 'quietriver' }] })
  await checkRefused(market, 'cursor_invalid', 'GET', path, { token: await market.system.token('bob') })
})

test('case 19: a payout has no route, so that of another answers as a route that does not exist', async () => {
  const token = await market.system.token('bob')
  const path = '/v1/payouts/po_00000000000000000000000000'
  await checkRefused(market, 'route_unknown', 'GET', path, { token })
  await checkRefused(market, 'route_unknown', 'POST', `${path}/cancel`, { token })
})
