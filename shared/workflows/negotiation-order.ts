import type { Actor } from '../domain/actors.ts'
import { advance, fold, type VersionedOf } from '../domain/aggregate.ts'
import { liveAmount, type Negotiation, type NegotiationEvent, type Party } from '../domain/negotiation.ts'
import { acceptedEvents } from '../domain/negotiation-acts.ts'
import { saleOrderId } from '../domain/order.ts'
import { ok, type Result } from '../domain/result.ts'
import type { SaleWon } from '../domain/sale-order.ts'
import { durationMs } from '../domain/terms.ts'
import { sellingHindered } from '../domain/user-listing.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import { instant } from './committing.ts'
import { saleOrderChanges } from './place-sale-order.ts'
import { partiesOf, screenAccounts, type ScreeningDeps } from './screening.ts'

/** An offer whose newest amount is accepted, after these events of the same step. */
export type Accepted = {
  readonly id: string
  readonly before: VersionedOf<'negotiation'> | null
  readonly events: readonly NegotiationEvent[]
  readonly by: Party | 'bound'
  /** The handle that the seller wants instead. */
  readonly replacement?: SaleWon['replacement']
  readonly actor: Actor
}

/**
 * The changes of an acceptance: the negotiation's, the hold on its handle and the buyer's order, which are one transaction.
 * Refused where the handle cannot be sold, or where the two must not deal with each other.
 */
export const acceptanceChanges = async (
  deps: ScreeningDeps & { readonly store: Store },
  { id, before, events, by, replacement, actor }: Accepted,
  at: string,
): Promise<Result<{ readonly changes: readonly Change[]; readonly negotiation: Negotiation }>> => {
  const { state } = fold('negotiation', id, before?.state ?? null, events, at)
  if (state === null) throw new Error(`${id} is accepted before it was made`)
  const { handle, proposerId: buyerId, holderId: sellerId } = state
  const held = await loadHandle(deps.store, handle)
  if (held === null) throw new Error(`${id} is about ${handle}, which does not exist`)
  const hindered = sellingHindered(held.state, sellerId, deps.terms, at)
  if (hindered !== null) return { ok: false, refusal: hindered }
  const barred = await screenAccounts(deps, partiesOf(buyerId, sellerId), id)
  if (barred !== null) return { ok: false, refusal: barred }

  const { amountMinor: priceMinor } = liveAmount(state)
  const round = state.acceptances + 1
  const payBy = instant(Date.parse(at) + durationMs(deps.terms, 'offerPaymentHours'))
  const placedBy: Actor = by === 'holder' ? { kind: 'seller', id: sellerId } : { kind: 'buyer', id: buyerId }
  const won = { saleId: id, round, handle, buyerId, sellerId, priceMinor, payBy, replacement, actor: placedBy }
  const placed = await saleOrderChanges(deps, won, at)
  if (!placed.ok) return placed
  const accepted = { by, amountMinor: priceMinor, orderId: saleOrderId(id, round), payBy }
  const after = advance('negotiation', id, before, [...events, ...acceptedEvents(state, accepted)], at, actor)
  return ok({ changes: [{ kind: 'negotiation', before, after }, ...placed.value.changes], negotiation: after.state })
}
