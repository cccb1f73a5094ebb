import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  appraisalCeilingMinor,
  appraisalFloorMinor,
  fromStored,
  reasonWords,
  tiers,
  toStored,
} from '../../shared/domain/appraisal/appraisal.ts'
import { appraise, conclude, estimate } from '../../shared/domain/appraisal/appraise.ts'
import {
  comparablesMax,
  comparablesOf,
  comparablesWeightMax,
  kindOf,
  measureSales,
  noSales,
  type Sale,
} from '../../shared/domain/appraisal/comparables.ts'
import { measure } from '../../shared/domain/appraisal/features.ts'
import { appraisalModel } from '../../shared/domain/appraisal/model.ts'

const words =
  'river stone cloud mountain weather garden winter summer forest meadow bridge castle window silver copper planet ' +
  'moonlight sunrise kitchen harbour market doctor teacher painter singer dancer cities oceans islands valleys jennifer ' +
  'callum madrid hiroshima xkqzvbw mqtrzkp qwrtzps 1984 12345 7777777 river7 stone_1 musicpaper housepaint sun car'
const names = words.split(' ')

const own = (name: string) => appraise({ name }, appraisalModel)
const saleOf = (handle: string, percent: number, day = 1): Sale => ({
  handle,
  display: handle,
  priceMinor: Math.max(100, Math.round((own(handle).expectedMinor * percent) / 100)),
  soldAt: `2026-11-${String(day).padStart(2, '0')}T00:00:00.000Z`,
})
const comparable = (name: string, sales: readonly Sale[]) =>
  comparablesOf(estimate({ name }, appraisalModel), measureSales(sales, appraisalModel))
const withSales = (name: string, sales: readonly Sale[]) =>
  appraise({ name, comparables: comparable(name, sales) }, appraisalModel)

const anySales = fc.array(
  fc
    .record({
      handle: fc.constantFrom(...names),
      percent: fc.integer({ min: 1, max: 100_000 }),
      day: fc.integer({ min: 1, max: 28 }),
    })
    .map(({ handle, percent, day }) => saleOf(handle, percent, day)),
  { maxLength: 40 },
)
const anyName = fc.constantFrom(...names)

describe('comparable sales', () => {
  it('leave the estimate as it is where there are none', () => {
    for (const name of names) {
      expect(comparable(name, [])).toBeUndefined()
      expect(conclude(estimate({ name }, appraisalModel), undefined, appraisalModel)).toEqual(own(name))
    }
    expect(noSales.size).toBe(0)
    // Sales of another sort, length or tier are none.
    expect(
      comparable('river', [saleOf('7777777', 900), saleOf('moonlight', 900), saleOf('xkqzvbw', 900)]),
    ).toBeUndefined()
  })

  it('never lower the estimate by having fetched more', () => {
    fc.assert(
      fc.property(anyName, anySales, fc.array(fc.integer({ min: 0, max: 10_000 })), (name, sales, rises) => {
        const dearer = sales.map((sale, index) => ({
          ...sale,
          priceMinor: sale.priceMinor + Math.round((sale.priceMinor * (rises[index] ?? 0)) / 100),
        }))
        expect(withSales(name, dearer).expectedMinor).toBeGreaterThanOrEqual(withSales(name, sales).expectedMinor)
      }),
      { numRuns: 500 },
    )
  })

  it('never lower it by one more that fetched a larger multiple of its estimate than they say now', () => {
    const similar = names.filter((name) => kindOf(measure(name, undefined, appraisalModel.lexicon)) === 'word')
    fc.assert(
      fc.property(
        fc.constantFrom(...similar),
        fc.array(fc.tuple(fc.constantFrom(...similar), fc.integer({ min: 20, max: 500 })), {
          maxLength: comparablesMax - 1,
        }),
        fc.constantFrom(...similar),
        (name, some, more) => {
          const sales = some.map(([handle, percent]) => saleOf(handle, percent))
          const before = withSales(name, sales)
          const weight = before.comparables?.weight ?? 0
          const percent = Math.ceil(100 * 10 ** ((Math.max(weight, 0) + 200) / 10_000))
          expect(withSales(name, [...sales, saleOf(more, percent)]).expectedMinor).toBeGreaterThanOrEqual(
            before.expectedMinor,
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('at most double or halve it, and a single sale moves it by a sixth at most', () => {
    fc.assert(
      fc.property(anyName, anySales, (name, sales) => {
        const appraisal = withSales(name, sales)
        const { count = 0, withinThree = 0, weight = 0 } = appraisal.comparables ?? {}
        expect(count).toBeLessThanOrEqual(comparablesMax)
        expect(withinThree).toBeLessThanOrEqual(count)
        expect(Number.isSafeInteger(weight)).toBe(true)
        expect(Math.abs(weight)).toBeLessThanOrEqual(comparablesWeightMax)
        for (const amount of [appraisal.lowMinor, appraisal.expectedMinor, appraisal.highMinor, appraisal.confidence])
          expect(Number.isSafeInteger(amount)).toBe(true)
        expect(appraisal.lowMinor).toBeGreaterThanOrEqual(appraisalFloorMinor)
        expect(appraisal.expectedMinor).toBeGreaterThanOrEqual(appraisal.lowMinor)
        expect(appraisal.highMinor).toBeGreaterThanOrEqual(appraisal.expectedMinor)
        expect(appraisal.highMinor).toBeLessThanOrEqual(appraisalCeilingMinor)
        expect(appraisal.confidence).toBeGreaterThanOrEqual(0)
        expect(appraisal.confidence).toBeLessThanOrEqual(Math.min(100, own(name).confidence + 10))
        expect(tiers).toContain(appraisal.tier)
      }),
      { numRuns: 500 },
    )
    const single = withSales('stone', [saleOf('river', 1_000_000)])
    expect(single.comparables).toMatchObject({ count: 1, weight: 666 })
    const all = withSales(
      'stone',
      Array.from({ length: 30 }, () => saleOf('river', 1_000_000)),
    )
    expect(all.comparables).toMatchObject({ count: comparablesMax, weight: comparablesWeightMax })
  })

  it('are the same in whatever order they come', () => {
    fc.assert(
      fc.property(anyName, anySales, (name, sales) => {
        // Two sales of one handle at one instant are one sale.
        const distinct = [...new Map(sales.map((sale) => [`${sale.handle} ${sale.soldAt}`, sale])).values()]
        expect(withSales(name, distinct.toReversed())).toEqual(withSales(name, distinct))
      }),
    )
  })

  it('are replayed from what a stored appraisal keeps of them', () => {
    fc.assert(
      fc.property(anyName, anySales, (name, sales) => {
        const stored = toStored(withSales(name, sales))
        const { comparables } = fromStored(stored)
        expect(toStored(appraise({ name, comparables }, appraisalModel))).toEqual(stored)
      }),
    )
  })

  it('are told in words, with how many there were and the nearest of them', () => {
    const dear = [saleOf('summer', 400, 3), saleOf('forest', 250, 2), saleOf('bridge', 250, 1)]
    const { comparables, reasons, expectedMinor } = withSales('garden', dear)
    expect(comparables).toEqual({ count: 3, withinThree: 3, weight: 1_268, nearest: 'summer' })
    expect(expectedMinor).toBeGreaterThan(own('garden').expectedMinor)
    expect(expectedMinor).toBeLessThan(own('garden').expectedMinor * 1.4)
    const weight = comparables?.weight ?? 0
    expect(withSales('xkqzvbw', [saleOf('mqtrzkp', 1_000)]).reasons).toContainEqual({
      code: 'comparable_sales',
      weight: 666,
    })
    expect(reasons.length).toBeLessThanOrEqual(5)
    expect(reasonWords('comparable_sales', weight, comparables)).toBe(
      '3 similar names sold lately for more than estimated, summer among them',
    )
    expect(reasonWords('comparable_sales', -700, { count: 1, withinThree: 1, weight: -700, nearest: 'river' })).toBe(
      '1 similar name sold lately for less than estimated: river',
    )
  })

  it('narrow the range and raise the confidence where many agree, and not where few or none do', () => {
    const similar = [
      'river',
      'stone',
      'cloud',
      'winter',
      'summer',
      'forest',
      'bridge',
      'castle',
      'silver',
      'planet',
      'garden',
    ]
    const width = ({ lowMinor, highMinor }: { lowMinor: number; highMinor: number }) => highMinor / lowMinor
    const as = (percent: (index: number) => number, count: number) =>
      withSales(
        'bread',
        similar.slice(0, count).map((handle, index) => saleOf(handle, percent(index), index + 1)),
      )
    const alone = own('bread')
    const agreed = as(() => 100, similar.length)
    expect(agreed.comparables?.count).toBeGreaterThanOrEqual(5)
    expect(agreed.expectedMinor).toBe(alone.expectedMinor)
    expect(width(agreed)).toBeLessThan(width(alone))
    expect(agreed.confidence).toBeGreaterThan(alone.confidence)
    const few = as(() => 100, 3)
    expect([width(few), few.confidence]).toEqual([width(alone), alone.confidence])
    // Prices far from every estimate, up and down in turn.
    const wild = as((index) => (index % 2 === 0 ? 2_000 : 5), similar.length)
    expect(wild.confidence).toBeLessThanOrEqual(alone.confidence)
    expect(width(wild)).toBeGreaterThan(width(agreed))
  })
})
