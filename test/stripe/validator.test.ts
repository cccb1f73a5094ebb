import { expect, it } from 'vitest'
import type { CallRecord } from '../../local/stripe/api.ts'
import { sessionFor, startLocal } from './fixture.ts'
import { StripeValidator } from './validator.ts'

/** A true call and its answer, to be spoilt. */
const recorded = async (): Promise<CallRecord> => {
  const calls: CallRecord[] = []
  const local = await startLocal({ onCall: (call) => calls.push(call) })
  await local.stripe.checkout.sessions.create(sessionFor())
  await local.stop()
  const [call] = calls
  if (!call) throw new Error('No call was recorded')
  return call
}

const problemsOf = (call: CallRecord): string[] => {
  const validator = new StripeValidator()
  validator.onCall(call)
  return validator.problems
}

const spoilt = (call: CallRecord, change: (body: Record<string, unknown>) => void): CallRecord => {
  const body = JSON.parse(call.body) as Record<string, unknown>
  change(body)
  return { ...call, body: JSON.stringify(body) }
}

it('finds what the client or the document would not understand', async () => {
  const call = await recorded()
  expect(problemsOf(call)).toEqual([])
  const cases: [string, CallRecord][] = [
    ['answer.wallet_options: missing', spoilt(call, (body) => delete body['wallet_options'])],
    ['answer.colour: unknown to the client', spoilt(call, (body) => (body['colour'] = 'red'))],
    ['answer.amount_total: number expected', spoilt(call, (body) => (body['amount_total'] = '1'))],
    ['answer.status: "complete" expected', spoilt(call, (body) => (body['status'] = 'sold'))],
    ['document /payment_status must be equal', spoilt(call, (body) => (body['payment_status'] = 'half'))],
    ['document  must have required property', spoilt(call, (body) => delete body['livemode'])],
    ['request: must NOT have additional properties (holder)', { ...call, form: { ...call.form, holder: 'x' } }],
    ['request/mode: must be equal', { ...call, form: { ...call.form, mode: 'gift' } }],
    ['document  must have required property', { ...call, status: 400, body: '{}' }],
  ]
  const missed = cases.filter(
    ([problem, wrong]) =>
      !problemsOf(wrong).some((found) => found.startsWith(`PostCheckoutSessions ${wrong.status}: ${problem}`)),
  )
  expect(missed.map(([problem]) => problem)).toEqual([])
})
