/**
 * What an appraisal is and how it is kept. Small and without word lists, so every function may import it; the model and
 * its words stand in `model.ts`, which only the release worker loads.
 */

/** Price classes, from the cheapest. */
export const tiers = ['common', 'notable', 'rare', 'priority'] as const
export type Tier = (typeof tiers)[number]

/** The least expected price of each tier, in US cents. */
export const tierFloorMinor: Readonly<Record<Tier, number>> = {
  common: 0,
  notable: 100_00,
  rare: 1_000_00,
  priority: 10_000_00,
}

export const tierOf = (expectedMinor: number): Tier =>
  tiers.findLast((tier) => expectedMinor >= tierFloorMinor[tier]) ?? 'common'

/** No handle is appraised below $5. */
export const appraisalFloorMinor = 5_00
/** Nor above $5,000,000. */
export const appraisalCeilingMinor = 5_000_000_00

// Each code with what it says when it raises the price and when it lowers it.
const words = {
  length: ['It is short, and short handles are scarce', 'It is long'],
  word: ['It is a dictionary word that many people use', 'It is no word in common use'],
  foreign_word: ['It is a word in French, Spanish or German', 'It is a function word of another language'],
  trade: ['It names a trade or something people pay for', 'Its words do not belong to a trade'],
  first_name: ['It is a first name', 'It is a first name that few bear'],
  last_name: ['It is a family name', 'It is a family name of little demand'],
  place: ['It is the name of a place', 'It is the name of a small place'],
  company: ['It is the name of a company or institution', 'It resembles the name of a company'],
  phrase: ['It reads as words put together', 'It is several words put together'],
  form: ['It is the plain form of a word', 'It is an inflected form (-ed, -ing, -s)'],
  digits: ['It is a number that people remember', 'It has digits'],
  underscore: ['It has no underscore', 'It has underscores'],
  sound: ['It is easy to say', 'It is hard to say'],
  pattern: ['Its letters make a pattern that is easy to remember', 'Its letters repeat without sense'],
  demand: ['People watch it, have ordered it in advance or made offers', 'Nobody has asked for it'],
  comparable_sales: [
    'Similar names sold lately for more than estimated',
    'Similar names sold lately for less than estimated',
  ],
  audience: ['Its former holder had a large audience', 'Its former holder had no audience'],
} as const satisfies Record<string, readonly [string, string]>

export type ReasonCode = keyof typeof words
export const reasonCodes = Object.keys(words) as ReasonCode[]

export const isReasonCode = (text: string): text is ReasonCode => Object.hasOwn(words, text)

/** `weight` is basis points of a factor of ten: 10,000 makes the price ten times, −3,010 halves it. */
export type Reason = { readonly code: ReasonCode; readonly weight: number }

/** More are not told. */
const reasonsMax = 5
/** Below 7 % a reason is not worth a line. */
const reasonWeightMin = 300

/**
 * The reasons that are worth a line, the strongest first; of two that are equal the first of `reasonCodes`. Demand is
 * always among them: the counts it was made of move on, so its weight is what the appraisal can be made from again.
 */
export const strongest = (reasons: readonly Reason[]): readonly Reason[] => {
  const sorted = reasons
    .filter(({ weight }) => Math.abs(weight) >= reasonWeightMin)
    .sort(
      (a, b) => Math.abs(b.weight) - Math.abs(a.weight) || reasonCodes.indexOf(a.code) - reasonCodes.indexOf(b.code),
    )
  const demand = sorted.slice(reasonsMax).filter(({ code }) => code === 'demand')
  return [...sorted.slice(0, reasonsMax - demand.length), ...demand]
}

/**
 * The sentence for a reason, by the direction in which it moves the price; with the sales that an appraisal used, of
 * comparable sales it tells how many and names the nearest.
 */
export const reasonWords = (code: ReasonCode, weight = 1, comparables?: ComparableSales): string => {
  const sentence = words[code][weight >= 0 ? 0 : 1]
  if (code !== 'comparable_sales' || comparables === undefined) return sentence
  const { count, nearest } = comparables
  const sold = sentence.slice('Similar names '.length)
  return count === 1 ? `1 similar name ${sold}: ${nearest}` : `${count} similar names ${sold}, ${nearest} among them`
}

/** By how many percent a reason alone changes the price: 10,000 → 900, −3,010 → −50. */
export const reasonPercent = (weight: number): number => Math.round(100 * (10 ** (weight / 10_000) - 1))

/** The sales of similar names that an appraisal used: all that is needed to make it again. */
export type ComparableSales = {
  readonly count: number
  /** How many fetched within a factor of three of their estimate, moved by `weight`. */
  readonly withinThree: number
  /** By how much they move the estimate, basis points of a factor of ten. */
  readonly weight: number
  /** The most alike of them, to name one: the item has no room for all, and the sales history is public. */
  readonly nearest: string
}

export type Appraisal = {
  /** An 80 % range, in minor units: one sale in ten falls below it, one in ten above. */
  readonly lowMinor: number
  readonly expectedMinor: number
  readonly highMinor: number
  readonly currency: 'USD'
  readonly tier: Tier
  /** Percent; 100 would be a range of one price. */
  readonly confidence: number
  /** The strongest first; their weights are those of the whole estimate against an average handle. */
  readonly reasons: readonly Reason[]
  /** Absent: no similar name was sold lately. */
  readonly comparables?: ComparableSales | undefined
  readonly modelVersion: string
}

/** Who waits for a name: searches for it, accounts that watch it or ordered it in advance, offers. */
export type Demand = {
  readonly searches?: number
  readonly watches?: number
  readonly backorders?: number
  readonly offers?: number
}

/** An appraisal as a handle's item carries it: under 255 bytes of JSON; currency and words are added when it is read. */
export type StoredAppraisal = {
  readonly low: number
  readonly expected: number
  readonly high: number
  readonly tier: Tier
  readonly confidence: number
  /** `length+4100 word-800`; that of the comparable sales is in `sales`. */
  readonly reasons: string
  /** Comparable sales: count, within a factor of three, weight, the nearest: `7 6 +412 river` */
  readonly sales?: string | undefined
  readonly model: string
}

const signed = (weight: number): string => `${weight < 0 ? '' : '+'}${weight}`

const toStoredSales = ({ count, withinThree, weight, nearest }: ComparableSales): string =>
  `${count} ${withinThree} ${signed(weight)} ${nearest}`

const fromStoredSales = (text: string): ComparableSales => {
  const [count, withinThree, weight, nearest = ''] = text.split(' ')
  return { count: Number(count), withinThree: Number(withinThree), weight: Number(weight), nearest }
}

export const toStored = (appraisal: Appraisal): StoredAppraisal => ({
  low: appraisal.lowMinor,
  expected: appraisal.expectedMinor,
  high: appraisal.highMinor,
  tier: appraisal.tier,
  confidence: appraisal.confidence,
  reasons: appraisal.reasons
    .filter(({ code }) => code !== 'comparable_sales')
    .map(({ code, weight }) => `${code}${signed(weight)}`)
    .join(' '),
  ...(appraisal.comparables === undefined ? {} : { sales: toStoredSales(appraisal.comparables) }),
  model: appraisal.modelVersion,
})

const storedReasons = (stored: StoredAppraisal): readonly Reason[] =>
  stored.reasons.split(' ').flatMap((text) => {
    const [, code = '', weight = ''] = /^([a-z_]+)([+-][0-9]+)$/.exec(text) ?? []
    return isReasonCode(code) ? [{ code, weight: Number(weight) }] : []
  })

/** The reverse of `toStored`. A reason whose code this version no longer knows is left out. */
export const fromStored = (stored: StoredAppraisal): Appraisal => {
  const comparables = stored.sales === undefined ? undefined : fromStoredSales(stored.sales)
  const reasons = storedReasons(stored)
  return {
    lowMinor: stored.low,
    expectedMinor: stored.expected,
    highMinor: stored.high,
    currency: 'USD',
    tier: stored.tier,
    confidence: stored.confidence,
    reasons:
      comparables === undefined
        ? reasons
        : strongest([...reasons, { code: 'comparable_sales', weight: comparables.weight }]),
    ...(comparables === undefined ? {} : { comparables }),
    modelVersion: stored.model,
  }
}
