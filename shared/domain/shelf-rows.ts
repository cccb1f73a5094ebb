import { isDeepStrictEqual } from 'node:util'
import { type Tier, tierFloorMinor, tierOf } from './appraisal/appraisal.ts'
import type { Auction } from './auction.ts'
import { type Card, cardEndsAt, cardOf, sortedPrice } from './card.ts'
import type { Drop } from './drop.ts'
import type { Handle } from './handle.ts'

// The rows of the table `shelves`: everything that a search finds a handle by, but for its first letters. A handle's rows
// are a function of its state and of nothing else, so the table can be thrown away and made again.

/** `pk` is a shelf, `sk` the place on it: what the shelf is sorted by, then the name. */
export type ShelfRow = { readonly pk: string; readonly sk: string; readonly card: Card }

/** The words of a canonical name; needs the word lists, so whoever has them hands it in. */
export type WordsOf = (name: string, display: string) => readonly string[]

/**
 * The least price of each band, in minor units. The floors of the tiers are among them, so that a tier is some whole
 * bands. Nine in ten handles cost less than $100, where the bands are narrowest.
 */
export const bandFloorsMinor = [
  0, 10_00, 30_00, 100_00, 300_00, 1_000_00, 3_000_00, 10_000_00, 30_000_00, 100_000_00,
] as const

/** The floor of the band that a price falls into. */
export const bandOf = (priceMinor: number): number => bandFloorsMinor.findLast((floor) => priceMinor >= floor) ?? 0

/** A band and a length: the largest of these shelves takes a fourteenth of all handles, where a band alone takes two fifths. */
export const priceShelf = (bandFloorMinor: number, length: number): string => `P#${bandFloorMinor}#${length}`
/** Handles of a tier and a length whose price lies outside of the tier's own bands. */
export const tierShelf = (tier: Tier, length: number): string => `T#${tier}#${length}`
export const wordShelf = (word: string): string => `W#${word}`
/** Sales of one mode by the instant at which they end. */
export const endsShelf = (mode: TimedMode): string => `E#${mode}`

/** Whether it holds rows of auctions or drops, not of handles. */
export const isSalesShelf = (shelf: string): boolean => shelf === endsShelf('auction') || shelf === endsShelf('drop')

/** Modes of sale that end by the clock, and that anybody may take part in. */
export const timedModes = ['auction', 'dutch', 'drop'] as const
export type TimedMode = (typeof timedModes)[number]

const priceDigits = 10
/** As long as any price, so that text is sorted as numbers are. */
export const priceText = (amountMinor: number): string => String(amountMinor).padStart(priceDigits, '0')

/** The rows of a handle; none where it is not for sale. */
export const shelfRows = (handle: Handle, wordsOf: WordsOf): readonly ShelfRow[] => {
  const card = handle.legalHold === undefined ? cardOf(handle) : null
  if (card === null) return []
  const price = sortedPrice(card)
  const sk = `${priceText(price)}#${card.name}`
  const shelves = [priceShelf(bandOf(price), card.name.length)]
  if (tierOf(price) !== card.tier) shelves.push(tierShelf(card.tier, card.name.length))
  for (const word of wordsOf(card.name, card.display)) shelves.push(wordShelf(word))
  // Auctions and drops write theirs themselves: their end is not known here.
  const endsAt = card.sale === undefined ? cardEndsAt(card) : null
  const ends = endsAt === null ? [] : [{ pk: endsShelf('dutch'), sk: `${endsAt}#${card.name}`, card }]
  return [...shelves.map((pk) => ({ pk, sk, card })), ...ends]
}

/** The bands of one tier. */
export const bandsOfTier = (tier: Tier): readonly number[] => bandFloorsMinor.filter((floor) => tierOf(floor) === tier)

/** The least price of the tier above; undefined: there is none. */
export const tierCeilingMinor = (tier: Tier): number | undefined =>
  Object.values(tierFloorMinor).find((floor) => floor > tierFloorMinor[tier])

/** Whether two rows say the same: a row that is there already need not be written. */
export const sameRow = <R extends { readonly pk: string; readonly sk: string }>(a: R, b: R): boolean =>
  isDeepStrictEqual(a, b)

/**
 * A handle in an auction or a drop by the instant at which that ends, which bids move. What else a card shows stands on the
 * handle, which bids do not write.
 */
export type SaleRow = {
  readonly pk: string
  readonly sk: string
  readonly name: string
  readonly saleId: string
  readonly endsAt: string
  /** The visible price of an auction, or where its bidding begins; what a drop asks. */
  readonly priceMinor: number
}

const saleRow = (mode: 'auction' | 'drop', row: Omit<SaleRow, 'pk' | 'sk'>): SaleRow => ({
  pk: endsShelf(mode),
  sk: `${row.endsAt}#${row.name}`,
  ...row,
})

/** The row of an auction that takes bids. */
export const auctionRows = (auction: Auction): readonly SaleRow[] => {
  const { id: saleId, handle: name, status, endsAt, startMinor, priceMinor = startMinor } = auction
  return status === 'open' ? [saleRow('auction', { name, saleId, endsAt, priceMinor })] : []
}

/** A row for each handle of a drop that takes entries. */
export const dropRows = ({ id: saleId, status, closesAt: endsAt, lots }: Drop): readonly SaleRow[] =>
  status !== 'open'
    ? []
    : lots.flatMap(({ handle: name, priceMinor }) =>
        priceMinor === undefined ? [] : [saleRow('drop', { name, saleId, endsAt, priceMinor })],
      )

/** A handle's card as its auction or drop stands; null where another sale, or none, has the handle by now. */
export const saleCard = (card: Card | undefined, { saleId, endsAt, priceMinor }: SaleRow): Card | null =>
  card?.sale?.id === saleId ? { ...card, priceMinor, decay: undefined, sale: { ...card.sale, until: endsAt } } : null
