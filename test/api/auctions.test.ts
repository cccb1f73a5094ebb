import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import type { auctionSchema, placedBidSchema, visibleBidSchema } from '../../shared/contract/auction-resources.ts'
import type { Problem } from '../../shared/contract/problems.ts'
import { load } from '../../shared/store/aggregates.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'
import { recordStrike } from '../../shared/workflows/standing.ts'
import { running } from '../../shared/runtime/running.ts'
import { payOnPage } from '../cases/purchase.ts'
import { callsTo, costOf, units } from '../costs/counted.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

type Auction = z.infer<typeof auctionSchema>
type PlacedBid = z.infer<typeof placedBidSchema>
type VisibleBid = z.infer<typeof visibleBidSchema>

const hourMs = 3_600_000
const bidders = Array.from({ length: 20 }, (_, number) => `bidder_${number}`)
const names = Array.from({ length: 26 }, (_, number) => `hammer${String.fromCharCode(97 + number)}`)
const never = 'auc_00000000000000000000000000'

let market: Market
let left: string[]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(names.map((name) => market.suspended(name)))
  await market.sweep()
  left = [...names]
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const inMs = (ms: number) => new Date(market.system.clock.now() + ms).toISOString()

let keys = 0
const freshKey = () => `key-${(keys += 1)}`

const post = async (as: string, path: string, body?: unknown, key = freshKey()) =>
  market.send('POST', path, {
    token: await market.system.token(as),
    headers: { 'idempotency-key': key },
    ...(body === undefined ? {} : { body }),
  })

/** An auction of ten hours from $10.00 with steps of $1.00, of a handle that no test has used. */
const open = async (more: Readonly<Record<string, unknown>> = {}): Promise<Auction> => {
  const handle = left.pop()
  if (handle === undefined) throw new Error('every handle of this market is used up')
  const increments = { rows: [{ belowMinor: null, stepMinor: 1_00 }] }
  const body = { handle, start: usd(10_00), endsAt: inMs(10 * hourMs), increments, ...more }
  const answer = await post('operator', '/v1/operator/auctions', body)
  expect(answer.body).toMatchObject({ handle })
  expect(answer.status).toBe(201)
  return answer.body as Auction
}

const bidOn = ({ id }: Auction, as: string, maxMinor: number, key?: string) =>
  post(as, `/v1/auctions/${id}/bids`, { maximum: usd(maxMinor) }, key)

const bid = async (auction: Auction, as: string, maxMinor: number): Promise<PlacedBid> => {
  const answer = await bidOn(auction, as, maxMinor)
  expect(answer).toMatchObject({ status: 201, body: { auctionId: auction.id } })
  return answer.body as PlacedBid
}

const refusal = async (auction: Auction, as: string, maxMinor: number): Promise<[number, string]> => {
  const { status, body } = await bidOn(auction, as, maxMinor)
  return [status, (body as Problem).code]
}

const now = async ({ id }: Auction): Promise<Auction> =>
  (await market.send('GET', `/v1/auctions/${id}`)).body as Auction

const visibleBids = async ({ id }: Auction): Promise<VisibleBid[]> => {
  const found: VisibleBid[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`
    const page = (await market.send('GET', `/v1/auctions/${id}/bids?limit=7${query}`)).body as {
      items: VisibleBid[]
      nextCursor: string | null
    }
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return found
}

const moveTo = async (instant: string, ms = 0): Promise<void> => {
  await market.system.clock.move(Math.max(0, Date.parse(instant) + ms - market.system.clock.now()), { settle: true })
}

/** Past an instant, with a sweep of the deadlines after it and all the work that follows. */
const pass = async (instant: string): Promise<void> => {
  await moveTo(instant, 1)
  const sweep = market.system.schedules.names.find((name) => name.endsWith('sweep-deadlines'))
  market.system.schedules.fire(sweep ?? '')
  await market.system.idle()
}

const ordersOf = async (sub: string) => value(await (await market.client(sub)).listOrders({})).items

const pay = async (sub: string, orderId: string): Promise<void> => {
  const page = value(await (await market.client(sub)).openCheckout({ params: { orderId } }))
  expect(await payOnPage(page.url)).toBe('paid')
  await market.system.idle()
}

const eventsOf = async ({ id }: Auction): Promise<{ type: string; bidderId?: string }[]> => {
  const journal = await readJournal(market.store, `auction:${id}`)
  return (journal.ok ? journal.value : []).flatMap(({ events }) => [...events])
}

describe('opening', () => {
  test('the handle cannot be bought otherwise, and a second auction of it is refused', async () => {
    const auction = await open()
    expect(auction).toMatchObject({ status: 'open', seller: 'platform', reserve: 'none', bids: 0, leader: null })
    expect(auction.next).toEqual({ actor: 'buyer', action: 'bid_placed', by: auction.endsAt })
    const { listing } = value(await (await market.client('alice')).getHandle({ params: { handle: auction.handle } }))
    const price = listing?.price ?? usd(1)
    const order = await post('alice', '/v1/orders', { handle: auction.handle, price })
    expect([order.status, (order.body as Problem).code]).toEqual([409, 'handle_in_sale'])
    const again = await post('operator', '/v1/operator/auctions', { handle: auction.handle, start: usd(1_00) })
    expect(again.status).toBe(409)
  })

  test('the same key and body open one auction, another body is refused, and a user may not', async () => {
    const body = { handle: left.pop(), start: usd(10_00) }
    const first = await post('operator', '/v1/operator/auctions', body, 'open-once')
    const again = await post('operator', '/v1/operator/auctions', body, 'open-once')
    expect(again.body).toEqual(first.body)
    const other = await post('operator', '/v1/operator/auctions', { ...body, start: usd(11_00) }, 'open-once')
    expect([other.status, (other.body as Problem).code]).toEqual([422, 'idempotency_key_reused'])
    expect((await post('alice', '/v1/operator/auctions', body)).status).toBe(403)
  })

  test.each([
    ['endsAt', { endsAt: '2020-01-01T00:00:00Z' }],
    ['reserve', { reserve: usd(9_99) }],
    ['buyNow', { buyNow: usd(10_00) }],
    ['increments.rows.0.belowMinor', { increments: { rows: [{ belowMinor: 5, stepMinor: 1 }] } }],
    ['sellerId', { sellerId: 'alice' }],
    ['start.amountMinor', { start: usd(0) }],
  ])('a contradiction is refused with %s at fault', async (field, more) => {
    const problem = await checkRefused(market, 'validation_failed', 'POST', '/v1/operator/auctions', {
      token: await market.system.token('operator'),
      headers: { 'idempotency-key': freshKey() },
      body: { handle: left[0], start: usd(10_00), ...more },
    })
    expect(problem.field).toBe(field)
  })

  test('calling off is possible without bids and frees the handle; with a bid it is refused', async () => {
    const auction = await open()
    const cancelled = await post('operator', `/v1/operator/auctions/${auction.id}/cancel`, { reason: 'a mistake' })
    expect(cancelled.body).toMatchObject({ status: 'cancelled', next: null })
    const again = await post('operator', `/v1/operator/auctions/${auction.id}/cancel`, { reason: 'a mistake' })
    expect(again.body).toEqual(cancelled.body)
    const second = await post('operator', '/v1/operator/auctions', { handle: auction.handle, start: usd(10_00) })
    expect(second.status).toBe(201)
    await bid(second.body as Auction, 'alice', 20_00)
    const refused = await post('operator', `/v1/operator/auctions/${(second.body as Auction).id}/cancel`, {
      reason: 'too late',
    })
    expect([refused.status, (refused.body as Problem).code]).toEqual([409, 'auction_has_bids'])
  })
})

describe('bids', () => {
  test('a bid leads at the start price; a lower maximum lifts it; what is below the minimum is refused with it', async () => {
    const auction = await open()
    expect(await bid(auction, 'alice', 80_00)).toMatchObject({ outcome: 'leading', price: usd(10_00), number: 1 })
    expect(await bid(auction, 'bob', 30_00)).toMatchObject({
      outcome: 'outbid',
      price: usd(31_00),
      minimumNext: usd(32_00),
    })
    const low = await bidOn(auction, 'carol', 31_99)
    expect(low.body).toMatchObject({
      status: 409,
      code: 'bid_too_low',
      field: 'maximum.amountMinor',
      facts: { minimum: usd(32_00) },
    })
    expect(await now(auction)).toMatchObject({ price: usd(31_00), bids: 2, minimumNext: usd(32_00) })
  })

  test('a repeat is answered word for word, and the same key with another maximum is refused', async () => {
    const auction = await open()
    const first = await bidOn(auction, 'alice', 80_00, 'bid-once')
    await bid(auction, 'bob', 200_00)
    const again = await bidOn(auction, 'alice', 80_00, 'bid-once')
    expect([again.status, again.body]).toEqual([201, first.body])
    const other = await bidOn(auction, 'alice', 300_00, 'bid-once')
    expect([other.status, (other.body as Problem).code]).toEqual([422, 'idempotency_key_reused'])
    expect((await now(auction)).bids).toBe(2)
  })

  test('nobody is shown a maximum, an account or an unmet reserve', async () => {
    const auction = await open({ reserve: usd(77_70) })
    await bid(auction, 'alice', 66_60)
    await bid(auction, 'bob', 44_40)
    const shown = JSON.stringify([await now(auction), await visibleBids(auction)])
    for (const secret of ['6660', '7770', 'alice', 'bob', 'operator']) expect(shown).not.toContain(secret)
    expect(await now(auction)).toMatchObject({ reserve: 'not_met' })
    await bid(auction, 'bob', 90_00)
    expect(await now(auction)).toMatchObject({ reserve: 'met', price: usd(77_70) })
  })

  test('case 27: the operator who opened it may not bid, and nobody bids before the start', async () => {
    const auction = await open({ startsAt: inMs(hourMs) })
    expect(await refusal(auction, 'operator', 20_00)).toEqual([403, 'bid_own_listing'])
    expect(await refusal(auction, 'alice', 20_00)).toEqual([409, 'auction_not_open'])
    await moveTo(auction.startsAt)
    expect(await bid(auction, 'alice', 20_00)).toMatchObject({ outcome: 'leading' })
  })

  test('case 27: an account with the device of the operator who opened it may not bid', async () => {
    const auction = await open()
    const token = await market.system.token('mallory', { device_id: 'device-of-operator' })
    const problem = await checkRefused(market, 'linked_account', 'POST', `/v1/auctions/${auction.id}/bids`, {
      token,
      headers: { 'idempotency-key': freshKey() },
      body: { maximum: usd(20_00) },
    })
    expect(problem.status).toBe(403)
  })

  test('what does not exist is not found, and a bid without a token is refused', async () => {
    expect((await post('alice', `/v1/auctions/${never}/bids`, { maximum: usd(1_00) })).status).toBe(404)
    expect((await market.send('GET', `/v1/auctions/${never}`)).status).toBe(404)
    expect((await market.send('GET', `/v1/auctions/${never}/bids`)).status).toBe(404)
    // A cursor is read before what it is of.
    expect((await market.send('GET', `/v1/auctions/${never}/bids?cursor=x`)).status).toBe(400)
    expect((await market.send('POST', `/v1/auctions/${never}/bids`, { body: {} })).status).toBe(401)
  })

  test('a bid is one read and one conditional write of the auction, beside what eligibility asks', async () => {
    const auction = await open()
    await bid(auction, 'alice', 20_00)
    await bid(auction, 'bob', 30_00)
    await bid(auction, 'carol', 40_00)
    // The first bid of a bidder in an auction looks besides whether it is known where its mails go.
    await bid(await open(), 'dave', 20_00)
    const first = await costOf(market, () => bid(auction, 'dave', 33_00))
    expect(callsTo(first, 'dynamodb')).toMatchObject({ 'dynamodb:GetItem': 2, 'dynamodb:PutItem': 1 })
    expect(units(first)).toEqual({ readUnits: 4.5, indexReadUnits: 0, writeUnits: 4, indexWriteUnits: 0 })
    const cost = await costOf(market, () => bid(auction, 'bob', 37_00))
    expect(callsTo(cost, 'dynamodb')).toEqual({
      'dynamodb:GetItem': 1,
      // The standings of the bidder, the operator and the leader: what the bidder may, and whether they are linked.
      'dynamodb:BatchGetItem': 1,
      'dynamodb:PutItem': 1,
      // The count of the bidder's requests.
      'dynamodb:UpdateItem': 1,
      // The entry that it replaces, filed by the stream.
      'dynamodb:BatchWriteItem': 1,
    })
    expect(units(cost)).toEqual({ readUnits: 4, indexReadUnits: 0, writeUnits: 4, indexWriteUnits: 0 })
  })

  test('twenty bids at once come into one order: each is taken or too low, and the highest leads', async () => {
    const auction = await open()
    const maxima = bidders.map((_, index) => 20_00 + index * 5_00)
    const answers = await Promise.all(bidders.map((bidder, index) => bidOn(auction, bidder, maxima[index] ?? 0)))
    const taken = answers.filter(({ status }) => status === 201).map(({ body }) => body as PlacedBid)
    const refused = answers.filter(({ status }) => status !== 201).map(({ body }) => (body as Problem).code)
    expect(new Set(refused).size).toBeLessThanOrEqual(1)
    expect(refused.filter((code) => code !== 'bid_too_low')).toEqual([])
    await market.system.idle()
    const visible = await visibleBids(auction)
    expect(visible.map(({ number }) => number)).toEqual(taken.map((_, index) => taken.length - index))
    expect(taken.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(taken.map((_, index) => index + 1))
    const prices = visible.map(({ price }) => price.amountMinor)
    expect(prices).toEqual(prices.toSorted((a, b) => b - a))
    const best = taken.toSorted((a, b) => b.maximum.amountMinor - a.maximum.amountMinor)[0]
    expect(best?.maximum).toEqual(usd(maxima.at(-1) ?? 0))
    expect((await now(auction)).leader).toBe(best?.bidder)
  })
})

describe('what breaks', () => {
  test('a bid whose write was done and whose answer was lost is taken once, and answered as taken', async () => {
    const auction = await open()
    const lost = market.system.door.inject({
      kind: 'cut',
      when: 'after',
      function: 'api-auctions',
      operation: 'PutItem',
    })
    expect(await bid(auction, 'alice', 20_00)).toMatchObject({ outcome: 'leading', number: 1 })
    expect(lost.hits).toBe(1)
    expect((await now(auction)).bids).toBe(1)
  })

  test('case 29: the operator calls it off while the first bids come: one of them is refused', async () => {
    const auction = await open()
    const [cancelled, ...bidsAtOnce] = await Promise.all([
      post('operator', `/v1/operator/auctions/${auction.id}/cancel`, { reason: 'a mistake' }),
      ...bidders.slice(0, 5).map((bidder, index) => bidOn(auction, bidder, 20_00 + index * 5_00)),
    ])
    const codes = bidsAtOnce.map(({ status, body }) => (status === 201 ? 'taken' : (body as Problem).code))
    const { status } = await now(auction)
    expect([
      ['cancelled', 200, false],
      ['open', 409, true],
    ]).toContainEqual([status, cancelled?.status, codes.includes('taken')])
  })

  test('a handle that cannot be sold any more ends its auction unsold, and nobody owes anything', async () => {
    const auction = await open()
    await bid(auction, 'alice', 20_00)
    const hold = await post('operator', `/v1/operator/handles/${auction.handle}/legal-hold`, { reason: 'a dispute' })
    expect(hold.status).toBe(200)
    await pass(auction.endsAt)
    expect(await now(auction)).toMatchObject({ status: 'unsold', unsold: 'handle_not_for_sale', sale: null })
    expect((await ordersOf('alice')).filter(({ handle }) => handle === auction.handle)).toEqual([])
  })
})

describe('the end', () => {
  test('case 27: a bid at the last moment moves the end; one a millisecond after the end is refused; one winner', async () => {
    const auction = await open({ extensionMinutes: 60 })
    await bid(auction, 'alice', 30_00)
    // The clock runs on while the bid is on its way.
    await market.system.clock.move(Date.parse(auction.endsAt) - 2500 - market.system.clock.now())
    const last = await bid(auction, 'bob', 50_00)
    expect(Date.parse(last.endsAt) - Date.parse(last.placedAt)).toBe(hourMs)
    expect(last.endsAt > auction.endsAt).toBe(true)
    // Nothing has closed it yet: the clock alone refuses.
    market.system.door.inject({ kind: 'timeout', function: 'workers-apply-deadlines', times: Number.POSITIVE_INFINITY })
    await market.system.clock.move(Date.parse(last.endsAt) + 1 - market.system.clock.now())
    expect(await refusal(auction, 'carol', 90_00)).toEqual([409, 'auction_ended'])
    market.system.door.clearFaults()
    await market.system.functions.kill('workers-apply-deadlines')
    await market.system.settle()
    await pass(last.endsAt)
    const won = await now(auction)
    expect(won).toMatchObject({ status: 'awaiting_payment', sale: { to: 'winner', price: usd(31_00) } })
    expect(won.sale?.bidder).toBe(last.bidder)
    const pricesOf = async (sub: string) =>
      (await ordersOf(sub)).flatMap(({ handle, price }) => (handle === auction.handle ? [price] : []))
    expect(await pricesOf('bob')).toEqual([usd(31_00)])
    expect(await pricesOf('alice')).toEqual([])
  })

  test('is met to the second: the sweep before it sends a message that comes when it is due', async () => {
    const auction = await open()
    await bid(auction, 'alice', 30_00)
    await moveTo(auction.endsAt, -30_000)
    expect((await now(auction)).status).toBe('open')
    // No sweep comes any more: the message alone closes it.
    market.system.door.inject({
      kind: 'timeout',
      function: 'schedules-sweep-deadlines',
      times: Number.POSITIVE_INFINITY,
    })
    // The clock of the market goes on while this machine works.
    const began = performance.now()
    await market.system.clock.move(31_000)
    await market.system.idle()
    const workedMs = performance.now() - began
    market.system.door.clearFaults()
    const closed = await now(auction)
    expect(closed.status).toBe('awaiting_payment')
    expect(Date.parse(closed.endedAt ?? '') - Date.parse(auction.endsAt)).toBeLessThan(2000 + workedMs)
  })

  test('without bids, or without the reserve, the handle goes back on sale', async () => {
    const auction = await open({ reserve: usd(50_00) })
    await bid(auction, 'alice', 49_00)
    await pass(auction.endsAt)
    expect(await now(auction)).toMatchObject({ status: 'unsold', unsold: 'reserve_not_met', sale: null, next: null })
    const again = await post('operator', '/v1/operator/auctions', { handle: auction.handle, start: usd(1_00) })
    expect(again.status).toBe(201)
  })

  test('buy-now ends it at once, and whoever comes later is told', async () => {
    const auction = await open({ buyNow: usd(500_00) })
    await bid(auction, 'alice', 80_00)
    const wrong = await post('bob', `/v1/auctions/${auction.id}/buy-now`, { price: usd(400_00) })
    expect([wrong.status, (wrong.body as Problem).code]).toEqual([409, 'price_changed'])
    const bought = await post('bob', `/v1/auctions/${auction.id}/buy-now`, { price: usd(500_00) }, 'buy-once')
    expect(bought.body).toMatchObject({ outcome: 'won', price: usd(500_00), minimumNext: null })
    const again = await post('bob', `/v1/auctions/${auction.id}/buy-now`, { price: usd(500_00) }, 'buy-once')
    expect([again.status, again.body]).toEqual([201, bought.body])
    expect(await refusal(auction, 'alice', 900_00)).toEqual([409, 'auction_ended'])
    await pay('bob', (bought.body as PlacedBid).orderId ?? '')
    expect(await now(auction)).toMatchObject({ status: 'sold', next: null })
    const { status } = value(await (await market.client('bob')).getHandle({ params: { handle: auction.handle } }))
    expect(status).toBe('active')
  })

  test('ten who buy now at once: one wins, the others are told that it ended', async () => {
    const auction = await open({ buyNow: usd(500_00) })
    const path = `/v1/auctions/${auction.id}/buy-now`
    const answers = await Promise.all(bidders.slice(0, 10).map((bidder) => post(bidder, path, { price: usd(500_00) })))
    const codes = answers.map(({ status, body }) => (status === 201 ? 'won' : (body as Problem).code))
    expect(codes.toSorted()).toEqual([...Array.from({ length: 9 }, () => 'auction_ended'), 'won'])
  })
})

describe('the payment', () => {
  let ends = 0
  /** An auction that somebody new has won, and the rivals. */
  const ended = async () => {
    const auction = await open()
    ends += 1
    const [winner, second, third] = [`winner_${ends}`, `second_${ends}`, `third_${ends}`] as const
    await bid(auction, second, 80_00)
    await bid(auction, third, 40_00)
    await bid(auction, winner, 300_00)
    await pass(auction.endsAt)
    return { ...(await now(auction)), winner, second, third }
  }
  const orderOf = async (sub: string, { handle }: Auction) =>
    (await ordersOf(sub)).find((order) => order.handle === handle)?.id ?? ''

  test('a winner who pays within the window gets the handle', async () => {
    const auction = await ended()
    await market.system.clock.move(dayMs + hourMs, { settle: true })
    await pay(auction.winner, await orderOf(auction.winner, auction))
    expect(await now(auction)).toMatchObject({ status: 'sold', sale: { to: 'winner' } })
  })

  test('payment pages follow one another until the window ends, and never two are open', async () => {
    const auction = await ended()
    const orderId = await orderOf(auction.winner, auction)
    const pageNow = async () => value(await (await market.client(auction.winner)).openCheckout({ params: { orderId } }))
    const first = await pageNow()
    expect((await pageNow()).url).toBe(first.url)
    await moveTo(first.expiresAt, 1000)
    const second = await pageNow()
    expect(second.url).not.toBe(first.url)
    expect(await payOnPage(first.url)).toBe('closed')
    expect(await payOnPage(second.url)).toBe('paid')
    await market.system.idle()
    expect((await now(auction)).status).toBe('sold')
  })

  test('whoever won and did not pay twice is suspended, with its own code', async () => {
    const deps = { ...running, store: market.store, now: () => market.system.clock.now() }
    for (const saleId of ['auc_1', 'auc_2']) await recordStrike(deps, 'deadbeat', { saleId, reason: 'not paid' })
    expect(await refusal(await open(), 'deadbeat', 20_00)).toEqual([403, 'account_suspended'])
  })

  test('a winner who does not pay gets a strike, and the runner-up the bid it held before', async () => {
    const auction = await ended()
    await pass(auction.sale?.payBy ?? '')
    const strikes = (await eventsOf(auction)).filter(({ type }) => type === 'winner_defaulted')
    expect(strikes.map(({ bidderId }) => bidderId)).toEqual([auction.winner])
    const standing = await load(market.store, 'standing', auction.winner)
    expect(standing?.state.strikes.map(({ saleId }) => saleId)).toEqual([auction.id])
    const offered = await now(auction)
    expect(offered).toMatchObject({ status: 'offered_to_runner_up', sale: { to: 'runner_up', price: usd(41_00) } })
    await pay(auction.second, await orderOf(auction.second, auction))
    expect(await now(auction)).toMatchObject({ status: 'sold' })
  })

  test('a runner-up may decline, and owes nothing; the handle is on sale again', async () => {
    const auction = await ended()
    const order = await orderOf(auction.winner, auction)
    value(await (await market.client(auction.winner)).cancelOrder({ params: { orderId: order } }))
    await market.system.idle()
    expect((await now(auction)).status).toBe('offered_to_runner_up')
    const path = `/v1/auctions/${auction.id}/decline`
    expect((await post(auction.third, path)).status).toBe(404)
    const declined = await post(auction.second, path)
    expect(declined.body).toMatchObject({ status: 'unsold', unsold: 'runner_up_declined' })
    expect((await post(auction.second, path)).body).toEqual(declined.body)
    const { listing } = value(await (await market.client('bob')).getHandle({ params: { handle: auction.handle } }))
    const bought = await post('bob', '/v1/orders', { handle: auction.handle, price: listing?.price })
    expect(bought.status).toBe(201)
  })

  test('a runner-up who does not pay ends it', async () => {
    const auction = await ended()
    await pass(auction.sale?.payBy ?? '')
    await pass((await now(auction)).sale?.payBy ?? '')
    expect(await now(auction)).toMatchObject({ status: 'unsold', unsold: 'runner_up_did_not_pay' })
  })
})
