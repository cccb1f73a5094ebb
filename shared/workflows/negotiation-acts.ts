import { noteContact } from './note-contact.ts'
import { derivedId } from '../contract/ids.ts'
import type { Money } from '../contract/money.ts'
import type { Actor } from '../domain/actors.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import type { Handle } from '../domain/handle.ts'
import { type Negotiation, type Party, type ReportReason, sideOf } from '../domain/negotiation.ts'
import {
  decideAcceptance,
  decideCounterOffer,
  decideDecline,
  declinedEvents,
  decideReport,
  decideWithdrawal,
  isAcceptedAs,
  isStillHeld,
  isWithinBound,
  type NegotiationDecision,
  offerHindrance,
} from '../domain/negotiation-acts.ts'
import { askedParty } from '../domain/negotiation-machine.ts'
import { askingPriceOf, decideBlock, holdingOf, rulesNow } from '../domain/offer-rules.ts'
import { atStakeMinor } from '../domain/resale.ts'
import { ok, refuse, type Refusal, type Result } from '../domain/result.ts'
import { decideReliedOn } from '../domain/standing.ts'
import { sellingHindered } from '../domain/user-listing.ts'
import type { Caller } from '../runtime/caller.ts'
import { load } from '../store/aggregates.ts'
import type { Change } from '../store/commit.ts'
import { loadHandle } from '../store/handles.ts'
import type { Store } from '../store/client.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { checkEligibility, type EligibilityDeps } from './eligibility.ts'
import { hasMoved, type OfferDeps, rulesChange } from './make-offer.ts'
import { replacementRefusal } from './my-sales.ts'
import { acceptanceChanges } from './negotiation-order.ts'
import { standingChange } from './standing.ts'

// What the two sides of a negotiation do. Whoever is neither is told that there is none.

type Versioned = VersionedOf<'negotiation'>

/** An offer as its caller sees it. */
export type SeenOffer = { readonly negotiation: Negotiation; readonly side: Party }

export const unknownOffer = (id: string) => refuse('not_found', `There is no offer ${id}`, 'offerId')

type Step = { readonly changes: readonly Change[]; readonly negotiation: Negotiation }

const unchanged = ({ state }: Versioned): Result<Step> => ok({ changes: [], negotiation: state })

/** One act of one side, decided anew while others are faster. */
const acting = (
  deps: CommitDeps<Store>,
  id: string,
  callerId: string,
  act: (before: Versioned, side: Party, at: string, actor: Actor) => Promise<Result<Step>>,
): Promise<Result<SeenOffer>> =>
  committing<Result<SeenOffer>>(deps, async () => {
    const before = await load(deps.store, 'negotiation', id)
    const side = before === null ? null : sideOf(before.state, callerId)
    if (before === null || side === null) return { changes: [], answer: unknownOffer(id) }
    const step = await act(before, side, instant(deps.now()), { kind: side, id: callerId })
    if (step.ok) return { changes: step.value.changes, answer: ok({ negotiation: step.value.negotiation, side }) }
    return (await hasMoved(deps.store, id, before)) ? null : { changes: [], answer: step }
  })

const moved = (before: Versioned, decided: NegotiationDecision, at: string, actor: Actor): Result<Step> => {
  if (!decided.ok) return decided
  if (decided.value.length === 0) return unchanged(before)
  const after = advance('negotiation', before.state.id, before, decided.value, at, actor)
  return ok({ changes: [{ kind: 'negotiation', before, after }], negotiation: after.state })
}

/** Whether a side may commit itself to this amount: as a buyer, or as a seller of what is at stake. */
const mayCommit = (
  deps: EligibilityDeps,
  caller: Caller,
  side: Party,
  handle: Handle,
  amountMinor: number,
): Promise<Refusal | null> =>
  side === 'buyer'
    ? checkEligibility(deps, caller, { kind: 'offer', amountMinor })
    : checkEligibility(deps, caller, { kind: 'sell', amountMinor: atStakeMinor(handle, amountMinor) })

/** The caller's side of an offer with its handle; what stands against the caller is asked once, however often it is decided. */
const readToCommit = async (
  deps: EligibilityDeps,
  id: string,
  caller: Caller,
  amountMinor: number,
): Promise<Result<SeenOffer & { readonly barred: Refusal | null }>> => {
  const read = await load(deps.store, 'negotiation', id)
  const side = read === null ? null : sideOf(read.state, caller.id)
  if (read === null || side === null) return unknownOffer(id)
  const handle = await loadHandle(deps.store, read.state.handle)
  if (handle === null) throw new Error(`${id} is about ${read.state.handle}, which does not exist`)
  const barred = await mayCommit(deps, caller, side, handle.state, amountMinor)
  if (barred === null) await noteContact(deps, caller)
  return ok({ negotiation: read.state, side, barred })
}

/** What a handle says against going on; null: nothing. A holder who has it no more has nothing to sell. */
const handleRefusal = ({ state }: Versioned, handle: Handle, at: string): Refusal | null =>
  isStillHeld(state, handle)
    ? offerHindrance(handle, at)
    : refuse('offer_ended', `${handle.name} is another holder's now`, undefined, { possible: [] }).refusal

const handleOf = async (deps: CommitDeps<Store>, { state }: Versioned): Promise<Handle> => {
  const handle = await loadHandle(deps.store, state.handle)
  if (handle === null) throw new Error(`${state.id} is about ${state.handle}, which does not exist`)
  return handle.state
}

/** Names another amount. One of the buyer's that reaches the holder's bound is accepted at once. */
export const counterOffer = async (
  deps: OfferDeps,
  id: string,
  caller: Caller,
  wanted: { readonly amount: Money; readonly version?: number | undefined },
): Promise<Result<SeenOffer>> => {
  const { amountMinor } = wanted.amount
  const read = await readToCommit(deps, id, caller, amountMinor)
  if (!read.ok) return read
  return acting(deps, id, caller.id, async (before, side, at, actor) => {
    const [handle, standing, rules] = await Promise.all([
      handleOf(deps, before),
      load(deps.store, 'standing', before.state.proposerId),
      load(deps.store, 'offer_rules', before.state.handle),
    ])
    const facts = { askingMinor: askingPriceOf(handle, at), standing: standing?.state ?? null }
    const seen = { amountMinor, version: wanted.version }
    const decided = decideCounterOffer(before.state, side, seen, facts, at)
    if (!decided.ok) return decided
    if (decided.value.length === 0) return unchanged(before)
    if (read.value.barred !== null) return { ok: false, refusal: read.value.barred }
    const hindered =
      handleRefusal(before, handle, at) ??
      (side === 'holder' ? sellingHindered(handle, caller.id, deps.terms, at) : null)
    if (hindered !== null) return { ok: false, refusal: hindered }
    if (side === 'buyer' && isWithinBound(amountMinor, rulesNow(rules?.state ?? null, handle, at))) {
      return acceptanceChanges(deps, { id, before, events: decided.value, by: 'bound', actor }, at)
    }
    const step = moved(before, decided, at, actor)
    const isFunded = decided.value.some((event) => event.type === 'offer_countered' && event.fundedUntil !== undefined)
    const relied = isFunded ? decideReliedOn(standing?.state ?? null, id) : []
    const change = standingChange(before.state.proposerId, standing, relied, at, actor)
    return step.ok && change !== null ? ok({ ...step.value, changes: [...step.value.changes, change] }) : step
  })
}

export type AcceptRequest = {
  readonly amount: Money
  readonly version?: number | undefined
  /** Of the holder. */
  readonly replacement?: { readonly handle: string; readonly redirect: boolean } | undefined
}

const replaceable = async ({ store }: OfferDeps, replacement: AcceptRequest['replacement']): Promise<Refusal | null> =>
  replacement === undefined ? null : replacementRefusal(store, replacement.handle, 'replacement.handle')

/** Takes the other side's newest amount: acceptance, hold and order are one transaction. */
export const acceptOffer = async (
  deps: OfferDeps,
  id: string,
  caller: Caller,
  { amount: { amountMinor }, version, replacement }: AcceptRequest,
): Promise<Result<SeenOffer>> => {
  const read = await readToCommit(deps, id, caller, amountMinor)
  if (!read.ok) return read
  return acting(deps, id, caller.id, async (before, side, at, actor) => {
    if (isAcceptedAs(before.state, side, amountMinor)) return unchanged(before)
    if (replacement !== undefined && side === 'buyer') {
      return refuse('validation_failed', 'The seller says which name it wants instead', 'replacement')
    }
    const handle = await handleOf(deps, before)
    const decided = decideAcceptance(before.state, side, { amountMinor, version }, askingPriceOf(handle, at), at)
    if (!decided.ok) return decided
    if (read.value.barred !== null) return { ok: false, refusal: read.value.barred }
    const hindered = handleRefusal(before, handle, at) ?? (await replaceable(deps, replacement))
    if (hindered !== null) return { ok: false, refusal: hindered }
    const accepted = { id, before, events: [], by: side, actor, ...(replacement === undefined ? {} : { replacement }) }
    return acceptanceChanges(deps, accepted, at)
  })
}

/** The holder wants none of it. */
export const declineOffer = (
  deps: CommitDeps<Store>,
  id: string,
  callerId: string,
  seen: { readonly version?: number | undefined },
): Promise<Result<SeenOffer>> =>
  acting(deps, id, callerId, async (before, side, at, actor) =>
    // A buyer takes an offer back; there is nothing of the holder's to decline.
    side === 'holder' ? moved(before, decideDecline(before.state, seen, at), at, actor) : unknownOffer(id),
  )

/** The buyer takes it back. */
export const withdrawOffer = (
  deps: CommitDeps<Store>,
  id: string,
  callerId: string,
  seen: { readonly version?: number | undefined },
): Promise<Result<SeenOffer>> =>
  acting(deps, id, callerId, async (before, side, at, actor) =>
    side === 'buyer' ? moved(before, decideWithdrawal(before.state, seen, at), at, actor) : unknownOffer(id),
  )

/** The holder has an operator look into it: one case a negotiation, opened in the same transaction. */
export const reportOffer = (
  deps: CommitDeps<Store>,
  id: string,
  callerId: string,
  reason: ReportReason,
): Promise<Result<SeenOffer>> =>
  acting(deps, id, callerId, async (before, side, at, actor) => {
    if (side !== 'holder') return unknownOffer(id)
    const caseId = derivedId('cas', 'offer_reported', id)
    const step = moved(before, ok(decideReport(before.state, reason, caseId)), at, actor)
    if (!step.ok || step.value.changes.length === 0) return step
    const { proposerId, holderId } = before.state
    const accountIds = [proposerId, holderId].toSorted()
    const report = { by: holderId, reason }
    const opened = {
      type: 'case_opened',
      ground: 'offer_reported',
      saleId: id,
      accountIds,
      shared: [],
      report,
    } as const
    const after = advance('case', caseId, null, [opened], at, actor)
    return ok({ ...step.value, changes: [...step.value.changes, { kind: 'case', before: null, after }] })
  })

/** The holder takes no more offers of this buyer for the handle; an open one is declined in the same transaction. */
export const blockBuyer = (deps: OfferDeps, id: string, callerId: string): Promise<Result<SeenOffer>> =>
  acting(deps, id, callerId, async (before, side, at, actor) => {
    if (side !== 'holder') return unknownOffer(id)
    const [handle, rules] = await Promise.all([
      handleOf(deps, before),
      load(deps.store, 'offer_rules', before.state.handle),
    ])
    const holding = holdingOf(handle)
    // Whoever has it no more has nobody to block for it.
    if (rules === null || holding === null || !isStillHeld(before.state, handle)) return unknownOffer(id)
    const blocked = decideBlock(rules.state, holding, id, rules.state.aliasKey)
    if (!blocked.ok) return blocked
    const events = askedParty(before.state) === null ? [] : declinedEvents(before.state, 'blocked')
    const step = moved(before, ok(events), at, actor)
    if (!step.ok || blocked.value.length === 0) return step
    const change = rulesChange(rules.state.handle, rules, blocked.value, at, actor)
    return ok({ ...step.value, changes: [...step.value.changes, change] })
  })

/** One offer as one of its sides sees it. */
export const getOffer = async (store: Store, id: string, callerId: string): Promise<Result<SeenOffer>> => {
  const read = await load(store, 'negotiation', id)
  const side = read === null ? null : sideOf(read.state, callerId)
  return read === null || side === null ? unknownOffer(id) : ok({ negotiation: read.state, side })
}
