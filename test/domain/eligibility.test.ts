import { describe, expect, it } from 'vitest'
import { completeRules, shippedEligibility as rules } from '../../shared/domain/eligibility-rules.ts'
import {
  type AccountClaims,
  type Act,
  asksSecondFactor,
  decideEligibility,
  type EligibilityFacts,
} from '../../shared/domain/eligibility.ts'
import { evolveStanding, type Standing } from '../../shared/domain/standing.ts'

const now = '2026-11-24T12:00:00.000Z'
const before = (ms: number) => new Date(Date.parse(now) - ms).toISOString()
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const trusted: AccountClaims = {
  accountCreatedAt: before(1000 * day),
  verified: true,
  authTime: before(minute),
  human: true,
}
const facts = (claims: Partial<AccountClaims> = {}, more: Partial<EligibilityFacts> = {}): EligibilityFacts => ({
  claims: { ...trusted, ...claims },
  standing: null,
  human: null,
  secondFactor: null,
  orders: [],
  ...more,
})
const order = (status: 'awaiting_payment' | 'settled', ago: number) => ({ status, createdAt: before(ago) })
const orders = (count: number, status: 'awaiting_payment' | 'settled', ago: number) =>
  Array.from({ length: count }, () => order(status, ago))

const suspended = (until: string): Standing =>
  evolveStanding('acct_1', null, { type: 'account_suspended', until, reason: '2 sales were not paid' }, before(day))
const authorised = (amountMinor: number, until: string): Standing =>
  evolveStanding(
    'acct_1',
    null,
    { type: 'authorisation_held', id: 'aut_1', paymentIntentId: 'pi_1', amountMinor, currency: 'USD', until },
    before(day),
  )

const buy = (amountMinor: number): Act => ({ kind: 'order', amountMinor })
const bid = (amountMinor: number): Act => ({ kind: 'bid', amountMinor })
const sell = (amountMinor: number): Act => ({ kind: 'sell', amountMinor })
const payout: Act = { kind: 'payout' }

/** What is asked for, of whom, and the refusal; null: allowed. Boundaries stand side by side. */
const table: readonly (readonly [string, Act, EligibilityFacts, string | null, Readonly<Record<string, unknown>>?])[] =
  [
    ['an old, verified account that just signed in', buy(5_000_000), facts(), null],

    [
      'an account a second short of a week',
      buy(100),
      facts({ accountCreatedAt: before(7 * day - 1000) }),
      'account_too_young',
      { accountAgeDaysMin: 7, eligibleFrom: '2026-11-24T12:00:01.000Z' },
    ],
    ['an account of a week', buy(100), facts({ accountCreatedAt: before(7 * day) }), null],
    [
      'the same account, to bid',
      bid(100),
      facts({ accountCreatedAt: before(7 * day) }),
      'account_too_young',
      { accountAgeDaysMin: 30 },
    ],
    [
      'an account whose age nobody tells',
      buy(100),
      facts({ accountCreatedAt: undefined }),
      'account_too_young',
      { eligibleFrom: null },
    ],
    ['such an account, to watch', { kind: 'watch' }, facts({ accountCreatedAt: undefined }), null],

    ['an unverified account, a cent below the limit', buy(499_999), facts({ verified: false }), null],
    [
      'an unverified account at the limit',
      buy(500_000),
      facts({ verified: false }),
      'verification_required',
      { verifiedFromMinor: 500_000 },
    ],

    ['a sign-in of an hour ago', buy(1_000_000), facts({ authTime: before(hour) }), null],
    [
      'a sign-in of more than an hour ago',
      buy(1_000_000),
      facts({ authTime: before(hour + 1000) }),
      'step_up_required',
      { maxAuthAgeMinutes: 60 },
    ],
    ['the same for less', buy(999_999), facts({ authTime: before(hour + 1000) }), null],
    ['a sign-in that nobody tells', buy(1_000_000), facts({ authTime: undefined }), 'step_up_required'],

    ['credentials changed an hour ago, for little', buy(100), facts({ credentialsChangedAt: before(hour) }), null],
    [
      'credentials changed just now, for little',
      buy(100),
      facts({ credentialsChangedAt: before(minute) }),
      'cooling_off',
      { coolingOffHours: 1, until: '2026-11-24T12:59:00.000Z' },
    ],
    [
      'credentials changed an hour ago, for more',
      buy(100_000),
      facts({ credentialsChangedAt: before(hour) }),
      'cooling_off',
      { coolingOffHours: 24 },
    ],
    [
      'credentials changed two days ago, for much',
      buy(1_000_000),
      facts({ credentialsChangedAt: before(2 * day) }),
      'cooling_off',
      { coolingOffHours: 72 },
    ],
    [
      'credentials changed three days ago, for much',
      buy(1_000_000),
      facts({ credentialsChangedAt: before(3 * day) }),
      null,
    ],
    [
      'a change of credentials in the future',
      buy(100),
      facts({ credentialsChangedAt: '9999-01-01T00:00:00.000Z' }),
      'cooling_off',
    ],

    ['a sale of a stolen account, for little', sell(100), facts({ credentialsChangedAt: before(hour) }), null],
    [
      'the same, for much',
      sell(1_000_000),
      facts({ credentialsChangedAt: before(hour) }),
      'cooling_off',
      { coolingOffHours: 72 },
    ],
    [
      'who is paid, after a change of credentials: as long as for any amount',
      { kind: 'payout' },
      facts({ credentialsChangedAt: before(3 * day - minute) }),
      'cooling_off',
      { coolingOffHours: 72 },
    ],
    [
      'who is paid, by whoever signed in more than an hour ago',
      { kind: 'payout' },
      facts({ authTime: before(hour + 1000) }),
      'step_up_required',
    ],
    ['who is paid, by an account that the provider has yet to verify', payout, facts({ verified: false }), null],
    [
      'a listing without a second factor, where it was asked for',
      { kind: 'list', amountMinor: 500_000 },
      facts({}, { secondFactor: false }),
      'second_factor_required',
      { secondFactorFromMinor: 500_000 },
    ],
    [
      'a suspended account, to sell',
      sell(100),
      facts({}, { standing: suspended('2027-01-01T00:00:00.000Z') }),
      'account_suspended',
    ],
    ['the same, to say who is paid', payout, facts({}, { standing: suspended('2027-01-01T00:00:00.000Z') }), null],

    ['no proof of humanity where it was asked for', bid(100), facts({}, { human: false }), 'humanity_required'],

    ['nine open orders', buy(100), facts({}, { orders: orders(9, 'awaiting_payment', hour) }), null],
    [
      'ten open orders',
      buy(100),
      facts({}, { orders: orders(10, 'awaiting_payment', 3 * day) }),
      'cap_reached',
      { openOrdersMax: 10 },
    ],
    [
      'fifty orders in a day',
      buy(100),
      facts({}, { orders: orders(50, 'settled', hour) }),
      'cap_reached',
      { ordersPerDayMax: 50, eligibleFrom: '2026-11-25T11:00:00.000Z' },
    ],
    [
      'fifty orders, one of them older than a day',
      buy(100),
      facts({}, { orders: [...orders(49, 'settled', hour), order('settled', day)] }),
      null,
    ],
    ['ten open orders, to bid', bid(100), facts({}, { orders: orders(10, 'awaiting_payment', hour) }), null],

    [
      'a suspended account, to bid',
      bid(100),
      facts({}, { standing: suspended('2026-11-24T12:00:00.001Z') }),
      'account_suspended',
      { suspendedUntil: '2026-11-24T12:00:00.001Z' },
    ],
    [
      'the same, to buy at the price asked',
      buy(100),
      facts({}, { standing: suspended('2026-11-24T12:00:00.001Z') }),
      null,
    ],
    ['a suspension that ends now', bid(100), facts({}, { standing: suspended(now) }), null],

    ['a bid below the limit, without a card', bid(99_999), facts(), null],
    [
      'a bid at the limit, without a card',
      bid(100_005),
      facts(),
      'authorisation_required',
      { authorisation: { amountMinor: 10_001, currency: 'USD' } },
    ],
    [
      'a bid at the limit, with a card for a cent too little',
      bid(100_005),
      facts({}, { standing: authorised(10_000, '2026-11-25T00:00:00.000Z') }),
      'authorisation_required',
    ],
    [
      'a bid at the limit, with a card for it',
      bid(100_005),
      facts({}, { standing: authorised(10_001, '2026-11-25T00:00:00.000Z') }),
      null,
    ],
    [
      'a bid at the limit, with a card whose bank has let it go',
      bid(100_005),
      facts({}, { standing: authorised(10_001, now) }),
      'authorisation_required',
    ],
    ['an order of any size, without a card', buy(5_000_000), facts(), null],
  ]

describe('the shipped rules of eligibility', () => {
  it.each(table.map(([name, ...row]) => ({ name, row })))('$name', ({ row: [act, given, code, figures = {}] }) => {
    const refusal = decideEligibility(rules, given, act, now)
    expect(refusal?.code ?? null).toBe(code)
    expect(refusal?.extra ?? {}).toMatchObject(figures)
  })

  it('tell a suspended account that, before anything it could mend', () => {
    const given = facts(
      { verified: false, accountCreatedAt: undefined },
      { standing: suspended('2027-01-01T00:00:00.000Z') },
    )
    expect(decideEligibility(rules, given, bid(5_000_000), now)?.code).toBe('account_suspended')
  })

  it('asks for a second factor of sellers, from its amount on, and of whoever says who is paid', () => {
    expect(asksSecondFactor(rules, sell(499_999))).toBe(false)
    expect(asksSecondFactor(rules, sell(500_000))).toBe(true)
    expect(asksSecondFactor(rules, buy(5_000_000))).toBe(false)
    expect(asksSecondFactor(rules, payout)).toBe(true)
    expect(asksSecondFactor({ ...rules, secondFactor: null }, payout)).toBe(false)
  })

  it('fill in what rules of an earlier time did not have', () => {
    const { secondFactor: _, ...older } = rules
    const { list: _l, sell: _s, payout: _p, ...ofBuyers } = rules.accountAgeDaysMin
    const accountAgeDaysMin = { ...ofBuyers, order: 1 } as typeof rules.accountAgeDaysMin
    const complete = completeRules({ ...older, accountAgeDaysMin } as typeof rules)
    expect(complete).toEqual({ ...rules, accountAgeDaysMin: { ...rules.accountAgeDaysMin, order: 1 } })
  })

  it('a rule that is switched off asks for nothing', () => {
    const open = { ...rules, verifiedFromMinor: null, stepUp: null, coolingOff: [], authorisation: null }
    const given = facts({ verified: false, authTime: undefined, credentialsChangedAt: now })
    expect(decideEligibility(open, given, bid(5_000_000), now)).toBe(null)
  })
})
