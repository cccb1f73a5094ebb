import type Stripe from 'stripe'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PayOrder } from '../../local/stripe/control.ts'
import { idOf } from '../../local/stripe/resource-types.ts'
import { sessionFor, startLocal, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal()
})

afterEach(async () => {
  await local.server.control.idle()
  for (const { event } of local.endpoint.received) local.validator.checkEvent(event)
  await local.stop()
  local.validator.verify()
})

/** A paid session: its PaymentIntent's and its charge's id. */
const paid = async (amount = 10_000, order: PayOrder = {}): Promise<{ intent: string; charge: string }> => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(amount))
  local.server.control.pay(session.id, order)
  const intent = await local.stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] })
  const { id, latest_charge: charge } = intent.payment_intent as Stripe.PaymentIntent
  return { intent: id, charge: idOf(charge) ?? '' }
}

const totals = async (): Promise<number> => {
  const balance = await local.stripe.balance.retrieve()
  return [...balance.available, ...balance.pending].reduce((sum, { amount }) => sum + amount, 0)
}

it('refunds in full by PaymentIntent; the fee is not returned', async () => {
  const { intent, charge } = await paid()
  const refund = await local.stripe.refunds.create({
    payment_intent: intent,
    reason: 'requested_by_customer',
    metadata: { order: 'ord_1' },
    expand: ['balance_transaction'],
  })
  expect(refund).toMatchObject({
    amount: 10_000,
    charge,
    payment_intent: intent,
    status: 'succeeded',
    reason: 'requested_by_customer',
    metadata: { order: 'ord_1' },
    balance_transaction: { amount: -10_000, fee: 0, net: -10_000, type: 'refund', status: 'available' },
  })
  expect(await local.stripe.charges.retrieve(charge)).toMatchObject({ refunded: true, amount_refunded: 10_000 })
  expect(await totals()).toBe(-320)
  await local.server.control.idle()
  const events = local.endpoint.types()
  expect(events).toContain('charge.refunded')
  expect(events).toContain('refund.created')
  const refunded = local.endpoint.received.find(({ event }) => event.type === 'charge.refunded')
  expect(refunded?.event.data.previous_attributes).toEqual({ amount_refunded: 0, refunded: false })
})

it('refunds in parts by charge, and no more than is left', async () => {
  const { charge } = await paid()
  const first = await local.stripe.refunds.create({ charge, amount: 4_000 })
  expect(await local.stripe.charges.retrieve(charge)).toMatchObject({ refunded: false, amount_refunded: 4_000 })
  await expect(local.stripe.refunds.create({ charge, amount: 6_001 })).rejects.toMatchObject({
    statusCode: 400,
    param: 'amount',
    message: 'Refund amount ($60.01) is greater than unrefunded amount on charge ($60.00)',
  })
  const second = await local.stripe.refunds.create({ charge })
  expect(second.amount).toBe(6_000)
  await expect(local.stripe.refunds.create({ charge })).rejects.toMatchObject({ code: 'charge_already_refunded' })
  const list = await local.stripe.refunds.list({ charge })
  expect(list.data.map(({ id }) => id)).toEqual([second.id, first.id])
  const expanded = await local.stripe.charges.retrieve(charge, { expand: ['refunds'] })
  expect(expanded.refunds?.data).toHaveLength(2)
})

it('any sequence of refunds stays within the charge, and the books agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), async (amounts) => {
      const before = await totals()
      const { charge } = await paid(1_000)
      const answers = await Promise.allSettled(amounts.map((amount) => local.stripe.refunds.create({ charge, amount })))
      const sum = answers.reduce(
        (total, answer) => total + (answer.status === 'fulfilled' ? answer.value.amount : 0),
        0,
      )
      const after = await local.stripe.charges.retrieve(charge)
      expect(sum).toBeLessThanOrEqual(1_000)
      expect(after.amount_refunded).toBe(sum)
      expect(await totals()).toBe(before + 1_000 - 59 - sum)
    }),
    { numRuns: 15 },
  )
})

describe('refuses', () => {
  it('without a target, or with two', async () => {
    await expect(local.stripe.refunds.create({})).rejects.toMatchObject({ code: 'parameter_missing' })
    await expect(local.stripe.refunds.create({ charge: 'ch_1', payment_intent: 'pi_1' })).rejects.toMatchObject({
      statusCode: 400,
    })
  })

  it('an amount of nothing', async () => {
    const { charge } = await paid()
    await expect(local.stripe.refunds.create({ charge, amount: 0 })).rejects.toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'amount',
    })
  })

  it('a payment that was declined, or is under way', async () => {
    const declined = await paid(10_000, { outcome: 'card_declined' })
    await expect(local.stripe.refunds.create({ payment_intent: declined.intent })).rejects.toThrow(
      'does not have a successful charge to refund',
    )
    const waiting = await paid(10_000, { method: 'bank' })
    await expect(local.stripe.refunds.create({ charge: waiting.charge })).rejects.toMatchObject({
      code: 'charge_not_refundable',
    })
  })

  it('a disputed charge, until its dispute is won', async () => {
    const { charge } = await paid()
    const dispute = local.server.control.dispute(charge)
    await expect(local.stripe.refunds.create({ charge })).rejects.toMatchObject({ code: 'charge_disputed' })
    local.server.control.closeDispute(dispute.id, 'won')
    expect(await local.stripe.refunds.create({ charge })).toMatchObject({ status: 'succeeded' })
  })
})

it('a refund to a bank account is pending until the clock has run', async () => {
  const { intent } = await paid(10_000, { method: 'bank' })
  local.server.control.settleAsync(intent, 'succeeded')
  const refund = await local.stripe.refunds.create({ payment_intent: intent })
  expect(refund).toMatchObject({ status: 'pending', pending_reason: 'processing' })
  local.clock.move({ days: 4 })
  expect((await local.stripe.refunds.retrieve(refund.id)).status).toBe('succeeded')
  await local.server.control.idle()
  expect(local.endpoint.types()).toContain('refund.updated')
})

it('a refund that comes back: failed, and the charge is unrefunded again', async () => {
  const { charge } = await paid(10_000, { outcome: 'refund_fails' })
  const refund = await local.stripe.refunds.create({ charge })
  expect(refund.status).toBe('succeeded')
  local.clock.move({ minutes: 10 })
  const failed = await local.stripe.refunds.retrieve(refund.id, { expand: ['failure_balance_transaction'] })
  expect(failed).toMatchObject({
    status: 'failed',
    failure_balance_transaction: { amount: 10_000, type: 'refund_failure' },
  })
  expect(await local.stripe.charges.retrieve(charge)).toMatchObject({ refunded: false, amount_refunded: 0 })
  expect(await totals()).toBe(10_000 - 320)
  await local.server.control.idle()
  expect(local.endpoint.types()).toContain('refund.failed')
})

it('a refund made in the dashboard, and metadata put on it later', async () => {
  const { charge } = await paid()
  const refund = local.server.control.refundFromDashboard(charge, 1_000)
  expect(refund.amount).toBe(1_000)
  const changed = await local.stripe.refunds.update(refund.id, { metadata: { ticket: '7' } })
  expect(changed.metadata).toEqual({ ticket: '7' })
})

it('what becomes available: the balance by the clock', async () => {
  await paid()
  const row = async (): Promise<[number | undefined, number | undefined]> => {
    const balance = await local.stripe.balance.retrieve()
    return [balance.available[0]?.amount, balance.pending[0]?.amount]
  }
  expect(await row()).toEqual([0, 9_680])
  local.clock.move({ days: 2 })
  expect(await row()).toEqual([9_680, 0])
  const [booked] = (await local.stripe.balanceTransactions.list({ type: 'charge' })).data
  expect(booked).toMatchObject({ status: 'available', net: 9_680, fee_details: [{ amount: 320, type: 'stripe_fee' }] })
  expect((await local.stripe.balanceTransactions.list({ source: idOf(booked?.source) ?? '' })).data).toHaveLength(1)
})
