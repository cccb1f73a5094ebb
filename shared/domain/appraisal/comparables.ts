import { type ComparableSales, tierOf, tiers } from './appraisal.ts'
import type { AppraisalModel, Estimate } from './appraise.ts'
import { estimate, expectedOf } from './appraise.ts'
import type { Features } from './features.ts'

// What similar names were sold for in this market, against what the model says of those names by themselves. The rule,
// its figures and its limit stand in docs/valuation.md, "Comparable sales". Integers, and no clock: the same sales give
// the same answer, in whatever order they come.

/** A sale as the public history tells it; prices in US cents. */
export type Sale = {
  readonly handle: string
  readonly display: string
  readonly priceMinor: number
  readonly soldAt: string
}

const kinds = ['number', 'word', 'foreign', 'name', 'place', 'company', 'phrase', 'mixed', 'letters'] as const
export type Kind = (typeof kinds)[number]

/** What sort of name it is, the first that fits; names of other sorts tell little of each other's prices. */
export const kindOf = (features: Features): Kind => {
  if (features.digits === features.length) return 'number'
  if (features.digits > 0 || features.underscores > 0) return 'mixed'
  if (features.english > 0) return 'word'
  if (features.foreign > 0) return 'foreign'
  if (features.firstName > 0 || features.lastName > 0) return 'name'
  if (features.place > 0) return 'place'
  if (features.company > 0) return 'company'
  return features.pieces > 1 && features.unknownLetters === 0 ? 'phrase' : 'letters'
}

type MeasuredSale = {
  readonly handle: string
  readonly length: number
  readonly tier: number
  /** Price over the model's own estimate, basis points of a factor of ten, clipped. */
  readonly ratio: number
}

/** Sales by the kind of their names, the newest first, each measured against the model's own estimate. */
export type SaleBook = ReadonlyMap<Kind, readonly MeasuredSale[]>
export const noSales: SaleBook = new Map()

/** A sale is not believed beyond four times its estimate, or a quarter: one buyer's whim must not move a market. */
export const ratioMax = 6_000
/** The estimate at most doubles or halves. */
export const comparablesWeightMax = 3_010
/** Sales that are looked at, the nearest. */
export const comparablesMax = 15
/** So many sales must agree before they count as much as the model does. */
const modelWorth = 8
const lengthApartMax = 2
const tierApartMax = 1
/** A price within a factor of three of the estimate; what `confidence` counts. */
const factorThree = 4_771

const clip = (value: number, max: number): number => Math.max(-max, Math.min(max, value))

/** Measures sales once for many appraisals: about 7 µs a sale. */
export const measureSales = (sales: readonly Sale[], model: AppraisalModel): SaleBook => {
  const book = new Map<Kind, MeasuredSale[]>()
  const newestFirst = sales.toSorted((a, b) => compare(b.soldAt, a.soldAt) || compare(a.handle, b.handle))
  for (const { handle, display, priceMinor } of newestFirst) {
    const own = estimate({ name: handle, display }, model)
    const expectedMinor = expectedOf(own)
    const kind = kindOf(own.features)
    const ratio = clip(Math.round(10_000 * Math.log10(priceMinor / expectedMinor)), ratioMax)
    const measured = { handle, length: own.features.length, tier: tiers.indexOf(tierOf(expectedMinor)), ratio }
    const same = book.get(kind)
    if (same === undefined) book.set(kind, [measured])
    else same.push(measured)
  }
  return book
}

/**
 * The sales that are alike (the same kind, neighbouring tiers, length within two), and by how much they move the
 * estimate: the sum of their ratios over their count + 8. Undefined where there are none.
 */
export const comparablesOf = (own: Estimate, book: SaleBook): ComparableSales | undefined => {
  const known = book.get(kindOf(own.features))
  if (known === undefined) return undefined
  const { length } = own.features
  const tier = tiers.indexOf(tierOf(expectedOf(own)))
  // By distance; within one, the newest first, as the book has them.
  const byDistance: MeasuredSale[][] = []
  for (const sale of known) {
    const lengthApart = Math.abs(sale.length - length)
    const tierApart = Math.abs(sale.tier - tier)
    if (lengthApart <= lengthApartMax && tierApart <= tierApartMax)
      (byDistance[lengthApart + 2 * tierApart] ??= []).push(sale)
  }
  const nearest = byDistance.flat().slice(0, comparablesMax)
  const count = nearest.length
  const [first] = nearest
  if (first === undefined) return undefined
  const sum = nearest.reduce((total, { ratio }) => total + ratio, 0)
  const weight = clip(Math.trunc(sum / (count + modelWorth)), comparablesWeightMax)
  return {
    count,
    withinThree: nearest.filter(({ ratio }) => Math.abs(ratio - weight) <= factorThree).length,
    // Truncation gives −0 too, which no text keeps.
    weight: weight + 0,
    nearest: first.handle,
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
