import type * as z from 'zod'
import type { saleExportSchema, timelineSchema } from '../contract/sale-records.ts'
import { disputeIdOf } from '../domain/dispute.ts'
import type { Order } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { timelineOf, type TimelineReader } from '../domain/sale-timeline.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import type { CommitDeps } from './committing.ts'
import { nextOf } from './dispute-views.ts'
import { exportSale, wholeJournal } from './sale-journals.ts'
import { orderNext } from './views.ts'

type Deps = Pick<CommitDeps<Store>, 'store' | 'pause' | 'now'>

export type RecordCaller = { readonly id: string; readonly isOperator: boolean }

const readerOf = ({ buyerId, sellerId }: Order, { id, isOperator }: RecordCaller): TimelineReader | null =>
  id === buyerId ? 'buyer' : id === sellerId ? 'seller' : isOperator ? 'operator' : null

/** Every step of a sale for its buyer, its seller or an operator; to everybody else there is no such order. */
export const getTimeline = async (
  deps: Deps,
  orderId: string,
  caller: RecordCaller,
): Promise<Result<z.input<typeof timelineSchema>>> => {
  const order = await loadOrder(deps.store, orderId)
  const reader = order === null ? null : readerOf(order.state, caller)
  if (order === null || reader === null) return refuse('not_found', `You have no order ${orderId}`, 'orderId')
  const disputeId = disputeIdOf(orderId)
  const [ofOrder, ofDispute] = await Promise.all([
    wholeJournal(deps, 'order', orderId),
    wholeJournal(deps, 'dispute', disputeId),
  ])
  const state = ofOrder?.state ?? order.state
  const steps = timelineOf({ order: ofOrder?.entries ?? [], dispute: ofDispute?.entries ?? [] }, reader)
  const money = (amountMinor: number) => ({ amountMinor, currency: state.currency })
  return ok({
    orderId,
    handle: state.handle,
    status: state.status,
    you: reader,
    disputeId: ofDispute === null ? null : disputeId,
    steps: steps.map(({ amounts, ...step }) => ({
      ...step,
      amounts: amounts.map(({ what, amountMinor }) => ({ what, amount: money(amountMinor) })),
    })),
    // While a dispute is open, its own next step is what the order waits for.
    next: state.status === 'disputed' && ofDispute !== null ? nextOf(ofDispute.state) : orderNext(state),
  })
}

/** One sale as one document, for operators. */
export const getSaleExport = async (deps: Deps, orderId: string): Promise<Result<z.input<typeof saleExportSchema>>> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) return refuse('not_found', `There is no order ${orderId}`, 'orderId')
  return ok((await exportSale(deps, order)) as unknown as z.input<typeof saleExportSchema>)
}
