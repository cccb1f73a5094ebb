import { type Actor, systemActor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import type { DeclineReason, Negotiation, NegotiationEvent } from '../domain/negotiation.ts'
import { decideAnswerDue, decideOfferOrderEnded, declinedEvents, unpaidOrders } from '../domain/negotiation-acts.ts'
import { negotiationDueAt } from '../domain/negotiation-machine.ts'
import type { Order } from '../domain/order.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { openOffersFor } from '../store/negotiations.ts'
import type { DeadlineOutcome } from './apply-deadline.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { letGoAuthorisation, recordStrike } from './standing.ts'

// What ends negotiations without an act of their two sides.

type Deps = CommitDeps<Store>

const changesOf = (
  before: VersionedOf<'negotiation'>,
  events: readonly NegotiationEvent[],
  at: string,
  actor: Actor = systemActor,
) =>
  events.length === 0
    ? []
    : [
        {
          kind: 'negotiation' as const,
          before,
          after: advance('negotiation', before.state.id, before, events, at, actor),
        },
      ]

/** Nobody answered in time. */
export const applyNegotiationDeadline = (deps: Deps, id: string): Promise<DeadlineOutcome> =>
  committing<DeadlineOutcome>(deps, async () => {
    const before = await load(deps.store, 'negotiation', id)
    if (before === null) return { changes: [], answer: { notDue: null } }
    const at = instant(deps.now())
    const decided = decideAnswerDue(before.state, at)
    return decided.ok
      ? { changes: changesOf(before, decided.value, at), answer: 'moved' }
      : { changes: [], answer: { notDue: negotiationDueAt(before.state) } }
  })

/**
 * What became of the order of an accepted offer. A buyer who did not pay gets a strike, as the winner of an auction does:
 * before the step, once for the negotiation, so that no crash in between forgets it. Told again: nothing.
 */
export const advanceNegotiation = async (deps: Deps, order: Order): Promise<void> => {
  const { saleId, id: orderId, status } = order
  if (saleId === undefined) throw new Error(`${orderId} is of no offer`)
  await committing<void>(deps, async () => {
    const before = await load(deps.store, 'negotiation', saleId)
    if (before === null) throw new Error(`${orderId} is of ${saleId}, which does not exist`)
    const events = decideOfferOrderEnded(before.state, { id: orderId, status })
    if (events.length > 0 && unpaidOrders.has(status)) {
      const { handle, proposerId } = before.state
      await recordStrike(deps, proposerId, { saleId, reason: `The offer for ${handle} was accepted and not paid` })
    }
    return { changes: changesOf(before, events, instant(deps.now())), answer: undefined }
  })
}

/**
 * Declines the other open offers for a handle: one of them was accepted, or it was sold otherwise. The handle refuses them
 * already, so that nothing hurries; one that comes again finds them declined.
 */
export const declineOthers = async (
  deps: Deps,
  { holderId, handle }: Pick<Negotiation, 'holderId' | 'handle'>,
  reason: Extract<DeclineReason, 'another_accepted' | 'handle_gone'>,
): Promise<void> => {
  for await (const ids of openOffersFor(deps.store, holderId, handle)) {
    for (const id of ids) {
      await committing<void>(deps, async () => {
        const before = await load(deps.store, 'negotiation', id)
        const events = before === null ? [] : declinedEvents(before.state, reason)
        return { changes: before === null ? [] : changesOf(before, events, instant(deps.now())), answer: undefined }
      })
    }
  }
}

/** An offer was accepted: the others for its handle are declined. */
export const declineAfter = async (deps: Deps, id: string): Promise<void> => {
  const accepted = await load(deps.store, 'negotiation', id)
  if (accepted === null) throw new Error(`there is no offer ${id}`)
  await declineOthers(deps, accepted.state, 'another_accepted')
}

/** The card that stood for an offer is let go, unless another one does by now. */
export const endFunding = async (deps: Deps, id: string): Promise<void> => {
  const negotiation = await load(deps.store, 'negotiation', id)
  if (negotiation === null) throw new Error(`there is no offer ${id}`)
  const { fundedUntil, proposerId } = negotiation.state
  if (fundedUntil === undefined) await letGoAuthorisation(deps, proposerId, id)
}
