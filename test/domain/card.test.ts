import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cardEndsAt, cardMode, cardOf, cardPrice, sortedPrice } from '../../shared/domain/card.ts'
import type { Listing } from '../../shared/domain/handle.ts'
import { decayTimes, modeOf, opensAtOf, priceAt } from '../../shared/domain/listing.ts'

const openedAt = '2026-11-23T12:00:00.000Z'
const instant = (hours: number): string => new Date(Date.parse(openedAt) + hours * 3_600_000).toISOString()
const appraisal = {
  low: 100_00,
  expected: 300_00,
  high: 900_00,
  tier: 'notable',
  confidence: 50,
  reasons: '',
  model: 'v1',
} as const

const days = fc.integer({ min: 0, max: 30 })
const hoursOf = fc.integer({ min: 0, max: 2_000 })
const decayOf = fc.record(
  {
    floorMinor: fc.integer({ min: 500, max: 100_00 }),
    premiumMinor: fc.integer({ min: 0, max: 900_000_00 }),
    halfLifeHours: fc.integer({ min: 1, max: 48 }),
    days: fc.integer({ min: 1, max: 21 }),
    startsAt: hoursOf.map(instant),
  },
  { requiredKeys: ['floorMinor', 'premiumMinor', 'halfLifeHours', 'days'] },
)
const saleOf = fc.record(
  { mode: fc.constantFrom('auction', 'drop', 'private_offer'), id: fc.constant('x'), until: hoursOf.map(instant) },
  { requiredKeys: ['mode', 'id'] },
)
const listingOf = fc.record(
  {
    status: fc.constantFrom('open', 'held'),
    priceMinor: fc.integer({ min: 500, max: 900_000_00 }),
    currency: fc.constant('USD'),
    openedAt: fc.constant(openedAt),
    rightsDays: days,
    firstRefusalDays: days,
    prospectsDays: days,
    quarantineDays: days,
    decay: decayOf,
    sale: saleOf,
  },
  {
    requiredKeys: [
      'status',
      'priceMinor',
      'currency',
      'openedAt',
      'rightsDays',
      'firstRefusalDays',
      'prospectsDays',
      'quarantineDays',
    ],
  },
)

it('a card says of price, mode and end what its listing says, at every instant', () => {
  fc.assert(
    fc.property(listingOf, hoursOf.map(instant), (made, now) => {
      // Private phases end before the quarantine does: no policy is published that says otherwise.
      const privateDays = made.rightsDays + made.firstRefusalDays + made.prospectsDays
      const listing = { ...made, quarantineDays: made.quarantineDays + privateDays } as Listing
      const card = cardOf({ name: 'poem', display: 'Poem', listing, appraisal })
      if (card === null) throw new Error('no card')
      expect(cardMode(card, now)).toBe(modeOf(listing, now))
      expect(card.opensAt).toBe(opensAtOf(listing))
      expect(cardPrice(card, now)).toBe(priceAt(listing, now))
      const { decay, sale } = listing
      expect(sortedPrice(card)).toBe(decay?.floorMinor ?? listing.priceMinor)
      const decayEnds = decay === undefined ? null : decayTimes(listing, decay).endsAt
      expect(cardEndsAt(card)).toBe(sale === undefined ? decayEnds : (sale.until ?? null))
    }),
  )
})

it('no listing, no card', () => {
  expect(cardOf({ name: 'poem', display: 'Poem', listing: undefined, appraisal })).toBeNull()
})
