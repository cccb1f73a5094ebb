import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const { version: _, publishedAt: _at, ...shipped } = shippedPolicy
const ordinary = shipped.rules.ordinary ?? never()
function never(): never {
  throw new Error('the shipped policy releases ordinary accounts')
}

const operator = () => market.client('operator')
const viewOf = async (handle: string) => value(await (await market.client('alice')).getHandle({ params: { handle } }))

const publish = async (key: string, change: Partial<typeof shipped>) => {
  const client = await operator()
  const [inForce] = value(await client.listPolicies({})).policies
  const body = { basedOn: inForce?.version ?? 0, ...shipped, ...change }
  return value(await client.publishPolicy({ body, idempotencyKey: key }))
}

describe('publishing', () => {
  test('the shipped policy is version 1, for everybody to read', async () => {
    const { policies } = value(await (await market.client('alice')).listPolicies({}))
    expect(policies).toEqual([shippedPolicy])
    expect(value(await (await operator()).getPolicy({ params: { version: '1' } }))).toEqual(shippedPolicy)
    await checkRefused(market, 'not_found', 'GET', '/v1/policies/2')
  })

  test('a policy that contradicts itself is refused with the field at fault, and nothing is written', async () => {
    const before = await market.items()
    const token = await market.system.token('operator')
    const wrong = [
      [
        'policy_invalid',
        'rules.ordinary.graceDays',
        { rules: { ...shipped.rules, ordinary: { ...ordinary, graceDays: 41 } } },
      ],
      [
        'policy_invalid',
        'rules.verified.notices',
        { rules: { ...shipped.rules, verified: { ...ordinary, notices: 2 } } },
      ],
      [
        'policy_invalid',
        'rules.ordinary.firstRefusalDays',
        { rules: { ...shipped.rules, ordinary: { ...ordinary, firstRefusalDays: 31 } } },
      ],
      ['policy_invalid', 'noticeAttemptsMax', { noticeAttemptsMax: 2 }],
      ['policy_invalid', 'reservedNames.1', { reservedNames: ['fine', 'not fine'] }],
      ['validation_failed', 'rules.memorial', { rules: { ...shipped.rules, memorial: ordinary } }],
      [
        'validation_failed',
        'rules.ordinary.afterDays',
        { rules: { ...shipped.rules, ordinary: { ...ordinary, afterDays: 29 } } },
      ],
      [
        'validation_failed',
        'rules.ordinary.noticeSpacingDays',
        { rules: { ...shipped.rules, ordinary: { ...ordinary, noticeSpacingDays: 6 } } },
      ],
      ['validation_failed', 'freeBeer', { freeBeer: true }],
    ] as const
    for (const [index, [code, field, change]] of wrong.entries()) {
      const problem = await checkRefused(market, code, 'POST', '/v1/operator/policies', {
        token,
        headers: { 'idempotency-key': `wrong-${index}` },
        body: { basedOn: 1, ...shipped, ...change },
      })
      expect(problem.field).toBe(field)
    }
    await market.checkItems(before)
  })

  test('of two operators who looked at the same version one publishes; a repeat is the same publication', async () => {
    const client = await operator()
    const body = { basedOn: 1, ...shipped, noticeAttemptsMax: 7 }
    const both = await Promise.all(
      ['one', 'two'].map((idempotencyKey) => client.publishPolicy({ body, idempotencyKey })),
    )
    const told = both.map((answer) => (answer.ok ? `version ${answer.value.version}` : answer.problem.code))
    expect(told.toSorted()).toEqual(['policy_changed', 'version 2'])
    const winner = both[0]?.ok === true ? 'one' : 'two'
    expect(value(await client.publishPolicy({ body, idempotencyKey: winner })).version).toBe(2)
    await checkRefused(market, 'idempotency_key_reused', 'POST', '/v1/operator/policies', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': winner },
      body: { ...body, noticeAttemptsMax: 8 },
    })
    const { policies } = value(await client.listPolicies({}))
    expect(policies.map(({ version, noticeAttemptsMax }) => [version, noticeAttemptsMax])).toEqual([
      [2, 7],
      [1, 6],
    ])
    const { entries } = value(await client.listJournal({ params: { aggregateId: 'policy:release' } }))
    expect(entries.map(({ by, events }) => [by, events[0]?.type])).toEqual([['operator:operator', 'policy_published']])
  })
})

describe('what a new version does', () => {
  test('handles that became due by it are found, without anything being written for them before', async () => {
    await market.importFeed([market.account('due_after_200', 250), market.account('due_by_nobody', 150)])
    await market.sweep()
    expect((await viewOf('due_after_200')).status).toBe('active')
    const policy = await publish('sooner', { rules: { ...shipped.rules, ordinary: { ...ordinary, afterDays: 200 } } })
    await market.sweep()
    expect(await viewOf('due_after_200')).toMatchObject({
      status: 'dormant',
      grace: { noticesGiven: expect.any(Number) },
    })
    expect((await viewOf('due_by_nobody')).status).toBe('active')
    const { entries } = value(await (await operator()).listJournal({ params: { aggregateId: 'handle:due_after_200' } }))
    const started = entries.flatMap(({ events }) => events).find(({ type }) => type === 'dormancy_started')
    expect(started).toMatchObject({
      policyVersion: policy.version,
      rule: 'ordinary',
      facts: { lastActiveAt: expect.any(String) },
    })
  })

  test('a policy that no longer releases an account ends its time of grace', async () => {
    await publish('later', { rules: { ...shipped.rules, ordinary: { ...ordinary, afterDays: 1000 } } })
    await market.system.clock.move(15 * dayMs, { settle: true })
    await market.sweep()
    expect(await viewOf('due_after_200')).toMatchObject({ status: 'active', grace: null })
  })

  test('a name that the policy reserves is kept from the market, and why is shown', async () => {
    await publish('reserve', { reservedNames: ['Our_Campaign'] })
    await market.importFeed([market.suspended('our_campaign')])
    await market.sweep()
    expect(await viewOf('our_campaign')).toMatchObject({
      status: 'reserved',
      reserved: { code: 'reserved_name', overruled: false },
      release: { rule: 'suspended', noticesGiven: 0, words: expect.stringContaining('suspended') },
    })
  })
})

describe('the operator on one handle', () => {
  test('a legal hold keeps a handle that is due, and its lifting lets it go', async () => {
    await market.importFeed([market.suspended('in_court')])
    const client = await operator()
    const params = { handle: 'in_court' }
    value(await client.placeLegalHold({ params, body: { reason: 'letter of 12 May' } }))
    const held = value(await client.placeLegalHold({ params, body: { reason: 'letter of 12 May' } }))
    expect(held).toMatchObject({ status: 'active', legalHold: true, next: { by: null } })
    await market.sweep()
    expect((await viewOf('in_court')).status).toBe('active')
    value(await client.liftLegalHold({ params, body: { reason: 'settled' } }))
    await market.sweep()
    expect((await viewOf('in_court')).status).toBe('released')
  })

  test('an overruled refusal is released by the next sweep, and the word stays in the journal', async () => {
    await market.importFeed([market.suspended('admin')])
    await market.sweep()
    expect(await viewOf('admin')).toMatchObject({ status: 'reserved', reserved: { code: 'reserved_name' } })
    const client = await operator()
    const params = { handle: 'admin' }
    const token = await market.system.token('operator')
    await checkRefused(market, 'transition_not_allowed', 'POST', '/v1/operator/handles/admin/overrule', {
      token,
      body: { code: 'offensive', reason: 'not what it was refused for' },
    })
    value(
      await client.overruleGate({ params, body: { code: 'reserved_name', reason: 'sold by decision of the board' } }),
    )
    expect((await viewOf('admin')).reserved).toMatchObject({ overruled: true })
    await market.sweep()
    expect((await viewOf('admin')).status).toBe('released')
    const { entries } = value(await client.listJournal({ params: { aggregateId: 'handle:admin' } }))
    const told = entries.flatMap(({ by, events }) => events.map(({ type }) => [by.replace(/run_\w+$/, 'run'), type]))
    expect(told).toEqual([
      ['operator:operator', 'handle_imported'],
      ['system:run', 'handle_reserved'],
      ['operator:operator', 'gate_overruled'],
      ['system:run', 'handle_released'],
    ])
    await checkRefused(market, 'transition_not_allowed', 'POST', '/v1/operator/handles/admin/overrule', {
      token,
      body: { code: 'reserved_name', reason: 'once more' },
    })
  })
})

describe('the former holder', () => {
  test('may buy it back before anybody else; links lead to the account until the quarantine ends', async () => {
    const suspended = { ...(shipped.rules.suspended ?? never()), firstRefusalDays: 14, quarantineDays: 30 }
    await publish('quarantine', { rules: { ...shipped.rules, suspended } })
    const [wanted, missed] = [market.suspended('wanted_back'), market.suspended('missed_it')]
    await market.importFeed([wanted, missed])
    await market.sweep()
    const { listing } = await viewOf('wanted_back')
    if (listing === null) throw new Error('it is not listed')
    expect(Date.parse(listing.opensAt) - Date.parse(listing.openedAt)).toBe(30 * dayMs)
    const token = await market.system.token('platform')
    const redirect = await market.send('GET', '/v1/platform/redirects/Wanted_Back', { token })
    expect(redirect.body).toEqual({ handle: 'wanted_back', accountId: wanted.accountId, until: listing.opensAt })

    const order = async (account: string, handle: string, key: string) => {
      const { price } = (await viewOf(handle)).listing ?? never()
      const answer = await (await market.client(account)).placeOrder({ body: { handle, price }, idempotencyKey: key })
      return answer.ok ? answer.value.status : answer.problem.code
    }
    expect(await order('stranger', 'wanted_back', 'early')).toBe('listing_not_open')
    expect(await order(missed.accountId, 'wanted_back', 'of-another-handle')).toBe('listing_not_open')
    expect(await order(wanted.accountId, 'wanted_back', 'mine')).toBe('awaiting_payment')

    await market.system.clock.move(15 * dayMs, { settle: true })
    expect(await order(missed.accountId, 'missed_it', 'too-late')).toBe('listing_not_open')
    await market.system.clock.move(15 * dayMs, { settle: true })
    expect(await order('stranger', 'missed_it', 'open-now')).toBe('awaiting_payment')
    await checkRefused(market, 'not_found', 'GET', '/v1/platform/redirects/missed_it', {
      token: await market.system.token('platform'),
    })
  })
})
