import fc from 'fast-check'
import { expect, it } from 'vitest'
import { biddersKept, bidKey, isReserveMet } from '../../shared/domain/auction.ts'
import { earlierAnswer, runnerUpOf } from '../../shared/domain/auction-bids.ts'
import { stepAt } from '../../shared/domain/increments.ts'
import { usd } from '../../shared/contract/money.ts'
import { bid, bidding, codeOf, hourMs, leader, openAuction, type Placing, type VersionedAuction } from './auctions.ts'

const placing = fc.record({
  by: fc.constantFrom('alice', 'bob', 'carol', 'dora', 'erin', 'finn', 'gus', 'hal', 'ida', 'jan'),
  // Round amounts meet each other: ties.
  max: fc.oneof(
    fc.integer({ min: 1, max: 400_00 }),
    fc.integer({ min: 1, max: 8 }).map((n) => n * 50_00),
  ),
  stepMs: fc.integer({ min: 0, max: hourMs / 2 }),
})
const terms = fc.record({
  reserveMinor: fc.option(fc.integer({ min: 10_00, max: 200_00 }), { nil: undefined }),
  buyNowMinor: fc.option(fc.integer({ min: 300_00, max: 500_00 }), { nil: undefined }),
  increments: fc.constantFrom(openAuction().state.increments, { basisPoints: 500 }),
})

/** Every bid in turn, time going on; what was taken, with the auction before and after it. */
const run = (
  more: Parameters<typeof openAuction>[0],
  placings: readonly { by: string; max: number; stepMs: number }[],
) => {
  const steps: { placing: Placing; before: VersionedAuction; after: VersionedAuction }[] = []
  let auction = openAuction(more)
  let ms = 0
  for (const { by, max, stepMs } of placings) {
    ms += stepMs
    const one = { by, max, ms, key: `${steps.length}` }
    if (!bidding(auction, one).ok) continue
    const after = bid(auction, one)
    steps.push({ placing: one, before: auction, after })
    auction = after
  }
  return { steps, auction }
}

it('a price only rises, never above the leader’s maximum, and the end only moves forward', () => {
  fc.assert(
    fc.property(terms, fc.array(placing, { maxLength: 40 }), (more, placings) => {
      for (const { before, after } of run(more, placings).steps) {
        expect(after.state.priceMinor).toBeGreaterThanOrEqual(before.state.priceMinor ?? after.state.startMinor)
        expect(after.state.priceMinor).toBeLessThanOrEqual(after.state.bidders[0]?.maxMinor ?? 0)
        expect(after.state.endsAt >= before.state.endsAt).toBe(true)
        expect(after.state.bidders.length).toBeLessThanOrEqual(biddersKept)
        const told = after.entry.events.flatMap((event) => ('leaderId' in event ? [event.leaderId] : []))
        expect(told.filter((id) => id !== leader(after))).toEqual([])
      }
    }),
  )
})

it('the highest maximum leads, the earliest of equal ones, and pays no more than a step above the second', () => {
  fc.assert(
    fc.property(terms, fc.array(placing, { maxLength: 40 }), (more, placings) => {
      const { steps, auction } = run({ ...more, buyNowMinor: undefined }, placings)
      const best = new Map<string, { max: number; at: number }>()
      steps.forEach(({ placing: { by, max } }, index) => best.set(by, { max, at: index }))
      const order = [...best].toSorted(([, a], [, b]) => b.max - a.max || a.at - b.at).map(([by]) => by)
      const [first, second] = auction.state.bidders
      expect(auction.state.bidders.map(({ bidderId }) => bidderId)).toEqual(order.slice(0, biddersKept))
      if (first === undefined) return
      const { increments, startMinor, reserveMinor = 0, priceMinor = 0 } = auction.state
      const driven = second === undefined ? startMinor : second.maxMinor + stepAt(increments, second.maxMinor)
      expect(priceMinor).toBeLessThanOrEqual(Math.max(driven, first.maxMinor >= reserveMinor ? reserveMinor : 0))
    }),
  )
})

it('what the runner-up is offered is what an auction without the defaulter comes to, a step at most apart', () => {
  fc.assert(
    fc.property(terms, fc.array(placing, { minLength: 2, maxLength: 40 }), (more, placings) => {
      const { steps, auction } = run({ ...more, buyNowMinor: undefined }, placings)
      const defaulter = leader(auction)
      if (defaulter === undefined) return
      const others = steps.map((step) => step.placing).filter(({ by }) => by !== defaulter)
      let without = openAuction({ ...more, buyNowMinor: undefined })
      // Of the others every bid counts again: none is too low where the price is lower.
      for (const one of others) without = bid(without, { ...one, ms: hourMs })
      const offer = runnerUpOf(auction.state, defaulter)
      const isSold = isReserveMet(without.state) && without.state.bids > 0
      expect(offer?.bidderId).toBe(isSold ? leader(without) : undefined)
      const { priceMinor = 0, increments } = without.state
      const aboveMinor = offer === null ? 0 : offer.priceMinor - priceMinor
      expect(aboveMinor).toBeGreaterThanOrEqual(0)
      expect(aboveMinor).toBeLessThanOrEqual(stepAt(increments, priceMinor))
    }),
  )
})

it('a repeat never bids twice: it is answered from the state, or refused as too low, and changes nothing', () => {
  fc.assert(
    fc.property(terms, fc.array(placing, { maxLength: 20 }), (more, placings) => {
      const { steps, auction } = run(more, placings)
      for (const { placing: one } of steps) {
        const again = { bidderId: one.by, maximum: usd(one.max), key: bidKey(one.by, one.key ?? '') }
        const known = earlierAnswer(auction.state, again)
        const outcome = known === null ? codeOf(bidding(auction, one)) : known.ok ? 'answered' : 'taken'
        expect(['answered', 'bid_too_low', 'auction_ended']).toContain(outcome)
      }
    }),
  )
})
