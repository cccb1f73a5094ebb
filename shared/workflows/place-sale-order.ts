import type { Order } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { placeForSale, type SaleWon } from '../domain/sale-order.ts'
import type { HandlesStore } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { loadForSale } from '../store/handles.ts'
import type { CommitDeps } from './committing.ts'

/**
 * The changes that give a sale's winner an order and put the handle on hold for it, to be committed together with the
 * sale's own change: all or nothing. Two reads.
 */
export const saleOrderChanges = async (
  deps: Pick<CommitDeps<HandlesStore>, 'store' | 'terms' | 'handOver'>,
  won: SaleWon,
  at: string,
): Promise<Result<{ readonly changes: readonly [Change, Change]; readonly order: Order }>> => {
  const before = await loadForSale(deps.store, won.handle)
  if (before === null) return refuse('handle_not_for_sale', `${won.handle} is not for sale`, 'handle')
  const placed = placeForSale(before, { ...won, handOver: deps.handOver }, deps.terms, at)
  if (!placed.ok) return placed
  const { handle, order } = placed.value
  return ok({
    changes: [
      { kind: 'handle', before, after: handle, contact: before.contact },
      { kind: 'order', before: null, after: order },
    ],
    order: order.state,
  })
}
