import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkoutMaxMinor } from '../../shared/contract/money.ts'
import { decayEndsAt, decayOf, premiumAfter } from '../../shared/domain/dutch.ts'
import type { Decay } from '../../shared/domain/handle.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The curve of the source in floating point: S·2^(−t/H) − S·2^(−D/H). */
const inFloats = ({ premiumMinor, halfLifeHours, days }: Decay, elapsedMs: number): number =>
  premiumMinor * (2 ** (-elapsedMs / (halfLifeHours * hourMs)) - 2 ** (-(days * 24) / halfLifeHours))

const decays = fc.record({
  floorMinor: fc.integer({ min: 1, max: 1_000_000 }),
  premiumMinor: fc.integer({ min: 1, max: checkoutMaxMinor }),
  halfLifeHours: fc.integer({ min: 1, max: 720 }),
  days: fc.integer({ min: 1, max: 90 }),
})

describe('the premium of a Dutch sale', () => {
  // The premium of ENS: $100,000,000 that halves daily for 21 days, so that the last of it is 100,000,000 / 2^21 = $47.68.
  const ens: Decay = { floorMinor: 0, premiumMinor: 100_000_000_00, halfLifeHours: 24, days: 21 }

  it.each([
    [0, 99_999_952_31],
    [1, 49_999_952_31],
    [2, 24_999_952_31],
    [10, 97_608_56],
    [20, 47_68],
    [21, 0],
    [400, 0],
  ])('of the source is on day %i as that contract has it: %i cents', (day, cents) => {
    expect(premiumAfter(ens, day * dayMs)).toBe(cents)
  })

  it('half-way between two halvings stands at the square root of a half', () => {
    const shortly = { ...ens, premiumMinor: 1_000_000 }
    const last = 1_000_000 / 2 ** 21
    expect(premiumAfter(shortly, dayMs / 2)).toBe(Math.floor(1_000_000 * Math.SQRT1_2 - last))
  })

  it('never rises, is never negative, begins near its start, and is over at its end', () => {
    fc.assert(
      fc.property(
        decays,
        fc.array(fc.double({ min: 0, max: 1.1, noNaN: true }), { maxLength: 12 }),
        (decay, shares) => {
          const end = decay.days * dayMs
          const times = shares.map((share) => Math.floor(share * end)).toSorted((a, b) => a - b)
          const prices = times.map((time) => premiumAfter(decay, time))
          for (const [index, price] of prices.entries()) {
            expect(price).toBeGreaterThanOrEqual(0)
            expect(price).toBeLessThanOrEqual(index === 0 ? decay.premiumMinor : (prices[index - 1] ?? 0))
          }
          expect(premiumAfter(decay, end)).toBe(0)
          expect(premiumAfter(decay, -1)).toBe(premiumAfter(decay, 0))
        },
      ),
    )
  })

  it('is the curve of the source to a cent and a hundred-thousandth', () => {
    fc.assert(
      fc.property(decays, fc.double({ min: 0, max: 0.999, noNaN: true }), (decay, share) => {
        const elapsed = Math.floor(share * decay.days * dayMs)
        const exact = inFloats(decay, elapsed)
        expect(Math.abs(premiumAfter(decay, elapsed) - exact)).toBeLessThanOrEqual(1 + decay.premiumMinor * 2e-5)
      }),
    )
  })
})

describe('what is sold so', () => {
  const appraisal = {
    low: 10_00,
    expected: 200_00,
    high: 4_000_00,
    tier: 'notable',
    confidence: 20,
    reasons: '',
    model: 'm',
  } as const
  const { dutch } = shippedPolicy

  it('is a handle of some worth with a wide range, from twenty times the high of its appraisal down to the low', () => {
    expect(decayOf(appraisal, dutch)).toEqual({
      floorMinor: 10_00,
      premiumMinor: 80_000_00,
      halfLifeHours: 42,
      days: 21,
    })
  })

  it('is none with a narrow range, of little worth, or where the policy knows no Dutch sale', () => {
    expect(decayOf({ ...appraisal, high: 999_99 }, dutch)).toBeNull()
    expect(decayOf({ ...appraisal, expected: 99_99 }, dutch)).toBeNull()
    expect(decayOf(appraisal, null)).toBeNull()
  })

  it('begins at what one payment can carry where twenty times the high is more', () => {
    const decay = decayOf({ ...appraisal, high: 100_000_00 }, dutch)
    expect((decay?.floorMinor ?? 0) + (decay?.premiumMinor ?? 0)).toBe(checkoutMaxMinor)
  })

  it('ends so many days after it began', () => {
    const decay: Decay = { floorMinor: 1, premiumMinor: 1, halfLifeHours: 1, days: 21 }
    expect(decayEndsAt(decay, '2026-11-01T00:00:00.000Z')).toBe('2026-11-22T00:00:00.000Z')
  })
})
