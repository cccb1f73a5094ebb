import { appraisalCeilingMinor, appraisalFloorMinor, reasonCodes, strongest, tierOf } from './appraisal.ts'
import type { Appraisal, ComparableSales, Demand, ReasonCode } from './appraisal.ts'
import { featureNames, featureReasons, measure } from './features.ts'
import type { FeatureName, Features } from './features.ts'
import type { Lexicon } from './lexicon.ts'
import { addPrior } from './prior.ts'

/** One step function: what the feature adds at `from`, `from + 1`, …; outside, the nearest step holds. */
export type FeatureSteps = { readonly from: number; readonly steps: readonly number[] }

/**
 * A fitted model. All weights are integers in basis points of a factor of ten above the price floor, so that they add:
 * the expected price is floor × 10^(sum / 10,000). `range` gives, at each fitted sum, how far the tenth and ninetieth
 * percentile lie from it and how often (percent) a price fell within a factor of three, all measured on held-out sales.
 */
export type FittedModel = {
  readonly version: string
  readonly base: number
  readonly features: Readonly<Partial<Record<FeatureName, FeatureSteps>>>
  readonly range: {
    readonly at: readonly number[]
    readonly low: readonly number[]
    readonly high: readonly number[]
    readonly withinThree: readonly number[]
  }
}

export type AppraisalModel = FittedModel & { readonly lexicon: Lexicon }

export type AppraisalFacts = {
  /** Canonical: a–z, 0–9, `_`. */
  readonly name: string
  /** The name as it is shown; its capitals tell where words begin. */
  readonly display?: string
  /** Of the account that had it. */
  readonly followers?: number
  readonly demand?: Demand
  /** Sales of similar names (`comparablesOf`), or those that a stored appraisal used. */
  readonly comparables?: ComparableSales | undefined
}

/** What the model says of a name by itself, before other names' sales are looked at. */
export type Estimate = {
  readonly features: Features
  /** Basis points of a factor of ten above the price floor: of the fitted tables, and of the chosen prior. */
  readonly fitted: number
  readonly prior: number
  readonly weights: ReadonlyMap<ReasonCode, number>
}

/** Where the price rests on the prior, the range is this much wider at both ends and the confidence lower. */
const priorWidening = 3_000
const priorConfidencePercent = 50
const priorRelied = 4_000
/** With fewer comparable sales the range and the confidence stay as they are. */
const comparablesForRangeMin = 5
const rangeNarrowerMaxPercent = 25
/** The measured confidence counts as much as this many sales, and they raise it by 10 at most. */
const confidenceWorth = 30
const confidenceRiseMax = 10

const stepAt = ({ from, steps }: FeatureSteps, value: number): number =>
  steps[Math.max(0, Math.min(steps.length - 1, value - from))] ?? 0

/** Linear between the points, constant outside. */
const along = (at: readonly number[], values: readonly number[], x: number): number => {
  const after = at.findIndex((point) => point >= x)
  if (after === 0) return values[0] ?? 0
  if (after === -1) return values.at(-1) ?? 0
  const [x0 = 0, x1 = 0] = [at[after - 1], at[after]]
  const [y0 = 0, y1 = 0] = [values[after - 1], values[after]]
  return Math.round(y0 + ((y1 - y0) * (x - x0)) / (x1 - x0))
}

/** Whole dollars below $1,000, three significant digits above; never outside the bounds. Monotone. */
const toPrice = (basisPoints: number): number => {
  const exact = appraisalFloorMinor * 10 ** (basisPoints / 10_000)
  const unit = Math.max(100, 10 ** (Math.floor(Math.log10(exact)) - 2))
  const rounded = Math.round(exact / unit) * unit
  return Math.min(appraisalCeilingMinor, Math.max(appraisalFloorMinor, rounded))
}

/** Sums the tables for a name. Pure; about 5 µs. The name must be canonical (`normalizeHandle`). */
export const estimate = (facts: Omit<AppraisalFacts, 'comparables'>, model: AppraisalModel): Estimate => {
  const features = measure(facts.name, facts.display, model.lexicon)
  const weights = new Map<ReasonCode, number>()
  const add = (code: ReasonCode, weight: number): void => {
    weights.set(code, (weights.get(code) ?? 0) + weight)
  }

  let fitted = model.base
  for (const feature of featureNames) {
    const steps = model.features[feature]
    if (steps === undefined) continue
    const weight = stepAt(steps, features[feature])
    fitted += weight
    add(featureReasons[feature], weight)
  }
  const prior = addPrior(features, facts, add)
  return { features, fitted, prior, weights }
}

/** What the model expects of a name by itself, in US cents. */
export const expectedOf = ({ fitted, prior }: Estimate): number => toPrice(fitted + prior)

/** Prices an estimate: a range, a tier, a confidence and the reasons. Integer but for one power of ten. */
export const conclude = (own: Estimate, comparables: ComparableSales | undefined, model: AppraisalModel): Appraisal => {
  const { fitted, prior } = own
  const moved = comparables?.weight ?? 0
  const total = fitted + prior + moved

  const wider = Math.abs(prior) >= priorRelied ? priorWidening : 0
  const { range } = model
  const kept = 100 - narrowerPercent(comparables)
  const off = (offset: number): number => Math.round((offset * kept) / 100)
  const expectedMinor = toPrice(total)
  const lowMinor = Math.min(expectedMinor, toPrice(total + off(along(range.at, range.low, fitted) - wider)))
  const highMinor = Math.max(expectedMinor, toPrice(total + off(along(range.at, range.high, fitted) + wider)))
  const measured = along(range.at, range.withinThree, fitted)
  const confidence = confidenceWith(
    wider === 0 ? measured : Math.round((measured * priorConfidencePercent) / 100),
    comparables,
  )

  const reasons = reasonCodes.map((code) => ({
    code,
    weight: code === 'comparable_sales' ? moved : (own.weights.get(code) ?? 0),
  }))

  return {
    lowMinor,
    expectedMinor,
    highMinor,
    currency: 'USD',
    tier: tierOf(expectedMinor),
    confidence,
    reasons: strongest(reasons),
    ...(comparables === undefined ? {} : { comparables }),
    modelVersion: model.version,
  }
}

/** By how much sales that agree narrow the range: 25 % at most, nothing below five of them. */
const narrowerPercent = (comparables: ComparableSales | undefined): number =>
  comparables === undefined || comparables.count < comparablesForRangeMin
    ? 0
    : Math.trunc((rangeNarrowerMaxPercent * comparables.withinThree) / (comparables.count + comparablesForRangeMin))

/**
 * Confidence is a measured frequency, so sales are further observations of it. They lower it freely and raise it little:
 * what was not sold is not among them.
 */
const confidenceWith = (percent: number, comparables: ComparableSales | undefined): number => {
  if (comparables === undefined || comparables.count < comparablesForRangeMin) return percent
  const { count, withinThree } = comparables
  const pooled = Math.round((percent * confidenceWorth + 100 * withinThree) / (confidenceWorth + count))
  return Math.min(pooled, percent + confidenceRiseMax)
}

/**
 * Appraises a handle: a range, a tier, a confidence and the reasons. Pure; about 5 µs. The name must be canonical
 * (`normalizeHandle`).
 */
export const appraise = (facts: AppraisalFacts, model: AppraisalModel): Appraisal =>
  conclude(estimate(facts, model), facts.comparables, model)
