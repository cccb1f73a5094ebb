import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AccountClaims, Act } from '../../shared/domain/eligibility.ts'
import { ordinaryClaims } from '../../local/users.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor, SecondFactorUnavailable } from '../../shared/gateways/second-factor.ts'
import { load } from '../../shared/store/aggregates.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { checkEligibility } from '../../shared/workflows/eligibility.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { expectInvariants, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const hourMs = 3_600_000
const at = (ms: number) => new Date(market.system.clock.now() + ms).toISOString()

/** The workflows that the doors of sellers call, as they call them. */
const deps = () => ({
  store: market.store,
  terms: termsInForce,
  now: () => market.system.clock.now(),
  random: () => 0,
  pause: () => Promise.resolve(),
  policy: cachedPolicy(market.store, () => market.system.clock.now()),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
})
const ask = (id: string, act: Act, claims: Partial<AccountClaims> = {}) =>
  checkEligibility(
    deps(),
    {
      id,
      groups: new Set<string>(),
      email: null,
      claims: {
        accountCreatedAt: '2020-01-01T00:00:00.000Z',
        verified: true,
        human: true,
        authTime: at(0),
        amr: ['pwd', 'otp'],
        ...claims,
      },
    },
    act,
  )

describe('case 21: an account that was taken over, and then its listing or who is paid is changed', () => {
  const acts: readonly Act[] = [
    { kind: 'list', amountMinor: 2_000_000 },
    { kind: 'sell', amountMinor: 2_000_000 },
    { kind: 'payout' },
  ]

  test.each(acts)(
    'case 21: $kind waits, its holder is told once, then a new sign-in with two factors is asked',
    async (act) => {
      const told: unknown[] = []
      const unsubscribe = market.system.onBusEvent((event) => {
        if (event['detail-type'] === 'standing.takeover_suspected') told.push(event['detail'])
      })
      const victim = `victim-of-${act.kind}`
      const credentialsChangedAt = at(-hourMs)
      const taken = { credentialsChangedAt }
      for (const tried of [1, 2]) {
        const refusal = await ask(victim, act, taken)
        expect([tried, refusal?.code, refusal?.extra]).toMatchObject([tried, 'cooling_off', { coolingOffHours: 72 }])
      }
      await market.system.idle()
      unsubscribe()
      expect(told).toMatchObject([
        { aggregate: `standing:${victim}`, event: { type: 'takeover_suspected', act: act.kind, credentialsChangedAt } },
      ])

      await market.system.clock.move(71 * hourMs, { settle: true })
      expect((await ask(victim, act, { ...taken, authTime: at(-2 * hourMs) }))?.code).toBe('step_up_required')
      expect((await ask(victim, act, { ...taken, amr: ['pwd'] }))?.code).toBe('second_factor_required')
      expect(await ask(victim, act, taken)).toBe(null)
    },
  )
})

test('case 21: through the doors: neither listing nor who is paid changes in the hands of whoever took the account over', async () => {
  const { offer } = await buy(market, 'quinn')
  await market.system.idle()
  await market.system.clock.move(8 * 24 * hourMs, { settle: true })
  const stolen = { credentials_changed_at: at(-hourMs), device_id: 'device-of-a-thief' }
  const as = (claims: Readonly<Record<string, unknown>>): Client =>
    createClient({
      baseUrl: market.system.url,
      token: () => market.system.token('quinn', { ...ordinaryClaims, ...claims }),
    })
  const list = async (claims: Readonly<Record<string, unknown>>) => {
    const body = { price: { amountMinor: 20_000_00, currency: 'USD' } } as const
    const listed = await as(claims).openListing({ params: { handle: offer.handle }, body })
    return listed.ok ? 'listed' : listed.problem.code
  }
  const beginOnboarding = async (claims: Readonly<Record<string, unknown>>) => {
    const begun = await as(claims).beginOnboarding({ body: { country: 'US' } })
    return begun.ok ? 'begun' : begun.problem.code
  }
  const seconds = (ms: number) => Math.floor((market.system.clock.now() + ms) / 1000)

  expect([await list(stolen), await beginOnboarding(stolen)]).toEqual(['cooling_off', 'cooling_off'])
  expect((await loadHandle(market.store, offer.handle))?.state.listing).toBeUndefined()
  expect((await market.buyer('quinn').getSeller({})) as unknown).toMatchObject({ value: { status: 'none' } })
  const standing = await load(market.store, 'standing', 'quinn')
  expect(standing?.state.warnedOf).toBe(stolen.credentials_changed_at)

  await market.system.clock.move(72 * hourMs, { settle: true })
  const stale = { ...stolen, auth_time: seconds(-2 * hourMs) }
  expect([await list(stale), await beginOnboarding(stale)]).toEqual(['step_up_required', 'step_up_required'])
  const oneFactor = { ...stolen, auth_time: seconds(0), amr: ['pwd'] }
  expect([await list(oneFactor), await beginOnboarding(oneFactor)]).toEqual([
    'second_factor_required',
    'second_factor_required',
  ])
  const proven = { ...stolen, auth_time: seconds(0) }
  expect([await list(proven), await beginOnboarding(proven)]).toEqual(['listed', 'begun'])
})

test('a token that says nothing of how its holder signed in counts as one without a second factor', async () => {
  const refusal = await ask('silent', { kind: 'payout' }, { amr: undefined })
  expect(refusal).toMatchObject({ code: 'second_factor_required', field: 'amr' })
  expect(await ask('silent', { kind: 'list', amountMinor: 499_999 }, { amr: undefined })).toBe(null)
})

test('a second factor that cannot be looked up lets nobody through, and nothing is written', async () => {
  const secondFactor = { hasSecondFactor: () => Promise.reject(new SecondFactorUnavailable('no answer')) }
  const caller = { id: 'nora', groups: new Set<string>(), email: null, claims: { verified: true, human: true } }
  const written = await writesOf(market, async () => {
    const asked = checkEligibility({ ...deps(), secondFactor }, caller, { kind: 'payout' })
    await expect(asked).rejects.toThrow(SecondFactorUnavailable)
  })
  expect(written).toEqual([])
})
