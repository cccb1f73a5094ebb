import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import type { AccountClaims } from '../../shared/domain/eligibility.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { claimedHumanity, HumanityUnavailable } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { faultResponse } from '../../shared/runtime/api.ts'
import { checkEligibility } from '../../shared/workflows/eligibility.ts'
import { checkLinks } from '../../shared/workflows/links.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { letGoAuthorisation, recordStrike } from '../../shared/workflows/standing.ts'
import { expectInvariants, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'

// The card that large bids ask for, strikes, and accounts that are linked: from the hosted page to the operator's decision.

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const dayMs = 86_400_000
const stripe = () => market.stripe.control
const value = <T>(answer: { ok: true; value: T } | { ok: false; problem: { code: string; detail: string } }): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
const operator = () =>
  createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_operator', { groups: ['operator'] }),
  })

let keys = 0
const openPage = (sub: string, amountMinor = 10_000, key = `authorise-${(keys += 1)}`) =>
  market.buyer(sub).openAuthorisation({
    body: { amount: { amountMinor, currency: 'USD' } },
    idempotencyKey: key,
  })
const sessionOf = (url: string) => /cs_\w+/.exec(url)?.[0] ?? ''

/** Has a card authorised; `last4` tells cards apart. */
const authorise = async (sub: string, amountMinor = 10_000, last4 = '4242') => {
  const page = value(await openPage(sub, amountMinor))
  stripe().pay(sessionOf(page.url), { last4 })
  await market.system.idle()
  return page.authorisationId
}
const standingOf = async (sub: string) => value(await market.buyer(sub).getStanding({}))
const seenByOperator = async (accountId: string) =>
  value(await operator().getAccountStanding({ params: { accountId } }))

/** The workflows that a door of bids calls, as it calls them. */
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
const caller = (id: string, claims: Partial<AccountClaims> = {}) => ({
  id,
  groups: new Set<string>(),
  email: null,
  claims: {
    accountCreatedAt: '2020-01-01T00:00:00.000Z',
    verified: true,
    human: true,
    authTime: new Date(market.system.clock.now()).toISOString(),
    ...claims,
  },
})
const bid = (id: string, amountMinor: number, claims: Partial<AccountClaims> = {}, saleId?: string) =>
  checkEligibility(deps(), caller(id, claims), { kind: 'bid', amountMinor, saleId })

describe('a card is authorised before a large bid', () => {
  test('the hosted page takes nothing; the standing has the card when the provider has told', async () => {
    expect((await bid('ann', 100_000))?.code).toBe('authorisation_required')
    const authorisationId = await authorise('ann')
    const held = await standingOf('ann')
    expect(held.authorisation).toMatchObject({ authorisationId, amount: { amountMinor: 10_000, currency: 'USD' } })
    expect(Date.parse(held.authorisation?.until ?? '') - market.system.clock.now()).toBeGreaterThan(6.9 * dayMs)
    expect(await bid('ann', 100_000)).toBe(null)
    expect((await bid('ann', 100_001))?.code).toBe('authorisation_required')
  })

  test('the same key opens the same page; with another amount it is refused', async () => {
    const first = value(await openPage('ben', 10_000, 'bens-key'))
    expect(value(await openPage('ben', 10_000, 'bens-key'))).toEqual(first)
    const other = await openPage('ben', 20_000, 'bens-key')
    expect(other.ok ? null : other.problem.code).toBe('idempotency_key_reused')
  })

  test('a page that nobody pays changes nothing', async () => {
    const written = await writesOf(market, async () => {
      const page = value(await openPage('cora'))
      stripe().pay(sessionOf(page.url), { outcome: 'card_declined' })
    })
    expect(written).toEqual([])
  })

  test('a newer authorisation takes the place of the older, which is let go at the bank', async () => {
    await authorise('dora', 10_000)
    const newer = await authorise('dora', 30_000)
    expect((await standingOf('dora')).authorisation).toMatchObject({ authorisationId: newer })
    const statuses = await intentsOf('dora')
    expect(statuses).toEqual(['canceled 10000', 'requires_capture 30000'])
  })

  test('it lapses after seven days, and bids ask for a new one', async () => {
    await authorise('emil')
    await market.system.clock.move(7 * dayMs + 60_000, { settle: true })
    expect((await standingOf('emil')).authorisation).toBe(null)
    expect((await bid('emil', 100_000))?.code).toBe('authorisation_required')
  })

  test('it is kept while a sale needs it, and let go after the last one', async () => {
    const authorisationId = await authorise('fay')
    expect(await bid('fay', 100_000, {}, 'auc_1')).toBe(null)
    expect(await bid('fay', 90_000, {}, 'auc_of_little')).toBe(null)
    expect(await bid('fay', 100_000, {}, 'auc_2')).toBe(null)
    expect(await bid('fay', 100_000, {}, 'auc_2')).toBe(null)
    const refused = await market.buyer('fay').cancelAuthorisation({ params: { authorisationId } })
    expect(refused).toMatchObject({
      problem: { code: 'transition_not_allowed', facts: { neededBy: ['auc_1', 'auc_2'] } },
    })
    await letGoAuthorisation(deps(), 'fay', 'auc_1')
    expect((await standingOf('fay')).authorisation?.neededBy).toEqual(['auc_2'])
    await letGoAuthorisation(deps(), 'fay', 'auc_2')
    await letGoAuthorisation(deps(), 'fay', 'auc_2')
    await market.system.idle()
    expect((await standingOf('fay')).authorisation).toBe(null)
    expect(await intentsOf('fay')).toEqual(['canceled 10000'])
  })

  test('its holder may have it back where no sale needs it; nobody else can', async () => {
    const authorisationId = await authorise('gus')
    const stranger = await market.buyer('hal').cancelAuthorisation({ params: { authorisationId } })
    expect(stranger).toMatchObject({ problem: { code: 'not_found' } })
    const standing = value(await market.buyer('gus').cancelAuthorisation({ params: { authorisationId } }))
    expect(standing.authorisation).toBe(null)
    await market.system.idle()
    expect(await intentsOf('gus')).toEqual(['canceled 10000'])
  })

  test('the word of the provider in another order, and again, ends the same', async () => {
    await authorise('ida')
    const events = stripe()
      .deliveries({ limit: 20 })
      .map(({ event }) => event)
    for (const event of [...events, ...events]) stripe().resendEvent(event)
    await market.system.idle()
    expect((await standingOf('ida')).authorisation).not.toBe(null)
    expect(await intentsOf('ida')).toEqual(['requires_capture 10000'])
  })
})

/** `<status> <amount>` of an account's authorisations at the provider, oldest first. */
const intentsOf = async (accountId: string): Promise<string[]> => {
  const { data } = await market.provider.paymentIntents.list({ limit: 100 })
  return data
    .filter(({ metadata }) => metadata['accountId'] === accountId)
    .map(({ status, amount }) => `${status} ${amount}`)
    .toReversed()
}

test('a proof of humanity that cannot be had lets nobody through: 503', async () => {
  const humanity = { isHuman: () => Promise.reject(new HumanityUnavailable('no answer')) }
  const asked = checkEligibility({ ...deps(), humanity }, caller('nia'), { kind: 'bid', amountMinor: 100 })
  const fault: unknown = await asked.then(
    () => 'let through',
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(HumanityUnavailable)
  const event = { requestContext: { requestId: 'request' } } as Parameters<typeof faultResponse>[0]
  expect(faultResponse(event, fault)).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } })
})

describe('strikes', () => {
  test('the second sale that a winner did not pay suspends; the account sees why, and an operator can end it', async () => {
    const reason = 'The auction was won and not paid'
    await recordStrike(deps(), 'jon', { saleId: 'auc_1', reason })
    await recordStrike(deps(), 'jon', { saleId: 'auc_1', reason })
    expect(await bid('jon', 100)).toBe(null)
    await recordStrike(deps(), 'jon', { saleId: 'auc_2', reason })
    const refusal = await bid('jon', 100)
    expect(refusal).toMatchObject({ code: 'account_suspended' })
    const standing = await standingOf('jon')
    expect(standing.strikes.map(({ saleId }) => saleId)).toEqual(['auc_1', 'auc_2'])
    expect(standing).toMatchObject({
      suspendedUntil: refusal?.extra?.['suspendedUntil'],
      suspendedFor: '2 sales were not paid',
    })

    const lift = () =>
      operator().liftSuspension({ params: { accountId: 'jon' }, body: { reason: 'The bank was at fault' } })
    expect(value(await lift()).suspendedUntil).toBe(null)
    expect(await lift()).toMatchObject({ problem: { code: 'transition_not_allowed' } })
    expect(await bid('jon', 100)).toBe(null)
  })
})

describe('case 27: linked accounts', () => {
  const parties = { saleId: 'auc_27', sellerId: 'seller', operatorId: 'opener' }

  test('case 27: whoever has a card in common with the seller is refused, and hears what it is', async () => {
    await authorise('seller', 10_000, '2727')
    await authorise('shill', 10_000, '2727')
    await authorise('honest', 10_000, '3737')
    expect(await checkLinks(deps(), caller('shill'), parties)).toMatchObject({
      code: 'linked_account',
      extra: { linkedTo: 'seller', shared: ['card'] },
    })
    expect(await checkLinks(deps(), caller('honest'), parties)).toBe(null)
    expect(await seenByOperator('shill')).toMatchObject({ links: [{ accountId: 'seller', shared: ['card'] }] })
  })

  test('case 27: a device in common with the operator who opened the sale is enough, at the first bid already', async () => {
    await bid('opener', 100, { deviceId: 'desk-in-the-office' })
    const refused = await checkLinks(deps(), caller('colleague', { deviceId: 'desk-in-the-office' }), parties)
    expect(refused).toMatchObject({ code: 'linked_account', extra: { linkedTo: 'operator', shared: ['device'] } })
    expect(await checkLinks(deps(), caller('colleague', { deviceId: 'another' }), parties)).toBe(null)
  })

  test('two linked bidders: the bid stands, an operator finds one case, decides it, and the suspension holds', async () => {
    await bid('kit', 100, { deviceId: 'shared-tablet' })
    await bid('lou', 100, { deviceId: 'shared-tablet' })
    const against = (rivalId: string) => ({ ...parties, saleId: 'auc_28', rivalId })
    expect(await checkLinks(deps(), caller('kit'), against('lou'))).toBe(null)
    expect(await checkLinks(deps(), caller('lou'), against('kit'))).toBe(null)
    const { items } = value(await operator().listCases({ query: { limit: 10 } }))
    expect(items).toMatchObject([
      { ground: 'linked_bidders', status: 'open', saleId: 'auc_28', accountIds: ['kit', 'lou'], shared: ['device'] },
    ])
    const [found] = items
    const decide = (body: { decision: 'dismiss' | 'uphold'; suspend?: string[]; reason: string }) =>
      operator().decideCase({ params: { caseId: found?.id ?? '' }, body })
    const reason = 'They bid for each other in three auctions'
    expect(await decide({ decision: 'uphold', suspend: ['mia'], reason })).toMatchObject({
      problem: { code: 'validation_failed', field: 'suspend' },
    })
    const upheld = value(await decide({ decision: 'uphold', suspend: ['lou'], reason }))
    expect(upheld).toMatchObject({ status: 'upheld', decision: { by: 'acct_operator', reason, suspended: ['lou'] } })
    expect(value(await decide({ decision: 'uphold', suspend: ['lou'], reason }))).toEqual(upheld)
    expect(await decide({ decision: 'dismiss', reason })).toMatchObject({ problem: { code: 'transition_not_allowed' } })
    expect((await bid('lou', 100))?.code).toBe('account_suspended')
    expect(await bid('kit', 100)).toBe(null)
    expect(value(await operator().listCases({ query: { limit: 10 } })).items).toEqual([])
    await market.system.idle()
    const { entries } = value(await operator().listJournal({ params: { aggregateId: `case:${found?.id}` } }))
    expect(entries.map(({ by, events }) => [by, events[0]?.type])).toEqual([
      ['system', 'case_opened'],
      ['operator:acct_operator', 'case_upheld'],
    ])
  })
})
