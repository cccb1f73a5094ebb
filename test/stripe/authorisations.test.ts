import { afterEach, beforeEach, expect, it } from 'vitest'
import { idOf } from '../../local/stripe/resource-types.ts'
import { sessionFor, startLocal, type Local } from './fixture.ts'

// A card is authorised by a session whose payment is captured by hand; nothing is ever captured here.

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

const manual = { payment_intent_data: { capture_method: 'manual' as const, metadata: { authorisationId: 'aut_1' } } }

/** A session whose card was authorised. */
const authorise = async (last4?: string) => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(10_000, manual))
  const attempt = local.server.control.pay(session.id, last4 === undefined ? {} : { last4 })
  const { payment_intent: intent } = await local.stripe.checkout.sessions.retrieve(session.id)
  return { attempt, session, intentId: idOf(intent) ?? '' }
}
const typesOf = () => local.endpoint.received.map(({ event }) => event.type)

it('keeps the amount on the card, takes nothing, and tells so', async () => {
  const { attempt, session, intentId } = await authorise()
  expect(session.payment_method_types).toEqual(['card'])
  expect(attempt.result).toBe('authorised')
  const completed = await local.stripe.checkout.sessions.retrieve(session.id)
  expect(completed).toMatchObject({ status: 'complete', payment_status: 'unpaid' })
  const intent = await local.stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })
  expect(intent).toMatchObject({
    status: 'requires_capture',
    capture_method: 'manual',
    amount_capturable: 10_000,
    amount_received: 0,
    metadata: { authorisationId: 'aut_1' },
    latest_charge: { captured: false, amount_captured: 0, balance_transaction: null, status: 'succeeded' },
  })
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  expect(charge?.payment_method_details?.card).toMatchObject({
    fingerprint: 'localvisa4242000',
    capture_before: local.clock.seconds() + 7 * 86_400,
  })
  await local.server.control.idle()
  expect(typesOf()).toContain('payment_intent.amount_capturable_updated')
  expect(typesOf()).not.toContain('payment_intent.succeeded')
  const balance = await local.stripe.balance.retrieve()
  expect([...balance.available, ...balance.pending].every(({ amount }) => amount === 0)).toBe(true)
})

it('two cards have two fingerprints', async () => {
  const fingerprints = []
  for (const last4 of ['1111', '1111', '2222']) {
    const { intentId } = await authorise(last4)
    const { data } = await local.stripe.charges.list({ payment_intent: intentId })
    fingerprints.push(data[0]?.payment_method_details?.card?.fingerprint)
  }
  expect(new Set(fingerprints).size).toBe(2)
})

it('is let go on request, once', async () => {
  const { intentId } = await authorise()
  const cancelled = await local.stripe.paymentIntents.cancel(intentId, { cancellation_reason: 'abandoned' })
  expect(cancelled).toMatchObject({ status: 'canceled', amount_capturable: 0, cancellation_reason: 'abandoned' })
  const { data } = await local.stripe.charges.list({ payment_intent: intentId })
  expect(data[0]).toMatchObject({ captured: false, refunded: true, amount_refunded: 10_000 })
  await expect(local.stripe.paymentIntents.cancel(intentId)).rejects.toMatchObject({
    code: 'payment_intent_unexpected_state',
  })
  await local.server.control.idle()
  expect(typesOf()).toContain('payment_intent.canceled')
  local.clock.move({ days: 8 })
  local.server.control.tick()
  expect((await local.stripe.paymentIntents.retrieve(intentId)).cancellation_reason).toBe('abandoned')
})

it('lapses after seven days', async () => {
  const { intentId } = await authorise()
  local.clock.move({ days: 6, hours: 23 })
  expect((await local.stripe.paymentIntents.retrieve(intentId)).status).toBe('requires_capture')
  local.clock.move({ hours: 2 })
  const lapsed = await local.stripe.paymentIntents.retrieve(intentId)
  expect(lapsed).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' })
  await local.server.control.idle()
  expect(typesOf()).toEqual(expect.arrayContaining(['charge.expired', 'payment_intent.canceled']))
})

it('a declined card is no authorisation, and the session stays open', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(10_000, manual))
  expect(local.server.control.pay(session.id, { outcome: 'insufficient_funds' }).result).toBe('declined')
  expect(local.server.control.pay(session.id).result).toBe('authorised')
})
