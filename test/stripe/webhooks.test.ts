import Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Endpoint, sessionFor, startLocal, webhookSecret, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal({ webhookTimeoutMs: 150 })
})

afterEach(async () => {
  await local.stop()
  local.validator.verify()
})

const expire = async (): Promise<string> => {
  const session = await local.stripe.checkout.sessions.create(sessionFor())
  await local.stripe.checkout.sessions.expire(session.id)
  return session.id
}

const only = () => {
  const [delivery, ...others] = local.server.control.deliveries()
  if (!delivery || others.length > 0) throw new Error('One delivery was expected')
  return delivery
}

describe('a delivery', () => {
  it('is signed over its exact body with the time of the moved clock', async () => {
    local.clock.move({ days: 40 })
    const id = await expire()
    await local.server.control.idle()
    const [received] = local.endpoint.received
    expect(received?.event).toMatchObject({
      object: 'event',
      type: 'checkout.session.expired',
      api_version: Stripe.API_VERSION,
      livemode: false,
      created: local.clock.seconds(),
      pending_webhooks: 1,
      data: { object: { id, status: 'expired' } },
    })
    expect(received?.signature).toMatch(new RegExp(`^t=${local.clock.seconds()},v1=[0-9a-f]{64}$`))
    const forged = received?.body.replace('expired', 'complete') ?? ''
    const at = local.clock.seconds()
    expect(() =>
      Stripe.webhooks.constructEvent(forged, received?.signature ?? '', webhookSecret, 300, undefined, at),
    ).toThrow(Stripe.errors.StripeSignatureVerificationError)
    expect(only()).toMatchObject({ status: 'succeeded', attempts: 1, responseStatus: 200 })
  })

  it('names the request and the key that caused it, and none where the clock did', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const expired = await local.stripe.checkout.sessions.expire(session.id, {}, { idempotencyKey: 'key-7' })
    await local.stripe.checkout.sessions.create(sessionFor())
    local.clock.move({ days: 1 })
    local.server.control.tick()
    await local.server.control.idle()
    expect(local.endpoint.received.map(({ event }) => event.request)).toEqual([
      { id: expired.lastResponse.requestId, idempotency_key: 'key-7' },
      { id: null, idempotency_key: null },
    ])
  })

  it('is the same event as the API gives, once it has arrived', async () => {
    await expire()
    await local.server.control.idle()
    const event = local.endpoint.received[0]?.event
    const list = await local.stripe.events.list({ type: 'checkout.session.expired' })
    expect(list.data).toEqual([{ ...event, pending_webhooks: 0 }])
    const same = await local.stripe.events.retrieve(event?.id ?? '')
    expect(same).toEqual({ ...event, pending_webhooks: 0 })
  })
})

describe('an endpoint that does not take it', () => {
  it('gets it again, later and later on the clock, until it does', async () => {
    local.endpoint.status = 500
    await expire()
    await local.server.control.idle()
    expect(only()).toMatchObject({
      status: 'pending',
      attempts: 1,
      responseStatus: 500,
      nextAt: local.clock.now() + 60_000,
    })
    const waits: number[] = []
    for (let attempt = 2; attempt <= 4; attempt += 1) {
      const before = local.clock.now()
      const next = only().nextAt ?? 0
      local.clock.move({ seconds: (next - before) / 1000 - 1 })
      await local.server.control.idle()
      expect(only().attempts).toBe(attempt - 1)
      local.clock.move({ seconds: 1 })
      await local.server.control.idle()
      expect(only().attempts).toBe(attempt)
      waits.push((next - before) / 60_000)
    }
    expect(waits).toEqual([1, 5, 30])
    local.endpoint.status = 200
    local.clock.move({ hours: 2 })
    await local.server.control.idle()
    expect(only()).toMatchObject({ status: 'succeeded', attempts: 5 })
    const bodies = new Set(local.endpoint.received.map(({ body }) => body))
    expect(bodies.size).toBe(1)
  })

  it('is given up after three days', async () => {
    local.endpoint.status = 400
    await expire()
    await local.server.control.idle()
    for (let hours = 0; hours < 80; hours += 2) {
      local.clock.move({ hours: 2 })
      await local.server.control.idle()
    }
    expect(only()).toMatchObject({ status: 'failed', nextAt: null })
    const [event] = (await local.stripe.events.list()).data
    expect(event?.pending_webhooks).toBe(0)
    expect(only().attempts).toBeGreaterThan(8)
  })

  it('does not answer: counts as failed and is tried again', async () => {
    local.endpoint.status = null
    await expire()
    await local.server.control.idle()
    expect(only()).toMatchObject({
      status: 'pending',
      attempts: 1,
      responseStatus: null,
      error: 'No answer within 150 ms',
    })
    local.endpoint.status = 204
    local.clock.move({ minutes: 1 })
    await local.server.control.idle()
    expect(only()).toMatchObject({ status: 'succeeded', attempts: 2 })
  })

  it('is not there: counts as failed', async () => {
    local.server.control.setWebhooks([{ url: 'http://127.0.0.1:1/none', secret: webhookSecret }])
    await expire()
    await local.server.control.idle()
    expect(only()).toMatchObject({
      status: 'pending',
      attempts: 1,
      error: expect.stringContaining('ECONNREFUSED') as string,
    })
  })
})

describe('endpoints', () => {
  it('get the events they asked for, each under its own secret', async () => {
    const second = new Endpoint(local.clock)
    const url = await second.start()
    local.server.control.setWebhooks([
      { url: local.webhookUrl, secret: webhookSecret, enabledEvents: ['checkout.session.completed'] },
      { url, secret: webhookSecret, enabledEvents: ['*'] },
    ])
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    local.server.control.pay(session.id)
    await local.server.control.idle()
    expect(local.endpoint.types()).toEqual(['checkout.session.completed'])
    expect(second.types()).toHaveLength(5)
    second.stop()
  })

  it('one that is no longer configured gets nothing more', async () => {
    local.endpoint.status = 500
    await expire()
    await local.server.control.idle()
    local.server.control.setWebhooks([])
    local.clock.move({ minutes: 1 })
    await local.server.control.idle()
    expect(only()).toMatchObject({ status: 'failed', attempts: 1 })
  })
})

it('an event can be sent again, and a delivery replayed, as often as wanted', async () => {
  await expire()
  await local.server.control.idle()
  const first = only()
  for (let index = 0; index < 10; index += 1) local.server.control.resendEvent(first.event)
  local.server.control.replayDelivery(first.id)
  await local.server.control.idle()
  expect(new Set(local.endpoint.received.map(({ event }) => event.id)).size).toBe(1)
  expect(local.endpoint.received).toHaveLength(12)
  expect(local.server.control.deliveries({ event: first.event })).toHaveLength(12)
})

it('an effect that is undone sends nothing', async () => {
  await expect(local.stripe.checkout.sessions.create(sessionFor(100, { expand: ['nothing'] }))).rejects.toThrow(
    'cannot be expanded',
  )
  await local.server.control.idle()
  expect(local.server.control.deliveries()).toEqual([])
})
