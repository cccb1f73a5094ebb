import type { handOverRequestSchema, handOverSchema } from '../contract/hand-over.ts'
import type * as z from 'zod'
import { canonicalJson } from './journal.ts'
import { type Order, orderDueAt } from './order.ts'

// Hand-overs that an external platform makes, where a deployment lets it. The rows are those of the order.

const factsOf = ({ id, handle, display, sellerId, buyerId }: Order) => ({
  orderId: id,
  handle,
  display,
  fromAccountId: sellerId ?? null,
  toAccountId: buyerId,
})

/**
 * What the platform is sent, as id and body of a webhook; null where nothing is asked of it (any more). Id and body follow
 * from the order alone, so that every try is the same message.
 */
export const handOverRequest = (order: Order): { readonly id: string; readonly body: string } | null => {
  const completeBy = orderDueAt(order)
  if (order.handOver !== 'platform' || order.status !== 'handing_over' || completeBy === null) return null
  const request: z.infer<typeof handOverRequestSchema> = {
    type: 'handover.wanted',
    timestamp: order.since,
    data: { ...factsOf(order), completeBy },
  }
  return { id: `handover_${order.id}`, body: canonicalJson(request) }
}

/** What the platform sees of a hand-over: what was told of it, whatever became of the order since; null: none of its own. */
export const viewHandOver = (order: Order): z.infer<typeof handOverSchema> | null => {
  if (order.handOver !== 'platform' || order.capturedAt === undefined) return null
  return { ...factsOf(order), ...outcomeOf(order), replacementHandle: order.replacedBy ?? null }
}

const outcomeOf = ({ status, handedOverAt, settledAt, handOverFailed }: Order) => {
  // The platform's own sale is settled by its hand-over.
  const completedAt = handedOverAt ?? settledAt
  if (completedAt !== undefined) return { outcome: 'completed', at: completedAt, reason: null } as const
  if (handOverFailed !== undefined) return { outcome: 'failed', ...handOverFailed } as const
  return { outcome: status === 'handing_over' ? 'wanted' : 'overdue', at: null, reason: null } as const
}
