import { derivedId } from '../contract/ids.ts'
import type { Actor } from './actors.ts'
import { decide, notAllowed } from './order-decisions.ts'
import { type Order, type OrderEvent, type RequestMark, takenMinor } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

// A part of a settled sale that an operator gives back at the platform's cost.

type Decided = Result<readonly OrderEvent[]>
type Operator = Actor & { readonly kind: 'operator'; readonly id: string }

/** One request of an operator under its Idempotency-Key. */
export const goodwillRequestIdOf = (orderId: string, operatorId: string, key: string): string =>
  derivedId('rfd', orderId, operatorId, key)

/** In minor units. */
export type GoodwillWanted = { readonly amountMinor: number; readonly reason: string; readonly request: RequestMark }

const ofOwn = (order: Order, { id }: Operator) =>
  id === order.buyerId || id === order.sellerId ? refuse('own_case', 'Nobody decides a case of their own') : null

/**
 * An operator wants a part given back. Above the limit, counted with what was given back before, it is a proposal. One at
 * a time; the same request again changes nothing.
 */
export const decideGoodwill = (order: Order, wanted: GoodwillWanted, actor: Operator, limitMinor: number): Decided => {
  const conflict = ofOwn(order, actor)
  if (conflict !== null) return conflict
  const { goodwillProposal: proposal, goodwillMinor } = order
  const { amountMinor, reason, request } = wanted
  const same = [proposal?.request, order.goodwillRequest].find((one) => one?.id === request.id)
  if (same !== undefined) return same.hash === request.hash ? ok([]) : reused
  if (proposal !== undefined || goodwillMinor !== undefined) {
    const words = `A refund of ${proposal?.amountMinor ?? goodwillMinor} is under way`
    return refuse('transition_not_allowed', words, undefined, {
      status: order.status,
      possible: proposal === undefined ? [] : ['goodwill_wanted', 'goodwill_rejected'],
    })
  }
  const left = takenMinor(order)
  if (order.status === 'settled' && amountMinor > left) {
    return refuse('refund_too_large', `${left} minor units are left of the price`, 'amount.amountMinor', { left })
  }
  const needsApproval = (order.givenMinor ?? order.refundedMinor ?? 0) + amountMinor > limitMinor
  return decide(
    order,
    actor,
    needsApproval
      ? { type: 'goodwill_proposed', proposal: { amountMinor, reason, operatorId: actor.id, request } }
      : { type: 'goodwill_wanted', amountMinor, reason, request },
  )
}

const reused = refuse('idempotency_key_reused', 'This key asked for another refund', 'Idempotency-Key')

/** A second operator approves the very amount that the first proposed, or sends it back. Approved again: nothing changes. */
export const decideGoodwillApproval = (
  order: Order,
  word: { readonly approve: boolean; readonly amountMinor: number; readonly reason: string },
  actor: Operator,
): Decided => {
  const conflict = ofOwn(order, actor)
  if (conflict !== null) return conflict
  const { goodwillProposal: proposal } = order
  if (proposal === undefined) {
    if (word.approve && word.amountMinor === order.goodwillMinor) return ok([])
    return notAllowed(order, word.approve ? 'goodwill_wanted' : 'goodwill_rejected')
  }
  const { amountMinor, reason, operatorId, request } = proposal
  if (word.amountMinor !== amountMinor) {
    return refuse(
      'dispute_changed',
      `${amountMinor} is proposed, and you saw ${word.amountMinor}`,
      'amount.amountMinor',
      {
        amountMinor,
      },
    )
  }
  if (!word.approve)
    return decide(order, actor, { type: 'goodwill_rejected', operatorId: actor.id, reason: word.reason })
  if (operatorId === actor.id) {
    return refuse('second_operator_wanted', `${operatorId} proposed it: another operator must approve`)
  }
  return decide(order, actor, { type: 'goodwill_wanted', amountMinor, reason, request, proposedBy: operatorId })
}
