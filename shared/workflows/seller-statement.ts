import type { CsvPage } from '../contract/csv.ts'
import { aggregateName } from '../domain/aggregate.ts'
import { csvLine } from '../domain/csv.ts'
import type { Entry } from '../domain/journal.ts'
import { ok, type Result } from '../domain/result.ts'
import { totalsOf, type YearTotals } from '../domain/seller.ts'
import { statementHead, statementOf } from '../domain/seller-statement.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { entriesAfter } from '../store/journal.ts'
import { pageKeyTest } from '../store/pages.ts'
import { yearOf } from './sellers.ts'

/** A page reads so many entries of the seller's journal: about 1 MB, and 150 units. */
export const statementEntriesMax = 2_000

/** Where a page goes on: behind which entry, and with which running totals. They come back only to whom they were told. */
const placeShape = { seq: /^\d{1,8}$/, totals: /^-?\d{1,15}(,-?\d{1,15}){4}$/ }

/**
 * A year of a seller as CSV, oldest first: pages that make one file when they are put one behind the other, since the first
 * alone has the head. An entry that was replaced a moment ago may still be on its way to the archive: the page ends before
 * it, and its Link goes on from there.
 */
export const exportStatement = async (
  deps: { readonly store: Store; readonly now: () => number },
  accountId: string,
  { year: asked, cursor }: { readonly year?: string | undefined; readonly cursor?: string | undefined },
): Promise<Result<CsvPage>> => {
  const year = yearOf(asked, deps.now())
  const scope = `statement ${accountId} ${year}`
  const place = decodeCursor(scope, cursor, pageKeyTest(placeShape))
  if (!place.ok) return place
  const from = place.value
  const after = Number(from?.['seq'] ?? 0)
  const read = await readEntries(deps.store, accountId, after)
  const { lines, totals } = statementOf(read.entries, totalsFrom(totalsOf([], year, 'USD'), from?.['totals']))
  const seq = read.entries.at(-1)?.seq ?? after
  const next = encodeCursor(scope, read.isLast ? undefined : { seq: String(seq), totals: totalsText(totals) })
  return ok({
    csv: (from === undefined ? csvLine(statementHead) : '') + lines.join(''),
    hasHead: from === undefined,
    fileName: `statement-${year}.csv`,
    next: next === null ? null : `/v1/me/seller/statement?year=${year}&cursor=${next}`,
  })
}

const readEntries = async (
  store: Store,
  accountId: string,
  after: number,
): Promise<{ readonly entries: readonly Entry[]; readonly isLast: boolean }> => {
  const head = (await load(store, 'seller', accountId))?.entry
  if (head === undefined || head.seq <= after) return { entries: [], isLast: true }
  const filed = await entriesAfter(store, aggregateName('seller', accountId), after, statementEntriesMax)
  const entries = [...filed.filter(({ seq }) => seq < head.seq), head]
  // What follows a gap waits until the gap is filled.
  const whole = entries.filter(({ seq }, index) => seq === after + index + 1)
  return { entries: whole, isLast: whole.at(-1)?.seq === head.seq }
}

const counted = ['sales', 'grossMinor', 'commissionMinor', 'netMinor', 'transferredMinor'] as const

const totalsText = (totals: YearTotals): string => counted.map((name) => totals[name]).join(',')

const totalsFrom = (nothing: YearTotals, text: string | undefined): YearTotals => {
  const figures = text?.split(',').map(Number) ?? []
  return { ...nothing, ...Object.fromEntries(counted.map((name, index) => [name, figures[index] ?? 0])) }
}
