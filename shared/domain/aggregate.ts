import { type Actor, actorName } from './actors.ts'
import { type Case, type CaseEvent, evolveCase } from './case.ts'
import { type Auction, type AuctionEvent, evolveAuction } from './auction.ts'
import { type Chargeback, type ChargebackEvent, evolveChargeback } from './chargeback.ts'
import { type Dispute, type DisputeEvent, evolveDispute } from './dispute.ts'
import { type Drop, type DropEvent, evolveDrop } from './drop.ts'
import { type Campaign, type CampaignEvent, evolveCampaign } from './campaign.ts'
import { evolveHandle } from './handle-evolve.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { type Entry, nextEntry } from './journal.ts'
import type { Posting } from './ledger.ts'
import type { Negotiation, NegotiationEvent } from './negotiation.ts'
import { evolveNegotiation } from './negotiation-evolve.ts'
import { evolveOfferRules, type OfferRules, type OfferRulesEvent } from './offer-rules.ts'
import { evolveLook, type LookEvent, type ProtectedLook } from './protected-names.ts'
import { evolveOrder, type Order, type OrderEvent } from './order.ts'
import { postingsOf } from './order-money.ts'
import { evolveReminder, type Reminder, type ReminderEvent } from './reminder.ts'
import type { OfferEvent, PrivateOffer } from './private-offer.ts'
import { evolveOffer } from './private-offer-evolve.ts'
import { evolvePlan, type PlanEvent, type ReleasePlan } from './release-plan.ts'
import { evolvePolicy, type PolicyEvent, type PublishedPolicy } from './release-policy.ts'
import { evolveSeller, type Seller, type SellerEvent } from './seller.ts'
import { evolveStanding, type Standing, type StandingEvent } from './standing.ts'

/** A state and the journal entry that led to it: what a store loads, and what `commit` writes. */
export type Versioned<S, E extends { readonly type: string }> = { readonly state: S; readonly entry: Entry<E> }

/** Every kind of aggregate: its state and its events. A new kind is a line here, in `rules`, and in `store/kinds.ts`. */
type Kinds = {
  handle: [Handle, HandleEvent]
  order: [Order, OrderEvent]
  look: [ProtectedLook, LookEvent]
  policy: [PublishedPolicy, PolicyEvent]
  plan: [ReleasePlan, PlanEvent]
  drop: [Drop, DropEvent]
  reminder: [Reminder, ReminderEvent]
  auction: [Auction, AuctionEvent]
  standing: [Standing, StandingEvent]
  case: [Case, CaseEvent]
  campaign: [Campaign, CampaignEvent]
  private_offer: [PrivateOffer, OfferEvent]
  seller: [Seller, SellerEvent]
  dispute: [Dispute, DisputeEvent]
  chargeback: [Chargeback, ChargebackEvent]
  negotiation: [Negotiation, NegotiationEvent]
  offer_rules: [OfferRules, OfferRulesEvent]
}
export type Kind = keyof Kinds
export type StateOf<K extends Kind> = Kinds[K][0]
export type EventOf<K extends Kind> = Kinds[K][1]
export type VersionedOf<K extends Kind> = Versioned<StateOf<K>, EventOf<K>>

export type VersionedHandle = VersionedOf<'handle'>
export type VersionedOrder = VersionedOf<'order'>
export type VersionedLook = VersionedOf<'look'>
export type VersionedPolicy = VersionedOf<'policy'>
export type VersionedPlan = VersionedOf<'plan'>

type Rules<K extends Kind> = {
  /** Folds one event, which happened at `at`, into the state. Throws where the event cannot have happened. */
  readonly evolve: (id: string, state: StateOf<K> | null, event: EventOf<K>, at: string) => StateOf<K>
  /** The money an event moves; `before` is the state before it, or at the birth the first state. */
  readonly postingsOf?: (before: StateOf<K>, event: EventOf<K>) => readonly Posting[]
}

// The kinds that buyers' functions move have rules of their own, so that a bundle which needs no others holds no others.
const handleRules: Rules<'handle'> = { evolve: evolveHandle }
const orderRules: Rules<'order'> = { evolve: evolveOrder, postingsOf }
const standingRules: Rules<'standing'> = { evolve: evolveStanding }
const caseRules: Rules<'case'> = { evolve: evolveCase }

const rules: { readonly [K in Kind]: Rules<K> } = {
  handle: handleRules,
  order: orderRules,
  look: { evolve: evolveLook },
  policy: { evolve: (_, policy, event, at) => evolvePolicy(policy, event, at) },
  plan: { evolve: evolvePlan },
  drop: { evolve: evolveDrop },
  reminder: { evolve: evolveReminder },
  auction: { evolve: evolveAuction },
  standing: standingRules,
  case: caseRules,
  campaign: { evolve: evolveCampaign },
  private_offer: { evolve: evolveOffer },
  seller: { evolve: evolveSeller },
  dispute: { evolve: evolveDispute },
  chargeback: { evolve: evolveChargeback },
  negotiation: { evolve: evolveNegotiation },
  offer_rules: { evolve: evolveOfferRules },
}

/** The one release policy has no id of its own among many. */
export const policyId = 'release'

/** `order:ord_…`: as journal entries and messages name an aggregate. */
export const aggregateName = (kind: Kind, id: string): string => `${kind}:${id}`

/** Kind and id of an aggregate's name; null where it is none. */
export const parseAggregate = (name: string): { readonly kind: Kind; readonly id: string } | null => {
  const at = name.indexOf(':')
  const kind = name.slice(0, at)
  return at > 0 && Object.hasOwn(rules, kind) ? { kind: kind as Kind, id: name.slice(at + 1) } : null
}

export const handleAggregate = (name: string): string => aggregateName('handle', name)
export const orderAggregate = (id: string): string => aggregateName('order', id)
export const policyAggregate = aggregateName('policy', policyId)

export type Folded<K extends Kind> = {
  readonly state: StateOf<K> | null
  readonly postings: readonly Posting[]
}

/** One entry's events folded into the state, with the money they move. @throws where one cannot have happened */
export const fold = <K extends Kind>(
  kind: K,
  id: string,
  before: StateOf<K> | null,
  events: readonly EventOf<K>[],
  at: string,
): Folded<K> => foldBy(rules[kind], id, before, events, at)

const foldBy = <K extends Kind>(
  { evolve, postingsOf: moved }: Rules<K>,
  id: string,
  before: StateOf<K> | null,
  events: readonly EventOf<K>[],
  at: string,
): Folded<K> => {
  let state = before
  const postings: Posting[] = []
  for (const event of events) {
    const after = evolve(id, state, event, at)
    if (moved !== undefined) postings.push(...moved(state ?? after, event))
    state = after
  }
  return { state, postings }
}

/** The aggregate after these events, with the entry that records them and the money they moved. There must be one at least. */
export const advance = <K extends Kind>(
  kind: K,
  id: string,
  before: VersionedOf<K> | null,
  events: readonly EventOf<K>[],
  at: string,
  actor: Actor,
): VersionedOf<K> => advanceBy(kind, rules[kind])(id, before, events, at, actor)

type Advance<K extends Kind> = (
  id: string,
  before: VersionedOf<K> | null,
  events: readonly EventOf<K>[],
  at: string,
  actor: Actor,
) => VersionedOf<K>

const advanceBy =
  <K extends Kind>(kind: K, kindRules: Rules<K>): Advance<K> =>
  (id, before, events, at, actor) => {
    const { state, postings } = foldBy(kindRules, id, before?.state ?? null, events, at)
    if (state === null) throw new Error(`nothing happened to ${kind} ${id}`)
    const decided = { at, by: actorName(actor), events, postings }
    return { state, entry: nextEntry<EventOf<K>>(aggregateName(kind, id), before?.entry ?? null, decided) }
  }

export const advanceHandle = /* @__PURE__ */ advanceBy('handle', handleRules)
export const advanceOrder = /* @__PURE__ */ advanceBy('order', orderRules)
export const advanceStanding = /* @__PURE__ */ advanceBy('standing', standingRules)
export const advanceCase = /* @__PURE__ */ advanceBy('case', caseRules)
