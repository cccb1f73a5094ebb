import type * as z from 'zod'
import type { handleSchema, listingCardSchema, saleSchema } from '../contract/resources.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore, HandlesStore } from '../store/client.ts'
import { queryShelf, shelfPageKey, viewHandle as readHandleView } from '../store/handles.ts'
import { shelves } from '../store/items.ts'
import { querySales, salePageKey } from '../store/orders.ts'
import { type PageKey, pageKeyTest } from '../store/pages.ts'
import { viewCard, viewHandle } from './views.ts'

/** A place on a shelf, or the beginning of one. */
const fitsShelf = (prefix: string) => (key: PageKey) =>
  shelfPageKey(prefix)(key) || pageKeyTest({ shelf: /^[0-9_a-z]$/ })(key)

type Page<T> = { readonly items: T[]; readonly nextCursor: string | null }

/**
 * Handles for sale whose names begin with `prefix`, in alphabetical order. With a prefix that is one query on one shelf;
 * without, shelves are walked in order until the page is full.
 */
export const searchListings = async (
  store: HandlesStore,
  query: { readonly prefix?: string | undefined; readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<Page<z.infer<typeof listingCardSchema>>>> => {
  const prefix = query.prefix === undefined || query.prefix === '' ? ok('') : checkHandle(query.prefix, 'prefix')
  if (!prefix.ok) return prefix
  const scope = `listings ${prefix.value}`
  const cursor = decodeCursor(scope, query.cursor, fitsShelf(prefix.value))
  if (!cursor.ok) return cursor

  const walk = prefix.value === '' ? shelves : [prefix.value.slice(0, 1)]
  const start = cursor.value?.['shelf'] === undefined ? 0 : walk.indexOf(cursor.value['shelf'])
  if (start === -1) return refuse('cursor_invalid', 'The cursor names no shelf', 'cursor')

  const items: z.infer<typeof listingCardSchema>[] = []
  let after: PageKey | undefined = cursor.value?.['pk'] === undefined ? undefined : cursor.value
  for (const shelf of walk.slice(start)) {
    const page = await queryShelf(store, shelf, { prefix: prefix.value, limit: query.limit - items.length, after })
    for (const row of page.items) {
      const card = viewCard(row)
      if (card !== null) items.push(card)
    }
    if (page.next !== undefined) return ok({ items, nextCursor: encodeCursor(scope, page.next) })
    after = undefined
    const following = walk[walk.indexOf(shelf) + 1]
    if (items.length >= query.limit && following !== undefined) {
      return ok({ items, nextCursor: encodeCursor(scope, { shelf: following }) })
    }
  }
  return ok({ items, nextCursor: null })
}

export const getHandle = async (
  store: HandlesStore,
  policy: () => Promise<ReleasePolicy>,
  input: string,
): Promise<Result<z.infer<typeof handleSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const [handle, inForce] = await Promise.all([readHandleView(store, name.value), policy()])
  return handle === null
    ? refuse('not_found', `There is no handle ${name.value}`, 'handle')
    : ok(viewHandle(handle.state, inForce))
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
