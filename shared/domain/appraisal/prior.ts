import type { Demand, ReasonCode } from './appraisal.ts'
import type { Features } from './features.ts'

// What the auction data cannot tell: it has no name under seven letters, and nobody bids on a word with a number behind
// it. The figures below are chosen, not fitted, in basis points of a factor of ten (10,000 = ten times). The reasons for
// them stand in docs/valuation.md, "Below seven letters".

/** Scarcity by length, for names of letters only or digits only: there are 26³ names of three letters, 26² of two. */
const shortNames = [0, 36_000, 29_000, 20_000, 13_000, 8_000, 3_500]
/** A short word or first name is one of a few hundred, not one of millions; every pair of letters is sought. */
const shortWord = [0, 0, 0, 6_000, 6_000, 5_000, 3_500]
const shortFirstName = [0, 0, 0, 5_000, 5_000, 4_000, 3_000]
const shortLengthMax = 6
const commonWordBand = 6
const commonNameBand = 2

/** By kind of number: none, any, a year, a palindrome or repeated pair, a sequence, one digit over and over. */
const numbers = [0, 0, 1_000, 2_000, 3_000, 6_000]
const digitsBehindFew = -2_000
const digitsBehindMany = -4_000
const digitsAmongLetters = -3_000
const underscoreEach = -1_500
const underscoresCountedMax = 2

/** Letters that are part of no word, in a name too long to be sought for its shortness. */
const senseless = -3_000
const senselessLengthMin = 5
const senselessLettersMin = 3

const demandMax = 8_000
const audienceMax = 2_500
const audienceFollowersMin = 10_000

/** A backorder names a price and is not paid for: it counts for more than a watch and less than an offer. */
const demandWeight = ({ searches = 0, watches = 0, backorders = 0, offers = 0 }: Demand): number =>
  Math.min(demandMax, Math.round(2_000 * Math.log2(1 + searches / 100 + watches / 5 + backorders / 2 + offers)))

const audienceWeight = (followers: number): number =>
  followers < audienceFollowersMin
    ? 0
    : Math.min(audienceMax, Math.round(1_000 * Math.log10(followers / audienceFollowersMin)))

/** Adds the chosen weights of a name to `add`; the sum of what was added. */
export const addPrior = (
  features: Features,
  facts: { readonly followers?: number; readonly demand?: Demand },
  add: (code: ReasonCode, weight: number) => void,
): number => {
  let total = 0
  const put = (code: ReasonCode, weight: number): void => {
    if (weight === 0) return
    total += weight
    add(code, weight)
  }
  const { length, digits, digitPlace, number, underscores, unknownLetters } = features
  if (length <= shortLengthMax) {
    const scarcity = shortNames[length] ?? 0
    const plain = (digits === 0 && underscores === 0) || digits === length
    put('length', plain ? scarcity : Math.trunc(scarcity / 2))
    if (digits === 0 && underscores === 0) {
      if (features.english >= commonWordBand) put('word', shortWord[length] ?? 0)
      else if (features.firstName >= commonNameBand) put('first_name', shortFirstName[length] ?? 0)
    }
  }
  put('digits', numbers[number] ?? 0)
  if (digitPlace === 1) put('digits', digits < 3 ? digitsBehindFew : digitsBehindMany)
  if (digitPlace === 2 || digitPlace === 3) put('digits', digitsAmongLetters)
  if (underscores > 0) put('underscore', underscoreEach * Math.min(underscores, underscoresCountedMax))
  if (length >= senselessLengthMin && unknownLetters >= senselessLettersMin) put('phrase', senseless)
  if (facts.demand !== undefined) put('demand', demandWeight(facts.demand))
  if (facts.followers !== undefined) put('audience', audienceWeight(facts.followers))
  return total
}
