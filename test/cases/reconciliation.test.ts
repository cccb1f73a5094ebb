import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type Stripe from 'stripe'
import type * as z from 'zod'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { reconciliationSchema } from '../../shared/contract/book-resources.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import type { Problem } from '../../shared/contract/problems.ts'
import { journalKey, orderKey } from '../../shared/store/items.ts'
import { pauseWebhooks, resumeWebhooks } from './events.ts'
import { type Market, startMarket } from './market.ts'
import { buy, freshKey, openPage, payOnPage, placeOrder, type Placed, statusOf } from './purchase.ts'

// The ledger beside the provider's balance transactions: what agrees is quiet, and whatever is broken is told to the cent.

type Reconciliation = z.infer<typeof reconciliationSchema>
type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }
const value = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}

let market: Market
let operator: Client
const alarmed: string[] = []
beforeAll(async () => {
  market = await startMarket()
  market.system.logs.subscribe(({ line }) => {
    if (line.includes('books_differ')) alarmed.push(line)
  })
  operator = createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_operator', { groups: ['operator'] }),
  })
})
afterAll(() => market.stop())

const hour = 3_600_000
/** Each test has a span of its own. */
let from = ''
afterEach(() => {
  from = instant()
})
const instant = () => new Date(Math.floor(market.system.clock.now() / 1000) * 1000).toISOString()

/** Two hours later, everything since `from` is compared. */
const reconcile = async (since = from): Promise<Reconciliation> => {
  await market.system.idle()
  await market.system.clock.move(2 * hour)
  await market.system.idle()
  const body = since === '' ? {} : { from: since }
  const { id } = value(await operator.startReconciliation({ body, idempotencyKey: freshKey() }))
  await market.system.idle()
  const report = value(await operator.getReconciliation({ params: { reconciliationId: id } }))
  expect(report).toMatchObject({ id, state: 'complete', startedBy: 'acct_operator' })
  return report
}

const bought = async (): Promise<{ order: Placed; price: number; charge: Stripe.Charge; payment: string }> => {
  const order = await buy(market, `acct_buyer${freshKey()}`)
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  const [charge] = (await market.provider.charges.list({ transfer_group: order.id })).data
  if (charge === undefined || typeof charge.payment_intent !== 'string') throw new Error('no charge')
  return { order, price: charge.amount, charge, payment: charge.payment_intent }
}

/** Log lines that the alarm counts, of one report. */
const alarms = (id: string): string[] => alarmed.filter((line) => line.includes(id))

test('there is no trial balance before the first reconciliation', async () => {
  expect(await operator.getTrialBalance({})).toMatchObject({ ok: false, problem: { code: 'not_found' } })
  expect(value(await operator.listReconciliations({})).items).toEqual([])
})

test('sales, refunds and chargebacks agree with the provider, and the fees stand apart', async () => {
  const [one, two, three, four] = [await bought(), await bought(), await bought(), await bought()]
  market.stripe.control.refundFromDashboard(two.charge.id)
  market.stripe.control.dispute(three.charge.id)
  const { id } = market.stripe.control.dispute(four.charge.id)
  market.stripe.control.closeDispute(id, 'won')
  const report = await reconcile('')
  expect(report.differences).toEqual([])
  expect(report).toMatchObject({ agrees: true, matched: 8, differenceCount: 0, apart: [] })
  const charged = [one, two, three, four].map(({ price }) => Math.round((price * 290) / 10_000) + 30)
  expect(report.fees).toEqual([{ currency: 'USD', feeMinor: charged.reduce((sum, fee) => sum + fee, 0) + 2 * 1_500 }])
  expect(alarms(report.id)).toEqual([])
  const trial = value(await operator.getTrialBalance({}))
  const kept = one.price + four.price
  expect(trial).toMatchObject({
    reconciliationId: report.id,
    sums: [{ currency: 'USD', sumMinor: 0 }],
    wrongSide: [],
    unbalancedOrders: [],
  })
  expect(trial.totals).toContainEqual({ account: 'platform:sales', currency: 'USD', balanceMinor: kept })
  expect(trial.totals).toContainEqual({ account: 'stripe', currency: 'USD', balanceMinor: -kept })
})

test('a payment whose event never came is missing here', async () => {
  const order = await placeOrder(market, 'acct_unheard')
  const page = await openPage(market, order)
  pauseWebhooks(market)
  expect(await payOnPage(page)).toBe('paid')
  resumeWebhooks(market)
  const [charge] = (await market.provider.charges.list({ transfer_group: order.id })).data
  const report = await reconcile()
  expect(report).toMatchObject({
    agrees: false,
    differences: [
      {
        kind: 'missing_here',
        of: 'capture',
        orderId: order.id,
        hereMinor: null,
        thereMinor: charge?.amount,
      },
    ],
  })
  expect(alarms(report.id)).toHaveLength(1)
})

test('a transfer made in the dashboard is missing here; a part refund made there is booked', async () => {
  const { order, charge } = await bought()
  const account = await market.provider.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  market.stripe.control.onboard(account.id)
  await market.system.clock.move(49 * hour)
  const transfer = market.stripe.control.transferFromDashboard({
    destination: account.id,
    currency: 'usd',
    amount: 123,
    source: charge,
  })
  // A part refund made there is told, and booked as the platform's goodwill.
  market.stripe.control.refundFromDashboard(charge.id, 99)
  const report = await reconcile()
  expect(report).toMatchObject({
    agrees: false,
    differenceCount: 1,
    differences: [
      {
        kind: 'missing_here',
        of: 'transfer',
        reference: transfer.id,
        orderId: order.id,
        hereMinor: null,
        thereMinor: -123,
      },
    ],
  })
  expect(alarms(report.id)).toHaveLength(1)
})

test('two part refunds of which one word tells are booked one by one, and are no difference', async () => {
  const { order, charge } = await bought()
  pauseWebhooks(market)
  market.stripe.control.refundFromDashboard(charge.id, 70)
  market.stripe.control.refundFromDashboard(charge.id, 29)
  resumeWebhooks(market)
  const [newest] = (await market.provider.events.list({ type: 'charge.refunded', limit: 1 })).data
  market.stripe.control.resendEvent(newest?.id ?? '')
  const report = await reconcile()
  const { entries } = value(await operator.listJournal({ params: { aggregateId: `order:${order.id}` } }))
  const refunds = entries.flatMap(({ events }) => events).filter(({ type }) => type === 'goodwill_refunded')
  expect(refunds).toMatchObject([{ amountMinor: 70 }, { amountMinor: 29 }])
  expect(report).toMatchObject({ agrees: true, differences: [] })
})

test('an amount that was changed in the book differs to the cent, and its order is not balanced', async () => {
  const { order, price, payment } = await bought()
  const change = (Key: Record<string, string>, path: string) =>
    market.store.db.send(
      new UpdateCommand({
        TableName: market.store.escrowTable,
        Key,
        UpdateExpression: `SET ${path} = :other`,
        ExpressionAttributeValues: { ':other': price + 1 },
      }),
    )
  await change(orderKey(order.id), 'priceMinor')
  await change(journalKey(`order:${order.id}`, 1), 'events[0].priceMinor')
  const report = await reconcile()
  expect(report).toMatchObject({
    agrees: false,
    differenceCount: 1,
    differences: [
      {
        kind: 'amount_differs',
        of: 'capture',
        reference: payment,
        orderId: order.id,
        hereMinor: price + 1,
        thereMinor: price,
      },
    ],
  })
  expect(value(await operator.getTrialBalance({})).unbalancedOrders).toEqual([order.id])
  expect(alarms(report.id)).toHaveLength(1)
})

test('a capture that the provider knows nothing of is missing there', async () => {
  const { order, price } = await bought()
  const change = (Key: Record<string, string>, path: string) =>
    market.store.db.send(
      new UpdateCommand({
        TableName: market.store.escrowTable,
        Key,
        UpdateExpression: `SET ${path} = :other`,
        ExpressionAttributeValues: { ':other': 'pi_nobody' },
      }),
    )
  await change(orderKey(order.id), 'paymentIntentId')
  await change(orderKey(order.id), 'entry.events[0].paymentIntentId')
  const { differences } = await reconcile()
  expect(differences).toHaveLength(2)
  expect(differences).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        kind: 'missing_there',
        of: 'capture',
        reference: 'pi_nobody',
        orderId: order.id,
        hereMinor: price,
        thereMinor: null,
      }),
      expect.objectContaining({ kind: 'missing_here', of: 'capture', orderId: order.id, thereMinor: price }),
    ]),
  )
})

test('the same key asks once, another span under it is refused, and the list has the newest first', async () => {
  const key = freshKey()
  const first = value(await operator.startReconciliation({ body: {}, idempotencyKey: key }))
  await market.system.idle()
  const again = value(await operator.startReconciliation({ body: {}, idempotencyKey: key }))
  expect(again).toMatchObject({ id: first.id, state: 'complete' })
  const other = await operator.startReconciliation({
    body: { from: '2026-11-24T00:00:00Z' },
    idempotencyKey: key,
  })
  expect(other).toMatchObject({ ok: false, status: 422, problem: { code: 'idempotency_key_reused' } })
  for (const wrong of ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z'])
    expect(await operator.startReconciliation({ body: { from: wrong }, idempotencyKey: freshKey() })).toMatchObject({
      ok: false,
      status: 400,
      problem: { code: 'validation_failed', field: 'from' },
    })
  const { items, nextCursor } = value(await operator.listReconciliations({ query: { limit: 2 } }))
  expect(items[0]?.id).toBe(first.id)
  const more = value(await operator.listReconciliations({ query: { limit: 2, cursor: nextCursor ?? '' } }))
  expect(more.items.map(({ id }) => id)).not.toContain(items[1]?.id)
})

test('each day one is made by the clock, and begins where the newest complete one ended', async () => {
  const [before] = value(await operator.listReconciliations({ query: { limit: 1 } })).items
  await market.system.clock.move(25 * hour)
  await market.system.idle()
  const [first] = value(await operator.listReconciliations({ query: { limit: 1 } })).items
  expect(first).toMatchObject({ startedBy: 'schedule', state: 'complete', from: before?.to })
  await market.system.clock.move(24 * hour)
  await market.system.idle()
  const [second] = value(await operator.listReconciliations({ query: { limit: 1 } })).items
  expect(second).toMatchObject({ startedBy: 'schedule', state: 'complete', from: first?.to })
  expect(second?.id).not.toBe(first?.id)
})

test('a provider that does not answer leaves the report open, the next one takes its span, and operators see it stalled', async () => {
  const [last] = value(await operator.listReconciliations({ query: { limit: 1 } })).items
  market.stripe.control.setFault(() => ({ kind: 'status', status: 503 }))
  const { id } = value(await operator.startReconciliation({ body: {}, idempotencyKey: freshKey() }))
  await market.system.idle()
  market.stripe.control.setFault(undefined)
  const params = { reconciliationId: id }
  expect(value(await operator.getReconciliation({ params }))).toMatchObject({ state: 'working', agrees: null })
  await market.system.clock.move(hour)
  expect(value(await operator.getReconciliation({ params }))).toMatchObject({ state: 'stalled' })
  const next = value(await operator.startReconciliation({ body: {}, idempotencyKey: freshKey() }))
  await market.system.idle()
  const done = value(await operator.getReconciliation({ params: { reconciliationId: next.id } }))
  expect(done).toMatchObject({ state: 'complete', from: last?.to })
})
