import type { Actor } from './actors.ts'
import { advanceHandle, advanceOrder, type VersionedHandle, type VersionedOrder } from './aggregate.ts'
import { decideHold } from './listing.ts'
import { placementOf, saleOrderId } from './order.ts'
import type { Protection } from './protected-names.ts'
import { ok, refuse, type Result } from './result.ts'
import type { Terms } from './terms.ts'

/** The winner of an auction, a drop or a private offer, and what was won. Amounts are minor units. */
export type SaleWon = {
  readonly saleId: string
  /** Each order of one sale has a number of its own: a winner who does not pay is followed by another. */
  readonly round: number
  readonly handle: string
  readonly buyerId: string
  readonly priceMinor: number
  /** The sale's own payment window. */
  readonly payBy: string
  /** Who brought it about: the clock, or the buyer by accepting. */
  readonly actor: Actor
}

/** The handle on hold for a sale's winner, and the winner's order: both, or a refusal. */
export const placeForSale = (
  handle: VersionedHandle & { readonly guard: Protection | null },
  { saleId, round, buyerId, priceMinor, payBy, actor }: SaleWon,
  terms: Terms,
  at: string,
): Result<{ readonly handle: VersionedHandle; readonly order: VersionedOrder }> => {
  const { state, guard } = handle
  if (state.listing === undefined) return refuse('handle_not_for_sale', `${state.name} is not for sale`, 'handle')
  const id = saleOrderId(saleId, round)
  const wanted = { orderId: id, priceMinor, currency: state.listing.currency, saleId }
  const decided = decideHold(state, wanted, actor, buyerId, guard, at)
  if (!decided.ok) return decided
  // No request of the buyer's placed it, so there is none to compare a repeat with.
  const placement = placementOf(state, { buyerId, priceMinor, payBy, requestHash: '', saleId }, terms)
  return ok({
    handle: advanceHandle(state.name, handle, decided.value.events, at, actor),
    order: advanceOrder(id, null, [{ type: 'order_placed', ...placement }], at, actor),
  })
}
