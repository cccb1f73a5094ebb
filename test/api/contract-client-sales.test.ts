import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { type OperationId, routes } from '../../shared/contract/routes.ts'
import { type Market, startMarket, value } from './market.ts'
import { isOfSale, newNoting } from './noting.ts'

let market: Market
const { succeeded, noting } = newNoting()
const clientOf = (sub: string, claims: Readonly<Record<string, unknown>> = {}) =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub, claims), fetch: noting })

const names = ['amberlight', 'bluewater', 'coldspring', 'darkforest', 'eveningtide', 'firstlight', 'greyharbour']
const held = ['halfmoon', 'ironwood']

beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([
    ...names.map((handle) => market.suspended(handle)),
    ...held.map((handle) => market.account(handle, 3, { accountId: `holder_of_${handle}` })),
  ])
  await market.sweep()
})
afterAll(() => market.stop())

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const inMinutes = (minutes: number) => new Date(market.system.clock.now() + minutes * 60_000).toISOString()
const pass = (minutes: number) => market.system.clock.move(minutes * 60_000, { settle: true })
let keys = 0
const key = () => {
  keys += 1
  return `sales-${keys}`
}

test('auctions: opened, bid for, called off, bought at once, declined by the runner-up', async () => {
  const [operator, alice, bob] = [clientOf('operator'), clientOf('alice'), clientOf('bob')]
  const open = async (handle: string, buyNow?: number) => {
    const body = {
      handle,
      start: usd(10_00),
      endsAt: inMinutes(60),
      ...(buyNow !== undefined && { buyNow: usd(buyNow) }),
    }
    const { id } = value(await operator.openAuction({ body, idempotencyKey: key() }))
    return { auctionId: id }
  }
  const cancelled = await open('amberlight')
  value(await operator.cancelAuction({ params: cancelled, body: { reason: 'a mistake' } }))

  const bought = await open('amberlight', 90_00)
  value(await alice.buyNow({ params: bought, body: { price: usd(90_00) }, idempotencyKey: key() }))
  expect(value(await bob.getAuction({ params: bought })).status).toBe('awaiting_payment')

  const params = await open('bluewater')
  value(await alice.placeBid({ params, body: { maximum: usd(20_00) }, idempotencyKey: key() }))
  const won = value(await bob.placeBid({ params, body: { maximum: usd(50_00) }, idempotencyKey: key() }))
  expect(won.outcome).toBe('leading')
  // The older one is on its way to the archive.
  await market.system.idle()
  expect(value(await alice.listBids({ params })).items).toHaveLength(2)
  expect(value(await alice.listMyBids({})).items.map(({ outcome }) => outcome)).toEqual(['outbid', 'won'])
  await pass(122)
  const [order] = value(await bob.listOrders({})).items
  value(await bob.cancelOrder({ params: { orderId: order?.id ?? '' } }))
  await market.system.settle()
  expect(value(await alice.getAuction({ params })).status).toBe('offered_to_runner_up')
  value(await alice.declineAuctionOffer({ params }))
})

test('private offers: a campaign from its draft to its end, and everything a prospect can answer', async () => {
  const [operator, alice] = [clientOf('operator'), clientOf('alice')]
  const draft = {
    name: 'Autumn',
    handles: { list: ['coldspring', 'darkforest', 'eveningtide'] },
    price: { by: 'amount' as const, amountMinor: 80_00 },
    template: { subject: '{handle}', text: '{handle} for {price} until {until}: {link}' },
  }
  const { id: campaignId } = value(await operator.createCampaign({ body: draft, idempotencyKey: key() }))
  const params = { campaignId }
  const people = ['ada,coldspring', 'bea,darkforest', 'cleo,eveningtide'].map((row) => {
    const [name = '', handle = ''] = row.split(',')
    return `${name},${name}@example.com,Example,yes,${handle}`
  })
  const csv = ['name,email,organisation,consent,handle', ...people].join('\n')
  value(await operator.addProspects({ params, body: { csv }, idempotencyKey: key() }))
  value(await operator.startCampaign({ params }))
  await market.system.idle()
  const tokenOf = async (name: string) => {
    const [mail] = (await market.system.mail?.sent(`${name}@example.com`)) ?? []
    return { token: /\/offers\/([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? '' }
  }
  const [ada, bea, cleo] = [await tokenOf('ada'), await tokenOf('bea'), await tokenOf('cleo')]
  expect(value(await alice.getPrivateOffer({ params: ada })).price).toEqual(usd(80_00))
  value(await alice.askForTerms({ params: ada }))
  value(await alice.counterOffer({ params: ada, body: { price: usd(60_00) } }))
  const offers = value(await operator.listOffers({ params })).items
  const offerOf = (handle: string) => ({ offerId: offers.find((one) => one.handle === handle)?.id ?? '' })
  value(
    await operator.answerOffer({ params: offerOf('coldspring'), body: { answer: 'accepted', reason: 'near enough' } }),
  )
  const accepted = value(await alice.acceptOffer({ params: ada, body: { price: usd(60_00) } }))
  expect(accepted.order?.price).toEqual(usd(60_00))
  value(await alice.declineOffer({ params: bea }))
  value(await operator.withdrawOffer({ params: offerOf('eveningtide'), body: { reason: 'sold elsewhere' } }))
  value(await alice.unsubscribe({ params: cleo }))
  expect(value(await operator.listAskedPrices({ params: { handle: 'coldspring' } })).prices.length).toBeGreaterThan(1)
  value(await operator.closeCampaign({ params, body: { reason: 'done' } }))
  expect(value(await operator.getCampaign({ params })).status).toBe('closed')
  expect(value(await operator.listCampaigns({})).items).toHaveLength(1)
})

test('drops: a draw and applications, entered, taken back, reviewed and called off', async () => {
  const [operator, alice, bob] = [clientOf('operator'), clientOf('alice'), clientOf('bob')]
  const create = async (handle: string, method: 'draw' | 'application') => {
    const body = {
      title: 'A drop',
      method,
      handles: [{ handle, price: usd(40_00) }],
      opensAt: inMinutes(15),
      closesAt: inMinutes(60),
      reviewHours: 1,
    }
    const { id } = value(await operator.createDrop({ body, idempotencyKey: key() }))
    await market.system.idle()
    return { dropId: id }
  }
  const cancelled = await create('firstlight', 'draw')
  value(await operator.cancelDrop({ params: cancelled, body: { reason: 'too early' } }))
  await market.system.idle()
  const draw = await create('firstlight', 'draw')
  const jury = await create('greyharbour', 'application')
  expect(value(await alice.listDrops({})).items.length).toBeGreaterThanOrEqual(2)
  await pass(16)
  for (const entrant of [alice, bob]) {
    value(await entrant.enterDrop({ params: draw, body: { handle: 'firstlight', answers: [] } }))
    value(await entrant.enterDrop({ params: jury, body: { handle: 'greyharbour', answers: [] } }))
  }
  value(await bob.withdrawFromDrop({ params: draw, body: { handle: 'firstlight' } }))
  const mine = value(await alice.listMyEntries({ params: jury })).items
  await pass(46)
  const query = { handle: 'greyharbour' }
  expect(value(await operator.listApplications({ params: jury, query })).items).toHaveLength(2)
  const review = { handle: 'greyharbour', accepted: true, score: 7, reason: 'a good answer' }
  value(await operator.reviewApplication({ params: { ...jury, entryId: mine[0]?.entryId ?? '' }, body: review }))
  await pass(2)
  expect(value(await alice.getDrop({ params: draw })).seed).toMatch(/^[0-9a-f]{64}$/)
  expect(value(await alice.listDropEntries({ params: draw, query: { handle: 'firstlight' } })).items).toHaveLength(1)
})

test('offers for held handles: settings, going to and fro, and every way it ends', async () => {
  const [alice, bob] = [clientOf('alice'), clientOf('bob')]
  const holderOf = (handle: string) => clientOf(`holder_of_${handle}`)
  for (const handle of held) {
    const params = { handle }
    expect(value(await holderOf(handle).getOfferSettings({ params })).offers).toBe('off')
    value(await holderOf(handle).changeOfferSettings({ params, body: { offers: 'on' } }))
  }
  const offer = async (buyer: typeof alice, handle: string, amount: number) => {
    const made = value(await buyer.makeOffer({ body: { handle, amount: usd(amount) }, idempotencyKey: key() }))
    return { offerId: made.id }
  }
  const params = await offer(alice, 'halfmoon', 100_00)
  const holder = holderOf('halfmoon')
  expect(value(await holder.getNegotiation({ params })).side).toBe('received')
  value(await holder.counterNegotiation({ params, body: { amount: usd(300_00) } }))
  expect(value(await alice.listNegotiations({ query: { side: 'made' } })).items).toHaveLength(1)
  const accepted = value(await alice.acceptNegotiation({ params, body: { amount: usd(300_00) } }))
  expect(accepted.status).toBe('accepted')

  const withdrawn = await offer(alice, 'ironwood', 100_00)
  value(await alice.withdrawNegotiation({ params: withdrawn, body: {} }))
  const declined = await offer(bob, 'ironwood', 100_00)
  const ironwood = holderOf('ironwood')
  value(await ironwood.reportNegotiation({ params: declined, body: { reason: 'other' } }))
  value(await ironwood.declineNegotiation({ params: declined, body: {} }))
  value(await ironwood.blockBuyer({ params: declined }))
})

test('watches, cards, standings and cases', async () => {
  const [operator, alice] = [clientOf('operator'), clientOf('alice')]
  const params = { handle: 'never_heard_of' }
  value(await alice.watchHandle({ params, body: {} }))
  expect(value(await alice.listWatches({})).items).toMatchObject([{ handle: 'never_heard_of' }])
  value(await alice.stopWatching({ params }))

  const card = value(await alice.openAuthorisation({ body: { amount: usd(100_00) }, idempotencyKey: key() }))
  const form = { email: 'a@example.com', number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123', name: 'Alice' }
  await fetch(`${card.url}/card`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  await market.system.idle()
  const standing = value(await alice.getStanding({}))
  const authorisationId = standing.authorisation?.authorisationId ?? ''
  value(await alice.cancelAuthorisation({ params: { authorisationId } }))

  // Two accounts with one device bid each other up.
  const device = { device_id: 'one-device' }
  const [left, right] = [clientOf('left', device), clientOf('right', device)]
  const opening = { handle: 'darkforest', start: usd(10_00), endsAt: inMinutes(60) }
  const { id: auctionId } = value(await operator.openAuction({ body: opening, idempotencyKey: key() }))
  for (const [bidder, amount] of [
    [left, 20_00],
    [right, 30_00],
    [left, 40_00],
  ] as const) {
    value(await bidder.placeBid({ params: { auctionId }, body: { maximum: usd(amount) }, idempotencyKey: key() }))
  }
  const [found] = value(await operator.listCases({})).items
  const upheld = { decision: 'uphold' as const, suspend: ['right'], reason: 'one person' }
  value(await operator.decideCase({ params: { caseId: found?.id ?? '' }, body: upheld }))
  expect(value(await operator.getAccountStanding({ params: { accountId: 'right' } })).suspendedUntil).not.toBeNull()
  value(await operator.liftSuspension({ params: { accountId: 'right' }, body: { reason: 'a family' } }))
})

test('sellers: onboarding, how one stands, a year and its statement', async () => {
  const [operator, alice] = [clientOf('operator'), clientOf('alice')]
  const begun = value(await alice.beginOnboarding({ body: { country: 'US' } }))
  expect(begun.seller.status).toBe('onboarding')
  expect(value(await alice.getSeller({}))).toEqual(begun.seller)
  expect(value(await alice.getSellerYear({ query: { year: '2026' } })).sales).toBe(0)
  expect(value(await alice.getSellerStatement({ query: {} }))).toMatchObject({ hasHead: true, next: null })
  expect(value(await operator.getSellerOf({ params: { accountId: 'alice' } })).stripeAccountId).toMatch(/^acct_/)
})

test('a sale between users: on sale, bought, inspected, accepted; the seller sees it', async () => {
  const account = market.account('tallcedar', 1)
  await market.importFeed([account])
  const [seller, bob] = [clientOf(account.accountId), clientOf('bob')]
  const params = { handle: 'tallcedar' }
  expect(value(await bob.getQuote({ query: { amountMinor: 100_00 } })).net).toEqual(usd(80_00))
  value(await seller.openListing({ params, body: { price: usd(90_00) } }))
  value(await seller.closeListing({ params }))
  value(await seller.openListing({ params, body: { price: usd(100_00) } }))
  const order = value(
    await bob.placeOrder({ body: { handle: 'tallcedar', price: usd(100_00) }, idempotencyKey: key() }),
  )
  const sale = { orderId: order.id }
  value(await seller.chooseReplacement({ params: sale, body: { handle: 'short_cedar', redirect: false } }))
  const { url } = value(await bob.openCheckout({ params: sale }))
  market.system.stripe?.control.pay(/cs_\w+/.exec(url)?.[0] ?? '')
  await market.system.idle()
  expect(value(await bob.acceptInspection({ params: sale })).status).toBe('settling')
  expect(value(await seller.getMySale({ params: sale })).replacedBy).toBe('short_cedar')
  expect(value(await seller.listMySales({})).items.map(({ orderId }) => orderId)).toEqual([order.id])
})

test('that was every operation of sales', () => {
  const every = (Object.keys(routes) as OperationId[]).filter(isOfSale)
  expect(every.filter((operationId) => !succeeded.has(operationId))).toEqual([])
})
