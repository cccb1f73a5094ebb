import { afterAll, beforeAll, expect, test } from 'vitest'
import { chargesOf, expectInvariants, ordersOf, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage, placeOrder, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

const minuteMs = 60_000
const hourMs = 60 * minuteMs

test('case 3: the same key and body, 20 in parallel: one effect, 20 equal bodies', async () => {
  const offer = market.nextOffer()
  const key = freshKey()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => market.send('POST', '/v1/orders', { as: 'twin', key, body: offer })),
  )
  const statuses = answers.map(({ status, code }) => (status === 409 ? `409 ${code ?? ''}` : String(status)))
  expect(statuses.filter((status) => status !== '201' && status !== '409 request_in_progress')).toEqual([])
  const bodies = new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text))
  expect(bodies.size).toBe(1)
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 3 at the payment page: 20 openings in parallel are one page, and one charge', async () => {
  const order = await placeOrder(market, 'opener')
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => market.send('POST', `/v1/orders/${order.id}/checkout`, { as: order.buyer })),
  )
  const statuses = answers.map(({ status, code }) => (status === 409 ? `409 ${code ?? ''}` : String(status)))
  expect(statuses.filter((status) => status !== '200' && status !== '409 request_in_progress')).toEqual([])
  expect(new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text)).size).toBe(1)
  const page = await openPage(market, order)
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => payOnPage(page)))
  expect(outcomes.toSorted()).toEqual(['closed', 'closed', 'closed', 'closed', 'paid'])
  await market.system.idle()
  expect(await chargesOf(market, order.id)).toHaveLength(1)
  expect(await statusOf(market, order)).toBe('settled')
  await expectInvariants(market)
})

test('case 4: the same key with another body is 422, whatever the body is and whatever became of the order, and writes nothing', async () => {
  const offer = market.nextOffer()
  const key = freshKey()
  const order = await placeOrder(market, 'changer', offer, key)
  const dearer = { ...offer, price: { ...offer.price, amountMinor: offer.price.amountMinor + 1 } }
  const bodies = { 'another price': dearer, 'another handle': market.nextOffer() }
  const expectRefused = async () => {
    const written = await writesOf(market, async () => {
      for (const [what, body] of Object.entries(bodies)) {
        const answer = await market.send('POST', '/v1/orders', { as: 'changer', key, body })
        expect([what, answer.status, answer.code]).toEqual([what, 422, 'idempotency_key_reused'])
      }
    })
    expect(written).toEqual([])
  }
  await expectRefused()
  await market.buyer('changer').cancelOrder({ params: { orderId: order.id } })
  await market.system.idle()
  await expectRefused()
  // Keys belong to their buyer: another one may use the same.
  expect((await placeOrder(market, 'somebody_else', offer, key)).id).not.toBe(order.id)
  await expectInvariants(market)
})

test('case 5: the same key after 11 minutes and after 25 hours gets the original answer, and there is still one order', async () => {
  const offer = market.nextOffer()
  const key = freshKey()
  const request = { as: 'patient', key, body: offer }
  const first = await market.send('POST', '/v1/orders', request)
  expect(first.status).toBe(201)

  await market.system.clock.move(11 * minuteMs, { settle: true })
  const second = await market.send('POST', '/v1/orders', request)
  expect([second.status, second.text]).toEqual([201, first.text])

  // By then the order has expired, and its handle is on sale again.
  await market.system.clock.move(25 * hourMs - 11 * minuteMs, { settle: true })
  const third = await market.send('POST', '/v1/orders', request)
  expect([third.status, third.text]).toEqual([201, first.text])

  const orders = await ordersOf(market, offer.handle)
  expect(orders.map(({ status }) => status)).toEqual(['expired'])
  const handle = await market.buyer('patient').getHandle({ params: { handle: offer.handle } })
  expect(handle.ok && handle.value.listing?.status).toBe('open')
  await expectInvariants(market)
})

test('case 5 after the sale: the same key 25 hours after the handle was bought gets the original answer, and buys nothing', async () => {
  const offer = market.nextOffer()
  const key = freshKey()
  const request = { as: 'owner', key, body: offer }
  const first = await market.send('POST', '/v1/orders', request)
  expect(first.status).toBe(201)
  const { id } = JSON.parse(first.text) as { id: string }
  expect(await payOnPage(await openPage(market, { id, buyer: 'owner', offer }))).toBe('paid')
  await market.system.idle()
  await market.system.clock.move(25 * hourMs, { settle: true })
  const again = await market.send('POST', '/v1/orders', request)
  expect([again.status, again.text]).toEqual([201, first.text])
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  expect(await chargesOf(market, id)).toHaveLength(1)
  await expectInvariants(market)
})
