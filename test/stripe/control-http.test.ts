import { afterEach, beforeEach, expect, it } from 'vitest'
import { idOf } from '../../local/stripe/resource-types.ts'
import { sessionFor, startLocal, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal()
})

afterEach(async () => {
  await local.stop()
  local.validator.verify()
})

const post = async (name: string, body: object, headers: Record<string, string> = {}) => {
  const response = await fetch(`${local.server.url}/_local/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

it('pays, settles, disputes, closes, refunds and sends again by HTTP', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(10_000))
  expect((await post('pay', { session: session.id, outcome: 'insufficient_funds' })).body).toMatchObject({
    result: 'declined',
  })
  const waiting = await post('pay', { session: session.id, method: 'bank' })
  expect(waiting.body).toMatchObject({ result: 'processing' })
  const intent = (waiting.body['intent'] as { id: string }).id
  expect((await post('settle', { payment_intent: intent, outcome: 'succeeded' })).body).toMatchObject({
    status: 'succeeded',
  })
  const charge = idOf((await local.stripe.paymentIntents.retrieve(intent)).latest_charge)
  expect((await post('refund', { charge, amount: 1_000 })).body).toMatchObject({ amount: 1_000, status: 'pending' })
  const dispute = (await post('dispute', { charge, reason: 'duplicate' })).body
  expect(dispute).toMatchObject({ amount: 9_000, reason: 'duplicate' })
  expect((await post('close-dispute', { dispute: dispute['id'], outcome: 'lost' })).body).toMatchObject({
    status: 'lost',
  })
  await local.server.control.idle()
  const { deliveries } = (await (await fetch(`${local.server.url}/_local/deliveries?limit=1`)).json()) as {
    deliveries: { id: string; event: string; status: string }[]
  }
  expect(deliveries).toMatchObject([{ status: 'succeeded', attempts: 1 }])
  expect((await post('resend-event', { event: deliveries[0]?.event })).status).toBe(200)
  expect((await post('replay-delivery', { delivery: deliveries[0]?.id })).status).toBe(200)
})

it('onboards, restricts, transfers, reverses and pays out by HTTP', async () => {
  const { id: account } = await local.stripe.accounts.create({
    type: 'express',
    capabilities: { transfers: { requested: true } },
  })
  expect((await post('onboard', { account, outcome: 'document' })).body).toMatchObject({ payouts_enabled: false })
  expect((await post('onboard', { account })).body).toMatchObject({ payouts_enabled: true })
  expect((await post('restrict-account', { account, reason: 'listed' })).body).toMatchObject({
    requirements: { disabled_reason: 'listed' },
  })
  expect((await post('lift-restriction', { account })).body).toMatchObject({ payouts_enabled: true })
  const session = await local.stripe.checkout.sessions.create(sessionFor(10_000))
  local.server.control.pay(session.id)
  local.clock.move({ days: 2 })
  const transfer = (await post('transfer', { account, amount: 900, transfer_group: 'ord_1' })).body
  expect(transfer).toMatchObject({ amount: 900, destination: account, transfer_group: 'ord_1' })
  const reversal = await post('reverse-transfer', { transfer: transfer['id'], amount: 100 })
  expect(reversal.body).toMatchObject({ amount: 100 })
  const { payouts } = (await post('pay-out', { account })).body as { payouts: { id: string; amount: number }[] }
  expect(payouts).toMatchObject([{ amount: 800 }])
  expect((await post('settle-payout', { payout: payouts[0]?.id, outcome: 'failed' })).body).toMatchObject({
    status: 'failed',
  })
  const page = await (await fetch(`${local.server.url}/_local`)).text()
  for (const shown of [account, String(transfer['id']), payouts[0]?.id ?? 'no payout']) expect(page).toContain(shown)
})

it('says what is wrong', async () => {
  expect(await post('pay', {})).toMatchObject({ status: 400, body: { error: { param: 'session' } } })
  expect(await post('pay', { session: 'cs_none' })).toMatchObject({ status: 404 })
  expect(await post('settle', { payment_intent: 'pi_1', outcome: 'maybe' })).toMatchObject({ status: 400 })
  expect(await post('onboard', { account: 'acct_none' })).toMatchObject({ status: 404 })
  expect(await post('settle-payout', { payout: 'po_none', outcome: 'paid' })).toMatchObject({ status: 400 })
  expect(await post('nothing', {})).toMatchObject({ status: 404 })
})

it('shows payments and their buttons on a page, and takes no orders from other sites', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor())
  local.server.control.pay(session.id)
  const page = await (await fetch(`${local.server.url}/_local`)).text()
  expect(page).toContain('ord_1')
  expect(page).toContain('Refund')
  for (const origin of ['https://elsewhere.example', `http://elsewhere.example:${local.server.port}`, 'null'])
    expect((await post('tick', {}, { origin })).status).toBe(403)
  expect((await post('tick', {}, { origin: local.server.url })).status).toBe(200)
})
