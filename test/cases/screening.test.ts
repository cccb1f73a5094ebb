import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { noScreening, type Screening, ScreeningUnavailable } from '../../shared/gateways/screening.ts'
import { faultResponse } from '../../shared/runtime/api.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { placeOrder } from '../../shared/workflows/place-order.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { screenAccounts } from '../../shared/workflows/screening.ts'
import { expectInvariants, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const operator = () =>
  createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_operator', { groups: ['operator'] }),
  })
const openCases = async () => {
  const listed = await operator().listCases({ query: { limit: 50 } })
  return listed.ok ? listed.value.items : []
}

/** Answers by account; everybody else is clear. */
const list = (answers: Readonly<Record<string, 'hit' | 'unavailable'>>): Screening => ({
  screen: async ({ accountId }) => answers[accountId] ?? 'clear',
})
const deps = (screening: Screening) => ({
  store: market.store,
  terms: termsInForce,
  now: () => market.system.clock.now(),
  random: () => 0,
  pause: () => Promise.resolve(),
  screening,
})
const caller = (id: string) => ({
  id,
  groups: new Set<string>(),
  email: null,
  claims: { accountCreatedAt: '2020-01-01T00:00:00.000Z', verified: true, human: true },
})
const parties = (buyerId: string, sellerId: string) =>
  [
    { accountId: buyerId, role: 'buyer' },
    { accountId: sellerId, role: 'seller' },
  ] as const

test('who is on no list may go on, and nothing is written', async () => {
  const written = await writesOf(market, async () => {
    expect(await screenAccounts(deps(list({})), parties('ann', 'ben'), 'ord_1')).toBe(null)
    expect(await screenAccounts(deps(noScreening), parties('ann', 'ben'), 'ord_1')).toBe(null)
  })
  expect(written).toEqual([])
})

test('a hit opens one case for the operator, and tells neither party anything', async () => {
  const ask = (about: string) => screenAccounts(deps(list({ cleo: 'hit' })), parties('ann', 'cleo'), about)
  expect(await ask('ord_2')).toEqual({ code: 'act_refused', message: 'This cannot be done' })
  // The listed party itself is told the same, and asking again opens no second case.
  const own = await screenAccounts(deps(list({ cleo: 'hit' })), parties('cleo', 'ann'), 'ord_3')
  expect(own).toEqual({ code: 'act_refused', message: 'This cannot be done' })
  const cases = await openCases()
  expect(cases).toMatchObject([{ ground: 'screening_hit', status: 'open', saleId: 'ord_2', accountIds: ['cleo'] }])
  expect(cases[0]?.words).toContain('a hit on cleo')
})

test('a case that an operator dismisses clears the account for the quarter, and no longer; one that is upheld does not', async () => {
  const ask = (accountId: string) =>
    screenAccounts(deps(list({ dan: 'hit', eve: 'hit' })), [{ accountId, role: 'seller' }], 'onboarding')
  await ask('dan')
  await ask('eve')
  const caseOf = async (accountId: string) => (await openCases()).find((one) => one.accountIds.includes(accountId))?.id
  for (const [accountId, decision] of [
    ['dan', 'dismiss'],
    ['eve', 'uphold'],
  ] as const) {
    const params = { caseId: (await caseOf(accountId)) ?? '' }
    const decided = await operator().decideCase({ params, body: { decision, reason: 'Compared birth dates by hand' } })
    expect(decided.ok).toBe(true)
  }
  expect(await ask('dan')).toBe(null)
  expect((await ask('eve'))?.code).toBe('act_refused')
  await market.system.clock.move(92 * 86_400_000, { settle: true })
  expect((await ask('dan'))?.code).toBe('act_refused')
  expect(await caseOf('dan')).toBeDefined()
})

test('a service that does not answer lets nobody through: 503, and nothing is written, also where the other party is a hit', async () => {
  const written = await writesOf(market, async () => {
    const asked = screenAccounts(deps(list({ finn: 'unavailable', gil: 'hit' })), parties('finn', 'gil'), 'ord_4')
    const error: unknown = await asked.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ScreeningUnavailable)
    const event = { requestContext: { requestId: 'r' } } as Parameters<typeof faultResponse>[0]
    const { statusCode, headers } = faultResponse(event, error)
    expect([statusCode, headers?.['retry-after']]).toEqual([503, '2'])
  })
  expect(written).toEqual([])
})

test('an order between users is placed where both parties are clear, and changes nothing where one is not', async () => {
  const { offer } = await buy(market, 'hugo')
  await market.system.idle()
  await market.system.clock.move(8 * 86_400_000, { settle: true })
  const price = { amountMinor: 500_00, currency: 'USD' } as const
  const { handle } = offer
  expect(await market.buyer('hugo').openListing({ params: { handle }, body: { price } })).toMatchObject({ ok: true })

  const place = (screening: Screening) =>
    placeOrder(
      {
        ...deps(screening),
        policy: cachedPolicy(market.store, () => market.system.clock.now()),
        humanity: claimedHumanity,
        secondFactor: claimedSecondFactor,
      },
      { buyer: caller('ida'), handle, price, idempotencyKey: 'ida-buys', requestHash: 'hash' },
    )
  const written = await writesOf(market, async () => {
    await expect(place(list({ hugo: 'unavailable' }))).rejects.toThrow(ScreeningUnavailable)
  })
  expect(written).toEqual([])
  for (const party of ['hugo', 'ida']) {
    expect(await place(list({ [party]: 'hit' }))).toMatchObject({ refusal: { code: 'act_refused' } })
  }
  expect((await loadHandle(market.store, handle))?.state.listing).toMatchObject({ status: 'open' })
  expect(await place(list({}))).toMatchObject({ ok: true, value: { buyerId: 'ida', sellerId: 'hugo' } })
})
