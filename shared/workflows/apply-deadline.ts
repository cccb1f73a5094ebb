import type { DeadlineMessage } from '../contract/messages.ts'
import { systemActor } from '../domain/actors.ts'
import { type Kind, parseAggregate } from '../domain/aggregate.ts'
import { orderDueAt } from '../domain/order.ts'
import { decideDeadline } from '../domain/order-decisions.ts'
import type { Queue } from '../gateways/queue.ts'
import { loadOrder } from '../store/orders.ts'
import type { Store } from '../store/client.ts'
import { applyDropDeadline } from './advance-drop.ts'
import { applyDisputeDeadline } from './dispute-deadline.ts'
import { applyReminderDeadline } from './reminders.ts'
import { applyAuctionDeadline } from './advance-auction.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { applyNegotiationDeadline } from './end-negotiations.ts'
import { applyOfferDeadline } from './offer-acts.ts'
import { orderChanges } from './order-changes.ts'
import { lookAheadMs, secondsUntil } from './sweep-deadlines.ts'

/** What the clock did to an aggregate; where it was too early, when its deadline is now (null: it has none). */
export type DeadlineOutcome = 'moved' | { readonly notDue: string | null }

/** What a kind's deadline does. Must raise what is due and nothing else, whenever it is asked. */
export type ApplyDeadline = (deps: CommitDeps<Store>, id: string) => Promise<DeadlineOutcome>

const applyOrderDeadline: ApplyDeadline = (deps, orderId) =>
  committing<DeadlineOutcome>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    if (order === null) return { changes: [], answer: { notDue: null } }
    const now = instant(deps.now())
    const decided = decideDeadline(order.state, now)
    if (!decided.ok) return { changes: [], answer: { notDue: orderDueAt(order.state) } }
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    return moved && { changes: moved.changes, answer: 'moved' }
  })

/** Every kind that has deadlines in the escrow table. */
const deadlines: Partial<Record<Kind, ApplyDeadline>> = {
  order: applyOrderDeadline,
  drop: applyDropDeadline,
  reminder: applyReminderDeadline,
  private_offer: applyOfferDeadline,
  negotiation: applyNegotiationDeadline,
  auction: applyAuctionDeadline,
  dispute: applyDisputeDeadline,
}

/**
 * Raises what the clock wants of one aggregate, if it still wants it: the queue's word is a hint, the aggregate as it stands
 * now decides. Returns what happened.
 * @throws where the name is none of an aggregate that has deadlines
 */
export const applyDeadline = async (deps: CommitDeps<Store>, aggregate: string): Promise<DeadlineOutcome> => {
  const named = parseAggregate(aggregate)
  const apply = named === null ? undefined : deadlines[named.kind]
  if (named === null || apply === undefined) throw new Error(`${aggregate} has no deadlines`)
  return apply(deps, named.id)
}

/**
 * As `applyDeadline`; a message that came too early, because the deadline was moved, is sent again for the new one where
 * that comes before the next sweep would find it.
 */
export const applyDeadlineInTime = async (
  deps: CommitDeps<Store> & { readonly queue: Queue },
  aggregate: string,
): Promise<'moved' | 'not_due' | 'sent_again'> => {
  const outcome = await applyDeadline(deps, aggregate)
  if (outcome === 'moved') return outcome
  const now = deps.now()
  if (outcome.notDue === null || Date.parse(outcome.notDue) > now + lookAheadMs) return 'not_due'
  const body: DeadlineMessage = { aggregate }
  await deps.queue.sendLater([{ body, delaySeconds: Math.max(1, secondsUntil(outcome.notDue, now)) }])
  return 'sent_again'
}
