import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Problem } from '../../shared/contract/problems.ts'
import { ordinaryClaims } from '../../local/users.ts'
import { createClient } from '../../shared/contract/client.ts'
import { deliver } from './events.ts'
import { expectInvariants, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'

// Users who sell: from the link of the onboarding to the payout, through the local Stripe.

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(async () => {
  market.stripe.control.setFault(undefined)
  await expectInvariants(market)
})
afterAll(() => market.stop())

type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }
const value = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
const codeOf = (answer: Answer<unknown>) => (answer.ok ? 'ok' : answer.problem.code)
const stripe = () => market.stripe.control
const operator = () =>
  createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_operator', { groups: ['operator'] }),
  })

const begin = (sub: string, country = 'US') => market.buyer(sub).beginOnboarding({ body: { country } })
const sellerOf = async (sub: string) => value(await market.buyer(sub).getSeller({}))
const connectedOf = async (sub: string): Promise<string> => {
  const { stripeAccountId } = value(await operator().getSellerOf({ params: { accountId: sub } }))
  if (stripeAccountId === null) throw new Error(`${sub} has no connected account`)
  return stripeAccountId
}
/** Begins, and tells Stripe everything. */
const enable = async (sub: string): Promise<string> => {
  value(await begin(sub))
  const connected = await connectedOf(sub)
  stripe().onboard(connected)
  await market.system.idle()
  return connected
}

/** What a person does on the hosted page. */
const fillIn = async (url: string, outcome: 'complete' | 'document'): Promise<number> => {
  const opened = await fetch(url)
  const form = {
    first_name: 'Ada',
    last_name: 'Lovelace',
    birth: '1985-12-10',
    ssn_last_4: '0000',
    bank_account: '000123456789',
    outcome,
  }
  const told = await fetch(opened.url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  await market.system.idle()
  return told.status
}

describe('onboarding', () => {
  test('a seller goes from the link to being enabled, and is told what is asked for on the way', async () => {
    expect(await sellerOf('ada')).toMatchObject({ status: 'none', country: null, requirementsDue: [] })
    const first = value(await begin('ada'))
    expect(first.seller).toMatchObject({ status: 'onboarding', country: 'US' })
    expect(first.seller.requirementsDue).toContain('external_account')
    expect(Date.parse(first.expiresAt)).toBeGreaterThan(market.system.clock.now())

    expect(await fillIn(first.url, 'document')).toBe(303)
    expect(await sellerOf('ada')).toMatchObject({
      status: 'onboarding',
      requirementsDue: ['individual.verification.document'],
      nextAct: expect.stringContaining('onboarding') as string,
    })
    const again = value(await begin('ada'))
    expect(again.url).not.toBe(first.url)
    expect(await fillIn(again.url, 'complete')).toBe(303)
    expect(await sellerOf('ada')).toMatchObject({
      status: 'enabled',
      requirementsDue: [],
      disabledReason: null,
      nextAct: null,
      debt: { amountMinor: 0, currency: 'USD' },
    })
    expect((await accountsOf('ada')).length).toBe(1)
  })

  test('eight requests at once make one connected account', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => begin('bess')))
    const allowed = ['ok', 'request_in_progress', 'service_unavailable']
    expect(answers.map(codeOf).filter((code) => !allowed.includes(code))).toEqual([])
    expect(codeOf(await begin('bess'))).toBe('ok')
    expect((await accountsOf('bess')).length).toBe(1)
  })

  test('an account that Stripe made although it did not say so is found, and no second is made', async () => {
    let cut = true
    stripe().setFault((call) => {
      if (call.operationId !== 'PostAccounts' || call.phase !== 'after' || !cut) return undefined
      cut = false
      return { kind: 'cut' }
    })
    expect(codeOf(await begin('cleo'))).toBe('ok')
    expect((await accountsOf('cleo')).length).toBe(1)
  })

  test('the country stays what it was, and one where nobody is paid is refused', async () => {
    value(await begin('dina', 'US'))
    const other = await begin('dina', 'DE')
    expect([codeOf(other), other.ok ? '' : other.problem.field]).toEqual(['transition_not_allowed', 'country'])
    for (const country of ['us', 'USA', 'ZZZ', ''])
      expect(codeOf(await begin('emma', country))).toBe('validation_failed')
    expect((await sellerOf('emma')).status).toBe('none')
  })

  test('case 21: after a change of credentials there is no link to the payout account, and the holder is told', async () => {
    const lately = new Date(market.system.clock.now() - 60_000).toISOString()
    const taken = createClient({
      baseUrl: market.system.url,
      token: () => market.system.token('fay', { ...ordinaryClaims, credentials_changed_at: lately }),
    })
    expect(codeOf(await taken.beginOnboarding({ body: { country: 'US' } }))).toBe('cooling_off')
    expect((await sellerOf('fay')).status).toBe('none')
    const { entries } = value(await operator().listJournal({ params: { aggregateId: 'standing:fay' } }))
    expect(entries.flatMap(({ events }) => events)).toMatchObject([{ type: 'takeover_suspected', act: 'payout' }])
  })
})

/** A word on a connected account, as Stripe would write it. What it says of the account is not looked at. */
const toldOf = (account: string): string =>
  JSON.stringify({
    id: 'evt_1OfLongAgo',
    object: 'event',
    type: 'account.updated',
    account,
    livemode: false,
    data: { object: { id: account, object: 'account', payouts_enabled: false } },
  })

describe("the provider's word", () => {
  test('restricts a seller and lifts it, in whatever order its events come and however often', async () => {
    const connected = await enable('gwen')
    stripe().restrictAccount(connected)
    await market.system.idle()
    expect(await sellerOf('gwen')).toMatchObject({ status: 'restricted', disabledReason: 'under_review' })
    stripe().liftRestriction(connected)
    await market.system.idle()
    expect((await sellerOf('gwen')).status).toBe('enabled')
    // An old word: the account is read as it stands now.
    const written = await writesOf(market, async () => {
      expect((await deliver(market, toldOf(connected))).status).toBe(200)
      await market.system.idle()
    })
    expect(written).toEqual([])
  })

  test('a rejected account gets no link any more', async () => {
    const connected = await enable('hope')
    stripe().restrictAccount(connected, 'rejected.fraud')
    await market.system.idle()
    expect(await sellerOf('hope')).toMatchObject({ status: 'rejected', nextAct: null })
    expect(codeOf(await begin('hope'))).toBe('transition_not_allowed')
  })

  test('two sellers who are paid at one bank account are linked', async () => {
    await enable('iris')
    await enable('june')
    const { links } = value(await operator().getAccountStanding({ params: { accountId: 'iris' } }))
    expect(links.filter(({ accountId }) => accountId === 'june')).toEqual([{ accountId: 'june', shared: ['payout'] }])
  })

  test('of another bank account is told to the holder by the platform', async () => {
    const connected = await enable('kate')
    stripe().onboard(connected, { bankAccount: '000111111116' })
    await market.system.idle()
    const { entries } = value(await operator().listJournal({ params: { aggregateId: 'seller:kate' } }))
    const types = entries.flatMap(({ events }) => events.map(({ type }) => type))
    expect(types.filter((type) => type.startsWith('payout_account'))).toEqual([
      'payout_account_seen',
      'payout_account_replaced',
    ])
    // No fingerprint leaves the provider's hands: what is kept is a hash of ours.
    expect(JSON.stringify(entries)).not.toContain('000111111116')
  })

  test('of an account that is none of ours changes nothing, and raises the alarm', async () => {
    const stranger = await market.provider.accounts.create({
      controller: {
        fees: { payer: 'application' },
        losses: { payments: 'application' },
        requirement_collection: 'stripe',
        stripe_dashboard: { type: 'express' },
      },
      capabilities: { transfers: { requested: true } },
      country: 'US',
    })
    const written = await writesOf(market, async () => {
      stripe().onboard(stranger.id)
      await market.system.idle()
    })
    expect(written.every((key) => key.startsWith('E#'))).toBe(true)
    expect(written.length).toBeGreaterThan(0)
  })
})

const accountsOf = async (sub: string) => {
  const found = []
  for await (const account of market.provider.accounts.list({ limit: 100 })) {
    if (account.metadata?.['sellerId'] === sub) found.push(account)
  }
  return found
}

test.each(['status', 'stripeAccountId', 'commissionBasisPoints', 'accountId', 'debt'])(
  'case 22: onboarding with %s is refused by name, and nothing is written',
  async (field) => {
    const written = await writesOf(market, async () => {
      const answer = await market.send('POST', '/v1/me/seller/onboarding', {
        as: 'lena',
        body: { country: 'US', [field]: 'enabled' },
      })
      expect([answer.status, answer.code]).toEqual([400, 'validation_failed'])
      expect(JSON.parse(answer.text)).toMatchObject({ field })
    })
    expect(written).toEqual([])
  },
)

test('nobody but operators sees another seller', async () => {
  const answer = await market.send('GET', '/v1/operator/sellers/ada', { as: 'bob' })
  expect([answer.status, answer.code]).toEqual([403, 'role_missing'])
})

test('an empty year has a statement of its head alone, and reaches no threshold', async () => {
  const kim = market.buyer('kim')
  const page = value(await kim.getSellerStatement({ query: { year: '2025' } }))
  expect(page).toMatchObject({ hasHead: true, next: null, fileName: 'statement-2025.csv' })
  expect(page.csv.split('\r\n')).toHaveLength(2)
  const year = value(await kim.getSellerYear({ query: {} }))
  expect(year).toMatchObject({ sales: 0, grossMinor: 0, netMinor: 0 })
  expect(year.thresholds.map(({ jurisdiction, reached }) => [jurisdiction, reached])).toEqual([
    ['US', false],
    ['EU', false],
  ])
  expect(codeOf(await kim.getSellerYear({ query: { year: '1999' } }))).toBe('validation_failed')
  expect(codeOf(await kim.getSellerStatement({ query: { cursor: 'e30' } }))).toBe('cursor_invalid')
})
