import { describe, expect, it } from 'vitest'
import {
  auctionDueAt,
  bidderAlias,
  bidKey,
  isReserveMet,
  minimumNext,
  shippedAuctionDefaults,
} from '../../shared/domain/auction.ts'
import { decideBuyNow, earlierAnswer, runnerUpOf } from '../../shared/domain/auction-bids.ts'
import {
  decideAuctionCancel,
  decideAuctionDeadline,
  decideDecline,
  decidePaymentAwaited,
  decideSaleOrder,
} from '../../shared/domain/auction-close.ts'
import { type AuctionWanted, decideOpen } from '../../shared/domain/auction-opening.ts'
import { checkIncrements, stepAt } from '../../shared/domain/increments.ts'
import { usd } from '../../shared/contract/money.ts'
import type { Result } from '../../shared/domain/result.ts'
import {
  at,
  auctionId,
  bid,
  bidding,
  bids,
  byClock,
  codeOf,
  hourMs,
  leader,
  minuteMs,
  openAuction,
  orderEnded,
  taken,
  type Placing,
  type VersionedAuction,
} from './auctions.ts'

const tenHours = 10 * hourMs
const refusalOf = (auction: VersionedAuction, placing: Placing) => {
  const result = bidding(auction, placing)
  return result.ok ? null : result.refusal
}

describe('steps', () => {
  it.each([
    [0, 5_00],
    [499_99, 5_00],
    [500_00, 10_00],
    [1_000_00, 25_00],
    [2_500_00, 50_00],
    [9_999_99, 100_00],
    [10_000_00, 250_00],
    [50_000_00, 500_00],
  ])('a price of %i minor units wants %i more, as shipped', (price, step) => {
    expect(stepAt(shippedAuctionDefaults.increments, price)).toBe(step)
  })

  it('a share of the price is rounded up and is one minor unit at least', () => {
    expect(stepAt({ basisPoints: 500 }, 10_01)).toBe(51)
    expect(stepAt({ basisPoints: 500 }, 0)).toBe(1)
  })

  it('a table must rise in both columns and end with a row for the rest', () => {
    const faultOf = (...rows: { belowMinor: number | null; stepMinor: number }[]) => checkIncrements({ rows })?.field
    expect(faultOf({ belowMinor: null, stepMinor: 1 })).toBeUndefined()
    expect(faultOf({ belowMinor: 100, stepMinor: 1 })).toBe('increments.rows.0.belowMinor')
    expect(faultOf({ belowMinor: null, stepMinor: 1 }, { belowMinor: null, stepMinor: 2 })).toBe(
      'increments.rows.0.belowMinor',
    )
    const steps = [
      { belowMinor: 100, stepMinor: 2 },
      { belowMinor: 100, stepMinor: 2 },
      { belowMinor: null, stepMinor: 3 },
    ]
    expect(faultOf(...steps)).toBe('increments.rows.1.belowMinor')
    expect(faultOf({ belowMinor: 100, stepMinor: 2 }, { belowMinor: null, stepMinor: 1 })).toBe(
      'increments.rows.1.stepMinor',
    )
  })
})

describe('opening', () => {
  const wanted: AuctionWanted = { handle: 'moons', currency: 'USD', startMinor: 10_00 }
  const open = (more: Partial<AuctionWanted> = {}) =>
    decideOpen(
      { ...wanted, ...more },
      shippedAuctionDefaults,
      { display: 'Moons', tier: 'rare' },
      { openedBy: 'olga', aliasKey: 'k', requestHash: 'h' },
      at(0),
    )

  it('goes by the defaults where nothing else is said, and starts at once', () => {
    const [opened, started] = taken(open())
    expect(opened).toMatchObject({
      type: 'auction_opened',
      sellerId: 'platform',
      startsAt: at(0),
      endsAt: at(168 * hourMs),
      extensionMinutes: 60,
      paymentHours: 48,
    })
    expect(started).toEqual({ type: 'auction_started' })
  })

  it('one for later waits for the clock', () => {
    expect(taken(open({ startsAt: at(hourMs) })).map(({ type }) => type)).toEqual(['auction_opened'])
  })

  it.each([
    ['startsAt', { startsAt: at(-1) }],
    ['startsAt', { startsAt: at(91 * 24 * hourMs) }],
    ['endsAt', { endsAt: at(5 * minuteMs - 1) }],
    ['endsAt', { endsAt: at(365 * 24 * hourMs + 1) }],
    ['reserve', { reserveMinor: 9_99 }],
    ['buyNow', { buyNowMinor: 10_00 }],
    ['buyNow', { reserveMinor: 20_00, buyNowMinor: 20_00 }],
    ['increments.rows.0.belowMinor', { increments: { rows: [{ belowMinor: 1, stepMinor: 1 }] } }],
  ] satisfies [string, Partial<AuctionWanted>][])('is refused with %s at fault: %o', (field, more) => {
    const result = open(more)
    expect(codeOf(result)).toBe('validation_failed')
    expect(result.ok ? null : result.refusal.field).toBe(field)
  })
})

describe('bids by proxy', () => {
  it('the first bid leads at the start price, whatever its maximum', () => {
    const auction = bid(openAuction(), { by: 'alice', max: 80_00 })
    expect(auction.state).toMatchObject({ priceMinor: 10_00, bids: 1 })
    expect(leader(auction)).toBe('alice')
    expect(minimumNext(auction.state)).toBe(11_00)
  })

  it("a maximum below the leader's lifts the price a step above it", () => {
    const auction = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 30_00 })
    expect(auction.state).toMatchObject({ priceMinor: 31_00, bids: 2 })
    expect(leader(auction)).toBe('alice')
  })

  it("a maximum less than a step below the leader's lifts the price to the leader's and no further", () => {
    const auction = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 79_50 })
    expect(auction.state.priceMinor).toBe(80_00)
    expect(leader(auction)).toBe('alice')
  })

  it('at a tie the earlier bid keeps the lead, at its maximum', () => {
    const auction = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 80_00 })
    expect(auction.state.priceMinor).toBe(80_00)
    expect(leader(auction)).toBe('alice')
  })

  it("a maximum above the leader's takes the lead a step above it, or at its own where that is less", () => {
    const alice = bid(openAuction(), { by: 'alice', max: 80_00 })
    expect(bid(alice, { by: 'bob', max: 200_00 }).state.priceMinor).toBe(81_00)
    const close = bid(alice, { by: 'bob', max: 80_50 })
    expect(close.state.priceMinor).toBe(80_50)
    expect(leader(close)).toBe('bob')
  })

  it('the leader may raise its maximum: nobody sees it, and neither price nor end move', () => {
    const before = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 30_00 })
    const after = bid(before, { by: 'alice', max: 300_00, ms: tenHours - minuteMs })
    expect(after.entry.events.map(({ type }) => type)).toEqual(['maximum_raised'])
    expect(after.state).toMatchObject({ priceMinor: 31_00, bids: 2, endsAt: at(tenHours) })
    expect(bid(after, { by: 'carol', max: 250_00 }).state.priceMinor).toBe(255_00)
  })

  it('a bid below the minimum is refused with the minimum', () => {
    const auction = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 30_00 })
    expect(refusalOf(openAuction(), { by: 'bob', max: 9_99 })).toMatchObject({
      code: 'bid_too_low',
      field: 'maximum.amountMinor',
      extra: { minimum: usd(10_00) },
    })
    expect(refusalOf(auction, { by: 'carol', max: 31_99 })?.extra).toEqual({ minimum: usd(32_00) })
    expect(refusalOf(auction, { by: 'alice', max: 80_00 })?.extra).toEqual({ minimum: usd(80_01) })
    expect(codeOf(bidding(auction, { by: 'carol', max: 32_00 }))).toBe('taken')
  })

  it('neither the operator who opened it nor the seller bids', () => {
    expect(codeOf(bidding(openAuction(), { by: 'olga', max: 80_00 }))).toBe('bid_own_listing')
    expect(codeOf(bidding(openAuction({ sellerId: 'sam' }), { by: 'sam', max: 80_00 }))).toBe('bid_own_listing')
  })

  it('the reserve is met by the first maximum that reaches it, and the price jumps to it', () => {
    const reserved = openAuction({ reserveMinor: 50_00 })
    const below = bid(reserved, { by: 'alice', max: 49_99 })
    expect([below.state.priceMinor, isReserveMet(below.state)]).toEqual([10_00, false])
    const met = bid(below, { by: 'bob', max: 50_00 })
    expect([met.state.priceMinor, isReserveMet(met.state)]).toEqual([50_00, true])
    const raised = bid(below, { by: 'alice', max: 60_00 })
    expect([raised.state.priceMinor, raised.state.bids]).toEqual([50_00, 2])
  })
})

describe('the clock', () => {
  it('a bid before the last hour leaves the end where it is; one in it moves the end to an hour after the bid', () => {
    expect(bid(openAuction(), { by: 'alice', max: 80_00, ms: 9 * hourMs }).state.endsAt).toBe(at(tenHours))
    const lastSecond = bid(openAuction(), { by: 'alice', max: 80_00, ms: tenHours - 1000 })
    expect(lastSecond.state.endsAt).toBe(at(tenHours - 1000 + hourMs))
    expect(auctionDueAt(lastSecond.state)).toBe(at(tenHours - 1000 + hourMs))
  })

  it('a bid is taken a millisecond before the end, and refused at it', () => {
    expect(codeOf(bidding(openAuction(), { by: 'alice', max: 80_00, ms: tenHours - 1 }))).toBe('taken')
    expect(codeOf(bidding(openAuction(), { by: 'alice', max: 80_00, ms: tenHours }))).toBe('auction_ended')
  })

  it('the end never moves beyond a year from the start', () => {
    const year = 365 * 24 * hourMs
    const auction = openAuction({ endsAt: at(year - minuteMs) })
    expect(bid(auction, { by: 'alice', max: 80_00, ms: year - 2 * minuteMs }).state.endsAt).toBe(at(year))
  })

  it('a bid is refused before the start, and opens the auction from the start on, whenever the sweep comes', () => {
    const announced = openAuction({ startsAt: at(hourMs) })
    expect(codeOf(bidding(announced, { by: 'alice', max: 80_00, ms: hourMs - 1 }))).toBe('auction_not_open')
    const first = bid(announced, { by: 'alice', max: 80_00, ms: hourMs })
    expect(first.entry.events.map(({ type }) => type)).toEqual(['auction_started', 'bid_placed'])
    expect(first.state.status).toBe('open')
  })

  it('starts and ends are not done before their time', () => {
    const announced = openAuction({ startsAt: at(hourMs) })
    expect(auctionDueAt(announced.state)).toBe(at(hourMs))
    expect(codeOf(decideAuctionDeadline(announced.state, at(hourMs - 1)))).toBe('not_due')
    expect(byClock(announced, hourMs).state.status).toBe('open')
    expect(codeOf(decideAuctionDeadline(openAuction().state, at(tenHours - 1)))).toBe('not_due')
  })

  it('at the end the leader wins at the visible price, and pays in the window', () => {
    const auction = bids(openAuction(), { by: 'alice', max: 80_00 }, { by: 'bob', max: 30_00 })
    const won = byClock(auction, tenHours)
    expect(won.state).toMatchObject({
      status: 'awaiting_payment',
      endedAt: at(tenHours),
      sale: { bidderId: 'alice', priceMinor: 31_00, round: 1, payBy: at(tenHours + 48 * hourMs) },
    })
    // Its order tells it sooner.
    expect(auctionDueAt(won.state)).toBe(at(tenHours + 48 * hourMs + 5 * minuteMs))
    expect(codeOf(bidding(won, { by: 'carol', max: 900_00, ms: tenHours + 1 }))).toBe('auction_ended')
  })

  it('without bids, or without the reserve, nothing is sold', () => {
    expect(byClock(openAuction(), tenHours).state).toMatchObject({ status: 'unsold', unsold: 'no_bids' })
    const below = bid(openAuction({ reserveMinor: 50_00 }), { by: 'alice', max: 49_00 })
    expect(byClock(below, tenHours).state).toMatchObject({ status: 'unsold', unsold: 'reserve_not_met' })
  })
})

describe('buy-now', () => {
  const offered = bid(openAuction({ buyNowMinor: 500_00 }), { by: 'alice', max: 80_00 })
  const buy = (amountMinor: number, bidderId = 'bob') =>
    decideBuyNow(offered.state, { bidderId, price: usd(amountMinor), key: 'k' }, at(hourMs))

  it('ends the auction at once, at its price', () => {
    expect(taken(buy(500_00)).map(({ type }) => type)).toEqual(['bid_placed', 'auction_won'])
  })

  it('a maximum at or above it does the same, and pays no more', () => {
    const won = bid(offered, { by: 'bob', max: 900_00 })
    expect(won.state).toMatchObject({ status: 'awaiting_payment', priceMinor: 500_00 })
    expect(won.state.sale).toMatchObject({ bidderId: 'bob', priceMinor: 500_00 })
  })

  it('is refused at another price, where there is none, and to the operator who opened it', () => {
    expect(codeOf(buy(499_00))).toBe('price_changed')
    expect(codeOf(buy(500_00, 'olga'))).toBe('bid_own_listing')
    const none = decideBuyNow(openAuction().state, { bidderId: 'bob', price: usd(1), key: 'k' }, at(hourMs))
    expect(codeOf(none)).toBe('buy_now_not_offered')
  })

  it('is the minimum where a step would go beyond it', () => {
    const near = bids(openAuction({ buyNowMinor: 100_50 }), { by: 'alice', max: 100_00 }, { by: 'bob', max: 99_90 })
    expect(minimumNext(near.state)).toBe(100_50)
  })
})

describe('calling off', () => {
  it('is possible without bids, before the start and after it; again it changes nothing', () => {
    expect(taken(decideAuctionCancel(openAuction().state, 'a mistake'))).toEqual([
      { type: 'auction_cancelled', reason: 'a mistake' },
    ])
    expect(codeOf(decideAuctionCancel(openAuction({ startsAt: at(hourMs) }).state, 'a mistake'))).toBe('taken')
  })

  it('is refused once somebody has bid, and once it is over', () => {
    const auction = bid(openAuction(), { by: 'alice', max: 80_00 })
    expect(codeOf(decideAuctionCancel(auction.state, 'a mistake'))).toBe('auction_has_bids')
    expect(codeOf(decideAuctionCancel(byClock(auction, tenHours).state, 'a mistake'))).toBe('auction_ended')
  })
})

describe('the payment', () => {
  const auction = bids(
    openAuction(),
    { by: 'alice', max: 80_00 },
    { by: 'bob', max: 40_00 },
    { by: 'dora', max: 300_00 },
  )
  const won = byClock(auction, tenHours)
  const later = tenHours + 48 * hourMs

  it('sells the handle', () => {
    expect(orderEnded(won, 'settled', later).state.status).toBe('sold')
  })

  it('a winner who does not pay has defaulted, and the runner-up is offered the bid it held before', () => {
    // Alice stood at $41.00 against Bob when Dora came.
    const after = orderEnded(won, 'expired', later)
    expect(after.entry.events[0]).toMatchObject({ type: 'winner_defaulted', bidderId: 'dora' })
    expect(after.state).toMatchObject({
      status: 'offered_to_runner_up',
      defaulterId: 'dora',
      sale: { bidderId: 'alice', priceMinor: 41_00, round: 2, payBy: at(later + 48 * hourMs) },
    })
    expect(after.state.sale?.orderId).not.toBe(won.state.sale?.orderId)
  })

  it('a winner who cancels the order has defaulted too', () => {
    expect(orderEnded(won, 'cancelled', tenHours + 1).state.defaulterId).toBe('dora')
  })

  it('a rival cannot be bid up by an account that does not pay', () => {
    const bidUp = bids(
      openAuction(),
      { by: 'alice', max: 80_00 },
      { by: 'dora', max: 79_00 },
      { by: 'alice', max: 90_00 },
      { by: 'dora', max: 300_00 },
    )
    expect(bidUp.state.priceMinor).toBe(91_00)
    expect(runnerUpOf(bidUp.state, 'dora')).toEqual({ bidderId: 'alice', priceMinor: 10_00 })
  })

  it('without another bidder, or without one who meets the reserve, the handle is unsold', () => {
    const alone = byClock(bid(openAuction(), { by: 'dora', max: 80_00 }), tenHours)
    expect(orderEnded(alone, 'expired', later).state).toMatchObject({ status: 'unsold', unsold: 'no_runner_up' })
    const reserved = bids(openAuction({ reserveMinor: 50_00 }), { by: 'bob', max: 49_00 }, { by: 'dora', max: 80_00 })
    expect(runnerUpOf(reserved.state, 'dora')).toBeNull()
  })

  it('a runner-up who declines or does not pay ends it, without a strike', () => {
    const offered = orderEnded(won, 'expired', later)
    for (const [status, reason] of [
      ['cancelled', 'runner_up_declined'],
      ['expired', 'runner_up_did_not_pay'],
    ] as const) {
      const after = orderEnded(offered, status, later + hourMs)
      expect(after.state).toMatchObject({ status: 'unsold', unsold: reason })
      expect(after.entry.events.map(({ type }) => type)).toEqual(['auction_unsold'])
    }
    expect(orderEnded(offered, 'settled', later + hourMs).state.status).toBe('sold')
  })

  it('money that went back although it was paid is nobody’s default', () => {
    expect(orderEnded(won, 'refunded', later).state).toMatchObject({ status: 'unsold', unsold: 'refunded' })
  })

  it('an order of an earlier round, or one that is under way, changes nothing', () => {
    const offered = orderEnded(won, 'expired', later)
    const first = { id: won.state.sale?.orderId ?? '', status: 'expired' } as const
    expect(decideSaleOrder(offered.state, first, at(later))).toEqual([])
    expect(decideSaleOrder(won.state, { ...first, status: 'payment_processing' }, at(later))).toEqual([])
  })

  it('the clock waits longer for a slow payment, never shorter', () => {
    expect(decidePaymentAwaited(won.state, at(later + hourMs))).toEqual([
      { type: 'payment_awaited', payBy: at(later + hourMs) },
    ])
    expect(decidePaymentAwaited(won.state, at(later))).toEqual([])
  })

  it('only the runner-up declines, and not what is paid', () => {
    const offered = orderEnded(won, 'expired', later)
    const by = (id: string) => ({ kind: 'buyer', id }) as const
    expect(decideDecline(offered.state, by('alice'))).toEqual({
      ok: true,
      value: { orderId: offered.state.sale?.orderId },
    })
    expect(codeOf(decideDecline(offered.state, by('bob')))).toBe('not_found')
    expect(codeOf(decideDecline(won.state, by('dora')))).toBe('not_found')
    const sold = orderEnded(offered, 'settled', later)
    expect(codeOf(decideDecline(sold.state, by('alice')))).toBe('transition_not_allowed')
  })
})

describe('a repeated request', () => {
  const known = <T>(result: Result<T> | null): T => {
    if (result === null) throw new Error('the request is not known')
    return taken(result)
  }
  const repeat = ({ state }: VersionedAuction, by: string, max: number, key: string) =>
    earlierAnswer(state, { bidderId: by, maximum: usd(max), key: bidKey(by, key) })

  it('is answered as the first time, whatever has happened since', () => {
    const first = bid(openAuction(), { by: 'alice', max: 80_00, key: 'one' })
    const answer = known(repeat(first, 'alice', 80_00, 'one'))
    const later = byClock(bid(first, { by: 'bob', max: 300_00 }), tenHours)
    expect(repeat(later, 'alice', 80_00, 'one')).toEqual({ ok: true, value: answer })
    expect(answer).toEqual({
      maxMinor: 80_00,
      number: 1,
      at: at(hourMs),
      priceMinor: 10_00,
      endsAt: at(tenHours),
      leads: true,
    })
  })

  it('with another amount it is refused, and the key of somebody else is another key', () => {
    const first = bid(openAuction(), { by: 'alice', max: 80_00, key: 'one' })
    expect(codeOf(repeat(first, 'alice', 81_00, 'one') ?? bidding(first, { by: 'bob', max: 90_00 }))).toBe(
      'idempotency_key_reused',
    )
    expect(repeat(first, 'bob', 80_00, 'one')).toBeNull()
  })

  it('a maximum beyond buy-now is repeated as well', () => {
    const won = bid(openAuction({ buyNowMinor: 500_00 }), { by: 'alice', max: 900_00, key: 'one' })
    expect(codeOf(repeat(won, 'alice', 900_00, 'one') ?? bidding(won, { by: 'x', max: 0 }))).toBe('taken')
  })
})

it('an alias is the same in one auction, another in the next, and does not tell the account without the key', () => {
  const { state } = openAuction()
  expect(bidderAlias(state, 'alice')).toMatch(/^bidder_[0-9A-HJKMNP-TV-Z]{8}$/)
  expect(bidderAlias(state, 'alice')).toBe(bidderAlias(state, 'alice'))
  expect(bidderAlias({ ...state, id: `${auctionId.slice(0, -1)}T` }, 'alice')).not.toBe(bidderAlias(state, 'alice'))
  expect(bidderAlias({ ...state, aliasKey: 'x' }, 'alice')).not.toBe(bidderAlias(state, 'alice'))
})
