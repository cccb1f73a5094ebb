import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Fault } from '../../local/stripe/api.ts'
import { deliver, findEvent, pauseWebhooks, payUnheard, resumeWebhooks, textOf } from './events.ts'
import { chargesOf, eventsOf, expectInvariants, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { openPage, payOnPage, placeOrder, type Placed, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => {
  market.stripe.control.setFault(undefined)
  resumeWebhooks(market)
})
afterAll(() => market.stop())

const forever = Number.POSITIVE_INFINITY

/** Stripe itself fails this often at one operation. Returns the idempotency keys of all calls of it from now on. */
const failing = (operationId: string, fault: Fault, phase: 'before' | 'after', times: number): (string | null)[] => {
  const keys: (string | null)[] = []
  let left = times
  market.stripe.control.setFault((call) => {
    if (call.operationId !== operationId) return
    if (call.phase === 'before') keys.push(call.idempotencyKey)
    if (call.phase !== phase || left === 0) return
    left -= 1
    return fault
  })
  return keys
}

const sessionsOf = async (order: Placed): Promise<number> => {
  let sessions = 0
  for await (const session of market.provider.checkout.sessions.list({ limit: 100 })) {
    if (session.client_reference_id === order.id) sessions += 1
  }
  return sessions
}

const expectPaidOnce = async (order: Placed) => {
  expect(await payOnPage(await openPage(market, order))).toBe('paid')
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('settled')
  expect(await chargesOf(market, order.id)).toHaveLength(1)
  expect(await sessionsOf(order)).toBe(1)
}

for (const { name, fault, phase, times } of [
  { name: 'says nothing once, though it has done it', fault: { kind: 'timeout' }, phase: 'after', times: 1 },
  { name: 'cuts the connection once, though it has done it', fault: { kind: 'cut' }, phase: 'after', times: 1 },
  { name: 'answers 429 twice', fault: { kind: 'status', status: 429 }, phase: 'before', times: 2 },
  {
    name: 'answers 503 twice, though it has done it',
    fault: { kind: 'status', status: 503 },
    phase: 'after',
    times: 2,
  },
] as const) {
  test(`case 8: Stripe ${name}: the same key is tried again, one page, one charge`, async () => {
    const order = await placeOrder(market, 'unlucky')
    const keys = failing('PostCheckoutSessions', fault, phase, times)
    await openPage(market, order)
    expect(keys).toEqual(Array.from({ length: times + 1 }, () => `${order.id}:checkout`))
    market.stripe.control.setFault(undefined)
    await expectPaidOnce(order)
    await expectInvariants(market)
  })
}

for (const { name, fault, phase } of [
  { name: 'says nothing', fault: { kind: 'timeout' }, phase: 'after' },
  { name: 'cuts every connection', fault: { kind: 'cut' }, phase: 'after' },
  { name: 'answers 429', fault: { kind: 'status', status: 429 }, phase: 'before' },
  { name: 'answers 502', fault: { kind: 'status', status: 502 }, phase: 'before' },
] as const) {
  test(`case 8, without end: Stripe ${name}: 503 with Retry-After after a few tries with one key, and one charge later`, async () => {
    const order = await placeOrder(market, 'unlucky')
    const keys = failing('PostCheckoutSessions', fault, phase, forever)
    const answer = await market.send('POST', `/v1/orders/${order.id}/checkout`, { as: order.buyer })
    expect([answer.status, answer.code]).toEqual([503, 'service_unavailable'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(keys).toEqual(Array.from({ length: 3 }, () => `${order.id}:checkout`))
    expect(await statusOf(market, order)).toBe('awaiting_payment')
    market.stripe.control.setFault(undefined)
    await expectPaidOnce(order)
    await expectInvariants(market)
  })
}

test('case 8: Stripe answers 500 and keeps that answer under its key: 503 with Retry-After each time, no charge, and the order expires', async () => {
  const order = await placeOrder(market, 'out_of_luck')
  failing('PostCheckoutSessions', { kind: 'status', status: 500 }, 'before', 1)
  for (let asked = 0; asked < 3; asked += 1) {
    const answer = await market.send('POST', `/v1/orders/${order.id}/checkout`, { as: order.buyer })
    expect([answer.status, answer.code]).toEqual([503, 'service_unavailable'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  await market.system.clock.move(61 * 60_000, { settle: true })
  expect(await statusOf(market, order)).toBe('expired')
  expect(await sessionsOf(order)).toBe(0)
  // The handle is not lost by it: the next buyer gets a page.
  await expectPaidOnce(await placeOrder(market, 'in_luck', order.offer))
  await expectInvariants(market)
})

/** Money that came too late, and a Stripe that fails at giving it back. */
const payLate = async (fault: Fault, phase: 'before' | 'after', times: number) => {
  const order = await placeOrder(market, 'late')
  const charge = await payUnheard(market, order)
  await market.system.clock.move(61 * 60_000, { settle: true })
  expect(await statusOf(market, order)).toBe('expired')
  const keys = failing('PostRefunds', fault, phase, times)
  return {
    order,
    keys,
    tell: async () => deliver(market, textOf(await findEvent(market, 'checkout.session.completed', charge))),
  }
}

const refundedEvents = ['order_placed', 'order_expired', 'payment_captured', 'refund_wanted', 'refund_completed']

for (const { name, fault, phase, times } of [
  { name: 'cuts the connection, though it has done it', fault: { kind: 'cut' }, phase: 'after', times: 1 },
  { name: 'answers 429 twice', fault: { kind: 'status', status: 429 }, phase: 'before', times: 2 },
] as const) {
  test(`case 8, giving money back: Stripe ${name}: the same key is tried again, one refund`, async () => {
    const { order, keys, tell } = await payLate(fault, phase, times)
    pauseWebhooks(market)
    expect((await tell()).status).toBe(200)
    await market.system.settle()
    expect(keys).toHaveLength(times + 1)
    expect(new Set(keys)).toEqual(new Set([expect.stringMatching(`^${order.id}:refund`)]))
    expect(await eventsOf(market, order.id)).toEqual(refundedEvents)
    expect(await refundsOf(market, order.id)).toHaveLength(1)
    await expectInvariants(market)
  })
}

test('case 8, giving money back: Stripe answers 500 though it has done it, and keeps that answer: its own event books the one refund', async () => {
  const { order, tell } = await payLate({ kind: 'status', status: 500 }, 'after', 1)
  expect((await tell()).status).toBe(200)
  await market.system.settle()
  expect(await eventsOf(market, order.id)).toEqual(refundedEvents)
  expect(await refundsOf(market, order.id)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 8, giving money back: Stripe answers 500 and keeps that answer for a day: dead letters and the alarm, then the clock asks again, one refund', async () => {
  const { order, keys, tell } = await payLate({ kind: 'status', status: 500 }, 'before', 1)
  expect((await tell()).status).toBe(200)
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('refunding')
  expect(await refundsOf(market, order.id)).toEqual([])
  await expectInvariants(market, { 'effects-dead': 1 })

  await market.system.clock.move(25 * 3_600_000, { settle: true })
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('refunded')
  expect(await refundsOf(market, order.id)).toHaveLength(1)
  expect(new Set(keys)).toEqual(new Set([expect.stringMatching(`^${order.id}:refund`)]))
  // What lies among the dead letters is done by now: sent back, it changes nothing.
  expect(market.system.queues.redrive('effects-dead')).toBe(1)
  await expectInvariants(market)
  expect(await refundsOf(market, order.id)).toHaveLength(1)
})
