import type { OfferGroup, Party } from '../domain/negotiation.ts'
import { ok, type Result } from '../domain/result.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore } from '../store/client.ts'
import { madePageKey, queryMade, queryReceived, receivedPageKey } from '../store/negotiations.ts'
import type { SeenOffer } from './negotiation-acts.ts'

export type OfferQuery = {
  readonly side: 'made' | 'received'
  readonly status: OfferGroup
  readonly limit: number
  readonly cursor?: string | undefined
}

/** A page of the offers that an account made, newest first, or received, as their index ranks them. */
export const listOffers = async (
  store: EscrowStore,
  accountId: string,
  { side, status, limit, cursor }: OfferQuery,
): Promise<Result<{ readonly items: readonly SeenOffer[]; readonly nextCursor: string | null }>> => {
  const scope = `offers ${side} ${status} ${accountId}`
  const party: Party = side === 'made' ? 'buyer' : 'holder'
  const [fits, query] =
    side === 'made' ? ([madePageKey, queryMade] as const) : ([receivedPageKey, queryReceived] as const)
  const after = decodeCursor(scope, cursor, fits(status, accountId))
  if (!after.ok) return after
  const { items, next } = await query(store, status, accountId, { limit, after: after.value })
  return ok({
    items: items.map(({ state }) => ({ negotiation: state, side: party })),
    nextCursor: encodeCursor(scope, next),
  })
}
