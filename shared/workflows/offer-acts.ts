import { type Actor, systemActor } from '../domain/actors.ts'
import type { PrivateOffer } from '../domain/private-offer.ts'
import {
  decideAnswer,
  decideOrderEnded,
  decideWindowEnd,
  decideWithdraw,
  type OperatorAnswer,
} from '../domain/private-offer-acts.ts'
import { isOver } from '../domain/private-offer-machine.ts'
import type { OfferDecision } from '../domain/private-offer-steps.ts'
import type { Order } from '../domain/order.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { load } from '../store/aggregates.ts'
import { loadOffersInTurn } from '../store/campaigns.ts'
import type { ApplyDeadline, DeadlineOutcome } from './apply-deadline.ts'
import { committing, instant } from './committing.ts'
import { offerChanges, type OfferDeps, openTurn } from './offer-turns.ts'
import { settleRound } from './sealed-round.ts'

/**
 * One decision of one offer, committed with what it means for its handle and for the next prospect. `missing` answers where
 * there is no such offer.
 */
export const moveOffer = async (
  deps: OfferDeps,
  id: string,
  actor: Actor,
  decide: (offer: PrivateOffer, now: string) => OfferDecision,
  missing: Result<never> = refuse('not_found', `There is no private offer ${id}`, 'offerId'),
): Promise<Result<PrivateOffer>> => {
  let wasOpen = false
  const moved = await committing<Result<PrivateOffer>>(deps, async () => {
    const before = await load(deps.store, 'private_offer', id)
    if (before === null) return { changes: [], answer: missing }
    wasOpen = before.state.status !== 'planned' && !isOver(before.state)
    const at = instant(deps.now())
    const decided = decide(before.state, at)
    if (!decided.ok) return { changes: [], answer: decided }
    const { changes, offer } = await offerChanges(deps, before, decided.value, at, actor)
    return { changes, answer: ok(offer) }
  })
  if (moved.ok && wasOpen && isOver(moved.value)) await afterEnd(deps, moved.value)
  return moved
}

/** What an offer's end leaves to do for others: the queue of an exclusive handle, or a round that may be over. */
const afterEnd = (deps: OfferDeps, { mode, campaignId, handle }: PrivateOffer): Promise<void> =>
  mode === 'exclusive' ? openTurn(deps, campaignId, handle) : settleRound(deps, campaignId, handle)

export const answerOffer = (
  deps: OfferDeps,
  id: string,
  answer: OperatorAnswer,
  operatorId: string,
): Promise<Result<PrivateOffer>> =>
  moveOffer(deps, id, { kind: 'operator', id: operatorId }, (offer, now) => decideAnswer(offer, answer, now))

export const withdrawOffer = (
  deps: OfferDeps,
  id: string,
  reason: string,
  operatorId: string,
): Promise<Result<PrivateOffer>> =>
  moveOffer(deps, id, { kind: 'operator', id: operatorId }, (offer) =>
    decideWithdraw(offer, 'operator', 'operator', reason),
  )

/** The clock's look at an offer whose window may be over. What follows its end is seen to even where that was done before. */
export const applyOfferDeadline: ApplyDeadline = async (deps, id): Promise<DeadlineOutcome> => {
  const moved = await moveOffer(deps, id, systemActor, decideWindowEnd)
  if (moved.ok) {
    if (moved.value.status === 'closed') await settleRound(deps, moved.value.campaignId, moved.value.handle)
    return 'moved'
  }
  const offer = await load(deps.store, 'private_offer', id)
  if (offer === null) return { notDue: null }
  const { status, until } = offer.state
  if (status === 'closed' || isOver(offer.state)) {
    await (status === 'closed'
      ? settleRound(deps, offer.state.campaignId, offer.state.handle)
      : afterEnd(deps, offer.state))
    return { notDue: null }
  }
  return { notDue: until ?? null }
}

/** An order that came out of a private offer, or of a campaign's sealed round, has ended. */
export const advanceOfferSale = async (deps: OfferDeps, order: Order): Promise<void> => {
  const id = await offerOfOrder(deps, order)
  if (id === null) throw new Error(`${order.id} came out of no offer of ${order.saleId ?? 'nothing'}`)
  await moveOffer(deps, id, systemActor, (offer) => ok(decideOrderEnded(offer, order.status)))
}

const offerOfOrder = async (deps: OfferDeps, { id, saleId = '', handle }: Order): Promise<string | null> => {
  if (saleId.startsWith('pof_')) return saleId
  const offers = await loadOffersInTurn(deps.store, saleId, handle)
  return offers.find(({ state }) => state.orderId === id)?.state.id ?? null
}
