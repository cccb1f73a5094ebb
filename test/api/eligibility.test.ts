import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EligibilityRules } from '../../shared/contract/eligibility.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

const names = ['amberfield', 'bluecanyon', 'coldharbour', 'duskmeadow', 'eastgarden', 'farmeadow']

let market: Market
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(names.map((name) => market.suspended(name)))
  await market.sweep()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const at = (ms: number) => new Date(market.system.clock.now() + ms).toISOString()

let keys = 0
const orderOf = async (sub: string, handle: string, amountMinor: number, claims: Record<string, unknown> = {}) => {
  keys += 1
  return {
    token: await market.system.token(sub, claims),
    body: { handle, price: { amountMinor, currency: 'USD' } },
    headers: { 'idempotency-key': `order-${keys}` },
  }
}

const priceOf = async (handle: string) => {
  const { listing } = value(await (await market.client('reader')).getHandle({ params: { handle } }))
  if (listing === null) throw new Error(`${handle} is not for sale`)
  return listing.price.amountMinor
}

const { version: _, publishedAt: _at, ...shipped } = shippedPolicy
const publish = async (change: Partial<EligibilityRules>) => {
  keys += 1
  const operator = await market.client('operator')
  const [inForce] = value(await operator.listPolicies({})).policies
  const eligibility = { ...shipped.eligibility, ...change }
  const body = { ...shipped, eligibility, basedOn: inForce?.version ?? 0 }
  const published = value(await operator.publishPolicy({ body, idempotencyKey: `policy-${keys}` }))
  // Whoever decides keeps the policy for a minute.
  await market.system.clock.move(61_000)
  return published
}

const eventsOf = async (accountId: string) => {
  const operator = await market.client('operator')
  const { entries } = value(await operator.listJournal({ params: { aggregateId: `standing:${accountId}` } }))
  return entries.flatMap(({ events }) => events)
}

describe('an order is refused, with what is asked for, and nothing is written', () => {
  const refusals = [
    ['account_too_young', 'account_created_at', 100, () => ({ account_created_at: at(-6 * dayMs) })],
    ['account_too_young', 'account_created_at', 100, () => ({ account_created_at: undefined })],
    ['account_too_young', 'account_created_at', 100, () => ({ account_created_at: 'long ago' })],
    ['verification_required', 'verified', 500_000, () => ({ verified: false })],
    ['verification_required', 'verified', 500_000, () => ({ verified: 'yes' })],
    ['step_up_required', 'auth_time', 1_000_000, () => ({ auth_time: Date.parse(at(-3_601_000)) / 1000 })],
    ['step_up_required', 'auth_time', 1_000_000, () => ({ auth_time: undefined })],
  ] as const
  test.each(refusals)('%s, for %s at %d', async (code, field, amountMinor, claims) => {
    const before = await market.items()
    const sending = await orderOf('stranger', 'amberfield', amountMinor, claims())
    const problem = await checkRefused(market, code, 'POST', '/v1/orders', sending)
    expect(problem).toMatchObject({ status: 403, field })
    await market.checkItems(before)
  })

  test('claims are read as API Gateway hands them over: text, numbers as text, RFC 3339 with a zone', async () => {
    const seconds = Math.floor(market.system.clock.now() / 1000)
    for (const claims of [
      { account_created_at: seconds - 8 * 86_400, auth_time: String(seconds) },
      { account_created_at: at(-8 * dayMs).replace('Z', '+00:00'), auth_time: at(0) },
    ]) {
      const sending = await orderOf('stranger', 'amberfield', 1_000_000, claims)
      await checkRefused(market, 'price_changed', 'POST', '/v1/orders', sending)
    }
  })
})

describe('case 21: an account that was taken over', () => {
  test('case 21: its buyer waits by the amount, signs in again, and its holder is told once', async () => {
    const published: unknown[] = []
    const unsubscribe = market.system.onBusEvent((event) => {
      if (event['detail-type'] === 'standing.takeover_suspected') published.push(event['detail'])
    })
    const changedAt = at(-2 * 3_600_000)
    const claims = { credentials_changed_at: changedAt }
    const much = async (auth: number) => orderOf('victim', 'amberfield', 1_000_000, { ...claims, auth_time: auth })
    const now = () => Math.floor(market.system.clock.now() / 1000)

    for (let tried = 1; tried <= 2; tried += 1) {
      const problem = await checkRefused(market, 'cooling_off', 'POST', '/v1/orders', await much(now()))
      expect(problem.facts).toMatchObject({ coolingOffHours: 72 })
    }
    const told = { type: 'takeover_suspected', act: 'order', amountMinor: 1_000_000, credentialsChangedAt: changedAt }
    expect(await eventsOf('victim')).toEqual([told])
    // The platform hears of it, and tells the holder.
    await market.system.idle()
    unsubscribe()
    expect(published).toEqual([{ aggregate: 'standing:victim', seq: 1, event: told }])
    // For little, two hours are enough.
    const little = await orderOf('victim', 'amberfield', 100, claims)
    await checkRefused(market, 'price_changed', 'POST', '/v1/orders', little)

    await market.system.clock.move(71 * 3_600_000, { settle: true })
    await checkRefused(market, 'step_up_required', 'POST', '/v1/orders', await much(now() - 3_700))
    await checkRefused(market, 'price_changed', 'POST', '/v1/orders', await much(now()))
    expect(await eventsOf('victim')).toEqual([told])
  })
})

describe('what a published policy changes', () => {
  test('caps: open orders and orders in a day; a repeat is answered as at first', async () => {
    await publish({ openOrdersMax: 2, ordersPerDayMax: 3 })
    const place = async (handle: string) => orderOf('collector', handle, await priceOf(handle))
    const first = await place('bluecanyon')
    const placed = await market.send('POST', '/v1/orders', first)
    const second = await market.send('POST', '/v1/orders', await place('coldharbour'))
    expect([placed.status, second.status]).toEqual([201, 201])
    const full = await checkRefused(market, 'cap_reached', 'POST', '/v1/orders', await place('duskmeadow'))
    expect([full.status, full.facts]).toEqual([409, { openOrdersMax: 2 }])
    expect((await market.send('POST', '/v1/orders', first)).body).toEqual(placed.body)

    const { id } = second.body as { id: string }
    await market.send('POST', `/v1/orders/${id}/cancel`, { token: first.token })
    const third = await market.send('POST', '/v1/orders', await place('duskmeadow'))
    expect(third.status).toBe(201)
    await market.send('POST', `/v1/orders/${(third.body as { id: string }).id}/cancel`, { token: first.token })
    const ofDay = await checkRefused(market, 'cap_reached', 'POST', '/v1/orders', await place('duskmeadow'))
    expect(ofDay.facts).toMatchObject({ ordersPerDayMax: 3 })
    await market.system.clock.move(dayMs, { settle: true })
    expect((await market.send('POST', '/v1/orders', await place('duskmeadow'))).status).toBe(201)
  })

  test('velocity: so many requests of an account in a window, whatever becomes of them; Retry-After says when', async () => {
    await publish({ velocity: { ...shipped.eligibility.velocity, windowSeconds: 600, order: 3 } })
    const answers = []
    for (let n = 0; n < 5; n += 1) {
      answers.push(await market.send('POST', '/v1/orders', await orderOf('hasty', 'eastgarden', 1)))
    }
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409, 429, 429])
    const [refused] = answers.slice(-1)
    const seconds = Number(refused?.headers.get('retry-after'))
    expect(refused?.body).toMatchObject({ code: 'rate_limited', facts: { requestsMax: 3, windowSeconds: 600 } })
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(600)
    // Another account is not held up, and the next window is free.
    const patient = await market.send('POST', '/v1/orders', await orderOf('patient', 'eastgarden', 1))
    expect(patient.status).toBe(409)
    await market.system.clock.move(seconds * 1000)
    const again = await market.send('POST', '/v1/orders', await orderOf('hasty', 'eastgarden', 1))
    expect(again.status).toBe(409)
  })

  test('a proof of humanity, for the acts that it names', async () => {
    await publish({ humanFor: ['order'] })
    const robot = await orderOf('robot', 'eastgarden', 1, { human: false })
    const problem = await checkRefused(market, 'humanity_required', 'POST', '/v1/orders', robot)
    expect(problem).toMatchObject({ status: 403, field: 'human' })
    await checkRefused(market, 'price_changed', 'POST', '/v1/orders', await orderOf('robot', 'eastgarden', 1))
  })

  test('rules that contradict themselves are refused with the field at fault', async () => {
    const coolingOff = [
      { fromMinor: 0, hours: 24 },
      { fromMinor: 100, hours: 24 },
    ]
    const { version: basedOn } = await publish({})
    const problem = await checkRefused(market, 'policy_invalid', 'POST', '/v1/operator/policies', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': 'contradiction' },
      body: { ...shipped, eligibility: { ...shipped.eligibility, coolingOff }, basedOn },
    })
    expect(problem.field).toBe('eligibility.coolingOff.1')
  })
})
