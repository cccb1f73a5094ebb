import { afterEach, beforeEach, expect, it } from 'vitest'
import { sessionFor, startLocal, submit, type Local } from './fixture.ts'

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

const paidCharge = async (): Promise<string> => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(10_000))
  local.server.control.pay(session.id)
  return (await local.stripe.charges.list({ limit: 1 })).data[0]?.id ?? ''
}

const total = async (): Promise<number> => {
  const balance = await local.stripe.balance.retrieve()
  return [...balance.available, ...balance.pending].reduce((sum, { amount }) => sum + amount, 0)
}

it('takes amount and fee from the balance and marks the charge', async () => {
  const charge = await paidCharge()
  const { id } = local.server.control.dispute(charge, { reason: 'product_not_received', amount: 6_000 })
  const dispute = await local.stripe.disputes.retrieve(id)
  expect(dispute).toMatchObject({
    amount: 6_000,
    charge,
    reason: 'product_not_received',
    status: 'needs_response',
    is_charge_refundable: false,
    balance_transactions: [
      { amount: -6_000, fee: 1_500, net: -7_500, type: 'adjustment', reporting_category: 'dispute' },
    ],
  })
  expect(await local.stripe.charges.retrieve(charge)).toMatchObject({ disputed: true })
  expect(await total()).toBe(9_680 - 7_500)
  expect((await local.stripe.disputes.list({ charge })).data.map((one) => one.id)).toEqual([id])
  await local.server.control.idle()
  expect(local.endpoint.types()).toEqual(
    expect.arrayContaining(['charge.dispute.created', 'charge.dispute.funds_withdrawn']),
  )
})

it('won: the amount returns, the fee does not', async () => {
  const { id } = local.server.control.dispute(await paidCharge())
  expect(local.server.control.closeDispute(id, 'won').status).toBe('won')
  expect(await total()).toBe(9_680 - 1_500)
  expect(() => local.server.control.closeDispute(id, 'lost')).toThrow('already closed')
  await local.server.control.idle()
  expect(local.endpoint.types()).toEqual(
    expect.arrayContaining(['charge.dispute.updated', 'charge.dispute.funds_reinstated', 'charge.dispute.closed']),
  )
})

it('closed by the seller: lost', async () => {
  const { id } = local.server.control.dispute(await paidCharge())
  expect((await local.stripe.disputes.close(id)).status).toBe('lost')
  await expect(local.stripe.disputes.close(id)).rejects.toMatchObject({ statusCode: 400 })
})

it('evidence is staged, then submitted, and winning evidence wins', async () => {
  const { id } = local.server.control.dispute(await paidCharge())
  const staged = await local.stripe.disputes.update(id, {
    evidence: { product_description: 'A handle' },
    submit: false,
  })
  expect(staged).toMatchObject({
    status: 'needs_response',
    evidence: { product_description: 'A handle' },
    evidence_details: { has_evidence: true, submission_count: 0 },
  })
  const submitted = await local.stripe.disputes.update(id, { evidence: { service_date: '2026-11-24' } })
  expect(submitted).toMatchObject({ status: 'under_review', evidence_details: { submission_count: 1 } })
  await expect(local.stripe.disputes.update(id, { evidence: { service_date: 'x' } })).rejects.toThrow(
    'no longer submit',
  )
  const other = local.server.control.dispute(await paidCharge())
  const won = await local.stripe.disputes.update(other.id, { evidence: { uncategorized_text: 'winning_evidence' } })
  expect(won.status).toBe('won')
})

it('what was staged is submitted by a later request that says nothing else', async () => {
  const { id } = local.server.control.dispute(await paidCharge())
  await expect(local.stripe.disputes.update(id, { submit: true })).resolves.toMatchObject({ status: 'needs_response' })
  await local.stripe.disputes.update(id, { evidence: { product_description: 'A handle' }, submit: false })
  const submitted = await local.stripe.disputes.update(id, { submit: true })
  expect(submitted).toMatchObject({ status: 'under_review', evidence_details: { submission_count: 1 } })
  expect(submitted.evidence.product_description).toBe('A handle')
})

it('nobody answers: lost when the time is over', async () => {
  const { id } = local.server.control.dispute(await paidCharge())
  local.clock.move({ days: 9 })
  expect((await local.stripe.disputes.retrieve(id)).status).toBe('needs_response')
  local.clock.move({ days: 1 })
  expect(await local.stripe.disputes.retrieve(id)).toMatchObject({
    status: 'lost',
    evidence_details: { past_due: true },
  })
})

it('an inquiry moves no money and leaves the charge refundable', async () => {
  const charge = await paidCharge()
  const { id } = local.server.control.dispute(charge, { inquiry: true })
  expect(await total()).toBe(9_680)
  expect((await local.stripe.refunds.create({ charge, amount: 100 })).status).toBe('succeeded')
  expect(local.server.control.closeDispute(id, 'won').status).toBe('warning_closed')
  expect((await local.stripe.charges.retrieve(charge)).disputed).toBe(false)
})

it('a test card pays and is disputed at once', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor())
  expect((await submit(local.server, session, 'card', { number: '4000000000000259' })).status).toBe(303)
  expect((await local.stripe.disputes.list()).data).toMatchObject([{ reason: 'fraudulent', status: 'needs_response' }])
})

it('a charge cannot be disputed twice, nor for more than it is', async () => {
  const charge = await paidCharge()
  expect(() => local.server.control.dispute(charge, { amount: 10_001 })).toThrow('within what is left')
  local.server.control.dispute(charge)
  expect(() => local.server.control.dispute(charge)).toThrow('disputed already')
})
