import { type Actor, systemActor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import { evolveHandle } from '../domain/handle-evolve.ts'
import { decideSaleClosed, decideSaleOpened } from '../domain/listing.ts'
import type { OfferEvent, PrivateOffer, WithdrawalReason } from '../domain/private-offer.ts'
import { bindingUntil, decideMake, decideWithdraw } from '../domain/private-offer-acts.ts'
import { isOver, saleIdOf } from '../domain/private-offer-machine.ts'
import { load } from '../store/aggregates.ts'
import { loadOffersInTurn, loadProspect, suppressedAmong } from '../store/campaigns.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { loadForSale } from '../store/handles.ts'
import { type CommitDeps, committing, committingEach, instant } from './committing.ts'

export type OfferDeps = CommitDeps<Store>
export type VersionedOffer = VersionedOf<'private_offer'>

/** One offer's step without its handle. */
export const offerChange = (
  before: VersionedOffer | null,
  id: string,
  events: readonly OfferEvent[],
  at: string,
  actor: Actor,
): Extract<Change, { kind: 'private_offer' }> => ({
  kind: 'private_offer',
  before,
  after: advance('private_offer', id, before, events, at, actor),
})

/**
 * The changes that these events of an offer need. An exclusive offer that ends lets its handle go, and the next prospect's
 * offer goes out in the same transaction: between two prospects nobody else can buy it.
 */
export const offerChanges = async (
  deps: Pick<OfferDeps, 'store'>,
  before: VersionedOffer,
  events: readonly OfferEvent[],
  at: string,
  actor: Actor,
): Promise<{ readonly changes: readonly Change[]; readonly offer: PrivateOffer }> => {
  if (events.length === 0) return { changes: [], offer: before.state }
  const change = offerChange(before, before.state.id, events, at, actor)
  const offer = change.after.state
  const letsGo = offer.mode === 'exclusive' && before.state.status !== 'planned' && isOver(offer)
  return { changes: letsGo ? [change, ...(await passOn(deps, offer, at))] : [change], offer }
}

/** The handle of an offer that ends: freed, or bound for the next prospect. No changes where it was not this offer's. */
const passOn = async (deps: Pick<OfferDeps, 'store'>, ended: PrivateOffer, at: string): Promise<readonly Change[]> => {
  const handle = await loadForSale(deps.store, ended.handle)
  const saleId = saleIdOf(ended)
  if (handle?.state.listing?.sale?.id !== saleId) return []
  const closed = decideSaleClosed(handle.state, saleId, systemActor)
  if (!closed.ok) throw new Error(`${ended.id} cannot let go of ${ended.handle}: ${closed.refusal.message}`)
  let free = handle.state
  for (const event of closed.value) free = evolveHandle(free.name, free, event, at)
  const next = await nextInTurn(deps, ended)
  const opened = next === null ? null : decideSaleOpened(free, saleOf(next, at), handle.guard, systemActor, at)
  const made = next === null ? null : decideMake(next.state, at)
  const goesOn = next !== null && opened?.ok === true && made?.ok === true
  const events = [...closed.value, ...(goesOn ? opened.value : [])]
  const after = advance('handle', free.name, handle, events, at, systemActor)
  return [
    { kind: 'handle', before: handle, after, contact: handle.contact },
    ...(goesOn ? [offerChange(next, next.state.id, made.value, at, systemActor)] : []),
  ]
}

/** The offer whose turn is next, of those that can be written to; null: nobody, or the campaign is closed. */
const nextInTurn = async (deps: Pick<OfferDeps, 'store'>, ended: PrivateOffer): Promise<VersionedOffer | null> => {
  const [campaign, offers] = await Promise.all([
    load(deps.store, 'campaign', ended.campaignId),
    loadOffersInTurn(deps.store, ended.campaignId, ended.handle),
  ])
  if (campaign?.state.status !== 'running') return null
  const waiting = offers.filter(({ state }) => state.status === 'planned' && state.id !== ended.id)
  for (const offer of waiting) {
    if ((await unreachable(deps, offer.state)) === null) return offer
  }
  return null
}

/** Why a prospect cannot be written to; null: nothing is known against it. */
const unreachable = async (
  deps: Pick<OfferDeps, 'store'>,
  offer: PrivateOffer,
): Promise<'contact_gone' | 'unsubscribed' | null> => {
  const [prospect, suppressed] = await Promise.all([
    loadProspect(deps.store, offer.campaignId, offer.prospect),
    suppressedAmong(deps.store, [offer.addressHash]),
  ])
  if (prospect === null) return 'contact_gone'
  return suppressed.has(offer.addressHash) ? 'unsubscribed' : null
}

/**
 * Sees to it that an exclusive handle is with somebody: the first in turn who can be written to gets the offer, and those
 * before who cannot are passed over. Where the handle cannot be sold (any more), everybody in the queue is. Does nothing
 * while an offer of the handle is under way.
 */
export const openTurn = async (deps: OfferDeps, campaignId: string, handle: string): Promise<void> => {
  const offers = await loadOffersInTurn(deps.store, campaignId, handle)
  for (const [index, { state }] of offers.entries()) {
    if (isOver(state)) continue
    const turn = state.status === 'planned' ? await openOffer(deps, state.id) : 'busy'
    if (turn === 'passed') continue
    if (turn !== 'busy') await withdrawEach(deps, offers.slice(index), turn)
    return
  }
}

/**
 * Many offers at once that hold no handle by themselves: those that wait for their turn, and those of a sealed round. One
 * that was accepted or closed in meanwhile stays.
 */
export const withdrawEach = async (
  deps: OfferDeps,
  offers: readonly VersionedOffer[],
  reason: WithdrawalReason,
): Promise<void> => {
  const waiting = offers.filter(
    ({ state }) => state.status === 'planned' || (state.mode === 'sealed' && !isOver(state)),
  )
  await stepEach(deps, waiting, (offer) => {
    const decided = offer.status === 'closed' ? null : decideWithdraw(offer, 'system', reason)
    return decided?.ok === true ? decided.value : []
  })
}

/** One step each of many offers, by the system and without their handles; decided anew for whom somebody else was faster. */
export const stepEach = async (
  deps: OfferDeps,
  offers: readonly VersionedOffer[],
  decide: (offer: PrivateOffer, now: string) => readonly OfferEvent[],
): Promise<void> => {
  await committingEach<null>(
    deps,
    offers.map((loaded) => {
      let before: VersionedOffer | null = loaded
      return async () => {
        const read = before ?? (await load(deps.store, 'private_offer', loaded.state.id))
        before = null
        const at = instant(deps.now())
        const events = read === null ? [] : decide(read.state, at)
        const changes = events.length === 0 ? [] : [offerChange(read, loaded.state.id, events, at, systemActor)]
        return { changes, answer: null }
      }
    }),
  )
}

/**
 * `passed`: this prospect has no turn (any more). `busy`: the handle is with this prospect now. Otherwise why nobody after
 * this one has a turn either.
 */
type Turn = 'passed' | 'busy' | 'campaign_closed' | 'handle_gone'

const openOffer = (deps: OfferDeps, id: string): Promise<Turn> =>
  committing<Turn>(deps, async () => {
    const offer = await load(deps.store, 'private_offer', id)
    if (offer === null || isOver(offer.state)) return { changes: [], answer: 'passed' }
    if (offer.state.status !== 'planned') return { changes: [], answer: 'busy' }
    const at = instant(deps.now())
    const pass = (reason: WithdrawalReason) => {
      const decided = decideWithdraw(offer.state, 'system', reason)
      if (!decided.ok) throw new Error(decided.refusal.message)
      return { changes: [offerChange(offer, id, decided.value, at, systemActor)], answer: 'passed' as const }
    }
    const campaign = await load(deps.store, 'campaign', offer.state.campaignId)
    if (campaign?.state.status !== 'running') return { changes: [], answer: 'campaign_closed' }
    const why = await unreachable(deps, offer.state)
    if (why !== null) return pass(why)
    const handle = await loadForSale(deps.store, offer.state.handle)
    const opened =
      handle === null ? null : decideSaleOpened(handle.state, saleOf(offer, at), handle.guard, systemActor, at)
    if (handle === null || opened?.ok !== true) return { changes: [], answer: 'handle_gone' }
    const made = decideMake(offer.state, at)
    if (!made.ok) throw new Error(made.refusal.message)
    const after = advance('handle', handle.state.name, handle, opened.value, at, systemActor)
    return {
      changes: [
        { kind: 'handle', before: handle, after, contact: handle.contact },
        offerChange(offer, id, made.value, at, systemActor),
      ],
      answer: 'busy',
    }
  })

const saleOf = ({ state }: VersionedOffer, startsAt: string) => ({
  mode: 'private_offer' as const,
  id: state.id,
  startsAt,
  until: bindingUntil(state, startsAt),
})
