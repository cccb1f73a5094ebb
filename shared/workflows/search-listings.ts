import type * as z from 'zod'
import type { listingCardSchema } from '../contract/market-resources.ts'
import type { Card } from '../domain/card.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { canonicalJson } from '../domain/journal.ts'
import { ok, type Result } from '../domain/result.ts'
import { fitsSearch, planSearch, type Search, type SearchPlan } from '../domain/search.ts'
import { isSalesShelf, saleCard } from '../domain/shelf-rows.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { HandlesStore, ShelvesStore } from '../store/client.ts'
import { queryNames, viewCards } from '../store/handles.ts'
import { type CardPage, queryRows, querySaleRows, type Stretch } from '../store/shelves.ts'
import { type Budget, type ReadShelf, readSegment } from './read-segment.ts'
import { viewCard } from './views.ts'

/** A page reads no more than this and comes short rather: 40 units where all of it is read, some eight as a rule. */
const queriesPerPageMax = 64
const rowsPerPageMax = 500

export type SearchDeps = { readonly store: HandlesStore & ShelvesStore; readonly now: () => number }

type Question = Search & { readonly limit: number; readonly cursor?: string | undefined }
type Page = { readonly items: z.infer<typeof listingCardSchema>[]; readonly nextCursor: string | null }

/** A place in an answer: a segment of it, and the key behind which to go on. */
type Place = { readonly segment: string; readonly after?: string | undefined }

/**
 * One page of the market. A cursor is a key to go on behind, never a count: what is listed, sold or priced anew between two
 * pages moves no other handle. A page may come short, or empty, with a cursor, where few of many rows are asked for.
 */
export const searchListings = async (
  { store, now }: SearchDeps,
  { limit, cursor, ...asked }: Question,
): Promise<Result<Page>> => {
  const prefix = asked.prefix === undefined || asked.prefix === '' ? ok(undefined) : checkHandle(asked.prefix, 'prefix')
  if (!prefix.ok) return prefix
  const search: Search = { ...asked, prefix: prefix.value, word: asked.word?.toLowerCase() }
  const at = new Date(now()).toISOString()
  const plan = planSearch(search, at)
  if (!plan.ok) return plan
  const scope = `listings ${canonicalJson(search)}`
  const place = decodeCursor(scope, cursor, (key) => isPlace(plan.value, key))
  if (!place.ok) return place

  const read: ReadShelf = (shelf, stretch) => {
    if (plan.value.of === 'names') return queryNames(store, shelf, stretch)
    return isSalesShelf(shelf) ? readSales(store, shelf, stretch) : queryRows(store, shelf, stretch)
  }
  const budget = { queries: queriesPerPageMax, rows: rowsPerPageMax }
  const wanted = (card: Card): boolean => fitsSearch(search, card, at)
  const { cards, next } = await readPlan(read, plan.value, place.value as Place | undefined, { limit, wanted, budget })
  return ok({ items: cards.map((card) => viewCard(card, at)), nextCursor: encodeCursor(scope, next) })
}

/** Auctions as their bids left them, and drops; the rest of each card stands on its handle, which is half a unit. */
const readSales = async (store: SearchDeps['store'], shelf: string, stretch: Stretch): Promise<CardPage> => {
  const { rows, more } = await querySaleRows(store, shelf, stretch)
  const cards = await viewCards(
    store,
    rows.map(({ name }) => name),
  )
  const byName = new Map(cards.map((card) => [card.name, card]))
  return { rows: rows.map((row) => ({ key: row.sk, card: saleCard(byName.get(row.name), row) })), more }
}

/** One segment after another, until the page is full or the budget is spent. */
const readPlan = async (
  read: ReadShelf,
  { segments, backwards }: SearchPlan,
  place: Place | undefined,
  { limit, wanted, budget }: { limit: number; wanted: (card: Card) => boolean; budget: Budget },
): Promise<{ cards: Card[]; next: Record<string, string> | undefined }> => {
  const cards: Card[] = []
  let after = place?.after
  const start = place === undefined ? 0 : segments.findIndex(({ id }) => id === place.segment)
  for (const segment of segments.slice(start)) {
    if (cards.length === limit) return { cards, next: { segment: segment.id } }
    const part = await readSegment(
      read,
      { segment, backwards, after: after !== undefined && after < segment.from ? undefined : after },
      { count: limit - cards.length, wanted, budget },
    )
    cards.push(...part.cards)
    if (!part.done) {
      const { position } = part
      return { cards, next: { segment: segment.id, ...(position === undefined ? {} : { after: position }) } }
    }
    after = undefined
  }
  return { cards, next: undefined }
}

/**
 * A key before the beginning of its segment is a place too: what ends soon begins at the present instant, which has moved on
 * since the page before.
 */
const isPlace = ({ segments, backwards }: SearchPlan, key: Readonly<Record<string, string>>): boolean => {
  const { segment: id, after, ...more } = key
  const segment = segments.find((one) => one.id === id)
  if (segment === undefined || Object.keys(more).length > 0) return false
  if (after === undefined) return true
  return /^[0-9_a-z#TZ:.-]+$/.test(after) && after <= segment.to && (!backwards || segment.from <= after)
}
