import type * as z from 'zod'
import type { similarNamesSchema } from '../contract/market-resources.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { ok, type Result } from '../domain/result.ts'
import { bandOf, priceShelf, priceText, wordShelf } from '../domain/shelf-rows.ts'
import {
  beginningOf,
  editsOf,
  type NameSense,
  rankSimilar,
  type SimilarityCode,
  similarityWords,
} from '../domain/similar.ts'
import type { HandlesStore, ShelvesStore } from '../store/client.ts'
import { queryNames, viewCards } from '../store/handles.ts'
import { type CardAt, queryRows } from '../store/shelves.ts'
import type { ReadShelf } from './read-segment.ts'
import { viewCard } from './views.ts'

export type SimilarDeps = {
  readonly store: HandlesStore & ShelvesStore
  readonly now: () => number
  readonly senseOf: (name: string, display: string) => NameSense
}

/** Of each shelf that is looked at, so many rows on either side of where the name would stand. */
const rowsOnEachSide = 15
const wordsMax = 3
const anyPrice = { from: '0', to: '~' }

/**
 * Names for sale that are like this one, which may be held, reserved, or unheard of. One BatchGetItem for what small changes
 * make of it, and two short queries each beside where it would stand: among the names, under each of its words, and among
 * those as long and as dear. That is all, however large the market is.
 */
export const similarNames = async (
  { store, now, senseOf }: SimilarDeps,
  input: string,
  limit: number,
): Promise<Result<z.infer<typeof similarNamesSchema>>> => {
  const checked = checkHandle(input)
  if (!checked.ok) return checked
  const name = checked.value
  const { words, kind, expectedMinor } = senseOf(name, input)
  const edits = editsOf(name)
  const beginning = beginningOf(name)
  const price = priceText(expectedMinor)
  const rows: ReadShelf = (shelf, stretch) => queryRows(store, shelf, stretch)
  const names: ReadShelf = (shelf, stretch) => queryNames(store, shelf, stretch)

  const [changed, beside, alike, ...sharing] = await Promise.all([
    viewCards(store, [...edits.keys()]),
    around(names, name.slice(0, 1), name, { from: beginning, to: `${beginning}~` }),
    around(rows, priceShelf(bandOf(expectedMinor), name.length), price, anyPrice),
    ...words.slice(0, wordsMax).map((word) => around(rows, wordShelf(word), price, anyPrice)),
  ])
  const found = [
    ...changed.flatMap((card) => {
      const code = edits.get(card.name)
      return code === undefined ? [] : [{ card, code }]
    }),
    ...cardsOf(sharing.flat(), 'same_word'),
    ...cardsOf(beside, 'same_beginning'),
    ...cardsOf(alike, 'same_kind').filter(({ card }) => senseOf(card.name, card.display).kind === kind),
  ]
  const at = new Date(now()).toISOString()
  return ok({
    handle: name,
    items: rankSimilar(name, found, limit).map(({ card, why }) => ({
      ...viewCard(card, at),
      why: why.map((code) => ({ code, words: similarityWords[code] })),
    })),
  })
}

const around = async (
  read: ReadShelf,
  shelf: string,
  key: string,
  range: { readonly from: string; readonly to: string },
): Promise<readonly CardAt[]> => {
  const stretch = { limit: rowsOnEachSide, ...range }
  const sides = await Promise.all([
    read(shelf, { ...stretch, from: key, backwards: false }),
    read(shelf, { ...stretch, to: key, backwards: true }),
  ])
  return sides.flatMap((side) => side.rows)
}

const cardsOf = (rows: readonly CardAt[], code: SimilarityCode) =>
  rows.flatMap(({ card }) => (card === null ? [] : [{ card, code }]))
