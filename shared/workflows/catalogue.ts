import type * as z from 'zod'
import type { saleSchema } from '../contract/market-resources.ts'
import type { handleSchema } from '../contract/handle-resource.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore, HandlesStore } from '../store/client.ts'
import { viewHandle as readHandleView } from '../store/handles.ts'
import { querySales, salePageKey } from '../store/orders.ts'
import { viewHandle } from './views.ts'

type Page<T> = { readonly items: T[]; readonly nextCursor: string | null }

export const getHandle = async (
  store: HandlesStore,
  policy: () => Promise<ReleasePolicy>,
  input: string,
  now: string,
): Promise<Result<z.infer<typeof handleSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const [handle, inForce] = await Promise.all([readHandleView(store, name.value), policy()])
  return handle === null
    ? refuse('not_found', `There is no handle ${name.value}`, 'handle')
    : ok(viewHandle(handle.state, inForce, now))
}

/** Sales of one month (UTC), newest first. */
export const listSales = async (
  store: EscrowStore,
  query: { readonly month: string; readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<Page<z.infer<typeof saleSchema>>>> => {
  const scope = `sales ${query.month}`
  const after = decodeCursor(scope, query.cursor, salePageKey(query.month))
  if (!after.ok) return after
  const page = await querySales(store, query.month, { limit: query.limit, after: after.value })
  const items = page.items.map(({ handle, display, priceMinor, currency, tier, soldAt }) => ({
    handle,
    display,
    price: { amountMinor: priceMinor, currency },
    tier,
    soldAt,
  }))
  return ok({ items, nextCursor: encodeCursor(scope, page.next) })
}
