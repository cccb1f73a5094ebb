import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { SentMail } from '../../local/mail.ts'
import type { CampaignDraft } from '../../shared/contract/campaign.ts'
import { payOnPage } from '../cases/purchase.ts'
import { createClient } from '../../shared/contract/client.ts'
import { checkedFetch } from './contract-check.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const hourMs = 3_600_000

/** Handles that the market sells from now on. */
const released = async (...names: string[]) => {
  await market.importFeed(names.map((name) => market.suspended(name)))
  await market.sweep()
}

let campaigns = 0
const draft = (more: Partial<CampaignDraft> & Pick<CampaignDraft, 'handles'>): CampaignDraft => ({
  name: 'Spring',
  mode: 'exclusive',
  price: { by: 'amount', amountMinor: 500_000 },
  exclusivityHours: 72,
  counterRoundsMax: 3,
  paymentHours: 24,
  template: {
    subject: '{handle} for {organisation}',
    text: 'Dear {name},\n\n{handle} for {price} until {until}: {link}',
  },
  ...more,
})

type Person = { readonly name: string; readonly email: string; readonly handle?: string }
const csvOf = (people: readonly Person[]): string =>
  [
    'name,email,organisation,consent,handle',
    ...people.map(({ name, email, handle }) => `${name},${email},"${name} & Sons, Ltd",yes,${handle ?? ''}`),
  ].join('\n')

/** A campaign that has started, and its id. */
const started = async (
  people: readonly Person[],
  more: Partial<CampaignDraft> & Pick<CampaignDraft, 'handles'>,
): Promise<string> => {
  campaigns += 1
  const operator = await market.client('operator')
  const { id: campaignId } = value(
    await operator.createCampaign({ body: draft(more), idempotencyKey: `campaign-${campaigns}` }),
  )
  const upload = value(
    await operator.addProspects({
      params: { campaignId },
      body: { csv: csvOf(people) },
      idempotencyKey: `prospects-${campaigns}`,
    }),
  )
  expect(upload).toEqual({ campaignId, accepted: people.length, rejected: [] })
  value(await operator.startCampaign({ params: { campaignId } }))
  await market.system.idle()
  return campaignId
}

const mails = async (to: string): Promise<readonly SentMail[]> => (await market.system.mail?.sent(to)) ?? []
const linkIn = (mail: SentMail | undefined): URL =>
  new URL(/https?:\/\/\S+\/offers\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? 'none:')
const tokenIn = (mail: SentMail | undefined): string => linkIn(mail).pathname.split('/').at(-1) ?? ''
const tokenOf = async (email: string): Promise<string> => tokenIn((await mails(email))[0])
const later = async (hours: number): Promise<void> => {
  await market.system.clock.move(hours * hourMs)
  await deadlines()
}
const deadlines = async (): Promise<void> => {
  const name = market.system.schedules.names.find((one) => one.endsWith('sweep-deadlines'))
  market.system.schedules.fire(name ?? '')
  await market.system.idle()
}
const offersOf = async (campaignId: string) => {
  const operator = await market.client('operator')
  return value(await operator.listOffers({ params: { campaignId }, query: { limit: 100 } })).items
}
const statuses = async (campaignId: string) => (await offersOf(campaignId)).map(({ status }) => status)
const countsOf = async (campaignId: string) =>
  value(await (await market.client('operator')).getCampaign({ params: { campaignId } })).counts
const pay = async (buyer: string, orderId: string): Promise<void> => {
  const { url } = value(await (await market.client(buyer)).openCheckout({ params: { orderId } }))
  expect(await payOnPage(url)).toBe('paid')
  await market.system.idle()
}
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const path = (token: string, act = '') => `/v1/private-offers/${token}${act === '' ? '' : `/${act}`}`

describe('a prospect who was written to', () => {
  test('reads the offer, counters, is answered, accepts the newest price and pays: the handle is theirs', async () => {
    await released('cinder')
    const campaignId = await started([{ name: 'Ada', email: 'ada@example.com' }], { handles: { list: ['Cinder'] } })
    const [mail, ...others] = await mails('ada@example.com')
    expect(others).toEqual([])
    expect(mail?.subject).toBe('@cinder for Ada & Sons, Ltd')
    expect(mail?.text).toContain('Dear Ada,\n\n@cinder for $5,000.00 until ')
    const token = tokenIn(mail)
    expect(await countsOf(campaignId)).toMatchObject({ sent: 1, opened: 0 })

    const page = await fetch(linkIn(mail))
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await page.text()).toContain('@cinder for $5,000.00')
    expect(await countsOf(campaignId)).toMatchObject({ opened: 1 })

    const anyone = await market.client('alice')
    const countered = value(await anyone.counterOffer({ params: { token }, body: { price: usd(300_000) } }))
    expect(countered).toMatchObject({
      status: 'countered',
      price: usd(500_000),
      counter: usd(300_000),
      countersLeft: 2,
    })
    const operator = await market.client('operator')
    const [offer] = await offersOf(campaignId)
    const params = { offerId: offer?.id ?? '' }
    const body = { answer: 'new_price', price: usd(400_000) } as const
    await checkRefused(market, 'price_reason_missing', 'POST', `/v1/operator/private-offers/${params.offerId}/answer`, {
      token: await market.system.token('operator'),
      body,
    })
    value(await operator.answerOffer({ params, body: { ...body, reason: 'a charity' } }))
    await market.system.idle()
    expect((await mails('ada@example.com')).map(({ subject }) => subject)).toEqual([
      '@cinder for Ada & Sons, Ltd',
      'Your counter-offer for @cinder: now $4,000.00',
    ])

    await checkRefused(market, 'price_changed', 'POST', path(token, 'accept'), {
      token: await market.system.token('alice'),
      body: { price: usd(500_000) },
    })
    const { order } = value(await anyone.acceptOffer({ params: { token }, body: { price: usd(400_000) } }))
    expect(order).toMatchObject({ handle: 'cinder', status: 'awaiting_payment', price: usd(400_000) })
    const again = value(await anyone.acceptOffer({ params: { token }, body: { price: usd(400_000) } }))
    expect(again.order?.id).toBe(order?.id)
    await pay('alice', order?.id ?? '')
    expect(await statuses(campaignId)).toEqual(['sold'])
    expect(value(await anyone.listMyHandles({})).items.map(({ handle }) => handle)).toEqual(['cinder'])
    expect(value(await operator.listAskedPrices({ params: { handle: 'cinder' } })).prices).toMatchObject([
      { price: usd(500_000), reason: null },
      { price: usd(400_000), reason: 'a charity' },
    ])
  })
})

describe('a link that does not fit', () => {
  test('is refused in the same words whether it was altered, or another account accepted it', async () => {
    await released('ember')
    const campaignId = await started([{ name: 'Bea Marsh', email: 'bea@example.com' }], {
      handles: { list: ['ember'] },
    })
    const token = await tokenOf('bea@example.com')
    const [alice, bob] = [await market.system.token('alice'), await market.system.token('bob')]
    const body = { price: usd(500_000) }
    const before = await market.items()
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1)
    const refusals = new Set<string>()
    for (const wrong of [flipped, token.slice(0, -1), `${token}A`, 'x', `${token.slice(0, 22)}${token.slice(0, 22)}`]) {
      for (const [method, act, sending] of [
        ['GET', '', {}],
        ['POST', 'terms', {}],
        ['POST', 'counter', { body: { price: usd(1) } }],
        ['POST', 'decline', {}],
        ['POST', 'unsubscribe', {}],
        ['POST', 'accept', { token: alice, body }],
      ] as const) {
        const { detail } = await checkRefused(market, 'offer_link_invalid', method, path(wrong, act), sending)
        refusals.add(detail)
      }
      expect((await fetch(`${market.system.url}/offers/${wrong}`)).status).toBe(400)
    }
    await market.checkItems(before)

    value(await (await market.client('alice')).acceptOffer({ params: { token }, body }))
    await market.system.idle()
    const bound = await market.items()
    const { detail } = await checkRefused(market, 'offer_link_invalid', 'POST', path(token, 'accept'), {
      token: bob,
      body,
    })
    refusals.add(detail)
    expect([...refusals]).toEqual(['The link is not one of ours, or not for you'])
    await checkRefused(market, 'offer_link_used', 'GET', path(token))
    await checkRefused(market, 'offer_link_used', 'POST', path(token, 'decline'))
    await checkRefused(market, 'offer_link_used', 'POST', path(token, 'counter'), { body: { price: usd(1) } })
    const used = await fetch(`${market.system.url}/offers/${token}`)
    expect([used.status, (await used.text()).includes('Bea')]).toEqual([409, false])
    await market.checkItems(bound)
    expect(await statuses(campaignId)).toEqual(['accepted'])
  })

  test('is refused to the millisecond when the window has passed, and says nothing of whose it was', async () => {
    await released('flint')
    const campaignId = await started([{ name: 'Cy', email: 'cy@example.com' }], {
      handles: { list: ['flint'] },
      exclusivityHours: 1,
    })
    const token = await tokenOf('cy@example.com')
    const [offer] = await offersOf(campaignId)
    const until = Date.parse(offer?.until ?? '')
    await market.system.clock.move(until - market.system.clock.now() - 60_000)
    expect((await market.send('GET', path(token))).status).toBe(200)
    await market.system.clock.move(until - market.system.clock.now())
    const { detail, facts } = await checkRefused(market, 'offer_link_expired', 'GET', path(token))
    expect([detail, facts]).toEqual(['The offer has ended', undefined])
    await deadlines()
    expect(await statuses(campaignId)).toEqual(['expired'])
    await checkRefused(market, 'offer_link_expired', 'POST', path(token, 'accept'), {
      token: await market.system.token('alice'),
      body: { price: usd(500_000) },
    })
  })

  test('is bound by exactly one of several accounts that accept at once', async () => {
    await released('fern')
    const campaignId = await started([{ name: 'Dot', email: 'dot@example.com' }], { handles: { list: ['fern'] } })
    const token = await tokenOf('dot@example.com')
    const answers = await Promise.all(
      ['alice', 'bob', 'carol', 'dave'].map(async (who) =>
        market.send('POST', path(token, 'accept'), {
          token: await market.system.token(who),
          body: { price: usd(500_000) },
        }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400])
    const refused = answers.filter(({ status }) => status === 400).map(({ body }) => (body as { code: string }).code)
    expect(new Set(refused)).toEqual(new Set(['offer_link_invalid']))
    expect(await statuses(campaignId)).toEqual(['accepted'])
  })

  test('does not let operators buy what operators offer', async () => {
    await released('gorse')
    await started([{ name: 'Di', email: 'di@example.com' }], { handles: { list: ['gorse'] } })
    const token = await tokenOf('di@example.com')
    const before = await market.items()
    await checkRefused(market, 'operator_conflict', 'POST', path(token, 'accept'), {
      token: await market.system.token('operator'),
      body: { price: usd(500_000) },
    })
    await market.checkItems(before)
  })

  test('does not let an account buy that signs in from a device of the campaign’s operator', async () => {
    await released('hazel')
    const operator = await market.system.token('operator', { groups: ['operator'], device_id: 'laptop-7' })
    const client = createClient({ baseUrl: market.system.url, token: operator, fetch: checkedFetch })
    const { id: campaignId } = value(
      await client.createCampaign({ body: draft({ handles: { list: ['hazel'] } }), idempotencyKey: 'from-laptop-7' }),
    )
    const csv = csvOf([{ name: 'Dee', email: 'dee@example.com' }])
    value(await client.addProspects({ params: { campaignId }, body: { csv }, idempotencyKey: 'from-laptop-7' }))
    value(await client.startCampaign({ params: { campaignId } }))
    await market.system.idle()
    const accept = (device_id: string) => async () => ({
      token: await market.system.token('dave', { device_id }),
      body: { price: usd(500_000) },
    })
    const token = await tokenOf('dee@example.com')
    await checkRefused(market, 'operator_conflict', 'POST', path(token, 'accept'), await accept('laptop-7')())
    const answer = await market.send('POST', path(token, 'accept'), await accept('phone-1')())
    expect(answer.status).toBe(200)
  })
})

describe('an exclusive campaign', () => {
  test('offers a handle to one prospect at a time, and to nobody else in between', async () => {
    await released('heath')
    const people = ['eva', 'fay', 'gus', 'hal'].map((name) => ({ name, email: `${name}@example.com` }))
    const campaignId = await started(people, { handles: { list: ['heath'] }, exclusivityHours: 2 })
    const alice = await market.client('alice')
    const inSale = async () => {
      const { listing } = value(await alice.getHandle({ params: { handle: 'heath' } }))
      await checkRefused(market, 'handle_in_sale', 'POST', '/v1/orders', {
        token: await market.system.token('carol'),
        headers: { 'idempotency-key': 'not-for-carol' },
        body: { handle: 'heath', price: listing?.price },
      })
      return listing?.sale?.mode
    }
    const written = async () => Promise.all(people.map(async ({ email }) => (await mails(email)).length))
    expect(await statuses(campaignId)).toEqual(['offered', 'planned', 'planned', 'planned'])
    expect([await written(), await inSale()]).toEqual([[1, 0, 0, 0], 'private_offer'])

    value(await alice.declineOffer({ params: { token: await tokenOf('eva@example.com') } }))
    await market.system.idle()
    expect(await statuses(campaignId)).toEqual(['declined', 'offered', 'planned', 'planned'])
    expect([await written(), await inSale()]).toEqual([[1, 1, 0, 0], 'private_offer'])

    await later(2)
    expect(await statuses(campaignId)).toEqual(['declined', 'expired', 'offered', 'planned'])
    expect([await written(), await inSale()]).toEqual([[1, 1, 1, 0], 'private_offer'])

    // Accepted, and not paid.
    const token = await tokenOf('gus@example.com')
    const buyer = await market.client('alice')
    const { order } = value(await buyer.acceptOffer({ params: { token }, body: { price: usd(500_000) } }))
    await later(25)
    const fresh = await market.client('alice')
    expect(value(await fresh.getOrder({ params: { orderId: order?.id ?? '' } })).status).toBe('expired')
    expect(await statuses(campaignId)).toEqual(['declined', 'expired', 'lapsed', 'offered'])
    expect([await written(), await inSale()]).toEqual([[1, 1, 1, 1], 'private_offer'])

    await later(2)
    expect(await statuses(campaignId)).toEqual(['declined', 'expired', 'lapsed', 'expired'])
    expect(value(await fresh.getHandle({ params: { handle: 'heath' } })).listing?.sale).toBeNull()
    expect(await countsOf(campaignId)).toMatchObject({ sent: 4, accepted: 1, lapsed: 1, expired: 2, declined: 1 })
  })

  test('deals handles out in turn, or as the rows name them', async () => {
    await released('iris1', 'iris2')
    const campaignId = await started(
      [
        { name: 'Ida', email: 'ida@example.com' },
        { name: 'Jo', email: 'jo@example.com', handle: '@Iris1' },
        { name: 'Kit', email: 'kit@example.com' },
        { name: 'Lea', email: 'lea@example.com' },
      ],
      { handles: { list: ['iris1', 'iris2'] } },
    )
    const offers = await offersOf(campaignId)
    expect(offers.map(({ handle, prospect }) => [handle, prospect?.name])).toEqual([
      ['iris1', 'Ida'],
      ['iris1', 'Jo'],
      ['iris1', 'Lea'],
      ['iris2', 'Kit'],
    ])
  })

  test('that is closed takes back what nobody has accepted, and frees the handles', async () => {
    await released('kelp', 'larch')
    const campaignId = await started(
      ['max', 'nia', 'ole'].map((name) => ({ name, email: `${name}@example.com` })),
      { handles: { list: ['kelp', 'larch'] } },
    )
    const alice = await market.client('alice')
    const token = await tokenOf('nia@example.com')
    value(await alice.acceptOffer({ params: { token }, body: { price: usd(500_000) } }))
    const operator = await market.client('operator')
    const closing = { params: { campaignId }, body: { reason: 'sold out' } }
    expect(value(await operator.closeCampaign(closing))).toMatchObject({ status: 'closed', closeReason: 'sold out' })
    await market.system.idle()
    value(await operator.closeCampaign(closing))
    expect(await statuses(campaignId)).toEqual(['withdrawn', 'withdrawn', 'accepted'])
    expect(value(await alice.getHandle({ params: { handle: 'kelp' } })).listing?.sale).toBeNull()
    expect((await mails('max@example.com')).map(({ subject }) => subject)).toEqual([
      '@kelp for max & Sons, Ltd',
      'The offer of @kelp has ended',
    ])
    expect(await mails('ole@example.com')).toEqual([])
    await checkRefused(market, 'offer_link_expired', 'GET', path(await tokenOf('max@example.com')))
    await later(25)
    expect(await statuses(campaignId)).toEqual(['withdrawn', 'withdrawn', 'lapsed'])
    expect(value(await alice.getHandle({ params: { handle: 'larch' } })).listing?.sale).toBeNull()
  })
})

describe('a sealed round', () => {
  test('lets everybody name an amount until its end; the highest wins, the earlier of equal ones, and all are told', async () => {
    await released('maple')
    const people = ['pam', 'quin', 'ray', 'sue'].map((name) => ({ name, email: `${name}@example.com` }))
    const campaignId = await started(people, { handles: { list: ['maple'] }, mode: 'sealed', exclusivityHours: 4 })
    expect(await statuses(campaignId)).toEqual(['offered', 'offered', 'offered', 'offered'])
    const [pam = '', quin = '', ray = ''] = await Promise.all(people.map(({ email }) => tokenOf(email)))
    const name = async (who: string, token: string, amountMinor: number) =>
      value(await (await market.client(who)).acceptOffer({ params: { token }, body: { price: usd(amountMinor) } }))
    const [alice, bob] = [await market.system.token('alice'), await market.system.token('bob')]
    await checkRefused(market, 'counter_out_of_range', 'POST', path(pam, 'accept'), {
      token: alice,
      body: { price: usd(499_999) },
    })
    await checkRefused(market, 'transition_not_allowed', 'POST', path(pam, 'counter'), { body: { price: usd(1) } })
    expect(await name('alice', pam, 600_000)).toMatchObject({ order: null, offer: { status: 'pledged' } })
    await market.system.clock.move(1000)
    await name('bob', quin, 700_000)
    await market.system.clock.move(1000)
    await name('carol', ray, 700_000)
    await name('alice', pam, 650_000)
    await checkRefused(market, 'counter_out_of_range', 'POST', path(pam, 'accept'), {
      token: alice,
      body: { price: usd(600_000) },
    })
    await checkRefused(market, 'offer_link_invalid', 'POST', path(pam, 'accept'), {
      token: bob,
      body: { price: usd(900_000) },
    })
    await checkRefused(market, 'transition_not_allowed', 'POST', path(quin, 'decline'))

    // Until the end amounts are closed, to operators too.
    const open = await offersOf(campaignId)
    expect(open.map(({ status, pledge }) => [status, pledge])).toEqual([
      ['pledged', null],
      ['pledged', null],
      ['pledged', null],
      ['offered', null],
    ])
    await checkRefused(market, 'journal_sealed', 'GET', `/v1/operator/journal/private_offer:${open[0]?.id}`, {
      token: await market.system.token('operator'),
    })

    await later(4)
    expect(await statuses(campaignId)).toEqual(['outbid', 'accepted', 'outbid', 'expired'])
    const subjects = async (email: string) => (await mails(email)).slice(1).map(({ subject }) => subject)
    expect(await Promise.all(people.map(({ email }) => subjects(email)))).toEqual([
      ['@maple went to another'],
      ['@maple is yours to pay for'],
      ['@maple went to another'],
      [],
    ])
    const winner = await market.client('bob')
    const [order] = value(await winner.listOrders({})).items
    expect(order).toMatchObject({ handle: 'maple', price: usd(700_000), status: 'awaiting_payment' })
    await pay('bob', order?.id ?? '')
    expect(await statuses(campaignId)).toEqual(['outbid', 'sold', 'outbid', 'expired'])
    expect((await offersOf(campaignId)).map(({ pledge }) => pledge?.amountMinor ?? 0)).toEqual([
      650_000, 700_000, 700_000, 0,
    ])
  })

  test('in which nobody named an amount frees the handle', async () => {
    await released('nettle')
    const campaignId = await started([{ name: 'Tom', email: 'tom@example.com' }], {
      handles: { list: ['nettle'] },
      mode: 'sealed',
      exclusivityHours: 4,
    })
    await later(4)
    expect(await statuses(campaignId)).toEqual(['expired'])
    const { listing } = value(await (await market.client('alice')).getHandle({ params: { handle: 'nettle' } }))
    expect(listing?.sale).toBeNull()
  })
})

describe('unsubscribing', () => {
  test('works by one POST of the mail program, ends the offer, and holds for every later campaign', async () => {
    await released('olive', 'peony')
    const people = [
      { name: 'Una', email: 'una@example.com' },
      { name: 'Vic', email: 'vic@example.com' },
    ]
    const campaignId = await started(people, { handles: { list: ['olive'] } })
    const [mail] = await mails('una@example.com')
    const url = /^<(.*)>$/.exec(mail?.headers['List-Unsubscribe'] ?? '')?.[1] ?? ''
    expect(mail?.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    expect(mail?.text).toContain(url)
    const before = await market.items()
    const page = await fetch(url)
    expect([page.status, (await page.text()).includes('<form method="post"><button>Unsubscribe</button>')]).toEqual([
      200,
      true,
    ])
    await market.checkItems(before)

    const oneClick = () =>
      fetch(url, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) })
    expect((await oneClick()).status).toBe(200)
    await market.system.idle()
    expect(await statuses(campaignId)).toEqual(['declined', 'offered'])
    expect((await oneClick()).status).toBe(200)
    expect(await countsOf(campaignId)).toMatchObject({ declined: 1, unsubscribed: 1 })

    const operator = await market.client('operator')
    const next = value(
      await operator.createCampaign({ body: draft({ handles: { list: ['peony'] } }), idempotencyKey: 'una-again' }),
    )
    const upload = value(
      await operator.addProspects({
        params: { campaignId: next.id },
        body: { csv: csvOf([{ name: 'Una', email: 'UNA@Example.com' }]) },
        idempotencyKey: 'una-again',
      }),
    )
    expect(upload).toMatchObject({
      accepted: 0,
      rejected: [{ line: 2, code: 'prospect_unsubscribed', field: 'email' }],
    })
  })

  test('holds for an offer that was planned before it, too', async () => {
    await released('poppy', 'quince')
    const wes = { name: 'Wes', email: 'wes@example.com' }
    const first = await started([wes], { handles: { list: ['poppy'] } })
    const second = await started([{ name: 'Xan', email: 'xan@example.com' }, wes], { handles: { list: ['quince'] } })
    value(await (await market.client('alice')).unsubscribe({ params: { token: await tokenOf('wes@example.com') } }))
    value(await (await market.client('alice')).declineOffer({ params: { token: await tokenOf('xan@example.com') } }))
    await market.system.idle()
    expect([await statuses(first), await statuses(second)]).toEqual([['declined'], ['declined', 'withdrawn']])
    expect(await mails('wes@example.com')).toHaveLength(1)
  })
})

describe('a mail that does not arrive', () => {
  test('shows on its offer, ends it, and the next prospect has the turn', async () => {
    await released('rowan')
    const bounced = 'bounce+yara@simulator.amazonses.com'
    const people = [
      { name: 'Yara', email: bounced },
      { name: 'Zoe', email: 'zoe@example.com' },
    ]
    const campaignId = await started(people, { handles: { list: ['rowan'] } })
    const [first, second] = await offersOf(campaignId)
    expect(first).toMatchObject({
      status: 'withdrawn',
      reason: 'undeliverable',
      mail: { result: 'failed', reason: 'bounced: Permanent, General' },
    })
    expect(second?.status).toBe('offered')
    expect(await countsOf(campaignId)).toMatchObject({ undelivered: 1 })
  })

  test('or was called unwelcome: the offer ends, and no campaign writes again', async () => {
    await released('sorrel')
    const campaignId = await started([{ name: 'Abe', email: 'complaint+abe@simulator.amazonses.com' }], {
      handles: { list: ['sorrel'] },
    })
    expect(await offersOf(campaignId)).toMatchObject([{ status: 'withdrawn', reason: 'complaint' }])
    expect(await countsOf(campaignId)).toMatchObject({ complaints: 1, sent: 1 })
  })
})

describe('a mail that is wanted', () => {
  test('goes out once, however often its message comes', async () => {
    await released('tansy')
    const campaignId = await started([{ name: 'Bo', email: 'bo@example.com' }], { handles: { list: ['tansy'] } })
    const [offer] = await offersOf(campaignId)
    const detail = { aggregate: `private_offer:${offer?.id}`, event: { number: 1 } }
    const message = JSON.stringify({ 'detail-type': 'private_offer.mail_wanted', detail })
    const started_ = JSON.stringify({
      'detail-type': 'campaign.campaign_started',
      detail: { aggregate: `campaign:${campaignId}` },
    })
    const before = await market.items()
    for (const body of [message, started_, message]) market.system.queues.send('private-offers', body)
    await market.system.idle()
    await market.checkItems(before)
    expect(await mails('bo@example.com')).toHaveLength(1)
  })

  test('goes out a second time only where its worker died between mail and commit', async () => {
    await released('umber')
    market.system.door.inject({ kind: 'kill', function: 'workers-send-private-offers', operation: 'PutItem' })
    const campaignId = await started([{ name: 'Cal', email: 'cal@example.com' }], { handles: { list: ['umber'] } })
    await market.system.settle()
    expect(await mails('cal@example.com')).toHaveLength(2)
    expect(await countsOf(campaignId)).toMatchObject({ sent: 1, undelivered: 0 })
  })
})

describe('a worker that dies', () => {
  const people = ['kai', 'lou', 'mia', 'ned'].map((name) => ({ name, email: `${name}.dies@example.com` }))

  test.each([
    ['before the offers are planned', 'BatchExecuteStatement', 'exclusive', 'dies1', 'dies2'],
    ['before their turns are written', 'BatchWriteItem', 'exclusive', 'dies3', 'dies4'],
    ['before a handle is bound to its first offer', 'TransactWriteItems', 'exclusive', 'dies5', 'dies6'],
    ['between the offers of a sealed round', 'PutItem', 'sealed', 'dies7', 'dies8'],
  ] as const)('%s goes on where it was', async (_, operation, mode, ...names) => {
    await released(...names)
    const before = await Promise.all(people.map(({ email }) => mails(email)))
    market.system.door.inject({ kind: 'kill', function: 'workers-send-private-offers', operation })
    const campaignId = await started(people, { handles: { list: [...names] }, mode })
    await market.system.settle()
    const expected = mode === 'exclusive' ? ['offered', 'planned', 'offered', 'planned'] : Array(4).fill('offered')
    expect(await statuses(campaignId)).toEqual(expected)
    const sent = await Promise.all(
      people.map(async ({ email }, index) => (await mails(email)).length - (before[index]?.length ?? 0)),
    )
    expect(sent).toEqual(mode === 'exclusive' ? [1, 1, 0, 0] : [1, 1, 1, 1])
    value(await (await market.client('operator')).closeCampaign({ params: { campaignId }, body: { reason: 'tried' } }))
    await market.system.idle()
    expect(new Set(await statuses(campaignId))).toEqual(new Set(['withdrawn']))
  })
})

describe('the page of an offer', () => {
  test('takes a counter-offer, shows the terms, and declines, by its buttons', async () => {
    await released('vetch')
    const campaignId = await started([{ name: 'Dan', email: 'dan@example.com' }], { handles: { list: ['vetch'] } })
    const url = linkIn((await mails('dan@example.com'))[0])
    const press = async (form: Record<string, string>) => {
      const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
      return { status: answer.status, html: await answer.text() }
    }
    expect(await press({ act: 'terms' })).toMatchObject({
      status: 200,
      html: expect.stringContaining('24 hours to pay') as string,
    })
    for (const amount of ['', '-1', '1e9', 'free', '12.345', '99999999999', '<b>']) {
      expect((await press({ act: 'counter', amount })).status).toBe(400)
    }
    expect((await press({})).status).toBe(400)
    expect(await press({ act: 'counter', amount: '$1,200.50' })).toMatchObject({
      status: 200,
      html: expect.stringContaining('counter-offer of $1,200.50') as string,
    })
    expect((await offersOf(campaignId))[0]).toMatchObject({ status: 'countered', counter: usd(120_050) })
    expect((await press({ act: 'decline' })).status).toBe(200)
    expect((await press({ act: 'decline' })).status).toBe(200)
    expect((await press({ act: 'terms' })).status).toBe(409)
    expect(await countsOf(campaignId)).toMatchObject({ termsAsked: 1, countered: 1, declined: 1, awaitingOperator: 0 })
  })
})

describe('a campaign', () => {
  const begun = async (key: string, more: Partial<CampaignDraft> & Pick<CampaignDraft, 'handles'>) => {
    const operator = await market.client('operator')
    return value(await operator.createCampaign({ body: draft(more), idempotencyKey: key })).id
  }

  test('takes the rows of a file that are fit, and names each of the others with its line', async () => {
    const campaignId = await begun('rows', { handles: { list: ['willow'] } })
    const csv = [
      'email,Consent,name,handle',
      'ok1@example.com,yes,Row two,',
      'ok2@example.com,,Row three,',
      'ok3@example.com,no,Row four,',
      'ok4@example.com,2999-01-01,Row five,',
      'not an address,yes,Row six,',
      'ok6@example.com,yes,,',
      'OK1@example.com,2026-01-05,Row eight,',
      'ok8@example.com,yes,Row nine,other',
      'ok9@example.com,yes,Row ten,p\u0430ypal',
      'too,few',
      'ok11@example.com,2026-01-05,"Row, twelve",willow',
    ].join('\r\n')
    const operator = await market.client('operator')
    const request = { params: { campaignId }, body: { csv }, idempotencyKey: 'rows' }
    const upload = value(await operator.addProspects(request))
    expect(upload.rejected.map(({ line, code, field }) => [line, code, field])).toEqual([
      [3, 'consent_missing', 'consent'],
      [4, 'consent_missing', 'consent'],
      [5, 'consent_missing', 'consent'],
      [6, 'validation_failed', 'email'],
      [7, 'validation_failed', 'name'],
      [8, 'prospect_twice', 'email'],
      [9, 'handle_not_in_campaign', 'handle'],
      [10, 'handle_character', 'handle'],
      [11, 'row_malformed', null],
    ])
    expect(upload.accepted).toBe(2)
    expect(value(await operator.addProspects(request))).toEqual(upload)
    await checkRefused(market, 'idempotency_key_reused', 'POST', `/v1/operator/campaigns/${campaignId}/prospects`, {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': 'rows' },
      body: { csv: csvOf([{ name: 'Other', email: 'other@example.com' }]) },
    })
    const campaign = value(await operator.getCampaign({ params: { campaignId } }))
    expect(campaign).toMatchObject({ status: 'draft', prospects: 2, rejected: 9, counts: null })
  })

  test.each([
    ['no head', 'a@example.com,yes,A'],
    ['a head without consent', 'name,email\nA,a@example.com'],
    ['a column that we do not know', 'name,email,consent,salary\nA,a@example.com,yes,1'],
    ['a column twice', 'name,email,consent,name\nA,a@example.com,yes,B'],
    ['an open quote', 'name,email,consent\n"A,a@example.com,yes'],
  ])('refuses a file with %s', async (words, csv) => {
    const campaignId = await begun(`file ${words}`.replaceAll(' ', '-'), { handles: { list: ['willow'] } })
    const before = await market.items()
    const problem = await checkRefused(
      market,
      'csv_invalid',
      'POST',
      `/v1/operator/campaigns/${campaignId}/prospects`,
      {
        token: await market.system.token('operator'),
        headers: { 'idempotency-key': 'file' },
        body: { csv },
      },
    )
    expect(problem.field).toBe('csv')
    await market.checkItems(before)
  })

  test.each([
    ['a placeholder that there is not', { subject: 'Hello', text: '{link} {email}' }, 'template.text'],
    ['no link', { subject: 'Hello', text: 'Dear {name}' }, 'template.text'],
    ['a link in its subject', { subject: '{link}', text: '{link}' }, 'template.subject'],
    ['a subject of two lines', { subject: 'Hello\nBcc: all@example.com', text: '{link}' }, 'template.subject'],
    ['a stray brace', { subject: 'Hello', text: '{link} }' }, 'template.text'],
  ])('refuses a template with %s', async (_, template, field) => {
    const problem = await checkRefused(market, 'template_invalid', 'POST', '/v1/operator/campaigns', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': 'template' },
      body: draft({ handles: { list: ['willow'] }, template }),
    })
    expect(problem.field).toBe(field)
  })

  test.each([
    ['status', { status: 'running' }],
    ['operatorId', { operatorId: 'alice' }],
    ['price.amountMinor', { price: { by: 'amount', amountMinor: -1 } }],
    ['price.amountMinor', { price: { by: 'amount', amountMinor: 0.5 } }],
    ['price.amountMinor', { price: { by: 'amount', amountMinor: 2 ** 53 } }],
    ['price.by', { price: { by: 'magic' } }],
    ['exclusivityHours', { exclusivityHours: 0 }],
    ['exclusivityHours', { exclusivityHours: 10_000 }],
    ['counterRoundsMax', { counterRoundsMax: 6 }],
    ['paymentHours', { paymentHours: 25 }],
    ['mode', { mode: 'open' }],
    ['handles', { handles: { list: [] } }],
    ['handles', { handles: { list: Array(101).fill('willow') } }],
    ['handles', { handles: { rule: { handlesMax: 101 } } }],
    ['name', { name: ' ' }],
  ])('refuses the field %s as %j', async (field, wrong) => {
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/operator/campaigns', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': 'field' },
      body: { ...draft({ handles: { list: ['willow'] } }), ...wrong },
    })
    expect(problem.field?.startsWith(field)).toBe(true)
  })

  test('does not start without prospects, or with a handle that cannot be offered, which it names', async () => {
    await released('yarrow')
    const operator = await market.system.token('operator')
    const empty = await begun('empty', { handles: { list: ['yarrow'] } })
    await checkRefused(market, 'campaign_empty', 'POST', `/v1/operator/campaigns/${empty}/start`, { token: operator })
    const campaignId = await begun('unknown', { handles: { list: ['yarrow', 'nobody_has_it'] } })
    value(
      await (
        await market.client('operator')
      ).addProspects({
        params: { campaignId },
        body: { csv: csvOf([{ name: 'Eli', email: 'eli@example.com' }]) },
        idempotencyKey: 'unknown',
      }),
    )
    const problem = await checkRefused(
      market,
      'handle_not_for_sale',
      'POST',
      `/v1/operator/campaigns/${campaignId}/start`,
      {
        token: operator,
      },
    )
    expect(problem.detail).toContain('nobody_has_it')
    await market.system.idle()
    expect(await mails('eli@example.com')).toEqual([])
  })

  test('finds its handles by a rule, dearest first, and asks the appraised price', async () => {
    await released('zq_a_1', 'zq_b', 'zq_cloud', 'zq_silver')
    const alice = await market.client('alice')
    const campaignId = await started(
      ['fox', 'gil', 'hub'].map((name) => ({ name, email: `${name}@example.com` })),
      { handles: { rule: { prefix: 'zq_', digits: false, lengthMin: 5, handlesMax: 2 } }, price: { by: 'appraisal' } },
    )
    const { offered } = value(await (await market.client('operator')).getCampaign({ params: { campaignId } }))
    expect(offered.map(({ handle }) => handle).toSorted()).toEqual(['zq_cloud', 'zq_silver'])
    for (const { handle, price } of offered) {
      expect(price).toEqual(value(await alice.getHandle({ params: { handle } })).appraisal?.expected)
    }
  })

  test('needs a reason to ask another price than an earlier campaign did', async () => {
    await released('zinnia')
    await started([{ name: 'Ian', email: 'ian@example.com' }], { handles: { list: ['zinnia'] }, exclusivityHours: 1 })
    await later(1)
    const again = { handles: { list: ['zinnia'] }, price: { by: 'amount' as const, amountMinor: 450_000 } }
    const campaignId = await begun('cheaper', again)
    const csv = csvOf([{ name: 'Jan', email: 'jan@example.com' }])
    const operator = await market.client('operator')
    value(await operator.addProspects({ params: { campaignId }, body: { csv }, idempotencyKey: 'cheaper' }))
    const problem = await checkRefused(
      market,
      'price_reason_missing',
      'POST',
      `/v1/operator/campaigns/${campaignId}/start`,
      {
        token: await market.system.token('operator'),
      },
    )
    expect(problem.facts).toMatchObject({ handle: 'zinnia', price: usd(500_000) })
    await started([{ name: 'Jan', email: 'jan@example.com' }], { ...again, priceReason: 'the market fell' })
    const { prices } = value(await operator.listAskedPrices({ params: { handle: 'ZINNIA' } }))
    expect(prices.map(({ price, reason }) => [price.amountMinor, reason])).toEqual([
      [500_000, null],
      [450_000, 'the market fell'],
    ])
  })
})

test('no name, address or token of a prospect is in a log or a journal entry', async () => {
  const lines = market.system.logs.lines().join('\n')
  expect(lines).toContain('"event":"offer_mail"')
  expect(lines).not.toMatch(/@example\.com|@simulator|Bea Marsh|& Sons/)
  const tokens = ((await market.system.mail?.sent()) ?? []).map(tokenIn).filter((token) => token !== '')
  expect(tokens.length).toBeGreaterThan(20)
  expect(tokens.filter((token) => lines.includes(token))).toEqual([])
  const items = (await market.items('C#')).filter((item) => /"(V|J)#|& Sons/.test(item))
  expect(items.length).toBeGreaterThan(20)
  expect(items.filter((item) => /@example\.com|& Sons|Bea Marsh/.test(item))).toEqual([])
})
