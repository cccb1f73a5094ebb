import type * as z from 'zod'
import type { heldHandleSchema } from '../contract/market-resources.ts'
import { ok, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { HandlesStore } from '../store/client.ts'
import { holderPageKey, queryHolder } from '../store/handles.ts'

/** The handles that an account acquired here, newest first. */
export const listMyHandles = async (
  store: HandlesStore,
  accountId: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: z.infer<typeof heldHandleSchema>[]; nextCursor: string | null }>> => {
  const scope = `handles ${accountId}`
  const after = decodeCursor(scope, page.cursor, holderPageKey(accountId))
  if (!after.ok) return after
  const { items, next } = await queryHolder(store, accountId, { limit: page.limit, after: after.value })
  return ok({
    items: items.map(({ name, display, status, acquiredAt }) => ({ handle: name, display, status, since: acquiredAt })),
    nextCursor: encodeCursor(scope, next),
  })
}
