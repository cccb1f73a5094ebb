import { createHash } from 'node:crypto'
import { canonicalJson, type Entry } from './journal.ts'
import { balances, type Posting } from './ledger.ts'
import type { Order, Placement } from './order.ts'
import type { Terms } from './terms.ts'

export const saleExportFormat = 'sale-export/1'

/** The journal of one aggregate: from its birth, with its state as the table has it, or the part that concerns the sale. */
export type ExportedJournal = {
  readonly aggregate: string
  readonly whole: boolean
  readonly entries: readonly Entry[]
  /** Of a whole one. */
  readonly state: unknown
}

/** A mail that was sent about the sale: to which side, and by what name the mail service knows it; never the address. */
export type ExportedMail = {
  readonly at: string
  readonly to: string
  readonly about: string
  readonly messageId: string
}

/** A posting with the entry that it stands in. */
export type ExportedPosting = Posting & { readonly aggregate: string; readonly seq: number; readonly at: string }

/** Everything there is about one sale, as one document that can be verified without the system that wrote it. */
export type SaleExport = {
  readonly format: typeof saleExportFormat
  readonly orderId: string
  readonly exportedAt: string
  readonly journals: readonly ExportedJournal[]
  readonly postings: readonly ExportedPosting[]
  /** By ledger account and currency, in minor units: what these postings leave on it. */
  readonly balances: Readonly<Record<string, number>>
  /** The terms that the order was placed under. */
  readonly terms: Terms
  readonly quote: Placement['quote'] | null
  readonly mails: readonly ExportedMail[]
  /** Over the canonical JSON of everything else: tells a damaged file; what was changed is told by the journals. */
  readonly sha256: string
}

export const newSaleExport = (
  order: Order,
  journals: readonly ExportedJournal[],
  more: { readonly exportedAt: string; readonly terms: Terms; readonly mails: readonly ExportedMail[] },
): SaleExport => {
  const postings = postingsIn(journals)
  const unsealed = {
    format: saleExportFormat,
    orderId: order.id,
    journals,
    postings,
    balances: Object.fromEntries([...balances(postings)].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    quote: order.quote ?? null,
    ...more,
  } as const
  return { ...unsealed, sha256: saleExportHash(unsealed) }
}

export const saleExportHash = (unsealed: Omit<SaleExport, 'sha256'>): string =>
  createHash('sha256').update(canonicalJson(unsealed)).digest('hex')

/** Every posting of these journals, in the order in which they were made. */
export const postingsIn = (journals: readonly Pick<ExportedJournal, 'entries'>[]): ExportedPosting[] =>
  journals
    .flatMap(({ entries }) => entries)
    .toSorted((a, b) => (a.at === b.at ? a.seq - b.seq : a.at < b.at ? -1 : 1))
    .flatMap(({ aggregate, seq, at, postings }) => postings.map((one) => ({ ...one, aggregate, seq, at })))

/**
 * The part of a handle's journal that concerns an order: from the entry that put it on hold to the last that names the
 * order, without a gap.
 */
export const partOfOrder = (entries: readonly Entry[], orderId: string): readonly Entry[] => {
  const names = entries.map(({ events }) => events.some((event) => 'orderId' in event && event.orderId === orderId))
  const first = names.indexOf(true)
  return first === -1 ? [] : entries.slice(first, names.lastIndexOf(true) + 1)
}
