import { type Tier, tierFloorMinor } from './appraisal/appraisal.ts'
import { type Card, cardMode, sortedPrice } from './card.ts'
import { handleLengthMax } from './handle-name.ts'
import { ok, refuse, type Result } from './result.ts'
import {
  bandFloorsMinor,
  endsShelf,
  type TimedMode,
  timedModes,
  bandsOfTier,
  priceShelf,
  priceText,
  tierCeilingMinor,
  tierShelf,
  wordShelf,
} from './shelf-rows.ts'

export const searchSorts = ['name', 'price', '-price', 'ending'] as const
export type SearchSort = (typeof searchSorts)[number]

/** `open`: anybody may buy it now. `upcoming`: its market opens later. `held`: on hold for an order. */
export const searchStatuses = ['open', 'upcoming', 'held'] as const

/** What is asked for; names and words are canonical, prices in minor units, both ends included. */
export type Search = {
  readonly prefix?: string | undefined
  readonly word?: string | undefined
  readonly length?: number | undefined
  readonly tier?: Tier | undefined
  readonly priceMin?: number | undefined
  readonly priceMax?: number | undefined
  readonly mode?: 'fixed_price' | TimedMode | undefined
  readonly status?: (typeof searchStatuses)[number] | undefined
  readonly sort?: SearchSort | undefined
}

/**
 * Shelves that are read together, in the order of their keys, from `from` to `to`, both included. The names that a segment
 * of an answer has are told in cursors.
 */
export type Segment = {
  readonly id: string
  readonly shelves: readonly string[]
  readonly from: string
  readonly to: string
}

/** Where an answer stands: segments one after another, of names (the index `byShelf`) or of rows (the table `shelves`). */
export type SearchPlan = {
  readonly of: 'names' | 'rows'
  readonly backwards: boolean
  readonly segments: readonly Segment[]
}

/** Shelves of names in the order in which a search without a prefix walks them. */
const nameShelves: readonly string[] = '0123456789_abcdefghijklmnopqrstuvwxyz'.split('')

/** Behind every character of a key. */
const end = '~'

const notServed = (field: string, words: string) => refuse('search_not_served', words, field)

/** The segments that answer a question, or why no index does. */
export const planSearch = (search: Search, now: string): Result<SearchPlan> => {
  const { priceMin = 0, priceMax = Number.POSITIVE_INFINITY } = search
  if (priceMin > priceMax) return refuse('validation_failed', 'priceMin is above priceMax', 'priceMax')
  const sort = search.sort ?? usualSort(search)
  switch (sort) {
    case 'name':
      return planNames(search)
    case 'ending':
      return planEnds(search, now)
    case 'price':
    case '-price':
      return planPrices(search, sort === '-price')
  }
}

const usualSort = (search: Search): SearchSort => {
  const { prefix, word, length, tier, priceMin, priceMax } = search
  if (prefix !== undefined) return 'name'
  if (word === undefined && isTimed(search)) return 'ending'
  return [word, length, tier, priceMin, priceMax].some((one) => one !== undefined) ? 'price' : 'name'
}

const isTimed = ({ mode }: Search): boolean => timedModes.some((timed) => timed === mode)

const planNames = (search: Search): Result<SearchPlan> => {
  const { prefix = '' } = search
  if (search.word !== undefined) return notServed('word', 'Words are sorted by price: leave out sort=name and prefix')
  for (const field of ['length', 'tier', 'priceMin', 'priceMax'] as const) {
    if (prefix === '' && search[field] !== undefined) {
      return notServed('sort', `Sorted by name, ${field} is asked for with a prefix; without one, sort by price`)
    }
  }
  if (prefix === '' && isTimed(search)) return notServed('sort', 'Sales that end by the clock are sorted by their end')
  const shelves = prefix === '' ? nameShelves : [prefix.slice(0, 1)]
  const segments = shelves.map((shelf) => ({
    id: shelf,
    shelves: [shelf],
    from: prefix === '' ? shelf : prefix,
    to: `${prefix === '' ? shelf : prefix}${end}`,
  }))
  return ok({ of: 'names', backwards: false, segments })
}

const planPrices = (search: Search, backwards: boolean): Result<SearchPlan> => {
  if (search.prefix !== undefined) return notServed('prefix', 'Names that begin so are sorted by name: leave out sort')
  if (search.word === undefined && isTimed(search)) {
    return notServed('sort', 'Sales that end by the clock are sorted by their end: leave out sort, or ask for a word')
  }
  const { priceMin = 0, priceMax = Number.MAX_SAFE_INTEGER } = search
  const ascending = priceSegments(search).flatMap(({ id, shelves, fromMinor, belowMinor }): Segment[] => {
    const lowest = Math.max(fromMinor, priceMin)
    const highest = Math.min(belowMinor - 1, priceMax)
    return lowest > highest ? [] : [{ id, shelves, from: priceText(lowest), to: `${textOfMost(highest)}#${end}` }]
  })
  return ok({ of: 'rows', backwards, segments: backwards ? ascending.toReversed() : ascending })
}

/** Sales that end by the clock, those that end first in front; what has ended already is not looked at. */
const planEnds = (search: Search, now: string): Result<SearchPlan> => {
  for (const field of ['prefix', 'word'] as const) {
    if (search[field] !== undefined) return notServed(field, `What ends soon is not sorted by ${field}: leave it out`)
  }
  if (search.mode === 'fixed_price') return notServed('mode', 'A sale at a fixed price has no end')
  const modes = search.mode === undefined ? timedModes : [search.mode]
  const shelves = modes.map(endsShelf)
  return ok({ of: 'rows', backwards: false, segments: [{ id: 'ends', shelves, from: now, to: end }] })
}

/** No price has more digits than nines here. */
const textOfMost = (amountMinor: number): string => priceText(Math.min(amountMinor, 9_999_999_999))

type PriceSegment = {
  readonly id: string
  readonly shelves: readonly string[]
  /** The prices that it holds. */
  readonly fromMinor: number
  readonly belowMinor: number
}

/** From the lowest price to the highest. */
const priceSegments = ({ word, length, tier }: Search): readonly PriceSegment[] => {
  if (word !== undefined) {
    return [{ id: 'word', shelves: [wordShelf(word)], fromMinor: 0, belowMinor: Number.POSITIVE_INFINITY }]
  }
  const lengths = length === undefined ? Array.from({ length: handleLengthMax }, (_, index) => index + 1) : [length]
  const bands = tier === undefined ? bandFloorsMinor : bandsOfTier(tier)
  const segments = bands.map((floor) => ({
    id: String(floor),
    shelves: lengths.map((one) => priceShelf(floor, one)),
    fromMinor: floor,
    belowMinor: bandFloorsMinor.find((other) => other > floor) ?? Number.POSITIVE_INFINITY,
  }))
  if (tier === undefined) return segments
  // Handles of this tier that are sold below or above its bands stand on shelves of their own.
  const shelves = lengths.map((one) => tierShelf(tier, one))
  const floor = tierFloorMinor[tier]
  const ceiling = tierCeilingMinor(tier)
  return [
    ...(floor === 0 ? [] : [{ id: 'below', shelves, fromMinor: 0, belowMinor: floor }]),
    ...segments,
    ...(ceiling === undefined
      ? []
      : [{ id: 'above', shelves, fromMinor: ceiling, belowMinor: Number.POSITIVE_INFINITY }]),
  ]
}

/** Whether a row that was read is asked for: what the place on a shelf does not tell. */
export const fitsSearch = (search: Search, card: Card, now: string): boolean =>
  (search.length === undefined || card.name.length === search.length) &&
  (search.tier === undefined || card.tier === search.tier) &&
  (search.priceMin === undefined || sortedPrice(card) >= search.priceMin) &&
  (search.priceMax === undefined || sortedPrice(card) <= search.priceMax) &&
  (search.mode === undefined || cardMode(card, now) === search.mode) &&
  (search.status === undefined || statusOf(card, now) === search.status)

const statusOf = ({ status, opensAt }: Card, now: string): Search['status'] => {
  if (status === 'held') return 'held'
  return now < opensAt ? 'upcoming' : 'open'
}
