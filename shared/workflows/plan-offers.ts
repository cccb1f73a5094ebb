import { derivedId } from '../contract/ids.ts'
import { systemActor } from '../domain/actors.ts'
import { type Campaign, matchProspects, type OfferedHandle } from '../domain/campaign.ts'
import type { OfferPlan } from '../domain/private-offer.ts'
import { decidePlan, decideWithdraw } from '../domain/private-offer-acts.ts'
import { isOver } from '../domain/private-offer-machine.ts'
import { addressHash, type Prospect } from '../domain/prospect.ts'
import { load } from '../store/aggregates.ts'
import { loadOffersInTurn, loadProspects, putTurns, type Turn } from '../store/campaigns.ts'
import { commitAll } from '../store/commit.ts'
import { instant } from './committing.ts'
import { moveOffer } from './offer-acts.ts'
import { offerChange, type OfferDeps, openTurn, withdrawEach } from './offer-turns.ts'
import { openRound, settleRound } from './sealed-round.ts'

/**
 * A campaign has started: its offers are planned, one a prospect, and the first of each handle go out. Which offers there
 * are follows from the campaign and its prospects alone, and their ids from both, so that a repeat plans nothing twice.
 */
export const planOffers = async (deps: OfferDeps, campaignId: string): Promise<'planned' | 'not_running'> => {
  const campaign = await load(deps.store, 'campaign', campaignId)
  if (campaign?.state.status !== 'running') return 'not_running'
  const { state } = campaign
  const planned = await plan(deps, state)
  await putTurns(deps.store, campaignId, planned.turns)
  const at = instant(deps.now())
  const changes = planned.offers.map(({ id, offer }) => offerChange(null, id, decidePlan(offer), at, systemActor))
  // One that was planned before is found, and left as it is.
  await commitAll(deps.store, deps, changes)
  for (const { handle } of state.offered) {
    await (state.mode === 'exclusive' ? openTurn(deps, campaignId, handle) : openRound(deps, state, handle))
  }
  return 'planned'
}

const plan = async (deps: OfferDeps, campaign: Campaign) => {
  const turns: Turn[] = []
  const offers: { readonly id: string; readonly offer: OfferPlan }[] = []
  const turnOf = new Map<string, number>()
  for (const { prospect, offered } of matchProspects(campaign.offered, await prospectsOf(deps, campaign))) {
    const turn = (turnOf.get(offered.handle) ?? 0) + 1
    turnOf.set(offered.handle, turn)
    const offerId = derivedId('pof', campaign.id, prospect.ref)
    turns.push({ offerId, handle: offered.handle, turn })
    offers.push({ id: offerId, offer: planOf(campaign, offered, prospect) })
  }
  return { turns, offers }
}

type PlacedProspect = Prospect & { readonly ref: string }

/** In the order of the uploads and their rows; rows of uploads that the campaign never took are not among them. */
const prospectsOf = async (deps: OfferDeps, campaign: Campaign): Promise<readonly PlacedProspect[]> => {
  const all = await loadProspects(deps.store, campaign.id)
  return campaign.uploads.flatMap(({ id }) =>
    [...all]
      .filter(([ref]) => ref.startsWith(`${id}#`))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([ref, prospect]) => ({ ...prospect, ref })),
  )
}

const planOf = (campaign: Campaign, offered: OfferedHandle, prospect: PlacedProspect): OfferPlan => ({
  campaignId: campaign.id,
  operatorId: campaign.operatorId,
  prospect: prospect.ref,
  addressHash: addressHash(prospect.email),
  handle: offered.handle,
  display: offered.display,
  mode: campaign.mode,
  priceMinor: offered.priceMinor,
  ...(campaign.priceReason === undefined ? {} : { priceReason: campaign.priceReason }),
  currency: campaign.currency,
  exclusivityHours: campaign.exclusivityHours,
  counterRoundsMax: campaign.counterRoundsMax,
  paymentHours: campaign.paymentHours,
})

/** A campaign was closed: what nobody has accepted is taken back, and the handles are free. */
export const withdrawOffers = async (deps: OfferDeps, campaignId: string): Promise<void> => {
  const campaign = await load(deps.store, 'campaign', campaignId)
  if (campaign?.state.status !== 'closed') return
  const offers = await loadOffersInTurn(deps.store, campaignId)
  await withdrawEach(deps, offers, 'campaign_closed')
  const live = offers.filter(({ state }) => state.mode === 'exclusive' && state.status !== 'planned' && !isOver(state))
  for (const { state } of live) {
    // One that was accepted is refused, and stays.
    await moveOffer(deps, state.id, systemActor, (offer) => decideWithdraw(offer, 'system', 'campaign_closed'))
  }
  if (campaign.state.mode === 'sealed') {
    for (const { handle } of campaign.state.offered) await settleRound(deps, campaignId, handle)
  }
}
