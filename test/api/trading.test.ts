import { afterAll, beforeAll, expect, test } from 'vitest'
import { usd } from '../../shared/contract/money.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { mailsAbout } from '../../shared/store/sale-mails.ts'
import { sendPartyMails } from '../../shared/workflows/send-party-mails.ts'
import { dayMs, type Market, refused, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

let keys = 0
const key = (): string => {
  keys += 1
  return `trading-${keys}`
}

const plus = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString()

/** An account that uses its handle, and its client. */
const holding = async (handle: string, more: Readonly<Record<string, unknown>> = {}) => {
  const account = market.account(handle, 1, more)
  await market.importFeed([account])
  return { accountId: account.accountId, client: await market.client(account.accountId) }
}

const buy = async (buyer: string, handle: string, amountMinor: number) => {
  const client = await market.client(buyer)
  const order = value(await client.placeOrder({ body: { handle, price: usd(amountMinor) }, idempotencyKey: key() }))
  const checkout = value(await client.openCheckout({ params: { orderId: order.id } }))
  market.system.stripe?.control.pay(/cs_\w+/.exec(checkout.url)?.[0] ?? '')
  await market.system.idle()
  return { client, orderId: order.id, params: { orderId: order.id } }
}

test('a quote shows price, commission and what the seller gets, by the schedule in force', async () => {
  const anybody = await market.client('anybody')
  expect(value(await anybody.getQuote({ query: { amountMinor: 50_000_00 } }))).toMatchObject({
    price: usd(50_000_00),
    commission: usd(6_500_00),
    net: usd(43_500_00),
  })
  refused(await anybody.getQuote({ query: { amountMinor: 0 } }), 'validation_failed')
})

test('a holder puts a handle on sale, changes its price, takes it off: everybody sees it, and a search finds it', async () => {
  const { client } = await holding('marbledoor')
  const params = { handle: 'MarbleDoor' }
  const opened = value(await client.openListing({ params, body: { price: usd(900_00) } }))
  expect(opened.handle).toMatchObject({
    status: 'active',
    listing: { status: 'open', seller: 'holder', mode: 'fixed_price', price: usd(900_00), phase: { phase: 'open' } },
  })
  expect(opened.handle.appraisal?.high.amountMinor).toBeGreaterThan(0)
  expect(opened.quote).toMatchObject({ commission: usd(180_00), net: usd(720_00) })
  await market.system.idle()
  const anybody = await market.client('anybody')
  const found = value(await anybody.searchListings({ query: { prefix: 'marbled' } })).items
  expect(found).toMatchObject([{ handle: 'marbledoor', price: usd(900_00) }])

  expect(value(await client.openListing({ params, body: { price: usd(800_00) } })).handle.listing?.price).toEqual(
    usd(800_00),
  )
  expect(value(await client.closeListing({ params })).listing).toBeNull()
  expect(value(await client.closeListing({ params })).listing).toBeNull()
  await market.system.idle()
  expect(value(await anybody.searchListings({ query: { prefix: 'marbled' } })).items).toEqual([])
  await market.checkInvariants()
})

test('only the holder sells, at a price of which something is left, and no name that the market does not carry', async () => {
  const { client } = await holding('garnetpath')
  const stranger = await market.client('stranger')
  const params = { handle: 'garnetpath' }
  const body = { price: usd(100_00) }
  refused(await stranger.openListing({ params, body }), 'handle_not_held_by_account')
  refused(await stranger.closeListing({ params }), 'handle_not_held_by_account')
  refused(await client.openListing({ params: { handle: 'nobodyhasit' }, body }), 'not_found')
  const low = refused(await client.openListing({ params, body: { price: usd(15_00) } }), 'price_too_low')
  expect(low).toMatchObject({ field: 'price', facts: { leastMinor: 15_01 } })
  const brand = await holding('paypal')
  const gated = refused(await brand.client.openListing({ params: { handle: 'paypal' }, body }), 'handle_not_offered')
  expect(gated.facts).toEqual({ gate: 'protected_name' })
  const suspendedHolder = await holding('silverkite', {
    suspendedAt: new Date(market.system.clock.now() - dayMs).toISOString(),
  })
  refused(await suspendedHolder.client.openListing({ params: { handle: 'silverkite' }, body }), 'handle_not_active')
})

test('a sale between users: paid, handed over at once, inspected, accepted; the seller has another handle', async () => {
  const seller = await holding('opalbridge')
  const params = { handle: 'opalbridge' }
  value(await seller.client.openListing({ params, body: { price: usd(500_00) } }))
  refused(
    await seller.client.placeOrder({ body: { handle: 'opalbridge', price: usd(500_00) }, idempotencyKey: key() }),
    'own_handle',
  )
  const buyer = await market.client('buyer_one')
  const placed = value(
    await buyer.placeOrder({ body: { handle: 'opalbridge', price: usd(500_00) }, idempotencyKey: key() }),
  )
  expect(placed).toMatchObject({ seller: 'holder', status: 'awaiting_payment' })
  refused(await seller.client.closeListing({ params }), 'handle_on_hold')

  const sale = { orderId: placed.id }
  refused(
    await seller.client.chooseReplacement({ params: sale, body: { handle: 'garnetpath', redirect: true } }),
    'handle_taken',
  )
  refused(
    await seller.client.chooseReplacement({ params: sale, body: { handle: 'paypa1', redirect: true } }),
    'handle_not_offered',
  )
  refused(await buyer.chooseReplacement({ params: sale, body: { handle: 'opal_two', redirect: true } }), 'not_found')
  const chosen = { handle: 'Opal_Two', redirect: true }
  expect(value(await seller.client.chooseReplacement({ params: sale, body: chosen })).replacement).toEqual(chosen)

  const checkout = value(await buyer.openCheckout({ params: sale }))
  market.system.stripe?.control.pay(/cs_\w+/.exec(checkout.url)?.[0] ?? '')
  await market.system.idle()
  const inspected = value(await buyer.getOrder({ params: sale }))
  expect(inspected).toMatchObject({ status: 'inspection', next: { actor: 'buyer', action: 'inspection_accepted' } })
  const until = Date.parse(inspected.next?.by ?? '') - Date.parse(inspected.updatedAt)
  expect(until).toBe(3 * dayMs)
  const [handle, replacement] = await Promise.all(
    ['opalbridge', 'opal_two'].map((name) => loadHandle(market.store, name)),
  )
  expect(handle?.state).toMatchObject({ status: 'active', holder: { accountId: 'buyer_one', orderId: placed.id } })
  // Notices about it no longer go to whoever sold it.
  expect(handle?.contact).toBeUndefined()
  expect(replacement?.state).toMatchObject({ display: 'Opal_Two', holder: { accountId: seller.accountId } })
  expect(replacement?.contact?.email).toMatch(/@example\.com$/)
  const platform = await market.client('platform')
  expect(value(await platform.getRedirect({ params }))).toMatchObject({ accountId: seller.accountId })
  const shown = value(await (await market.client('anybody')).getHandle({ params }))
  expect(shown.movedTo).toEqual({ handle: 'opal_two', until: plus(inspected.updatedAt, 30 * dayMs) })
  expect(JSON.stringify(shown)).not.toContain(seller.accountId)

  const sold = value(await seller.client.getMySale({ params: sale }))
  expect(sold).toMatchObject({
    status: 'inspection',
    quote: { price: usd(500_00), commission: usd(100_00), net: usd(400_00) },
    replacedBy: 'opal_two',
    paid: null,
  })
  expect(JSON.stringify(sold)).not.toContain('buyer_one')
  refused(await buyer.getMySale({ params: sale }), 'not_found')
  refused(await seller.client.acceptInspection({ params: sale }), 'not_found')
  refused(await buyer.openListing({ params, body: { price: usd(900_00) } }), 'resale_cooling_off')
  const accepted = value(await buyer.acceptInspection({ params: sale }))
  expect(['settling', 'settled']).toContain(accepted.status)
  expect(value(await seller.client.listMySales({})).items).toHaveLength(1)
  // Said again, it stands; what is out of turn now is told what is possible.
  expect(['settling', 'settled']).toContain(value(await buyer.acceptInspection({ params: sale })).status)
  const body = { reason: 'other' as const, words: 'I have changed my mind' }
  const late = refused(await buyer.openDispute({ params: sale, body, idempotencyKey: key() }), 'transition_not_allowed')
  expect(late.facts).toMatchObject({ possible: expect.any(Array) as unknown })
  await market.checkInvariants()
})

test('both parties are written of each step, once, and neither learns of the other', async () => {
  const account = market.account('amberfield', 1)
  await market.importFeed([account])
  const seller = await market.client(account.accountId)
  value(await seller.openListing({ params: { handle: 'amberfield' }, body: { price: usd(200_00) } }))
  const { params, orderId } = await buy('alice', 'amberfield', 200_00)
  const sentTo = async (address: string) => (await market.system.mail?.sent(address)) ?? []
  const [toBuyer, toSeller] = [await sentTo('alice@example.com'), await sentTo(String(account['email']))]
  expect(toBuyer.map(({ subject }) => subject)).toEqual(['@amberfield is yours: please look at it'])
  expect(toSeller.map(({ subject }) => subject)).toEqual([
    '@amberfield is on hold for a buyer',
    '@amberfield was handed over',
  ])
  expect(JSON.stringify(toBuyer)).not.toContain(account.accountId)
  expect(JSON.stringify(toSeller)).not.toContain('alice@')
  expect(JSON.stringify(toSeller)).toContain('$160.00')

  const mails = await mailsAbout(market.store, orderId)
  expect(mails.map(({ about, to }) => `${about} ${to}`)).toEqual([
    'order_placed seller',
    'handover_completed buyer',
    'handover_completed seller',
  ])
  // The message of a mail that was sent comes again.
  const { seq } = mails[1] ?? { seq: 0 }
  const deps = { store: market.store, mail: { send: () => Promise.reject(new Error('sent again')) }, now: () => 0 }
  expect(await sendPartyMails(deps, { kind: 'order', id: orderId, seq, about: 'handover_completed' })).toBe(0)
  expect(value(await (await market.client('alice')).getOrder({ params })).status).toBe('inspection')
})

test('without a word of the seller a handle is generated, and without one of the buyer the inspection ends by the clock', async () => {
  const seller = await holding('juniperwell')
  value(await seller.client.openListing({ params: { handle: 'juniperwell' }, body: { price: usd(60_00) } }))
  const { client: buyer, params } = await buy('buyer_two', 'juniperwell', 60_00)
  expect(value(await buyer.getOrder({ params })).status).toBe('inspection')
  expect(value(await seller.client.getMySale({ params })).replacedBy).toMatch(/^user_[0-9a-z]{10}$/)
  // Nor is anybody told where the seller is now.
  expect(value(await buyer.getHandle({ params: { handle: 'juniperwell' } })).movedTo).toBeNull()
  await market.system.clock.move(3 * dayMs + 60_000, { settle: true })
  const sweep = market.system.schedules.names.find((name) => name.endsWith('sweep-deadlines'))
  market.system.schedules.fire(sweep ?? '')
  await market.system.idle()
  // The token that the buyer had has run out by now.
  const later = await market.client('buyer_two')
  expect(['settling', 'settled']).toContain(value(await later.getOrder({ params })).status)
  await market.checkInvariants()
})

test('an order that its buyer cancels leaves the handle its holder’s, and on sale', async () => {
  const seller = await holding('cobaltlamp')
  const listed = { params: { handle: 'cobaltlamp' }, body: { price: usd(70_00) } }
  value(await seller.client.openListing(listed))
  const buyer = await market.client('buyer_three')
  const { id } = value(
    await buyer.placeOrder({ body: { handle: 'cobaltlamp', price: usd(70_00) }, idempotencyKey: key() }),
  )
  value(await buyer.cancelOrder({ params: { orderId: id } }))
  await market.system.idle()
  const handle = value(await buyer.getHandle({ params: { handle: 'cobaltlamp' } }))
  expect(handle).toMatchObject({ status: 'active', listing: { status: 'open', price: usd(70_00) } })
  await market.checkInvariants()
})
