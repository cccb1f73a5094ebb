import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { load } from '../../shared/store/aggregates.ts'
import { payOnPage } from '../cases/purchase.ts'
import { value } from './market.ts'
import { codeOf, holderOf, hourMs, type Offer, type OfferMarket, startOfferMarket, usd } from './offers-market.ts'

let on: OfferMarket
beforeAll(async () => {
  on = await startOfferMarket(40)
})
afterEach(() => on.market.checkInvariants())
afterAll(() => on.market.stop())

const ordersOf = async (sub: string) => value(await (await on.market.client(sub)).listOrders({})).items
const ordersFor = async (sub: string, handle: string) =>
  (await ordersOf(sub)).filter((order) => order.handle === handle)
const listingOf = async (handle: string) =>
  value(await (await on.market.client('reader')).getHandle({ params: { handle } })).listing

describe('an acceptance', () => {
  test('puts the handle on hold, places the order of the live amount, and tells each side who the other is', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 100_00)
    const accepted = await on.done(holder, made, 'accept', { amount: usd(100_00), version: 1 })
    expect(accepted).toMatchObject({
      status: 'accepted',
      side: 'received',
      counterpart: { role: 'buyer', accountId: 'alice' },
      possible: [],
      next: { actor: 'buyer', action: 'pay' },
    })
    const seen = await on.seen('alice', made)
    expect(seen.counterpart).toMatchObject({ role: 'holder', accountId: holder })
    const orders = await ordersFor('alice', handle)
    expect(orders).toMatchObject([
      { id: accepted.orderId, status: 'awaiting_payment', price: usd(100_00), saleId: made.id },
    ])
    expect(Date.parse(accepted.next?.by ?? '') - Date.parse(accepted.updatedAt)).toBe(48 * hourMs)
    expect(orders[0]?.next?.by).toBe(accepted.next?.by)
    // The same again is the same.
    expect(await on.done(holder, made, 'accept', { amount: usd(100_00), version: 1 })).toEqual(accepted)
    // Nobody else gets it meanwhile, and it is on no shelf.
    expect(codeOf(await on.offer('bob', handle, 200_00))).toBe('handle_on_hold')
    const found = await on.market.send('GET', `/v1/listings?prefix=${handle}`)
    expect(found.body).toMatchObject({ items: [] })
  })

  test('is the buyer’s too, of what the holder asks', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    await on.done(holderOf(handle), made, 'counter', { amount: usd(250_00) })
    const accepted = await on.done('alice', made, 'accept', { amount: usd(250_00) })
    expect(accepted).toMatchObject({ status: 'accepted', quote: { price: usd(250_00) } })
    expect(await ordersFor('alice', handle)).toMatchObject([{ price: usd(250_00) }])
  })

  test('at the holder’s bound comes at once, by an offer or by a counter-offer', async () => {
    const one = await on.open({ autoAccept: usd(200_00) })
    const made = await on.offered('alice', one, 200_00)
    expect(made).toMatchObject({ status: 'accepted', amounts: [{ by: 'buyer' }] })
    expect(await ordersFor('alice', one)).toMatchObject([{ id: made.orderId, price: usd(200_00) }])
    const other = await on.open({ autoAccept: usd(200_00) })
    const low = await on.offered('alice', other, 100_00)
    await on.done(holderOf(other), low, 'counter', { amount: usd(300_00) })
    expect(await on.done('alice', low, 'counter', { amount: usd(210_00) })).toMatchObject({ status: 'accepted' })
    expect(await ordersFor('alice', other)).toMatchObject([{ price: usd(210_00) }])
  })

  test('declines the other offers for the handle in the background, and lets their cards go', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    await on.authorise('loser', 500_00)
    const lost = await on.offered('loser', handle, 90_00)
    expect(lost.funded).toBe(true)
    const asked = await on.offered('carol', handle, 80_00)
    await on.done(holder, asked, 'counter', { amount: usd(300_00) })
    const made = await on.offered('alice', handle, 100_00)
    await on.done(holder, made, 'accept', { amount: usd(100_00) })
    await on.market.system.idle()
    for (const [buyer, offer] of [
      ['loser', lost],
      ['carol', asked],
    ] as const) {
      const seen = await on.seen(buyer, offer)
      expect(seen).toMatchObject({ status: 'declined', reason: 'another_accepted', eligibleFrom: null })
    }
    expect(await on.neededBy('loser')).toBe(null)
    expect(await on.list(holder, 'side=received&status=open')).toEqual([])
    expect((await on.list(holder, 'side=received&status=accepted')).map(({ id }) => id)).toEqual([made.id])
  })

  test('lets the buyer’s own card go: the order is paid by itself', async () => {
    const handle = await on.open()
    await on.authorise('prudent', 500_00)
    const made = await on.offered('prudent', handle, 100_00)
    await on.done(holderOf(handle), made, 'accept', { amount: usd(100_00) })
    await on.market.system.idle()
    expect(await on.neededBy('prudent')).toBe(null)
  })

  test('case 21: by an account whose credentials were changed lately waits; of much it asks for a second factor', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('alice', handle, 6_000_00)
    const changed = new Date(on.market.system.clock.now() - hourMs).toISOString()
    const accept = (claims: Readonly<Record<string, unknown>>) =>
      on.act(holder, made, 'accept', { amount: usd(6_000_00) }, claims)
    expect(codeOf(await accept({ credentials_changed_at: changed }))).toBe('cooling_off')
    expect(codeOf(await accept({ amr: ['pwd'] }))).toBe('second_factor_required')
    expect((await on.seen('alice', made)).status).toBe('awaiting_holder')
    expect(codeOf(await accept({}))).toBe(200)
  })

  test('names the handle that the holder wants instead: free, and one that the market carries', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    const holder = holderOf(handle)
    const accept = (name: string) =>
      on.act(holder, made, 'accept', { amount: usd(100_00), replacement: { handle: name } })
    for (const [name, code] of [
      ['not a name', 'handle_character'],
      [on.left[0] ?? '', 'handle_taken'],
      ['paypal', 'handle_not_offered'],
    ] as const) {
      expect((await accept(name)).body).toMatchObject({ code, field: 'replacement.handle' })
    }
    const { orderId } = (await accept('quietmeadow7')).body as Offer
    const sale = (await on.get(holder, `/v1/me/sales/${orderId}`)).body
    expect(sale).toMatchObject({ orderId, handle, replacement: { handle: 'quietmeadow7', redirect: false } })
  })
})

describe('at once', () => {
  test('case 29: two acceptances for one handle: one wins, and there is one order', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const offers = [await on.offered('alice', handle, 100_00), await on.offered('bob', handle, 110_00)]
    const answers = await Promise.all(offers.map((made) => on.act(holder, made, 'accept', { amount: made.amount })))
    // The loser's offer may have been declined already.
    const codes = answers.map(codeOf).filter((code) => code !== 'handle_on_hold' && code !== 'offer_ended')
    expect(codes).toEqual([200])
    const orders = [...(await ordersFor('alice', handle)), ...(await ordersFor('bob', handle))]
    expect(orders).toHaveLength(1)
  })

  test('one acceptance twenty times: one order, and the same answer', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => on.act(holderOf(handle), made, 'accept', { amount: usd(100_00) })),
    )
    const taken = answers.filter(({ status }) => status === 200)
    expect(new Set(answers.map(codeOf))).toEqual(new Set(taken.length === 20 ? [200] : [200, 'service_unavailable']))
    expect(new Set(taken.map(({ body }) => (body as Offer).orderId)).size).toBe(1)
    expect(await ordersFor('alice', handle)).toHaveLength(1)
  })

  test('acceptance, withdrawal and expiry: one of them, and an order only with the first', async () => {
    const handle = await on.open()
    const made = await on.offered('alice', handle, 100_00)
    await Promise.all([
      on.act(holderOf(handle), made, 'accept', { amount: usd(100_00) }),
      on.act('alice', made, 'withdraw'),
    ])
    const { status } = await on.seen('alice', made)
    expect(['accepted', 'withdrawn']).toContain(status)
    expect((await ordersFor('alice', handle)).length).toBe(status === 'accepted' ? 1 : 0)
  })
})

describe('what becomes of the order', () => {
  test('not paid: it lapses with a strike, the handle is free and on no shelf, and another acceptance has another order', async () => {
    const handle = await on.open()
    const holder = holderOf(handle)
    const made = await on.offered('forgetful', handle, 100_00)
    const first = await on.done(holder, made, 'accept', { amount: usd(100_00) })
    await on.pass(48.1)
    expect(await on.seen('forgetful', made)).toMatchObject({ status: 'lapsed', next: null })
    expect(await listingOf(handle)).toBe(null)
    const standing = await load(on.market.store, 'standing', 'forgetful')
    expect(standing?.state.strikes.map(({ saleId }) => saleId)).toEqual([made.id])
    const again = await on.offered('forgetful', handle, 110_00)
    expect(again.id).toBe(made.id)
    const second = await on.done(holder, again, 'accept', { amount: usd(110_00) })
    expect(second.orderId).not.toBe(first.orderId)
  })

  test('paid: the buyer has the handle to look at, and the settings of the holder before are nobody’s', async () => {
    const handle = await on.open({ floor: usd(50_00) })
    const made = await on.offered('payer', handle, 100_00)
    const { orderId } = await on.done(holderOf(handle), made, 'accept', { amount: usd(100_00) })
    const payer = await on.market.client('payer')
    const params = { orderId: orderId ?? '' }
    const page = value(await payer.openCheckout({ params }))
    expect(await payOnPage(page.url)).toBe('paid')
    await on.market.system.idle()
    expect(value(await payer.getOrder({ params })).status).toBe('inspection')
    expect(value(await payer.listMyHandles({})).items.map((one) => one.handle)).toContain(handle)
    const path = `/v1/me/handles/${handle}/offer-settings`
    expect((await on.get('payer', path)).body).toMatchObject({ offers: 'off', isDefault: true, floor: null })
    expect(codeOf(await on.get(holderOf(handle), path))).toBe('not_found')
    expect(codeOf(await on.offer('bob', handle, 500_00))).toBe('offers_closed')
    // What was bought lately is not sold on, though its new holder takes offers.
    expect(codeOf(await on.post('payer', path, { offers: 'on' }))).toBe(200)
    const next = await on.offered('bob', handle, 500_00)
    expect(codeOf(await on.act('payer', next, 'accept', { amount: usd(500_00) }))).toBe('resale_cooling_off')
  })
})

describe('a handle that is listed at a price', () => {
  const listed = async (priceMinor: number): Promise<string> => {
    const handle = on.nextHandle()
    const holder = await on.market.client(holderOf(handle))
    value(await holder.openListing({ params: { handle }, body: { price: usd(priceMinor) } }))
    return handle
  }

  test('takes offers without a word of its holder, never above the price, until the holder says otherwise', async () => {
    const handle = await listed(500_00)
    const above = await on.offer('dave', handle, 500_01)
    expect(above.body).toMatchObject({ code: 'counter_out_of_range', facts: { mostMinor: 500_00 } })
    const made = await on.offered('dave', handle, 400_00)
    const refused = await on.act(holderOf(handle), made, 'counter', { amount: usd(500_01) })
    expect(refused.body).toMatchObject({
      code: 'counter_out_of_range',
      facts: { leastMinor: 400_01, mostMinor: 500_00 },
    })
    // Cheaper by now than what was offered: nobody pays more than what everybody is asked.
    const holder = await on.market.client(holderOf(handle))
    value(await holder.openListing({ params: { handle }, body: { price: usd(300_00) } }))
    const dear = await on.act(holderOf(handle), made, 'accept', { amount: usd(400_00) })
    expect(dear.body).toMatchObject({ code: 'price_changed', facts: { price: usd(300_00) } })
    await on.set(handle, { offers: 'off' })
    expect(codeOf(await on.offer('erin', handle, 200_00))).toBe('offers_closed')
  })

  test('case 29: is bought at its price while its holder accepts an offer: one order', async () => {
    for (const round of [1, 2, 3, 4]) {
      const handle = await listed(500_00)
      const [offerer, buyer] = [`offerer_${round}`, `listed_buyer_${round}`]
      const made = await on.offered(offerer, handle, 400_00)
      const order = { handle, price: usd(500_00) }
      const [accepted, bought] = await Promise.all([
        on.act(holderOf(handle), made, 'accept', { amount: usd(400_00) }),
        on.post(buyer, '/v1/orders', order),
      ])
      const codes = [codeOf(accepted), codeOf(bought)]
      expect([
        [200, 'handle_on_hold'],
        ['handle_on_hold', 201],
      ]).toContainEqual(codes)
      expect([...(await ordersFor(offerer, handle)), ...(await ordersFor(buyer, handle))]).toHaveLength(1)
    }
  })

  test('that is sold to somebody else ends the offers for it', async () => {
    const handle = await listed(500_00)
    const made = await on.offered('frank', handle, 400_00)
    const buyer = await on.market.client('list_buyer')
    const order = value(
      await buyer.placeOrder({ body: { handle, price: usd(500_00) }, idempotencyKey: on.fresh('order') }),
    )
    expect(codeOf(await on.act(holderOf(handle), made, 'counter', { amount: usd(450_00) }))).toBe('handle_on_hold')
    const page = value(await buyer.openCheckout({ params: { orderId: order.id } }))
    expect(await payOnPage(page.url)).toBe('paid')
    await on.market.system.idle()
    expect(await on.seen('frank', made)).toMatchObject({ status: 'declined', reason: 'handle_gone' })
  })
})
