import type { ReasonCode } from './appraisal.ts'
import type { Lexicon } from './lexicon.ts'
import { emptyMarks } from './marks.ts'

/** What is measured of a name, each with the reason that it counts towards. All integers. */
export const featureReasons = {
  length: 'length',
  english: 'word',
  written: 'word',
  spoken: 'word',
  proper: 'word',
  foreign: 'foreign_word',
  firstName: 'first_name',
  lastName: 'last_name',
  place: 'place',
  company: 'company',
  trade: 'trade',
  tradePieces: 'trade',
  lastPieceTrade: 'trade',
  pieces: 'phrase',
  unknownLetters: 'phrase',
  rarestPiece: 'phrase',
  longestPiece: 'phrase',
  surprise: 'phrase',
  functionPieces: 'phrase',
  form: 'form',
  digits: 'digits',
  digitPlace: 'digits',
  number: 'digits',
  underscores: 'underscore',
  sound: 'sound',
  worstPair: 'sound',
  vowels: 'sound',
  run: 'pattern',
  distinct: 'pattern',
} as const satisfies Record<string, ReasonCode>

export type FeatureName = keyof typeof featureReasons
export const featureNames = Object.keys(featureReasons) as FeatureName[]
export type Features = Record<FeatureName, number>

const noMarks = emptyMarks()
const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLetter = (code: number): boolean => code >= 97 && code <= 122

const unknownStart = 900
const unknownLetter = 650
const digitRun = 500
const pieceLengthMax = 15

// Scratch space, so that measuring allocates nothing but its answer. A name is at most `nameLengthMax` long.
const nameLengthMax = 64
const best = new Int32Array(nameLengthMax + 1)
const cameFrom = new Int32Array(nameLengthMax + 1)
const pieceGroup = new Int32Array(nameLengthMax + 1)

/** Whether a word begins at `index` by the case in which the handle is shown: `OpenSea` → at 4. */
const capitalAt = (display: string, index: number): boolean => {
  const code = display.charCodeAt(index)
  const before = display.charCodeAt(index - 1)
  return code >= 65 && code <= 90 && before >= 97 && before <= 122
}

/**
 * Splits a name into the words that make it likeliest. Digits and underscores separate; a change of case in the display
 * does too. Fills the scratch arrays and returns the cost in hundredths of a nat.
 */
const segment = (name: string, display: string | undefined, lexicon: Lexicon): number => {
  const { length } = name
  best.fill(0x3fffffff, 0, length + 1)
  best[0] = 0
  for (let start = 0; start < length; start += 1) {
    const cost = best[start] ?? 0
    const code = name.charCodeAt(start)
    if (code === 95) {
      if (cost < (best[start + 1] ?? 0)) {
        best[start + 1] = cost
        cameFrom[start + 1] = start
        pieceGroup[start + 1] = -3
      }
      continue
    }
    if (isDigit(code)) {
      let end = start + 1
      while (end < length && isDigit(name.charCodeAt(end))) end += 1
      const total = cost + digitRun + 150 * (end - start)
      if (total < (best[end] ?? 0)) {
        best[end] = total
        cameFrom[end] = start
        pieceGroup[end] = -2
      }
      continue
    }
    const endMax = Math.min(length, start + pieceLengthMax)
    for (let end = start + 1; end <= endMax; end += 1) {
      if (!isLetter(name.charCodeAt(end - 1))) break
      if (end - 1 > start && display !== undefined && capitalAt(display, end - 1)) break
      let group = -1
      let total = cost + unknownStart + unknownLetter * (end - start)
      if (end - start >= 2) {
        group = lexicon.groupOf(name, start, end)
        if (group >= 0) {
          const known = cost + (lexicon.costs[group] ?? 0) + (end - start === 2 ? 350 : end - start === 3 ? 100 : 0)
          if (known <= total) total = known
          else group = -1
        }
      }
      if (total < (best[end] ?? 0)) {
        best[end] = total
        cameFrom[end] = start
        pieceGroup[end] = group
      }
    }
  }
  return best[length] ?? 0
}

/** Shorter words are in half of all names, and a search by prefix finds them. */
const wordLettersMin = 3
/** Words as common as `the` and `for` say nothing of a name. */
const commonEnglishMin = 13

/**
 * The words that a canonical name is made of, in the order in which they stand in it, each once: words of the lexicon with
 * three letters or more, without the most common ones.
 */
export const wordsOf = (name: string, display: string | undefined, lexicon: Lexicon): string[] => {
  segment(name, display, lexicon)
  const words = new Set<string>()
  for (let end = name.length; end > 0;) {
    const start = cameFrom[end] ?? 0
    const group = pieceGroup[end] ?? -1
    const isCommon = (lexicon.marks[group] ?? noMarks).english >= commonEnglishMin
    if (group >= 0 && end - start >= wordLettersMin && !isCommon) words.add(name.slice(start, end))
    end = start
  }
  return [...words].toReversed()
}

const isSequence = (digits: string): boolean => {
  const step = digits.charCodeAt(1) - digits.charCodeAt(0)
  if (Math.abs(step) !== 1) return false
  for (let index = 2; index < digits.length; index += 1)
    if (digits.charCodeAt(index) - digits.charCodeAt(index - 1) !== step) return false
  return true
}

/** 0 no number, 1 any, 2 a year, 3 a palindrome or repeated pair, 4 a sequence, 5 one digit over and over. */
const numberKind = (name: string): number => {
  if (!/^[0-9]+$/.test(name)) return 0
  if (/^([0-9])\1*$/.test(name)) return 5
  if (name.length > 2 && isSequence(name)) return 4
  if (Array.from(name).reverse().join('') === name || /^([0-9]{2,4})\1+$/.test(name)) return 3
  if (/^(?:19|20)[0-9]{2}$/.test(name)) return 2
  return 1
}

/** 0 plain, 1 -s, 2 -ed, 3 -ing, 4 -ly: an ending after which a word of the lexicon is left. */
const formOf = (name: string, lexicon: Lexicon): number => {
  const { length } = name
  const stem = (cut: number): boolean => {
    const group = length - cut >= 3 ? lexicon.groupOf(name, 0, length - cut) : -1
    return group >= 0 && (lexicon.marks[group]?.english ?? 0) > 0
  }
  if (name.endsWith('ing') && length >= 6)
    return stem(3) || lexicon.groupOf(`${name.slice(0, -3)}e`, 0, length - 2) >= 0 ? 3 : 0
  if (name.endsWith('ed') && length >= 5) return stem(2) || stem(1) ? 2 : 0
  if (name.endsWith('ly')) return stem(2) ? 4 : 0
  if (name.endsWith('s') && !name.endsWith('ss')) return stem(1) || (name.endsWith('es') && stem(2)) ? 1 : 0
  return 0
}

/**
 * Measures a canonical name (a–z, 0–9, `_`, at most 64 long). `display` is the same name as it is shown, whose capitals
 * tell where words begin.
 */
export const measure = (name: string, display: string | undefined, lexicon: Lexicon): Features => {
  const { length } = name
  const wholeGroup = lexicon.groupOf(name, 0, length)
  const whole = lexicon.marks[wholeGroup] ?? noMarks

  const cost = segment(name, display, lexicon)
  let pieces = 0
  let unknownLetters = 0
  let rarestPiece = 15
  let longestPiece = 0
  let functionPieces = 0
  let tradePieces = 0
  let lastPieceTrade = 0
  for (let end = length; end > 0;) {
    const start = cameFrom[end] ?? 0
    const group = pieceGroup[end] ?? -1
    if (group >= -1) {
      pieces += 1
      if (group === -1) {
        unknownLetters += end - start
        rarestPiece = 0
      } else {
        const marks = lexicon.marks[group] ?? noMarks
        rarestPiece = Math.min(rarestPiece, Math.max(0, Math.round((1_775 - (lexicon.costs[group] ?? 0)) / 99)))
        longestPiece = Math.max(longestPiece, end - start)
        if (marks.english >= commonEnglishMin) functionPieces += 1
        if (marks.trade) {
          tradePieces += 1
          if (pieces === 1) lastPieceTrade = 1
        }
      }
    }
    end = start
  }

  let digits = 0
  let underscores = 0
  let vowels = 0
  let letters = 0
  let run = 1
  let longestRun = 1
  let seen = 0
  let distinct = 0
  let sound = 0
  let worstPair = 0
  let pairs = 0
  let before = 26
  for (let index = 0; index < length; index += 1) {
    const code = name.charCodeAt(index)
    run = index > 0 && code === name.charCodeAt(index - 1) ? run + 1 : 1
    if (run > longestRun) longestRun = run
    const bit = code === 95 ? 0 : isDigit(code) ? code - 47 : -1
    if (bit === 0) underscores += 1
    if (bit > 0) digits += 1
    const letter = code - 97
    if (letter >= 0 && letter < 26) {
      if ((seen & (1 << letter)) === 0) {
        seen |= 1 << letter
        distinct += 1
      }
      letters += 1
      if (letter === 0 || letter === 4 || letter === 8 || letter === 14 || letter === 20 || letter === 24) vowels += 1
      const pair = lexicon.bigrams[27 * before + letter] ?? 0
      sound += pair
      if (pair < worstPair) worstPair = pair
      pairs += 1
      before = letter
    } else if (before !== 26) {
      sound += lexicon.bigrams[27 * before + 26] ?? 0
      pairs += 1
      before = 26
    }
  }
  if (before !== 26) {
    sound += lexicon.bigrams[27 * before + 26] ?? 0
    pairs += 1
  }
  const firstDigit = name.search(/[0-9]/)
  const digitPlace =
    digits === 0 ? 0 : digits === length ? 4 : firstDigit === 0 ? 2 : /^[a-z_]+[0-9]+$/.test(name) ? 1 : 3

  return {
    length,
    english: whole.english,
    written: whole.written,
    spoken: whole.spoken,
    proper: Number(whole.proper),
    foreign: Math.max(whole.french, whole.spanish, whole.german),
    firstName: whole.firstName,
    lastName: whole.lastName,
    place: whole.place,
    company: Number(whole.company),
    trade: Number(whole.trade),
    tradePieces: pieces > 1 ? tradePieces : 0,
    lastPieceTrade: pieces > 1 ? lastPieceTrade : 0,
    pieces,
    unknownLetters,
    rarestPiece: pieces > 0 ? rarestPiece : 0,
    longestPiece,
    surprise: Math.round(cost / length / 5),
    functionPieces,
    form: letters === length ? formOf(name, lexicon) : 0,
    digits,
    digitPlace,
    number: digits === length ? numberKind(name) : 0,
    underscores,
    sound: pairs === 0 ? -60 : Math.round(sound / pairs / 5),
    worstPair: Math.round(worstPair / 20),
    vowels: letters === 0 ? 0 : Math.round((20 * vowels) / letters),
    run: longestRun,
    distinct: letters === 0 ? 0 : Math.round((20 * distinct) / letters),
  }
}
