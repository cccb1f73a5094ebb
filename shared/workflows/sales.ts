import type * as z from 'zod'
import type { CsvPage } from '../contract/csv.ts'
import type { saleSchema } from '../contract/market-resources.ts'
import type { Tier } from '../domain/appraisal/appraisal.ts'
import { csvLine } from '../domain/csv.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { canonicalJson } from '../domain/journal.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore } from '../store/client.ts'
import { keyOfSale, querySales, salePageKey, type SaleRow, type StoredSale } from '../store/orders.ts'
import type { PageKey } from '../store/pages.ts'

/** What is asked for within a month; prices in minor units, both ends included. */
export type SalesFilter = {
  readonly prefix?: string | undefined
  readonly length?: number | undefined
  readonly tier?: Tier | undefined
  readonly priceMin?: number | undefined
  readonly priceMax?: number | undefined
}

type SalesQuery = SalesFilter & { readonly month: string; readonly cursor?: string | undefined }

/** With filters a page looks at so many sales at most and may come short: about 30 units where none is wanted. */
const lookedAtMax = 1_000
/** Of one file: some 150 kB, about 60 units to read. Whoever wants the whole month follows the links. */
export const csvRowsMax = 2_000

/** Sales of one month (UTC), newest first. */
export const listSales = async (
  store: EscrowStore,
  { limit, ...query }: SalesQuery & { readonly limit: number },
): Promise<Result<{ readonly items: z.infer<typeof saleSchema>[]; readonly nextCursor: string | null }>> => {
  const page = await readSales(store, query, limit)
  if (!page.ok) return page
  const items = page.value.sales.map(({ handle, display, priceMinor, currency, tier, soldAt }) => ({
    handle,
    display,
    price: { amountMinor: priceMinor, currency },
    tier,
    soldAt,
  }))
  return ok({ items, nextCursor: page.value.nextCursor })
}

const csvHead = ['sold_at', 'handle', 'display', 'length', 'tier', 'price_minor', 'currency'] as const

/**
 * Sales of one month as CSV, newest first: pages that make one file when they are put one behind the other, since the first
 * alone has the head. A page is whole in memory, which its limit bounds.
 */
export const exportSales = async (store: EscrowStore, query: SalesQuery): Promise<Result<CsvPage>> => {
  const page = await readSales(store, query, csvRowsMax)
  if (!page.ok) return page
  const { sales, nextCursor } = page.value
  const hasHead = query.cursor === undefined
  const lines = sales.map(({ soldAt, handle, display, tier, priceMinor, currency }) =>
    csvLine([soldAt, handle, display, handle.length, tier, priceMinor, currency]),
  )
  return ok({
    csv: (hasHead ? csvLine(csvHead) : '') + lines.join(''),
    hasHead,
    fileName: `sales-${query.month}.csv`,
    next: nextCursor === null ? null : `/v1/sales.csv?${parametersOf({ ...query, cursor: nextCursor })}`,
  })
}

const parametersOf = (query: SalesQuery): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.toString()
}

const readSales = async (
  store: EscrowStore,
  { month, cursor, ...asked }: SalesQuery,
  count: number,
): Promise<Result<{ readonly sales: readonly SaleRow[]; readonly nextCursor: string | null }>> => {
  const { priceMin = 0, priceMax = Number.POSITIVE_INFINITY } = asked
  if (priceMin > priceMax) return refuse('validation_failed', 'priceMin is above priceMax', 'priceMax')
  const prefix = asked.prefix === undefined || asked.prefix === '' ? ok(undefined) : checkHandle(asked.prefix, 'prefix')
  if (!prefix.ok) return prefix
  const filter: SalesFilter = { ...asked, prefix: prefix.value }
  const isFiltered = Object.values(filter).some((one) => one !== undefined)
  const scope = `sales ${month}${isFiltered ? ` ${canonicalJson(filter)}` : ''}`
  const place = decodeCursor(scope, cursor, salePageKey(month))
  if (!place.ok) return place

  const sales: StoredSale[] = []
  let after: PageKey | undefined = place.value
  let lookedAt = 0
  do {
    const limit = isFiltered ? lookedAtMax - lookedAt : count - sales.length
    const page = await querySales(store, month, { limit, after })
    lookedAt += page.items.length
    for (const [index, sale] of page.items.entries()) {
      if (!isWanted(filter, sale)) continue
      sales.push(sale)
      if (sales.length < count) continue
      const isLast = page.next === undefined && index === page.items.length - 1
      return ok({ sales, nextCursor: encodeCursor(scope, isLast ? undefined : keyOfSale(month, sale)) })
    }
    after = page.next
  } while (after !== undefined && (!isFiltered || lookedAt < lookedAtMax))
  return ok({ sales, nextCursor: encodeCursor(scope, after) })
}

const isWanted = (filter: SalesFilter, { handle, tier, priceMinor }: SaleRow): boolean =>
  (filter.prefix === undefined || handle.startsWith(filter.prefix)) &&
  (filter.length === undefined || handle.length === filter.length) &&
  (filter.tier === undefined || tier === filter.tier) &&
  (filter.priceMin === undefined || priceMinor >= filter.priceMin) &&
  (filter.priceMax === undefined || priceMinor <= filter.priceMax)
