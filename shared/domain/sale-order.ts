import type { Actor } from './actors.ts'
import { advanceHandle, advanceOrder, type VersionedHandle, type VersionedOrder } from './aggregate.ts'
import { evolveHandle } from './handle-evolve.ts'
import { allowedFor } from './handle-machine.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { decideHold } from './listing.ts'
import { type OrderEvent, placementOf, saleOrderId } from './order.ts'
import type { Protection } from './protected-names.ts'
import { ok, refuse, type Result } from './result.ts'
import type { Terms } from './terms.ts'

/** The winner of an auction, a drop, a private offer or a negotiation, and what was won. Amounts are minor units. */
export type SaleWon = {
  readonly saleId: string
  /** Each order of one sale has a number of its own: a winner who does not pay is followed by another. */
  readonly round: number
  readonly handle: string
  readonly buyerId: string
  readonly priceMinor: number
  /** The holder who agreed on the price in a negotiation; absent: the listing's own sale. */
  readonly sellerId?: string | undefined
  /** The handle that the seller wants instead. */
  readonly replacement?: { readonly handle: string; readonly redirect: boolean } | undefined
  /** The sale's own payment window. */
  readonly payBy: string
  /** Who brought it about: the clock, or the buyer by accepting. */
  readonly actor: Actor
  /** The platform hands it over; absent: this system does. */
  readonly handOver?: 'platform' | undefined
}

/** A holder may agree on a price for a handle that is on no shelf: then a listing holds it for this one order. */
const unlistedFor = (
  handle: Handle,
  sellerId: string,
  priceMinor: number,
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  if (handle.holder?.accountId !== sellerId || handle.status !== 'active') {
    return refuse('handle_not_held_by_account', `The account does not hold ${handle.name}`, 'handle')
  }
  if (handle.listing !== undefined) return ok([])
  const refusal = allowedFor(handle, 'listing_opened', actor)
  const opened: HandleEvent = { type: 'listing_opened', sellerId, priceMinor, currency: 'USD', unlisted: true }
  return refusal === null ? ok([opened]) : { ok: false, refusal }
}

/** The handle on hold for a sale's winner, and the winner's order: both, or a refusal. */
export const placeForSale = (
  handle: VersionedHandle & { readonly guard: Protection | null },
  won: SaleWon,
  terms: Terms,
  at: string,
): Result<{ readonly handle: VersionedHandle; readonly order: VersionedOrder }> => {
  const { saleId, buyerId, priceMinor, payBy, actor, handOver } = won
  const { guard } = handle
  const opened = won.sellerId === undefined ? ok([]) : unlistedFor(handle.state, won.sellerId, priceMinor, actor)
  if (!opened.ok) return opened
  const state = opened.value.reduce<Handle>((one, event) => evolveHandle(one.name, one, event, at), handle.state)
  if (state.listing === undefined) return refuse('handle_not_for_sale', `${state.name} is not for sale`, 'handle')
  const id = saleOrderId(saleId, won.round)
  const agreed = won.sellerId === undefined ? undefined : (true as const)
  const wanted = { orderId: id, priceMinor, currency: state.listing.currency, saleId, agreed }
  const decided = decideHold(state, wanted, actor, buyerId, guard, at)
  if (!decided.ok) return decided
  const { name } = state
  // No request of the buyer's placed it, so there is none to compare a repeat with.
  const placement = placementOf(state, { buyerId, priceMinor, payBy, requestHash: '', saleId, handOver }, terms)
  const { replacement } = won
  const events: OrderEvent[] = [
    { type: 'order_placed', ...placement },
    ...(replacement === undefined ? [] : [{ type: 'replacement_chosen' as const, ...replacement }]),
  ]
  return ok({
    handle: advanceHandle(name, handle, [...opened.value, ...decided.value.events], at, actor),
    order: advanceOrder(id, null, events, at, actor),
  })
}
