import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { termsInForce } from '../../shared/domain/terms.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { recordStrike } from '../../shared/workflows/standing.ts'
import { chargesOf, expectInvariants, ordersOf, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage } from './purchase.ts'
import { comeToRest } from './settlement.ts'
import { operatorOf } from './users-sale.ts'

// Case 29 at the end of an auction: the clock closes it while bidders, operators and the bank act. Whoever of them is held
// up by a busy store loses the race; each race is run with either of them held up.

const hourMs = 3_600_000
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const value = <T>(answer: { ok: true; value: T } | { ok: false; problem: { code: string; detail: string } }): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
type Answer = { readonly ok: true } | { readonly ok: false; readonly problem: { readonly code: string } }
const saidOf = (answer: Answer): string => (answer.ok ? 'done' : answer.problem.code)

const open = async (more: object = {}) =>
  value(
    await operatorOf(market).openAuction({
      body: {
        handle: market.nextOffer().handle,
        start: usd(10_00),
        endsAt: new Date(market.system.clock.now() + 10 * hourMs).toISOString(),
        extensionMinutes: 0,
        ...more,
      },
      idempotencyKey: freshKey(),
    }),
  )
type Auction = Awaited<ReturnType<typeof open>>

const bid = ({ id: auctionId }: Auction, bidder: string, amountMinor: number) =>
  market
    .buyer(bidder)
    .placeBid({ params: { auctionId }, body: { maximum: usd(amountMinor) }, idempotencyKey: freshKey() })
const seen = async ({ id: auctionId }: Auction) =>
  value(await market.buyer('reader').getAuction({ params: { auctionId } }))

/** A moment before the end, at which bids still count. */
const atLastMoment = async ({ endsAt }: Auction): Promise<void> => {
  await market.system.clock.move(Date.parse(endsAt) - 60_000 - market.system.clock.now(), { settle: true })
}
/** The end, and the clock's work that follows. */
const end = async ({ endsAt }: Auction): Promise<void> => {
  await market.system.clock.move(Math.max(0, Date.parse(endsAt) + 1_000 - market.system.clock.now()))
}
const settled = async (): Promise<void> => {
  await comeToRest(market)
  market.system.door.clearFaults()
}

const either = ['workers-apply-deadlines', 'api-auctions', 'api-operator'] as const
/** The store is busy for the first writes of this function. */
const holdUp = (late: (typeof either)[number], times = 3): void => {
  for (const operation of ['PutItem', 'TransactWriteItems']) {
    market.system.door.inject({ kind: 'throttle', function: late, operation, times })
  }
}

/** The orders of the handle that still may be, or were, paid: at most one. */
const winnersOf = async ({ handle }: Auction): Promise<string[]> =>
  (await ordersOf(market, handle))
    .filter(({ status }) => status === 'awaiting_payment' || status === 'settled')
    .map(({ buyerId }) => buyerId)
const heldFor = async ({ handle }: Auction): Promise<string | undefined> =>
  (await loadHandle(market.store, handle))?.state.listing?.orderId

test('case 29: an auction ends while the last bids are on their way: whoever leads when it ends has won, and nobody else', async () => {
  const winners = new Set<string>()
  for (const [late, times] of [
    ['workers-apply-deadlines', 3],
    ['api-auctions', 3],
    ['api-auctions', Number.POSITIVE_INFINITY],
  ] as const) {
    const auction = await open()
    expect(saidOf(await bid(auction, 'early', 20_00))).toBe('done')
    await atLastMoment(auction)
    holdUp(late, times)
    const bids = ['late_1', 'late_2', 'late_3'].map((bidder, n) => bid(auction, bidder, 100_00 + n * 50_00))
    const [said] = await Promise.all([Promise.all(bids), late === 'api-auctions' ? end(auction) : undefined])
    await end(auction)
    await settled()
    const after = await seen(auction)
    expect(after.status).toBe('awaiting_payment')
    const taken = said.flatMap((answer, n) => (answer.ok ? [`late_${n + 1}`] : []))
    const refusals = ['bid_too_low', 'auction_ended', 'service_unavailable']
    for (const answer of said) expect(['done', ...refusals]).toContain(saidOf(answer))
    const [winner, ...others] = await winnersOf(auction)
    expect(others).toEqual([])
    expect(winner).toBe(taken.at(-1) ?? 'early')
    const [order] = await ordersOf(market, auction.handle)
    expect(await heldFor(auction)).toBe(order?.id)
    winners.add(taken.length > 0 ? 'a late bid' : 'the early bid')
  }
  expect([...winners].toSorted()).toEqual(['a late bid', 'the early bid'])
})

test('case 29: an auction without bids ends while its operator calls it off and a first bid comes: one of the three is so', async () => {
  for (const late of either) {
    const auction = await open()
    await atLastMoment(auction)
    holdUp(late)
    const cancel = () =>
      operatorOf(market).cancelAuction({ params: { auctionId: auction.id }, body: { reason: 'a mistake' } })
    const [cancelled, first] = await Promise.all([cancel(), bid(auction, 'first', 20_00), end(auction)])
    await settled()
    const after = await seen(auction)
    const winners = await winnersOf(auction)
    const ending = [after.status, saidOf(cancelled), saidOf(first), winners.length]
    expect([
      ['cancelled', 'done', 'auction_ended', 0],
      ['cancelled', 'done', 'auction_not_open', 0],
      ['awaiting_payment', 'auction_has_bids', 'done', 1],
      ['awaiting_payment', 'auction_ended', 'done', 1],
      ['unsold', 'auction_ended', 'auction_ended', 0],
    ]).toContainEqual(ending)
    expect((await heldFor(auction)) !== undefined).toBe(winners.length === 1)
  }
})

test('case 29: an auction ends while its handle comes under a legal hold: it is sold before, or unsold, and nobody owes anything', async () => {
  for (const late of ['workers-apply-deadlines', 'api-operator'] as const) {
    const auction = await open()
    expect(saidOf(await bid(auction, 'owner_to_be', 20_00))).toBe('done')
    await atLastMoment(auction)
    holdUp(late)
    const hold = () =>
      operatorOf(market).placeLegalHold({ params: { handle: auction.handle }, body: { reason: 'a court asks for it' } })
    const [held] = await Promise.all([hold(), end(auction)])
    await settled()
    const { status } = await seen(auction)
    const winners = await winnersOf(auction)
    // Placed after the end it is noted, and keeps the handle from being sold again; the sale itself stands.
    expect([
      ['unsold', 0],
      ['awaiting_payment', 1],
    ]).toContainEqual([status, winners.length])
    expect(saidOf(held)).toBe('done')
    expect((await loadHandle(market.store, auction.handle))?.state.legalHold).toBeDefined()
  }
})

test('case 29: a leader is suspended while the auction ends and bids come: the suspended bid no more, and one has won', async () => {
  for (const late of ['workers-apply-deadlines', 'api-auctions'] as const) {
    const leader = `leader_${late}`
    const auction = await open()
    expect(saidOf(await bid(auction, leader, 20_00))).toBe('done')
    await atLastMoment(auction)
    holdUp(late)
    const deps = {
      store: market.store,
      terms: termsInForce,
      now: () => market.system.clock.now(),
      random: () => 0.5,
      pause: () => Promise.resolve(),
    }
    const suspend = async (): Promise<void> => {
      for (const saleId of ['auc_one', 'auc_two']) await recordStrike(deps, leader, { saleId, reason: 'not paid' })
    }
    const [, raised, rival] = await Promise.all([
      suspend(),
      bid(auction, leader, 60_00),
      bid(auction, 'rival', 40_00),
      end(auction),
    ])
    await settled()
    expect(['done', 'auction_ended', 'account_suspended']).toContain(saidOf(raised))
    expect(saidOf(await bid(await open(), leader, 20_00))).toBe('account_suspended')
    // The bid that stood before is a promise: it wins unless another one is higher.
    const expected = raised.ok || !rival.ok ? leader : 'rival'
    expect(await winnersOf(auction)).toEqual([expected])
  }
})

test('case 29: a winner pays at the very end of the time to pay: the sale is settled, or the money is given back', async () => {
  for (const late of ['workers-apply-payments', 'workers-apply-deadlines'] as const) {
    const auction = await open()
    expect(saidOf(await bid(auction, 'payer', 20_00))).toBe('done')
    expect(saidOf(await bid(auction, 'runner_up', 15_00))).toBe('done')
    await end(auction)
    await settled()
    const [order] = await ordersOf(market, auction.handle)
    if (order === undefined) throw new Error(`nobody won ${auction.id}`)
    // The page closes a minute before the end: whoever pays then may be heard after it.
    const payBy = Date.parse(order.payBy)
    await market.system.clock.move(payBy - hourMs - market.system.clock.now(), { settle: true })
    const { id, handle } = order
    const price = usd(order.priceMinor)
    const page = await openPage(market, { id, buyer: 'payer', offer: { handle, price } })
    await market.system.clock.move(payBy - 90_000 - market.system.clock.now())
    market.system.door.inject({ kind: 'throttle', function: late, operation: 'TransactWriteItems', times: 3 })
    const [paid] = await Promise.all([
      payOnPage(page),
      market.system.clock.move(payBy + 1_000 - market.system.clock.now()),
    ])
    await settled()
    const kept = async (): Promise<number> => {
      const [charge] = await chargesOf(market, id)
      const refunds = await refundsOf(market, id)
      return (charge?.amount_captured ?? 0) - refunds.reduce((sum, { amount }) => sum + amount, 0)
    }
    const mine = (await ordersOf(market, handle)).find((one) => one.id === id)
    const isSettled = mine?.status === 'settled'
    expect([mine?.status, await kept()]).toEqual(
      isSettled ? ['settled', order.priceMinor] : [paid === 'paid' ? 'refunded' : 'expired', 0],
    )
    const holder = (await loadHandle(market.store, handle))?.state.holder?.accountId
    expect(holder).toBe(isSettled ? 'payer' : undefined)
    expect((await winnersOf(auction)).length).toBeLessThanOrEqual(1)
  }
})
