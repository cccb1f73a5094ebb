import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { offerLimits } from '../../shared/domain/negotiation.ts'
import { load } from '../../shared/store/aggregates.ts'
import { loadDemand } from '../../shared/store/watches.ts'
import { checkRefused, value } from './market.ts'
import {
  codeOf,
  holderOf,
  hourMs,
  type Offer,
  type OfferMarket,
  type Settings,
  startOfferMarket,
  usd,
} from './offers-market.ts'

const never = 'off_00000000000000000000000000'

let on: OfferMarket
beforeAll(async () => {
  on = await startOfferMarket(40, (market) => [
    market.suspended('released1'),
    market.account('sleeping1', 400, { accountId: 'acct_sleeper' }),
  ])
})
afterEach(() => on.market.checkInvariants())
afterAll(() => on.market.stop())

describe('settings', () => {
  test('offers are off until the holder says otherwise, and nobody else sees or changes the settings', async () => {
    const handle = on.nextHandle()
    const path = `/v1/me/handles/${handle}/offer-settings`
    expect((await on.get(holderOf(handle), path)).body).toMatchObject({ offers: 'off', isDefault: true, floor: null })
    expect(codeOf(await on.offer('alice', handle, 20_00))).toBe('offers_closed')
    for (const stranger of ['alice', 'operator']) {
      expect(codeOf(await on.get(stranger, path))).toBe('not_found')
      expect(codeOf(await on.post(stranger, path, { offers: 'on' }))).toBe('not_found')
    }
    const wanted = { floor: usd(50_00), autoAccept: usd(90_00), from: 'verified', roundsMax: 3, answerHours: 72 }
    const settings = await on.set(handle, wanted)
    expect(settings).toMatchObject({ ...wanted, offers: 'on', isDefault: false, blocked: [], belowFloor: 0 })
    expect((await on.get(holderOf(handle), path)).body).toEqual(settings)
  })

  test.each([
    ['autoAccept', { floor: usd(50_00), autoAccept: usd(49_99) }],
    ['roundsMax', { roundsMax: 11 }],
    ['answerHours', { answerHours: 47 }],
    ['floor.amountMinor', { floor: usd(0) }],
    ['holderId', { holderId: 'alice' }],
    ['unblock', { unblock: [never] }],
    ['offers', { offers: 'maybe' }],
  ])('case 22: a contradiction is refused with %s at fault, and nothing changes', async (field, more) => {
    const handle = on.left[0] ?? ''
    const before = await on.market.items()
    const problem = await checkRefused(
      on.market,
      'validation_failed',
      'POST',
      `/v1/me/handles/${handle}/offer-settings`,
      {
        token: await on.market.system.token(holderOf(handle)),
        body: { offers: 'on', ...more },
      },
    )
    expect(problem.field).toBe(field)
    await on.market.checkItems(before)
  })

  test('floor and bound are shown to the holder alone', async () => {
    const handle = await on.open({ floor: usd(77_70), autoAccept: usd(888_80) })
    const low = await on.offered('alice', handle, 20_00)
    const high = await on.offered('bob', handle, 80_00)
    const shown = JSON.stringify([low, high, (await on.get('alice', `/v1/offers/${low.id}`)).body])
    for (const secret of ['7770', '88880']) expect(shown).not.toContain(secret)
    expect(low).toMatchObject({ status: 'declined', reason: 'holder', next: null })
  })
})

describe('an offer', () => {
  test('says who acts next and by when, what it comes to, and how many rounds are left', async () => {
    const handle = await on.open({ roundsMax: 3, answerHours: 72 })
    const made = await on.offered('alice', handle, 100_00)
    const now = on.market.system.clock.now()
    expect(made).toMatchObject({
      status: 'awaiting_holder',
      version: 1,
      amount: usd(100_00),
      amountBy: 'buyer',
      rounds: { max: 3, used: 0, left: 3 },
      possible: ['withdraw'],
      next: { actor: 'holder', action: 'offer_answered' },
    })
    expect(Math.abs(Date.parse(made.next?.by ?? '') - now - 72 * hourMs)).toBeLessThan(60_000)
    const { price, commission, net } = made.quote
    expect([price, commission.amountMinor + net.amountMinor]).toEqual([usd(100_00), 100_00])
    const received = (await on.get(holderOf(handle), `/v1/offers/${made.id}`)).body as Offer
    expect(received).toMatchObject({
      side: 'received',
      possible: ['accept', 'counter', 'decline'],
      counter: { least: usd(100_01) },
      quote: made.quote,
    })
  })

  test('a repeat is answered with the offer as it stands, another body is refused', async () => {
    const handle = await on.open()
    const first = await on.offer('alice', handle, 100_00, 'offer-once')
    const again = await on.offer('alice', handle, 100_00, 'offer-once')
    expect([again.status, again.body]).toEqual([201, first.body])
    const before = await on.market.items()
    expect(codeOf(await on.offer('alice', handle, 110_00, 'offer-once'))).toBe('idempotency_key_reused')
    expect(codeOf(await on.offer('alice', on.left[0] ?? '', 100_00, 'offer-once'))).not.toBe(201)
    await on.market.checkItems(before)
    const declined = await on.done(holderOf(handle), first.body as Offer, 'decline')
    expect((await on.offer('alice', handle, 100_00, 'offer-once')).body).toMatchObject({
      id: declined.id,
      status: 'declined',
    })
  })

  test('the same key with another handle is another body', async () => {
    const [one, other] = [await on.open(), await on.open()]
    expect((await on.offer('alice', one, 100_00, 'for-one')).status).toBe(201)
    expect(codeOf(await on.offer('alice', other, 100_00, 'for-one'))).toBe('idempotency_key_reused')
  })

  test('each handle that cannot be offered for has a code of its own', async () => {
    const codes = {
      unheard_of: await on.offer('alice', 'unheard_of', 20_00),
      released1: await on.offer('alice', 'released1', 20_00),
      sleeping1: await on.offer('alice', 'sleeping1', 20_00),
    }
    expect(Object.values(codes).map(codeOf)).toEqual(['not_found', 'handle_not_held', 'handle_not_active'])
    const handle = await on.open()
    expect(codeOf(await on.offer(holderOf(handle), handle, 20_00))).toBe('own_handle')
    // The holder's device is learnt when the holder acts.
    const device = { device_id: `device-of-${handle}` }
    await on.post(holderOf(handle), `/v1/me/handles/${handle}/offer-settings`, { offers: 'on' }, undefined, device)
    expect(codeOf(await on.offer('mallory', handle, 20_00, undefined, device))).toBe('linked_account')
    await on.post('operator', `/v1/operator/handles/${handle}/legal-hold`, { reason: 'a claim' })
    expect(codeOf(await on.offer('carol', handle, 20_00))).toBe('handle_not_for_sale')
  })

  test('is for verified accounts alone where the holder says so', async () => {
    const handle = await on.open({ from: 'verified' })
    expect(codeOf(await on.offer('alice', handle, 20_00, undefined, { verified: false }))).toBe('verification_required')
    expect(codeOf(await on.offer('alice', handle, 20_00))).toBe(201)
  })

  test('below the floor: declined at once, the holder is not troubled, and it is counted', async () => {
    const handle = await on.open({ floor: usd(50_00) })
    const low = await on.offered('alice', handle, 49_99)
    expect(low.status).toBe('declined')
    const holder = holderOf(handle)
    expect(codeOf(await on.get(holder, `/v1/offers/${low.id}`))).toBe('not_found')
    for (const what of ['decline', 'report', 'block']) {
      const body = what === 'report' ? { reason: 'other' } : {}
      expect([what, codeOf(await on.act(holder, low, what, body))]).toEqual([what, 'not_found'])
    }
    expect(await on.list(holder, 'side=received&status=open')).toEqual([])
    expect(await on.list(holder, 'side=received&status=ended')).toEqual([])
    expect((await on.get(holder, `/v1/me/handles/${handle}/offer-settings`)).body).toMatchObject({ belowFloor: 1 })
    expect((await loadDemand(on.market.store, [handle])).get(handle)).toMatchObject({ offers: 1 })
  })
})

describe('case 19: an offer of others', () => {
  test('case 19: is not there for whoever is neither side, whatever is tried, and nothing is written', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    const before = await on.market.items()
    for (const stranger of ['bob', 'operator']) {
      expect(codeOf(await on.get(stranger, `/v1/offers/${made.id}`))).toBe('not_found')
      for (const [what, body] of [
        ['counter', { amount: usd(200_00) }],
        ['accept', { amount: usd(100_00) }],
        ['decline', {}],
        ['withdraw', {}],
        ['report', { reason: 'other' }],
        ['block', {}],
      ] as const) {
        expect([what, codeOf(await on.act(stranger, made, what, body))]).toEqual([what, 'not_found'])
      }
    }
    // The sides have their own acts.
    expect(codeOf(await on.act('alice', made, 'decline'))).toBe('not_found')
    expect(codeOf(await on.act(holderOf(handle), made, 'withdraw'))).toBe('not_found')
    expect(codeOf(await on.get('alice', `/v1/offers/${never}`))).toBe('not_found')
    await on.market.checkItems(before)
    expect((await on.list('bob', 'side=made')).filter(({ handle: one }) => one === handle)).toEqual([])
  })
})

describe('case 22: bad input', () => {
  const amounts = ['-1', '0', '0.5', '9007199254740992', '1e400', '"100"', 'null', '[]']
  test.each(['/v1/offers', `/v1/offers/${never}/counter`, `/v1/offers/${never}/accept`])(
    'case 22: %s refuses amounts that are none, and fields of others',
    async (path) => {
      const before = await on.market.items()
      const token = await on.market.system.token('alice')
      const handle = path === '/v1/offers' ? '"handle":"heldaa",' : ''
      const headers = { 'idempotency-key': on.fresh('bad') }
      for (const amount of amounts) {
        const raw = `{${handle}"amount":{"amountMinor":${amount},"currency":"USD"}}`
        const { field } = await checkRefused(on.market, 'validation_failed', 'POST', path, { token, headers, raw })
        expect([amount, field]).toEqual([amount, 'amount.amountMinor'])
      }
      for (const field of ['holderId', 'proposerId', 'status', 'commissionBasisPoints', 'funded', '__proto__']) {
        const raw = `{${handle}"amount":{"amountMinor":100,"currency":"USD"},"${field}":1}`
        await checkRefused(on.market, 'validation_failed', 'POST', path, { token, headers, raw })
      }
      await on.market.checkItems(before)
    },
  )
})

describe('going to and fro', () => {
  test('bids rise, asks fall, strictly between; each refusal says what is possible', async () => {
    const handle = await on.open({ roundsMax: 4 })
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 100_00)
    const outOfTurn = await on.act('alice', made, 'counter', { amount: usd(120_00) })
    expect(outOfTurn.body).toMatchObject({ code: 'not_your_turn', facts: { possible: ['withdraw'], version: 1 } })
    const asked = await on.done(holder, made, 'counter', { amount: usd(300_00), version: 1 })
    expect(asked).toMatchObject({ status: 'awaiting_buyer', rounds: { used: 1, left: 3 }, next: { actor: 'buyer' } })
    expect(asked.quote.price).toEqual(usd(300_00))
    // The same again changes nothing.
    expect(await on.done(holder, made, 'counter', { amount: usd(300_00), version: 1 })).toEqual(asked)
    for (const amount of [100_00, 300_00, 400_00]) {
      const refused = await on.act('alice', made, 'counter', { amount: usd(amount) })
      expect(refused.body).toMatchObject({
        code: 'counter_out_of_range',
        facts: { leastMinor: 100_01, mostMinor: 299_99 },
      })
    }
    const raised = await on.done('alice', made, 'counter', { amount: usd(200_00) })
    expect(raised.amounts.map(({ amount }) => amount.amountMinor)).toEqual([100_00, 300_00, 200_00])
    const stale = await on.act(holder, made, 'counter', { amount: usd(250_00), version: 2 })
    expect(stale.body).toMatchObject({
      code: 'offer_changed',
      facts: { version: 3, amount: usd(200_00), possible: ['accept', 'counter', 'decline'] },
    })
    await on.done(holder, made, 'counter', { amount: usd(250_00) })
    const last = await on.done('alice', made, 'counter', { amount: usd(220_00) })
    expect(last.rounds).toEqual({ max: 4, used: 4, left: 0 })
    const used = await on.act(holder, made, 'counter', { amount: usd(240_00) })
    expect(used.body).toMatchObject({ code: 'counter_rounds_used', facts: { possible: ['accept', 'decline'] } })
    const voided = await on.act(holder, made, 'accept', { amount: usd(200_00) })
    expect(voided.body).toMatchObject({ code: 'offer_changed', facts: { amount: usd(220_00) } })
    expect(await on.done('alice', made, 'withdraw')).toMatchObject({ status: 'withdrawn', possible: [], next: null })
    expect(codeOf(await on.act(holder, made, 'accept', { amount: usd(220_00) }))).toBe('offer_ended')
  })

  test('two answers at once: one is taken, the other is told what is possible', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 100_00)
    const answers = await Promise.all([
      on.act(holder, made, 'counter', { amount: usd(300_00) }),
      on.act(holder, made, 'counter', { amount: usd(200_00) }),
      on.act('alice', made, 'withdraw'),
      on.act(holder, made, 'decline'),
    ])
    const now = (await on.get('alice', `/v1/offers/${made.id}`)).body as Offer
    expect(now.amounts.length).toBeLessThanOrEqual(2)
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    const others = answers.map(codeOf).filter((code) => code !== 200)
    expect(others.filter((code) => code !== 'not_your_turn' && code !== 'offer_ended')).toEqual([])
  })

  test('an offer that nobody answers ends by the clock, and the buyer may offer again', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    await on.pass(47)
    expect((await on.get('alice', `/v1/offers/${made.id}`)).body).toMatchObject({ status: 'awaiting_holder' })
    await on.pass(1.1)
    expect((await on.get('alice', `/v1/offers/${made.id}`)).body).toMatchObject({ status: 'expired', next: null })
    expect(await on.offered('alice', handle, 90_00)).toMatchObject({ id: made.id, amounts: [{ amount: usd(90_00) }] })
  })
})

describe('limits against harassment', () => {
  test('one offer at a time, a day after a decline, three in thirty days', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 100_00)
    const twice = await on.offer('alice', handle, 110_00)
    expect(twice.body).toMatchObject({ code: 'offer_open', facts: { offerId: made.id, possible: ['withdraw'] } })
    const declined = await on.done(holder, made, 'decline')
    expect((await on.offer('alice', handle, 110_00)).body).toMatchObject({
      code: 'offer_cooling',
      facts: { coolingHours: 24 },
    })
    expect(declined.eligibleFrom).toBe(null)
    const seen = (await on.get('alice', `/v1/offers/${made.id}`)).body as Offer
    expect(Date.parse(seen.eligibleFrom ?? '') - Date.parse(seen.updatedAt)).toBe(24 * hourMs)
    for (const amount of [110_00, 120_00]) {
      await on.pass(24.1)
      await on.done(holder, await on.offered('alice', handle, amount), 'decline')
    }
    await on.pass(24.1)
    expect((await on.offer('alice', handle, 130_00)).body).toMatchObject({
      code: 'offer_tries_used',
      facts: { triesMax: 3, triesDays: 30 },
    })
    // Another buyer, and another handle, are not concerned.
    expect((await on.offered('bob', handle, 20_00)).status).toBe('awaiting_holder')
    await on.pass(30 * 24)
    expect((await on.offered('alice', handle, 130_00)).status).toBe('awaiting_holder')
  })

  test('so many open offers of one buyer, and for one handle', { timeout: 120_000 }, async () => {
    const handle = await on.open()
    const others = on.names.filter((name) => name !== handle).slice(0, offerLimits.openPerBuyerMax)
    for (const name of others) {
      await on.set(name)
      await on.offered('keen', name, 20_00)
    }
    expect((await on.offer('keen', handle, 20_00)).body).toMatchObject({
      code: 'cap_reached',
      facts: { openOffersMax: offerLimits.openPerBuyerMax },
    })
    for (let n = 0; n < offerLimits.openPerHandleMax; n += 1) await on.offered(`crowd_${n}`, handle, 20_00 + n)
    expect(codeOf(await on.offer('late', handle, 90_00))).toBe('offers_full')
    // What is declined makes room.
    const [first] = await on.list(holderOf(handle), 'side=received&limit=1')
    if (first === undefined) throw new Error('the holder has offers')
    await on.done(holderOf(handle), first, 'decline')
    expect(codeOf(await on.offer('late', handle, 90_00))).toBe(201)
  })

  test('velocity: as many requests in a minute as the policy says', async () => {
    const handle = await on.open()
    // One more than two windows let through.
    const answers = await Promise.all(Array.from({ length: 61 }, (_, n) => on.offer('hasty', handle, 20_00 + n)))
    expect(answers.map(codeOf).filter((code) => code === 'rate_limited').length).toBeGreaterThan(0)
    expect((await on.list('hasty', 'side=made')).length).toBe(1)
  })

  test('a blocked buyer is told what everybody is told where no offers are taken; unblocked, it may offer again', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 100_00)
    expect(await on.done(holder, made, 'block')).toMatchObject({ status: 'declined', reason: 'holder' })
    await on.done(holder, made, 'block')
    await on.pass(25)
    expect(codeOf(await on.offer('alice', handle, 110_00))).toBe('offers_closed')
    const settings = (await on.get(holder, `/v1/me/handles/${handle}/offer-settings`)).body as Settings
    expect(settings.blocked).toMatchObject([{ offerId: made.id }])
    // Other settings leave it as it is.
    expect((await on.set(handle, { floor: usd(5_00) })).blocked).toEqual(settings.blocked)
    expect((await on.set(handle, { unblock: [made.id] })).blocked).toEqual([])
    expect((await on.offered('alice', handle, 110_00)).id).toBe(made.id)
  })

  test('a report opens one case with both accounts for the operators, and leaves the offer as it is', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    const reported = await on.done(holderOf(handle), made, 'report', { reason: 'lured_off_platform' })
    expect(reported).toMatchObject({ status: 'awaiting_holder', reported: true, version: 1 })
    await on.done(holderOf(handle), made, 'report', { reason: 'harassment' })
    expect((await on.get('alice', `/v1/offers/${made.id}`)).body).toMatchObject({ reported: false })
    const operator = await on.market.client('operator')
    const cases = value(await operator.listCases({})).items.filter(({ saleId }) => saleId === made.id)
    expect(cases).toMatchObject([
      { ground: 'offer_reported', status: 'open', accountIds: ['alice', holderOf(handle)].toSorted() },
    ])
    expect(cases[0]?.words).toContain('lured_off_platform')
  })
})

describe('funded offers', () => {
  test('rank first in the holder’s list, page by page, and then the highest', async () => {
    const handle = await on.open()
    for (const [buyer, amount] of [
      ['rank_a', 90_00],
      ['rank_b', 300_00],
      ['rank_c', 120_00],
    ] as const) {
      await on.offered(buyer, handle, amount)
    }
    await on.authorise('rank_d', 100_00)
    expect((await on.offered('rank_d', handle, 95_00)).funded).toBe(true)
    const received = await on.list(holderOf(handle), 'side=received&limit=1')
    expect(received.map(({ amount, funded }) => [amount.amountMinor, funded])).toEqual([
      [95_00, true],
      [300_00, false],
      [120_00, false],
      [90_00, false],
    ])
  })

  test('the card is kept for the offer alone, and let go when the negotiation ends', async () => {
    const [handle, other] = [await on.open(), await on.open()]
    await on.authorise('payer', 100_00)
    const made = await on.offered('payer', handle, 100_00)
    expect(made.funded).toBe(true)
    expect(await on.neededBy('payer')).toEqual([made.id])
    expect((await on.offered('payer', other, 50_00)).funded).toBe(false)
    await on.done(holderOf(handle), made, 'decline')
    await on.market.system.idle()
    expect(await on.neededBy('payer')).toBe(null)
    expect((await load(on.market.store, 'standing', 'payer'))?.state.authorisation).toBe(undefined)
  })
})

test('pseudonymity: before an acceptance neither side is told the other’s account, in no answer', async () => {
  const handle = await on.open({ floor: usd(20_00) })
  const holder = holderOf(handle)
  const buyer = 'secret_buyer'
  const answers: { readonly to: string; readonly body: unknown }[] = []
  const keep = async (to: string, answer: Promise<{ body: unknown }>) => {
    const { body } = await answer
    answers.push({ to, body })
    return body as Offer
  }
  const made = await keep(buyer, on.offer(buyer, handle, 100_00))
  await keep(holder, on.get(holder, '/v1/offers?side=received'))
  await keep(buyer, on.get(buyer, '/v1/offers?side=made'))
  await keep(holder, on.act(holder, made, 'counter', { amount: usd(300_00) }))
  await keep(buyer, on.act(buyer, made, 'accept', { amount: usd(299_00) }))
  await keep(buyer, on.act(buyer, made, 'counter', { amount: usd(200_00) }))
  await keep(holder, on.act(holder, made, 'report', { reason: 'other' }))
  await keep(holder, on.act(holder, made, 'block'))
  await keep(holder, on.get(holder, `/v1/me/handles/${handle}/offer-settings`))
  await keep(buyer, on.get(buyer, `/v1/offers/${made.id}`))
  await keep(buyer, on.offer(buyer, handle, 210_00))
  for (const { to, body } of answers) {
    expect(JSON.stringify(body)).not.toContain(to === buyer ? holder : buyer)
  }
  const aliases = answers.flatMap(({ to, body }) => {
    const { counterpart } = body as Partial<Offer>
    return counterpart === undefined ? [] : [`${to} ${counterpart.role} ${counterpart.alias} ${counterpart.accountId}`]
  })
  expect(new Set(aliases).size).toBe(2)
  // Another negotiation of the same account has another name.
  const elsewhere = await on.offered(buyer, await on.open(), 20_00)
  expect(aliases.join()).not.toContain(elsewhere.counterpart.alias)
})

test('a cursor of another list is none', async () => {
  const handle = await on.open()
  await on.offered('alice', handle, 21_00)
  await on.offered('bob', handle, 22_00)
  const page = (await on.get(holderOf(handle), '/v1/offers?side=received&limit=1')).body as { nextCursor: string }
  for (const path of ['side=made', 'side=received&status=ended']) {
    expect(codeOf(await on.get(holderOf(handle), `/v1/offers?${path}&cursor=${page.nextCursor}`))).toBe(
      'cursor_invalid',
    )
  }
  expect(codeOf(await on.get('alice', `/v1/offers?side=received&cursor=${page.nextCursor}`))).toBe('cursor_invalid')
})
