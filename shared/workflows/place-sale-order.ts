import { derivedId } from '../contract/ids.ts'
import type { Actor } from '../domain/actors.ts'
import { advanceHandle, advanceOrder } from '../domain/aggregate.ts'
import { decideHold } from '../domain/listing.ts'
import { type Order, placementOf } from '../domain/order.ts'
import { refuse, ok, type Result } from '../domain/result.ts'
import type { Change } from '../store/commit.ts'
import { loadForSale } from '../store/handles.ts'
import type { HandlesStore } from '../store/client.ts'
import type { CommitDeps } from './committing.ts'

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

export const saleOrderId = (saleId: string, round: number): string => derivedId('ord', saleId, String(round))

/**
 * The changes that give a sale's winner an order and put the handle on hold for it, to be committed together with the
 * sale's own change: all or nothing. Its id follows from sale and round, so that a repeat can make no second one. Two reads.
 */
export const saleOrderChanges = async (
  deps: Pick<CommitDeps<HandlesStore>, 'store' | 'terms'>,
  { saleId, round, handle: name, buyerId, priceMinor, payBy, actor }: SaleWon,
  at: string,
): Promise<Result<{ readonly changes: readonly [Change, Change]; readonly order: Order }>> => {
  const handle = await loadForSale(deps.store, name)
  if (handle?.state.listing === undefined) return refuse('handle_not_for_sale', `${name} is not for sale`, 'handle')
  const { currency } = handle.state.listing
  const id = saleOrderId(saleId, round)
  const wanted = { orderId: id, priceMinor, currency, saleId }
  const decided = decideHold(handle.state, wanted, actor, buyerId, handle.guard, at)
  if (!decided.ok) return decided
  // No request of the buyer's placed it, so there is none to compare a repeat with.
  const placement = placementOf(handle.state, { buyerId, priceMinor, payBy, requestHash: '', saleId }, deps.terms)
  const order = advanceOrder(id, null, [{ type: 'order_placed', ...placement }], at, actor)
  const held = advanceHandle(name, handle, decided.value.events, at, actor)
  return ok({
    changes: [
      { kind: 'handle', before: handle, after: held, contact: handle.contact },
      { kind: 'order', before: null, after: order },
    ],
    order: order.state,
  })
}
