import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Auction, minimumFor } from '../../shared/domain/auction.ts'
import { auctionMailsOf } from '../../shared/domain/auction-mail.ts'
import { bidOutcome, type ListedBid, listedBids, ownOrderId } from '../../shared/domain/own-bids.ts'
import { saleOrderId } from '../../shared/domain/order.ts'
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
  openAuction,
  orderEnded,
  type VersionedAuction,
} from './auctions.ts'

const closed = 10 * hourMs
const outcomes = ({ state }: VersionedAuction, ...accounts: string[]) =>
  accounts.map((account) => bidOutcome(state, account))

const rivals = () =>
  bids(openAuction(), { by: 'bob', max: 40_00 }, { by: 'carol', max: 30_00 }, { by: 'alice', max: 80_00 })

describe('how an auction stands for who has bid in it', () => {
  it('says who leads, and at the end who won and which order is to be paid', () => {
    expect(outcomes(rivals(), 'alice', 'bob', 'carol')).toEqual(['leading', 'outbid', 'outbid'])
    const won = byClock(rivals(), closed)
    expect(outcomes(won, 'alice', 'bob', 'carol')).toEqual(['won', 'lost', 'lost'])
    expect(ownOrderId(won.state, 'alice')).toBe(saleOrderId(auctionId, 1))
    expect(ownOrderId(won.state, 'bob')).toBeNull()
    expect(outcomes(orderEnded(won, 'settled', closed + 1), 'alice', 'bob')).toEqual(['won', 'lost'])
    expect(outcomes(orderEnded(won, 'refunded', closed + 1), 'alice', 'bob')).toEqual(['cancelled', 'lost'])
  })

  it('passes over a winner who does not pay, for good, and a runner-up who declines', () => {
    const offered = orderEnded(byClock(rivals(), closed), 'expired', closed + 1)
    expect(outcomes(offered, 'alice', 'bob', 'carol')).toEqual(['passed_over', 'won', 'lost'])
    expect(ownOrderId(offered.state, 'alice')).toBe(saleOrderId(auctionId, 1))
    expect(ownOrderId(offered.state, 'bob')).toBe(saleOrderId(auctionId, 2))
    const paid = orderEnded(offered, 'settled', closed + 2)
    expect(outcomes(paid, 'alice', 'bob', 'carol')).toEqual(['passed_over', 'won', 'lost'])
    const declined = orderEnded(offered, 'cancelled', closed + 2)
    expect(outcomes(declined, 'alice', 'bob', 'carol')).toEqual(['passed_over', 'passed_over', 'lost'])
  })

  it('passes over a winner without a runner-up, and tells who did not meet the reserve that it was not sold', () => {
    const alone = orderEnded(byClock(bids(openAuction(), { by: 'alice', max: 80_00 }), closed), 'expired', closed + 1)
    expect(outcomes(alone, 'alice')).toEqual(['passed_over'])
    const unmet = byClock(bids(openAuction({ reserveMinor: 90_00 }), { by: 'alice', max: 80_00 }), closed)
    expect(outcomes(unmet, 'alice')).toEqual(['unsold'])
  })
})

it('the minimum of an account is what its bid is held to, to the cent', () => {
  const auction = rivals()
  expect(['alice', 'bob', 'newcomer'].map((by) => minimumFor(auction.state, by))).toEqual([80_01, 42_00, 42_00])
  for (const by of ['alice', 'bob', 'newcomer']) {
    const minimum = minimumFor(auction.state, by)
    expect(codeOf(bidding(auction, { by, max: minimum }))).toBe('taken')
    expect(codeOf(bidding(auction, { by, max: minimum - 1 }))).toBe('bid_too_low')
  }
})

const placings = fc.array(
  fc.record({
    by: fc.constantFrom('alice', 'bob', 'carol', 'dora', 'erin', 'finn', 'gus', 'hal', 'ida', 'jan', 'kim', 'leo'),
    max: fc.oneof(fc.integer({ min: 10_00, max: 300_00 }), fc.constantFrom(50_00, 100_00, 200_00, 500_00)),
  }),
  { maxLength: 60 },
)
const terms = fc.record({ reserveMinor: fc.option(fc.integer({ min: 10_00, max: 200_00 }), { nil: undefined }) })

it('every bid that is taken is listed once, also of bidders whom the auction keeps no more, and its leader is told once that it was overtaken', () => {
  fc.assert(
    fc.property(terms, placings, (more, all) => {
      let auction = openAuction(more)
      const list = new Map<string, ListedBid>()
      const newest = new Map<string, number>()
      all.forEach((placing, index) => {
        const one = { ...placing, key: String(index) }
        if (!bidding(auction, one).ok) return
        const after = bid(auction, one)
        const listed = listedBids(auction.state, after.state)
        expect(listed.map(({ accountId, maxMinor }) => [accountId, maxMinor])).toEqual([[one.by, one.max]])
        for (const row of listed) list.set(row.accountId, row)
        newest.set(one.by, one.max)
        const before = leader(auction)
        const told = after.entry.events.flatMap((event) => (event.type === 'leader_outbid' ? [event.bidderId] : []))
        expect(told).toEqual(before !== undefined && leader(after) !== before ? [before] : [])
        auction = after
      })
      expect(new Map([...list].map(([account, { maxMinor }]) => [account, maxMinor]))).toEqual(newest)
    }),
  )
})

describe('what bidders are written', () => {
  const to = (about: string, auction: Auction, bidderId?: string, now = at(hourMs)) =>
    auctionMailsOf(about, auction, bidderId, now).map((mail) => [mail.bidderId, mail.subject])

  it('tells an overtaken bidder the price, the minimum and the end, and nobody’s name or maximum', () => {
    const [mail, ...more] = auctionMailsOf('leader_outbid', rivals().state, 'bob', at(hourMs))
    expect(more).toEqual([])
    expect(mail).toMatchObject({ bidderId: 'bob', subject: 'You were outbid in the auction of @Moons' })
    expect(mail?.text).toContain('it stands at $41.00')
    expect(mail?.text).toContain('bid $42.00 or more before 2026-11-23 22:00 UTC')
    for (const secret of ['alice', 'carol', '80.00', 'bidder_']) expect(mail?.text).not.toContain(secret)
  })

  it('says nothing to who leads again, nor after the end, whether the clock has come or not', () => {
    const state = rivals().state
    expect(to('leader_outbid', state, 'alice')).toEqual([])
    expect(to('leader_outbid', state, 'bob', at(closed))).toEqual([])
    expect(to('leader_outbid', byClock(rivals(), closed).state, 'bob')).toEqual([])
  })

  it('a bid that ends the auction overtakes nobody: its rivals are told of the end alone', () => {
    const led = bids(openAuction({ buyNowMinor: 100_00 }), { by: 'alice', max: 80_00 })
    const bought = bid(led, { by: 'bob', max: 100_00 })
    expect(bought.entry.events.map(({ type }) => type)).toEqual(['bid_placed', 'auction_won'])
    expect(to('auction_won', bought.state)).toEqual([
      ['bob', 'You won @Moons for $100.00'],
      ['alice', 'The auction of @Moons has ended'],
    ])
  })

  it('tells the winner to pay while it is to pay, and the others that they did not win', () => {
    const won = byClock(rivals(), closed)
    expect(to('auction_won', won.state)).toEqual([
      ['alice', 'You won @Moons for $41.00'],
      ['bob', 'The auction of @Moons has ended'],
      ['carol', 'The auction of @Moons has ended'],
    ])
    expect(to('auction_won', orderEnded(won, 'settled', closed + 1).state).map(([who]) => who)).toEqual([
      'bob',
      'carol',
    ])
    const offered = orderEnded(won, 'expired', closed + 1).state
    expect(to('auction_won', offered).map(([who]) => who)).toEqual(['carol'])
    expect(to('runner_up_offered', offered)).toEqual([['bob', '@Moons is offered to you for $31.00']])
    expect(to('runner_up_offered', won.state)).toEqual([])
  })

  it('tells of an end without a sale where nobody was told before', () => {
    const unmet = byClock(bids(openAuction({ reserveMinor: 90_00 }), { by: 'alice', max: 80_00 }), closed)
    expect(to('auction_unsold', unmet.state)).toEqual([['alice', 'The auction of @Moons has ended']])
    const refunded = orderEnded(byClock(rivals(), closed), 'refunded', closed + 1)
    expect(to('auction_unsold', refunded.state)).toEqual([])
  })
})
