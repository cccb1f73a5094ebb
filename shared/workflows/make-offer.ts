import type { Money } from '../contract/money.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { type Negotiation, negotiationIdOf, offerLimits } from '../domain/negotiation.ts'
import {
  decideOffer,
  earlierTry,
  keyReused,
  type OfferAnswer,
  type OfferWanted,
  offerHindrance,
} from '../domain/negotiation-acts.ts'
import { askingPriceOf, decideKeyed, holdingOf, type OfferRulesEvent, rulesNow } from '../domain/offer-rules.ts'
import { ok, refuse, type Refusal, type Result } from '../domain/result.ts'
import { decideReliedOn } from '../domain/standing.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import type { Change } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import { countMade, countReceived } from '../store/negotiations.ts'
import { noteRequestKey } from '../store/request-keys.ts'
import { addOfferDemand } from '../store/watches.ts'
import { committing, instant } from './committing.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { checkLinks } from './links.ts'
import { acceptanceChanges } from './negotiation-order.ts'
import { noteContact } from './note-contact.ts'
import type { ScreeningDeps } from './screening.ts'
import { standingChange } from './standing.ts'

export type OfferDeps = EligibilityDeps &
  ScreeningDeps & {
    /** 128 random bits as text, another one each time. */
    readonly secret: () => string
  }

export type OfferRequest = {
  readonly handle: string
  readonly amount: Money
  readonly buyer: Caller
  readonly idempotencyKey: string
  readonly requestHash: string
}

type Answer = { readonly changes: readonly Change[]; readonly answer: Result<Negotiation> }

/**
 * A user offers an amount for a handle that somebody holds. Below the holder's floor it is declined at once and counted; at
 * or above the holder's bound it is accepted at once, with its order, in the same transaction. A repeat is answered with the
 * offer as it stands.
 */
export const makeOffer = async (deps: OfferDeps, request: OfferRequest): Promise<Result<Negotiation>> => {
  const { buyer, amount, idempotencyKey: requestKey, requestHash } = request
  const name = checkHandle(request.handle)
  if (!name.ok) return name
  const act = { kind: 'offer', amountMinor: amount.amountMinor } as const
  const barred = await checkEligibility(deps, buyer, act)
  if (barred === null) await noteContact(deps, buyer)
  const freshKey = deps.secret()
  const { amountMinor, currency } = amount
  const proposerId = buyer.id
  const { verified } = buyer.claims
  const wanted: OfferWanted = { proposerId, verified, amountMinor, currency, requestKey, requestHash }
  let isFirst = false
  const made = await committing<Result<Negotiation>>(deps, async (): Promise<Answer | null> => {
    const [handle, rules, standing] = await Promise.all([
      loadHandle(deps.store, name.value),
      load(deps.store, 'offer_rules', name.value),
      load(deps.store, 'standing', proposerId),
    ])
    if (handle === null) return refused(refuse('not_found', `There is no handle ${name.value}`, 'handle'))
    const at = instant(deps.now())
    const holding = holdingOf(handle.state)
    const aliasKey = rules?.state.aliasKey ?? freshKey
    const id = negotiationIdOf(aliasKey, proposerId, name.value, holding?.accountId ?? '')
    const before = holding === null ? null : await load(deps.store, 'negotiation', id)
    const earlier = earlierTry(before?.state ?? null, wanted)
    if (earlier !== null && before !== null) {
      return { changes: [], answer: earlier.ok ? ok(before.state) : earlier }
    }
    if (barred !== null) return refused({ ok: false, refusal: barred })
    const hindrance = offerHindrance(handle.state, at)
    if (holding === null || hindrance !== null) return refused({ ok: false, refusal: hindrance ?? notHeld })
    if (holding.accountId === proposerId) {
      return refused(refuse('own_handle', `You hold ${name.value} yourself`, 'handle'))
    }
    const linked = await checkLinks(deps, buyer, { saleId: id, sellerId: holding.accountId })
    if (linked !== null) return refused({ ok: false, refusal: linked })
    const facts = {
      handle: handle.state,
      holding,
      rules: rulesNow(rules?.state ?? null, handle.state, at),
      askingMinor: askingPriceOf(handle.state, at),
      standing: standing?.state ?? null,
    }
    const decided = decideOffer(id, before?.state ?? null, wanted, facts, at)
    if (!decided.ok) return refused(decided)
    const { outcome } = decided.value
    const full = outcome === 'below_floor' ? null : await capReached(deps, proposerId, holding.accountId, name.value)
    if (full !== null) return refused({ ok: false, refusal: full })
    if (
      !(await noteRequestKey(
        deps.store,
        { accountId: proposerId, route: 'offers', key: requestKey, requestHash },
        deps.now(),
      ))
    ) {
      return refused(keyReused)
    }
    const actor: Actor = { kind: 'buyer', id: proposerId }
    const rulesEvents: OfferRulesEvent[] = [
      ...decideKeyed(rules?.state ?? null, aliasKey),
      ...(outcome === 'below_floor' ? [{ type: 'offer_below_floor', holding, negotiationId: id } as const] : []),
    ]
    const beside: Change[] = [
      ...(rulesEvents.length === 0 ? [] : [rulesChange(name.value, rules, rulesEvents, at, actor)]),
      ...fundingChange(standing, proposerId, id, decided.value, at, actor),
    ]
    isFirst = before === null
    const placed = await offerChanges(deps, id, before, decided.value, at, actor)
    return placed.ok
      ? { changes: [...placed.value.changes, ...beside], answer: ok(placed.value.negotiation) }
      : (await hasMoved(deps.store, id, before))
        ? null
        : refused(placed)
  })
  // A statistic for the appraisal: one that is lost with its function harms nobody, and none is counted twice.
  if (made.ok && isFirst) await addOfferDemand(deps.store, name.value)
  return made
}

const notHeld = refuse('handle_not_held', 'Nobody holds this handle now', 'handle').refusal

const refused = (answer: Extract<Result<never>, { ok: false }>): Answer => ({ changes: [], answer })

/**
 * Whether somebody moved a negotiation since it was read: a refusal may then be about what that made of its handle, which
 * was read after it, and is decided again.
 */
export const hasMoved = async (store: Store, id: string, before: VersionedOf<'negotiation'> | null): Promise<boolean> =>
  (await load(store, 'negotiation', id))?.entry.hash !== before?.entry.hash

/** How many offers may be open: of one buyer, and for one handle. The indexes may be a second behind. */
const capReached = async (
  { store }: OfferDeps,
  proposerId: string,
  holderId: string,
  handle: string,
): Promise<Refusal | null> => {
  const { openPerBuyerMax, openPerHandleMax } = offerLimits
  const [ofBuyer, ofHandle] = await Promise.all([
    countMade(store, proposerId, openPerBuyerMax),
    countReceived(store, holderId, handle, openPerHandleMax),
  ])
  if (ofBuyer >= openPerBuyerMax) {
    return refuse('cap_reached', `You have ${ofBuyer} open offers, and may have ${openPerBuyerMax}`, undefined, {
      openOffersMax: openPerBuyerMax,
    }).refusal
  }
  return ofHandle < openPerHandleMax
    ? null
    : refuse('offers_full', `${handle} has ${ofHandle} open offers already`, 'handle', { openPerHandleMax }).refusal
}

/** One step of the rules of a handle's offers. */
export const rulesChange = (
  handle: string,
  before: VersionedOf<'offer_rules'> | null,
  events: readonly OfferRulesEvent[],
  at: string,
  actor: Actor,
): Extract<Change, { readonly kind: 'offer_rules' }> => ({
  kind: 'offer_rules',
  before,
  after: advance('offer_rules', handle, before, events, at, actor),
})

/** A card that stands for the offer is kept until the negotiation ends: noted in the same transaction. */
const fundingChange = (
  standing: VersionedOf<'standing'> | null,
  proposerId: string,
  id: string,
  { events }: OfferAnswer,
  at: string,
  actor: Actor,
): Change[] => {
  const isFunded = events.some((event) => event.type === 'offer_made' && event.fundedUntil !== undefined)
  const relied = isFunded ? decideReliedOn(standing?.state ?? null, id) : []
  const change = standingChange(proposerId, standing, relied, at, actor)
  return change === null ? [] : [change]
}

const offerChanges = async (
  deps: OfferDeps,
  id: string,
  before: VersionedOf<'negotiation'> | null,
  { events, outcome }: OfferAnswer,
  at: string,
  actor: Actor,
) => {
  if (outcome === 'bound') return acceptanceChanges(deps, { id, before, events, by: 'bound', actor }, at)
  const after = advance('negotiation', id, before, events, at, actor)
  return ok({ changes: [{ kind: 'negotiation', before, after } satisfies Change], negotiation: after.state })
}
