import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { derivedId } from '../../shared/contract/ids.ts'
import type { Fault } from '../../local/faults.ts'
import { deliver, findEvent, pauseWebhooks, payUnheard, resumeWebhooks, textOf } from './events.ts'
import { chargesOf, eventsOf, expectInvariants, ordersOf, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage, placeOrder, type Placed, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => {
  market.system.door.clearFaults()
  resumeWebhooks(market)
})
afterAll(() => market.stop())

const settledEvents = ['order_placed', 'payment_captured', 'handover_started', 'order_settled']
const refundedEvents = ['order_placed', 'order_expired', 'payment_captured', 'refund_wanted', 'refund_completed']

/** The process dies at this call. */
const crash = (fault: Omit<Fault, 'kind'>) => market.system.door.inject({ kind: 'kill', ...fault })

test('case 6: a crash after the commit, before the answer: the retry returns the same order, and one charge is made', async () => {
  const offer = market.nextOffer()
  const key = freshKey()
  const request = { as: 'crashed', key, body: offer }
  const died = crash({ when: 'after', function: 'api-purchases', operation: 'TransactWriteItems' })
  const first = await market.send('POST', '/v1/orders', request)
  expect(first.status).toBeGreaterThanOrEqual(500)
  expect(died.hits).toBe(1)

  const retried = await market.send('POST', '/v1/orders', request)
  expect(retried.status).toBe(201)
  const id = derivedId('ord', 'crashed', key)
  expect(JSON.parse(retried.text)).toMatchObject({ id, status: 'awaiting_payment' })
  expect((await ordersOf(market, offer.handle)).map((order) => order.id)).toEqual([id])

  const order: Placed = { id, buyer: 'crashed', offer }
  expect(await payOnPage(await openPage(market, order))).toBe('paid')
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  expect(await chargesOf(market, id)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 6, cancelling: a crash after the commit: the retry answers that it is cancelled, and the handle is free once', async () => {
  const order = await placeOrder(market, 'cancel_crashed')
  const path = `/v1/orders/${order.id}/cancel`
  crash({ when: 'after', function: 'api-trading', operation: 'TransactWriteItems' })
  expect((await market.send('POST', path, { as: order.buyer })).status).toBeGreaterThanOrEqual(500)
  const retried = await market.send('POST', path, { as: order.buyer })
  expect([retried.status, (JSON.parse(retried.text) as { status: string }).status]).toEqual([200, 'cancelled'])
  await market.system.idle()
  expect(await eventsOf(market, order.id)).toEqual(['order_placed', 'order_cancelled'])
  await expectInvariants(market)
})

test('case 6, at the payment page: a crash after Stripe opened it: the retry gets the same page, there is one', async () => {
  const order = await placeOrder(market, 'page_crashed')
  const died = crash({ when: 'after', function: 'api-checkout', service: 'stripe' })
  const path = `/v1/orders/${order.id}/checkout`
  expect((await market.send('POST', path, { as: order.buyer })).status).toBeGreaterThanOrEqual(500)
  expect(died.hits).toBe(1)
  const page = await openPage(market, order)
  const sessions = []
  for await (const session of market.provider.checkout.sessions.list({ limit: 100 })) {
    if (session.client_reference_id === order.id) sessions.push(session.url)
  }
  expect(sessions).toEqual([page])
  await expectInvariants(market)
})

for (const { name, at } of [
  {
    name: 'the worker dies before its commit',
    at: { when: 'before', function: 'workers-apply-payments', operation: 'TransactWriteItems' },
  },
  {
    name: 'the worker dies after its commit',
    at: { when: 'after', function: 'workers-apply-payments', operation: 'TransactWriteItems' },
  },
  {
    name: 'the webhook dies before it queued the event',
    at: { when: 'before', function: 'webhooks-stripe', operation: 'SendMessage' },
  },
  {
    name: 'the webhook dies after it queued the event',
    at: { when: 'after', function: 'webhooks-stripe', operation: 'SendMessage' },
  },
] as const) {
  test(`case 7: Stripe charged, and ${name}: it is found again, one entry`, async () => {
    const order = await placeOrder(market, 'charged')
    const page = await openPage(market, order)
    const died = crash(at)
    expect(await payOnPage(page)).toBe('paid')
    await market.system.settle()
    // Stripe tries a webhook again after a minute.
    await market.system.clock.move(61_000)
    await market.system.settle()
    expect(died.hits).toBe(1)
    expect(await statusOf(market, order)).toBe('settled')
    expect(await eventsOf(market, order.id)).toEqual(settledEvents)
    expect(await chargesOf(market, order.id)).toHaveLength(1)
    expect(await refundsOf(market, order.id)).toEqual([])
    await expectInvariants(market)
  })
}

test('case 7, for hours: the worker dies every time until the order has expired and the handle is sold to another: one refund', async () => {
  const order = await placeOrder(market, 'out_of_luck')
  const page = await openPage(market, order)
  const died = crash({
    when: 'before',
    function: 'workers-apply-payments',
    operation: 'TransactWriteItems',
    times: Number.POSITIVE_INFINITY,
  })
  expect(await payOnPage(page)).toBe('paid')
  await market.system.settle()
  expect(died.hits).toBe(5)
  expect(await statusOf(market, order)).toBe('awaiting_payment')
  const [charge] = await chargesOf(market, order.id)
  expect(charge?.captured).toBe(true)

  await market.system.clock.move(61 * 60_000, { settle: true })
  expect(await statusOf(market, order)).toBe('expired')
  died.remove()
  const next = await placeOrder(market, 'in_luck', order.offer)
  expect(await payOnPage(await openPage(market, next))).toBe('paid')
  await market.system.settle()
  expect(await statusOf(market, next)).toBe('settled')

  // A person sends what could not be done back to its queue: this event, and no other was taken along.
  expect(market.system.queues.redrive('payments-dead.fifo')).toBe(1)
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('refunded')
  expect(await eventsOf(market, order.id)).toEqual(refundedEvents)
  const refunds = await refundsOf(market, order.id)
  expect(refunds.map(({ amount, status }) => [amount, status])).toEqual([[order.offer.price.amountMinor, 'succeeded']])
  expect(await statusOf(market, next)).toBe('settled')
  await expectInvariants(market)
})

for (const { name, at } of [
  {
    name: 'before Stripe was asked',
    at: { when: 'before', function: 'workers-carry-out-effects', operation: 'POST /v1/refunds' },
  },
  {
    name: 'after Stripe refunded',
    at: { when: 'after', function: 'workers-carry-out-effects', operation: 'POST /v1/refunds' },
  },
  {
    name: 'before the refund is booked',
    at: { when: 'before', function: 'workers-carry-out-effects', operation: 'TransactWriteItems' },
  },
  {
    name: 'after the refund is booked',
    at: { when: 'after', function: 'workers-carry-out-effects', operation: 'TransactWriteItems' },
  },
] as const) {
  test(`case 7, giving money back: the worker dies ${name}: one refund, one entry`, async () => {
    const order = await placeOrder(market, 'late_payer')
    const charge = await payUnheard(market, order)
    await market.system.clock.move(61 * 60_000, { settle: true })
    expect(await statusOf(market, order)).toBe('expired')
    const died = crash(at)
    // Stripe's word of the refund is lost too: the worker must find by its key what it did.
    pauseWebhooks(market)
    expect((await deliver(market, textOf(await findEvent(market, 'checkout.session.completed', charge)))).status).toBe(
      200,
    )
    await market.system.settle()
    expect(died.hits).toBe(1)
    expect(await statusOf(market, order)).toBe('refunded')
    expect(await eventsOf(market, order.id)).toEqual(refundedEvents)
    expect(await refundsOf(market, order.id)).toHaveLength(1)
    await expectInvariants(market)
  })
}
