import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import type { Campaign } from '../domain/campaign.ts'
import type { PrivateOffer, WithdrawalReason } from '../domain/private-offer.ts'
import { bindingUntil, decideMake, decideWithdraw, hoursAfter } from '../domain/private-offer-acts.ts'
import { decideRoundLost, decideRoundWon, roundWinner } from '../domain/sealed-round.ts'
import { decideSaleClosed, decideSaleOpened } from '../domain/listing.ts'
import { load } from '../store/aggregates.ts'
import { loadOffersInTurn, loadSomeProspects, suppressedAmong } from '../store/campaigns.ts'
import { loadForSale } from '../store/handles.ts'
import { committing, instant } from './committing.ts'
import { offerChange, type OfferDeps, stepEach } from './offer-turns.ts'
import { saleOrderChanges } from './place-sale-order.ts'

// A sealed round: one handle, bound for the campaign, and all its prospects at once. Amounts are compared once no offer of
// the handle can be answered any more, so whoever looks, and however often, finds the same winner.

/** Orders of one campaign are told apart by a number: the handle's place, and the offer's turn. */
const turnsPerHandle = 10_000

/** Binds the handle and writes to everybody in its round. Repeated after a crash, it writes to those that are left. */
export const openRound = async (deps: OfferDeps, campaign: Campaign, handle: string): Promise<void> => {
  const isBound = await bind(deps, campaign, handle)
  const offers = await loadOffersInTurn(deps.store, campaign.id, handle)
  const planned = offers.filter(({ state }) => state.status === 'planned')
  const [prospects, suppressed] = await Promise.all([
    loadSomeProspects(
      deps.store,
      campaign.id,
      planned.map(({ state }) => state.prospect),
    ),
    suppressedAmong(
      deps.store,
      planned.map(({ state }) => state.addressHash),
    ),
  ])
  const until = hoursAfter(campaign.startedAt ?? campaign.createdAt, campaign.exclusivityHours)
  const whyNot = ({ prospect, addressHash }: PrivateOffer): WithdrawalReason | null => {
    if (!isBound) return 'handle_gone'
    if (!prospects.has(prospect)) return 'contact_gone'
    return suppressed.has(addressHash) ? 'unsubscribed' : null
  }
  await stepEach(deps, planned, (offer, now) => {
    if (offer.status !== 'planned') return []
    const why = whyNot(offer) ?? (now < until ? null : 'handle_gone')
    const decided = why === null ? decideMake(offer, now, until) : decideWithdraw(offer, 'system', why)
    if (!decided.ok) throw new Error(decided.refusal.message)
    return decided.value
  })
  await settleRound(deps, campaign.id, handle)
}

const bind = (deps: OfferDeps, campaign: Campaign, handle: string): Promise<boolean> =>
  committing<boolean>(deps, async () => {
    const before = await loadForSale(deps.store, handle)
    if (before?.state.listing?.sale?.id === campaign.id) return { changes: [], answer: true }
    const at = instant(deps.now())
    const sale = {
      mode: 'private_offer' as const,
      id: campaign.id,
      startsAt: at,
      until: bindingUntil(campaign, campaign.startedAt ?? at),
    }
    const opened = before === null ? null : decideSaleOpened(before.state, sale, before.guard, systemActor, at)
    if (before === null || opened?.ok !== true) return { changes: [], answer: false }
    const after = advance('handle', handle, before, opened.value, at, systemActor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: true }
  })

/**
 * Ends a round that is over for all of its offers: the winner's order is placed, the others are told; with nobody who named
 * an amount, or with a winner who did not pay, the handle is free. A winner whose order cannot be placed gives way to the
 * next. Does nothing while an offer can still be answered.
 */
export const settleRound = async (deps: OfferDeps, campaignId: string, handle: string): Promise<void> => {
  for (;;) {
    const loaded = await loadOffersInTurn(deps.store, campaignId, handle)
    const offers = loaded.map(({ state }) => state)
    const winner = roundWinner(offers)
    if (winner === 'undecided') return
    if (winner === null) return free(deps, campaignId, handle)
    if (winner.status === 'closed' && !(await award(deps, campaignId, winner, offers))) continue
    const others = loaded.filter(({ state }) => state.status === 'closed' && state.id !== winner.id)
    await stepEach(deps, others, decideRoundLost)
    if (winner.status === 'lapsed') await free(deps, campaignId, handle)
    return
  }
}

/** False where the order could not be placed: the offer is then out of the round. */
const award = async (
  deps: OfferDeps,
  campaignId: string,
  { id, handle }: PrivateOffer,
  offers: readonly PrivateOffer[],
): Promise<boolean> => {
  const campaign = await load(deps.store, 'campaign', campaignId)
  const place = campaign?.state.offered.findIndex((one) => one.handle === handle) ?? 0
  const round = place * turnsPerHandle + offers.findIndex((offer) => offer.id === id) + 1
  return committing<boolean>(deps, async () => {
    const before = await load(deps.store, 'private_offer', id)
    if (before?.state.status !== 'closed') return { changes: [], answer: true }
    const { accountId: buyerId = '', pledge, paymentHours } = before.state
    const at = instant(deps.now())
    const placed = await saleOrderChanges(
      deps,
      {
        saleId: campaignId,
        round,
        handle,
        buyerId,
        priceMinor: pledge?.amountMinor ?? 0,
        payBy: hoursAfter(at, paymentHours),
        actor: systemActor,
      },
      at,
    )
    const decided = placed.ok
      ? decideRoundWon(before.state, placed.value.order.id)
      : decideWithdraw(before.state, 'system', 'handle_gone')
    if (!decided.ok) throw new Error(decided.refusal.message)
    const change = offerChange(before, id, decided.value, at, systemActor)
    return { changes: placed.ok ? [...placed.value.changes, change] : [change], answer: placed.ok }
  })
}

const free = (deps: OfferDeps, campaignId: string, handle: string): Promise<void> =>
  committing<void>(deps, async () => {
    const before = await loadForSale(deps.store, handle)
    if (before?.state.listing?.sale?.id !== campaignId) return { changes: [], answer: undefined }
    const closed = decideSaleClosed(before.state, campaignId, systemActor)
    if (!closed.ok) throw new Error(`${campaignId} cannot let go of ${handle}: ${closed.refusal.message}`)
    const after = advance('handle', handle, before, closed.value, instant(deps.now()), systemActor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: undefined }
  })
