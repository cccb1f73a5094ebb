import type * as z from 'zod'
import type { goodwillSchema } from '../contract/sale-records.ts'
import type { VersionedOrder } from '../domain/aggregate.ts'
import { decideGoodwill, decideGoodwillApproval, goodwillRequestIdOf } from '../domain/order-goodwill.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { termsOf } from '../domain/terms.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { orderChanges } from './order-changes.ts'

type View = z.input<typeof goodwillSchema>
type Operator = { readonly kind: 'operator'; readonly id: string }

/** An operator gives a part of a settled sale back; where two must agree it is proposed. The effect makes the refund. */
export const refundOrder = (
  deps: CommitDeps<Store>,
  orderId: string,
  wanted: { readonly amountMinor: number; readonly reason: string },
  { idempotencyKey, requestHash }: { readonly idempotencyKey: string; readonly requestHash: string },
  operatorId: string,
): Promise<Result<View>> => {
  const actor = { kind: 'operator', id: operatorId } as const
  const request = { id: goodwillRequestIdOf(orderId, operatorId, idempotencyKey), hash: requestHash }
  return moveOrder(deps, orderId, actor, (order) =>
    decideGoodwill(order, { ...wanted, request }, actor, termsOf(order.termsVersion).secondApprovalMinor),
  )
}

/** Another operator approves what was proposed, or sends it back. */
export const approveRefund = (
  deps: CommitDeps<Store>,
  orderId: string,
  word: { readonly approve: boolean; readonly amountMinor: number; readonly reason: string },
  operatorId: string,
): Promise<Result<View>> => {
  const actor = { kind: 'operator', id: operatorId } as const
  return moveOrder(deps, orderId, actor, (order) => decideGoodwillApproval(order, word, actor))
}

const moveOrder = (
  deps: CommitDeps<Store>,
  orderId: string,
  actor: Operator,
  decide: (order: Order) => Result<readonly OrderEvent[]>,
): Promise<Result<View>> =>
  committing<Result<View>>(deps, async () => {
    const before = await loadOrder(deps.store, orderId)
    if (before === null) return { changes: [], answer: refuse('not_found', `There is no order ${orderId}`, 'orderId') }
    const decided = decide(before.state)
    if (!decided.ok) return { changes: [], answer: decided }
    const moved = await orderChanges(deps, before, decided.value, instant(deps.now()), actor)
    return moved && { changes: moved.changes, answer: ok(viewGoodwill(before, moved.order, decided.value.length)) }
  })

const viewGoodwill = (before: VersionedOrder, order: Order, events: number): View => {
  const { id, priceMinor, currency, refundedMinor, goodwillMinor, goodwillProposal: proposal } = order
  const money = (amountMinor: number) => ({ amountMinor, currency })
  return {
    orderId: id,
    price: money(priceMinor),
    refunded: money(refundedMinor ?? 0),
    pending:
      proposal === undefined
        ? null
        : {
            amount: money(proposal.amountMinor),
            reason: proposal.reason,
            proposedBy: proposal.operatorId,
          },
    underWay: goodwillMinor === undefined ? null : money(goodwillMinor),
    version: before.entry.seq + Math.min(events, 1),
  }
}
