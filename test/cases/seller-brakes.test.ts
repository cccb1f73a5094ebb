import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AccountClaims, Act } from '../../shared/domain/eligibility.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor, SecondFactorUnavailable } from '../../shared/gateways/second-factor.ts'
import { checkEligibility } from '../../shared/workflows/eligibility.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { expectInvariants, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'

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
