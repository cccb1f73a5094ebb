import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Client, createClient } from '../../shared/contract/client.ts'
import { handOverRequestSchema } from '../../shared/contract/hand-over.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { checkedFetch } from '../api/contract-check.ts'
import { chargesOf, expectInvariants, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { isSigned, type Platform, startPlatform } from './platform.ts'
import { buy, type Placed, placeOrder, statusOf } from './purchase.ts'

// A deployment in which an external platform is the registry of names: it is asked to hand over, and tells what it did.

let platform: Platform
let market: Market
beforeAll(async () => {
  platform = await startPlatform()
  const context = {
    handOver: 'platform',
    platformWebhookUrl: `${platform.origin}/hooks/handles`,
    platformLoopbackOrigin: platform.origin,
  }
  market = await startMarket({ synth: { context } })
})
beforeEach(() => {
  platform.received.length = 0
  platform.answers(204)
})
afterEach(() => expectInvariants(market))
afterAll(async () => {
  await market.stop()
  await platform.stop()
})

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const asPlatform = (): Client =>
  createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_platform', { groups: ['platform'] }),
    fetch: checkedFetch,
  })
const complete = ({ id }: Placed) => asPlatform().completeHandOver({ params: { orderId: id } })
const fail = ({ id }: Placed, reason = 'The name was given away by hand') =>
  asPlatform().failHandOver({ params: { orderId: id }, body: { reason } })
const shown = ({ id }: Placed) => asPlatform().getHandOver({ params: { orderId: id } })

/** A handle that was paid for and that the platform was asked to hand over. */
const soldTo = async (buyer: string) => {
  const order = await buy(market, buyer)
  await market.system.idle()
  return order
}
const handleOf = async ({ offer }: Placed) => (await loadHandle(market.store, offer.handle))?.state
const eventsOf = async ({ id }: Placed) => (await loadOrder(market.store, id))?.entry.events.map(({ type }) => type)
const deadLetters = () => market.system.queues.depths().filter(({ name, ready }) => name.endsWith('-dead') && ready > 0)

describe('a sale of the platform’s own', () => {
  test('is asked for by one signed webhook, stays on hold meanwhile, and settles when the platform has handed over', async () => {
    const order = await soldTo('ann')
    expect(await statusOf(market, order)).toBe('handing_over')
    expect(await handleOf(order)).toMatchObject({ status: 'released', holder: null, listing: { status: 'held' } })

    const [webhook, ...others] = platform.received
    if (webhook === undefined) throw new Error('nothing was sent')
    expect(others).toEqual([])
    expect(isSigned(webhook, market.secrets.generated['marketplace/dev/platform'] ?? '')).toBe(true)
    expect(webhook.id).toBe(`handover_${order.id}`)
    const { type, timestamp, data } = handOverRequestSchema.strict().parse(JSON.parse(webhook.body))
    expect(type).toBe('handover.wanted')
    expect(data).toMatchObject({
      orderId: order.id,
      handle: order.offer.handle,
      fromAccountId: null,
      toAccountId: 'ann',
    })
    expect(Date.parse(data.completeBy) - Date.parse(timestamp)).toBe(24 * hourMs)
    expect(await shown(order)).toMatchObject({ value: { outcome: 'wanted', at: null, reason: null } })

    const done = await complete(order)
    expect(done).toMatchObject({ ok: true, value: { orderId: order.id, outcome: 'completed', toAccountId: 'ann' } })
    expect(await statusOf(market, order)).toBe('settled')
    expect(await handleOf(order)).toMatchObject({ status: 'active', holder: { accountId: 'ann', orderId: order.id } })
    // Told again, at once and a day later: the same answer, and nothing moves.
    expect(await complete(order)).toEqual(done)
    await market.system.clock.move(24 * hourMs, { settle: true })
    expect(await complete(order)).toEqual(done)
    expect(await shown(order)).toEqual(done)
    expect(await eventsOf(order)).toEqual(['order_settled'])
  })

  test('that the platform cannot hand over is refunded once, and the handle is back on sale', async () => {
    const order = await soldTo('ben')
    const failed = await fail(order)
    expect(failed).toMatchObject({
      ok: true,
      value: { outcome: 'failed', reason: 'The name was given away by hand' },
    })
    expect(await fail(order, 'Another word for it')).toEqual(failed)
    await market.system.idle()
    expect(await statusOf(market, order)).toBe('refunded')
    expect(await fail(order)).toEqual(failed)
    expect(await handleOf(order)).toMatchObject({ status: 'released', holder: null, listing: { status: 'open' } })
    expect(await refundsOf(market, order.id)).toHaveLength(1)
  })

  test('out of turn: what was told stands, the other word is refused, and says what is possible now', async () => {
    const done = await soldTo('cleo')
    await complete(done)
    const late = await fail(done)
    expect(late).toMatchObject({ problem: { code: 'transition_not_allowed', facts: { status: 'settled' } } })
    expect(late.ok ? [] : late.problem.facts?.['possible']).toContain('refund_completed')

    const failed = await soldTo('dan')
    await fail(failed)
    await market.system.idle()
    expect(await complete(failed)).toMatchObject({
      problem: { code: 'transition_not_allowed', facts: { status: 'refunded' } },
    })
    expect(await handleOf(failed)).toMatchObject({ holder: null })
  })

  test('that the platform says nothing of is refunded when its time is over; what it says then changes nothing', async () => {
    const order = await soldTo('eve')
    await market.system.clock.move(24 * hourMs - minuteMs, { settle: true })
    expect(await statusOf(market, order)).toBe('handing_over')
    await market.system.clock.move(2 * minuteMs)
    await sweepDeadlines()
    expect(await statusOf(market, order)).toBe('refunded')
    expect(await shown(order)).toMatchObject({ value: { outcome: 'overdue', at: null } })
    expect(await complete(order)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
    expect(await fail(order)).toEqual(await shown(order))
    expect(await handleOf(order)).toMatchObject({ status: 'released', holder: null, listing: { status: 'open' } })
    expect(await refundsOf(market, order.id)).toHaveLength(1)
  })

  test('that is refunded at the provider meanwhile has ended: the handle is back on sale, and nobody is refunded twice', async () => {
    const order = await soldTo('quin')
    const payment = (await loadOrder(market.store, order.id))?.state.paymentIntentId ?? ''
    await market.provider.refunds.create({ payment_intent: payment })
    await market.system.idle()
    expect(await statusOf(market, order)).toBe('refunded')
    expect(await complete(order)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
    expect(await handleOf(order)).toMatchObject({ status: 'released', holder: null, listing: { status: 'open' } })
    expect(await refundsOf(market, order.id)).toHaveLength(1)
  })

  test.each([
    ['won', 'rosa', 'refunded', 1],
    ['lost', 'sven', 'charged_back', 0],
  ] as const)(
    'whose payment a bank takes back meanwhile is not handed over any more; the bank’s dispute is %s',
    async (outcome, buyer, ends, refunds) => {
      const order = await soldTo(buyer)
      const [charge] = await chargesOf(market, order.id)
      const { id } = market.stripe.control.dispute(charge?.id ?? '')
      await market.system.settle()
      expect(await statusOf(market, order)).toBe('chargeback')
      expect(await handleOf(order)).toMatchObject({ status: 'released', holder: null, listing: { status: 'open' } })
      const late = await complete(order)
      expect(late).toMatchObject({ problem: { code: 'transition_not_allowed', facts: { status: 'chargeback' } } })
      expect(await fail(order)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
      market.stripe.control.closeDispute(id, outcome)
      await market.system.settle()
      expect(await statusOf(market, order)).toBe(ends)
      expect(await refundsOf(market, order.id)).toHaveLength(refunds)
      expect((await handleOf(order))?.holder).toBe(null)
    },
  )

  test('complete and fail at the same moment: one of them is heard', async () => {
    const order = await soldTo('finn')
    const [done, failed] = await Promise.all([complete(order), fail(order)])
    expect([done.ok, failed.ok].filter(Boolean)).toHaveLength(1)
    const other = done.ok ? failed : done
    expect(other).toMatchObject({ problem: { code: 'transition_not_allowed' } })
    await market.system.idle()
    expect(await statusOf(market, order)).toBe(done.ok ? 'settled' : 'refunded')
    expect((await handleOf(order))?.holder?.accountId).toBe(done.ok ? 'finn' : undefined)
  })

  test('nothing is known of an order that is not paid, or does not exist, or to anybody else', async () => {
    const unpaid = await placeOrder(market, 'gil')
    for (const answer of [await shown(unpaid), await complete(unpaid), await fail(unpaid)]) {
      expect(answer).toMatchObject({ problem: { code: 'not_found', field: 'orderId' } })
    }
    const unknown = { ...unpaid, id: 'ord_00000000000000000000000000' }
    expect(await complete(unknown)).toMatchObject({ problem: { code: 'not_found' } })
    const buyer = await market.buyer('gil').completeHandOver({ params: { orderId: unpaid.id } })
    expect(buyer).toMatchObject({ problem: { code: 'role_missing' } })
    expect(await market.buyer('gil').cancelOrder({ params: { orderId: unpaid.id } })).toMatchObject({ ok: true })
  })
})

describe('a sale between users', () => {
  const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })

  /** A handle that this seller bought, may sell by now, and that this buyer has paid for. */
  const soldBetween = async (seller: string, buyer: string) => {
    const bought = await soldTo(seller)
    await complete(bought)
    await market.system.clock.move(8 * 24 * hourMs, { settle: true })
    const offer = { handle: bought.offer.handle, price: usd(500_00) }
    const { handle, price } = offer
    const listed = await market.buyer(seller).openListing({ params: { handle }, body: { price } })
    expect(listed.ok ? null : listed.problem).toBe(null)
    platform.received.length = 0
    const order = await buy(market, buyer, offer)
    await market.system.idle()
    return order
  }

  test('is inspected from the moment at which the platform has handed over, and tells it what the seller has instead', async () => {
    const order = await soldBetween('kim', 'lena')
    const data = JSON.parse(platform.received[0]?.body ?? '{}') as { data?: unknown }
    expect(data.data).toMatchObject({ orderId: order.id, fromAccountId: 'kim', toAccountId: 'lena' })
    expect(await handleOf(order)).toMatchObject({ holder: { accountId: 'kim' }, listing: { status: 'held' } })

    const done = await complete(order)
    expect(done).toMatchObject({ value: { outcome: 'completed', fromAccountId: 'kim', toAccountId: 'lena' } })
    expect(await statusOf(market, order)).toBe('inspection')
    expect(await handleOf(order)).toMatchObject({ status: 'active', holder: { accountId: 'lena', orderId: order.id } })
    const replacement = done.ok ? done.value.replacementHandle : null
    expect((await loadHandle(market.store, replacement ?? ''))?.state).toMatchObject({ holder: { accountId: 'kim' } })

    await market.system.clock.move(3 * 24 * hourMs + minuteMs)
    await sweepDeadlines()
    expect(await statusOf(market, order)).toBe('settling')
    expect(await complete(order)).toEqual(done)
    expect(await fail(order)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
  })

  test.each([
    ['fails', 'mona', 'nils', async (order: Placed) => void (await fail(order))],
    [
      'is not heard of in time',
      'olga',
      'paul',
      async () => {
        await market.system.clock.move(24 * hourMs + minuteMs)
        await sweepDeadlines()
      },
    ],
  ] as const)(
    'whose hand-over %s: the buyer has the money back, and the seller the handle',
    async (_, seller, buyer, end) => {
      const order = await soldBetween(seller, buyer)
      await end(order)
      await market.system.idle()
      expect(await statusOf(market, order)).toBe('refunded')
      expect(await refundsOf(market, order.id)).toHaveLength(1)
      expect(await handleOf(order)).toMatchObject({
        status: 'active',
        holder: { accountId: seller },
        listing: { status: 'open', sellerId: seller },
      })
      expect(await complete(order)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
      expect(await handleOf(order)).toMatchObject({ holder: { accountId: seller } })
    },
  )
})

describe('an endpoint that is down', () => {
  test('for an hour: the same message comes until it is taken, and nobody loses anything', async () => {
    platform.answers(503)
    const order = await soldTo('hana')
    for (let minutes = 0; minutes < 60; minutes += 6) {
      expect(await statusOf(market, order)).toBe('handing_over')
      await market.system.clock.move(6 * minuteMs + 1, { settle: true })
    }
    const refused = platform.received.length
    expect(refused).toBeGreaterThanOrEqual(10)
    platform.answers(204)
    await market.system.settle()
    expect(platform.received).toHaveLength(refused + 1)
    expect(new Set(platform.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1)
    // Each try is signed at its own time, so that the receiver can refuse what is old.
    expect(new Set(platform.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(10)
    const secret = market.secrets.generated['marketplace/dev/platform'] ?? ''
    expect(platform.received.every((one) => isSigned(one, secret))).toBe(true)
    expect(deadLetters()).toEqual([])
    expect(await complete(order)).toMatchObject({ ok: true })
    expect(await statusOf(market, order)).toBe('settled')
  })

  test('for good: the buyer is refunded after a day, the message ends, and no dead letter is left', async () => {
    platform.answers(500)
    const order = await soldTo('ines')
    await market.system.clock.move(24 * hourMs + minuteMs)
    await sweepDeadlines()
    expect(await statusOf(market, order)).toBe('refunded')
    await market.system.settle()
    const tries = platform.received.length
    await market.system.clock.move(hourMs, { settle: true })
    expect(platform.received).toHaveLength(tries)
    expect(deadLetters()).toEqual([])
  })

  test('a message that comes twice asks twice, in the same words', async () => {
    const order = await soldTo('jon')
    const detail = { aggregate: `order:${order.id}` }
    market.system.queues.send('hand-overs', JSON.stringify({ 'detail-type': 'order.handover_started', detail }))
    await market.system.idle()
    expect(platform.received.map(({ id, body }) => `${id} ${body}`)).toHaveLength(2)
    expect(new Set(platform.received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1)
    await complete(order)
    market.system.queues.send('hand-overs', JSON.stringify({ 'detail-type': 'order.handover_started', detail }))
    await market.system.idle()
    expect(platform.received).toHaveLength(2)
  })
})

/** The clock's worker looks; what it finds due is done. */
const sweepDeadlines = async () => {
  const name = market.system.schedules.names.find((one) => one.endsWith('sweep-deadlines'))
  market.system.schedules.fire(name ?? '')
  await market.system.idle()
}
