import type { Card } from '../domain/card.ts'
import type { Segment } from '../domain/search.ts'
import type { CardAt, CardPage, Stretch } from '../store/shelves.ts'

export type ReadShelf = (shelf: string, stretch: Stretch) => Promise<CardPage>

/** What is left of the reads that one page may make; counted down while it is read. */
export type Budget = { queries: number; rows: number }

/** Twenty rows are one 4 KB block: of many shelves no more is read at a time. */
const rowsOfManyShelves = 20

/** Where few rows are wanted each further read of a shelf asks for twice as many, up to this. */
const rowsPerReadMax = 100

type Head = {
  readonly shelf: string
  rows: readonly CardAt[]
  at: number
  more: boolean
  readTo: string | undefined
  limit: number
}

const isEmpty = ({ rows, at }: Head): boolean => at === rows.length

/**
 * Reads the shelves of a segment as one, in the order of their keys, behind `after`: up to `count` cards that are `wanted`,
 * or until the budget is spent. `position` is the last key that was looked at, whether wanted or not, so that the next page
 * goes on behind it; `done`: nothing is left.
 */
export const readSegment = async (
  read: ReadShelf,
  { segment, backwards, after }: { segment: Segment; backwards: boolean; after: string | undefined },
  { count, wanted, budget }: { count: number; wanted: (card: Card) => boolean; budget: Budget },
): Promise<{ cards: Card[]; position: string | undefined; done: boolean }> => {
  const cards: Card[] = []
  let position = after
  const limit = segment.shelves.length === 1 ? Math.max(count, rowsOfManyShelves) : rowsOfManyShelves
  const heads: Head[] = segment.shelves.map((shelf) => ({ shelf, rows: [], at: 0, more: true, readTo: after, limit }))
  const { from, to } = segment
  const refill = async (head: Head): Promise<void> => {
    budget.queries -= 1
    const page = await read(head.shelf, { from, to, backwards, limit: head.limit, after: head.readTo })
    head.limit = Math.min(rowsPerReadMax, head.limit * 2)
    budget.rows -= page.rows.length
    head.rows = page.rows
    head.at = 0
    head.readTo = page.rows.at(-1)?.key ?? head.readTo
    head.more = page.more
  }
  for (;;) {
    const toFill = heads.filter((head) => isEmpty(head) && head.more)
    if (toFill.length > 0) {
      if (budget.queries < toFill.length || budget.rows <= 0) return { cards, position, done: false }
      await Promise.all(toFill.map(refill))
    }
    const next = firstOf(heads, backwards)
    if (next === undefined) {
      // A page can be empty and have more behind it.
      if (heads.some(({ more }) => more)) continue
      return { cards, position, done: true }
    }
    const { head, row } = next
    head.at += 1
    position = row.key
    if (row.card === null || !wanted(row.card)) continue
    cards.push(row.card)
    if (cards.length === count) return { cards, position, done: heads.every((one) => isEmpty(one) && !one.more) }
  }
}

/** The head whose next row comes first; undefined: all are empty. */
const firstOf = (heads: readonly Head[], backwards: boolean): { head: Head; row: CardAt } | undefined => {
  let first: { head: Head; row: CardAt } | undefined
  for (const head of heads) {
    const row = head.rows[head.at]
    if (row === undefined) continue
    if (first === undefined || (backwards ? row.key > first.row.key : row.key < first.row.key)) first = { head, row }
  }
  return first
}
