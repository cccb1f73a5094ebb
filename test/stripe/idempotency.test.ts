import Stripe from 'stripe'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Fault } from '../../local/stripe/api.ts'
import { sessionFor, startLocal, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal()
})

afterEach(async () => {
  await local.stop()
  local.validator.verify()
})

const create = (key: string, amount = 250_000) =>
  local.stripe.checkout.sessions.create(sessionFor(amount), { idempotencyKey: key })

const sessions = async (): Promise<number> => (await local.stripe.checkout.sessions.list()).data.length

const headersOf = (error: unknown): Record<string, string> => (error as Stripe.errors.StripeError).headers ?? {}

it('replays the first answer for the same key and parameters, and says so', async () => {
  const first = await create('key-1')
  const again = await create('key-1')
  expect(again).toEqual(first)
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(again.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId)
  expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
  expect(await sessions()).toBe(1)
})

it('replays after the state of the world has moved on', async () => {
  const first = await create('key-1')
  local.server.control.pay(first.id)
  expect((await create('key-1')).status).toBe('open')
})

it('refuses changed parameters', async () => {
  await create('key-1')
  const error: unknown = await create('key-1', 100).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  expect(error).toMatchObject({ statusCode: 400, type: 'StripeIdempotencyError' })
  expect(await sessions()).toBe(1)
})

it('refuses the key at another endpoint', async () => {
  const session = await create('key-1')
  const error: unknown = await local.stripe.checkout.sessions
    .expire(session.id, {}, { idempotencyKey: 'key-1' })
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError)
  expect(error).toMatchObject({ message: expect.stringContaining("'/v1/checkout/sessions'") as string })
})

it('keeps a key for 24 hours and forgets it then', async () => {
  const first = await create('key-1')
  local.clock.move({ hours: 23, minutes: 59 })
  expect((await create('key-1')).id).toBe(first.id)
  local.clock.move({ minutes: 1 })
  expect((await create('key-1')).id).not.toBe(first.id)
})

it('does not save a refusal of parameters: the corrected request may use the key', async () => {
  await expect(create('key-1', 1.5)).rejects.toMatchObject({ code: 'parameter_invalid_integer' })
  await expect(create('key-1', 1)).rejects.toMatchObject({ code: 'amount_too_small' })
  expect((await create('key-1')).status).toBe('open')
})

it('saves a refusal by the endpoint', async () => {
  const session = await create('key-1')
  local.server.control.pay(session.id)
  const refund = () => local.stripe.refunds.create({ payment_intent: 'pi_none' }, { idempotencyKey: 'key-2' })
  await expect(refund()).rejects.toMatchObject({ code: 'resource_missing' })
  const error: unknown = await refund().catch((caught: unknown) => caught)
  expect(headersOf(error)['idempotent-replayed']).toBe('true')
})

it.each(['before', 'after'] as const)('replays a 500 that came %s the effect', async (phase) => {
  local.server.control.setFault((call) =>
    call.phase === phase && call.method === 'POST' ? { kind: 'status', status: 500 } : undefined,
  )
  const failed: unknown = await create('key-1').catch((caught: unknown) => caught)
  expect(failed).toMatchObject({ statusCode: 500 })
  expect(headersOf(failed)['stripe-should-retry']).toBe('false')
  local.server.control.setFault(undefined)
  const again: unknown = await create('key-1').catch((caught: unknown) => caught)
  expect(again).toMatchObject({ statusCode: 500 })
  expect(headersOf(again)['idempotent-replayed']).toBe('true')
  expect(await sessions()).toBe(phase === 'before' ? 0 : 1)
})

it.each<[string, Fault]>([
  ['a cut connection', { kind: 'cut' }],
  ['a 503', { kind: 'status', status: 503 }],
  ['a 429', { kind: 'status', status: 429 }],
])('%s after the effect: the retry gets the true answer, and there is one effect', async (_, fault) => {
  let faults = 2
  local.server.control.setFault((call) => (call.phase === 'after' && faults-- > 0 ? fault : undefined))
  // The client itself retries a broken connection once.
  await expect(create('key-1')).rejects.toBeInstanceOf(Stripe.errors.StripeError)
  faults = 0
  const session = await create('key-1')
  expect(session.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(await sessions()).toBe(1)
})

it('a client that gives up waiting finds the effect under its key', async () => {
  local.server.control.setFault((call) => (call.phase === 'after' ? { kind: 'timeout' } : undefined))
  await expect(
    local.stripe.checkout.sessions.create(sessionFor(), { idempotencyKey: 'key-1', timeout: 100 }),
  ).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError)
  local.server.control.setFault(undefined)
  expect((await create('key-1')).lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(await sessions()).toBe(1)
})

it('429 before the effect is not saved', async () => {
  local.server.control.setFault((call) => (call.phase === 'before' ? { kind: 'status', status: 429 } : undefined))
  await expect(create('key-1')).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError)
  local.server.control.setFault(undefined)
  expect((await create('key-1')).lastResponse.headers['idempotent-replayed']).toBeUndefined()
})

it('the same key twice at once: one effect, the other call 409', async () => {
  const gate = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  local.server.control.setFault(async (call) => {
    if (call.phase !== 'after') return
    arrived.resolve()
    await gate.promise
  })
  const first = create('key-1')
  await arrived.promise
  local.server.control.setFault(undefined)
  const second: unknown = await create('key-1').catch((caught: unknown) => caught)
  expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' })
  expect(headersOf(second)['stripe-should-retry']).toBe('true')
  gate.resolve()
  const session = await first
  expect((await create('key-1')).id).toBe(session.id)
  expect(await sessions()).toBe(1)
})

it('twenty calls with one key at once: one session', async () => {
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => create('key-1')))
  const ids = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.id] : []))
  expect(new Set(ids).size).toBe(1)
  expect(await sessions()).toBe(1)
})

it('a limit of calls a second gives 429 beyond it and lets the next second through', async () => {
  local.server.control.setRateLimit(3)
  const answers = await Promise.allSettled(Array.from({ length: 5 }, (_, index) => create(`key-${index}`)))
  expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(2)
  local.clock.move({ seconds: 1 })
  expect((await create('key-9')).status).toBe('open')
})
