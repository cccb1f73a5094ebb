import { afterAll, beforeAll, expect, test } from 'vitest'
import { chargesOf, expectInvariants, ordersOf, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage, placeOrder, type Placed, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

/** How many environments of one function run at once here. */
const environments = 4

/**
 * Everybody asks for the same handle at the same instant. The first of them meet a contended store, so that several have
 * read the handle as free before any of them commits: nothing but the condition of the commit keeps them apart.
 */
const race = async (buyers: number) => {
  const offer = market.nextOffer()
  await Promise.all(Array.from({ length: environments }, () => market.buyer('warm_up').listOrders({})))
  const contended = market.system.door.inject({
    kind: 'conflict',
    function: 'api-purchases',
    operation: 'TransactWriteItems',
    times: environments,
  })
  const answers = await Promise.all(
    Array.from({ length: buyers }, (_, n) =>
      market.buyer(`racer_${n}`).placeOrder({ body: offer, idempotencyKey: freshKey() }),
    ),
  )
  expect(contended.hits).toBe(environments)
  const refusals = answers.flatMap((answer) => (answer.ok ? [] : [`${answer.status} ${answer.problem.code}`]))
  return { offer, won: answers.filter(({ ok }) => ok), refusals }
}

test('case 1: fifty buyers, one handle: one 201, 49 × 409, one order, nobody else charged', async () => {
  const { offer, won, refusals } = await race(50)
  expect(won.map(({ status }) => status)).toEqual([201])
  expect(refusals).toEqual(Array.from({ length: 49 }, () => '409 handle_on_hold'))

  const [order, ...others] = await ordersOf(market, offer.handle)
  expect(others).toEqual([])
  const placed: Placed = { id: order?.id ?? '', buyer: order?.buyerId ?? '', offer }
  expect(await payOnPage(await openPage(market, placed))).toBe('paid')
  await market.system.idle()
  expect(await statusOf(market, placed)).toBe('settled')
  const charges = await market.provider.charges.list({ limit: 100 })
  expect(charges.data.map(({ metadata }) => metadata['orderId'])).toEqual([placed.id])
  await expectInvariants(market)
})

test('case 1, ten times as many: 500 buyers, one handle: one order, 499 clean refusals', async () => {
  const { offer, won, refusals } = await race(500)
  expect(won.map(({ status }) => status)).toEqual([201])
  expect(new Set(refusals)).toEqual(new Set(['409 handle_on_hold']))
  expect(refusals).toHaveLength(499)
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 2: fifty sessions of one handle at payment, all pay at once: one settled, the others refused or refunded once', async () => {
  const { system } = market
  const offer = market.nextOffer()
  // One handle has one open order at a time, so fifty pages come one after another: each order but the last is cancelled.
  const open = async (n: number) => {
    const order = await placeOrder(market, `payer_${n}`, offer)
    return { order, page: await openPage(market, order) }
  }
  const cancel = async ({ order }: { order: Placed }) => {
    const answer = await market.buyer(order.buyer).cancelOrder({ params: { orderId: order.id } })
    expect(answer.status).toBe(200)
  }
  const closed = []
  for (let n = 0; n < 10; n += 1) {
    const session = await open(n)
    await cancel(session)
    closed.push(session)
  }
  // Their pages are closed by then. The next ones stay open: the worker that closes them hangs in its first call.
  await system.idle()
  system.door.inject({ kind: 'timeout', function: 'workers-carry-out-effects', times: Number.POSITIVE_INFINITY })
  const payable = []
  for (let n = 10; n < 49; n += 1) {
    const session = await open(n)
    await cancel(session)
    payable.push(session)
  }
  const last = await open(49)

  const outcomes = await Promise.all([...closed, ...payable, last].map(({ page }) => payOnPage(page)))
  expect(outcomes.slice(0, 10)).toEqual(closed.map(() => 'closed'))
  expect(outcomes.slice(10)).toEqual([...payable, last].map(() => 'paid'))

  system.door.clearFaults()
  await system.functions.kill('workers-carry-out-effects')
  await system.settle()
  expect(await statusOf(market, last.order)).toBe('settled')
  expect(await refundsOf(market, last.order.id)).toEqual([])
  for (const { order } of closed) {
    expect(await statusOf(market, order)).toBe('cancelled')
    expect(await chargesOf(market, order.id)).toEqual([])
  }
  for (const { order } of payable) {
    expect(await statusOf(market, order)).toBe('refunded')
    const refunds = await refundsOf(market, order.id)
    expect(refunds.map(({ amount, status }) => ({ amount, status }))).toEqual([
      { amount: offer.price.amountMinor, status: 'succeeded' },
    ])
  }
  expect((await ordersOf(market, offer.handle)).filter(({ status }) => status === 'settled')).toHaveLength(1)
  await expectInvariants(market)
})
