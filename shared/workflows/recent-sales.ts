import type { EscrowStore } from '../store/client.ts'
import { querySales, type SaleRow } from '../store/orders.ts'

/** Sales of one month that are looked at, the newest; 300 are about 60 kB. */
const salesPerMonthMax = 300
/** New sales are seen after this long; until then all appraisals of an environment rest on the same ones. */
const keptMinutes = 5

/**
 * The sales of this month and the last (UTC), newest first, made ready by `make`: one Query, or two where this month
 * has few, at most every five minutes. A failed read is not kept.
 */
export const recentSales = <T>(
  deps: { readonly store: EscrowStore; readonly now: () => number },
  make: (sales: readonly SaleRow[]) => T,
): (() => Promise<T>) => {
  let kept: { readonly at: number; readonly made: T } | null = null
  return async () => {
    const now = deps.now()
    if (kept !== null && now >= kept.at && now - kept.at < keptMinutes * 60_000) return kept.made
    kept = { at: now, made: make(await loadRecent(deps.store, now)) }
    return kept.made
  }
}

const loadRecent = async (store: EscrowStore, now: number): Promise<readonly SaleRow[]> => {
  const day = new Date(now)
  const sales: SaleRow[] = []
  for (const back of [0, 1]) {
    if (sales.length >= salesPerMonthMax) break
    const month = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - back)).toISOString().slice(0, 7)
    const page = await querySales(store, month, { limit: salesPerMonthMax - sales.length })
    sales.push(...page.items)
  }
  return sales
}
