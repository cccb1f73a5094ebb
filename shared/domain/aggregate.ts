import { type Actor, actorName } from './actors.ts'
import { evolveHandle } from './handle-evolve.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { type Entry, nextEntry } from './journal.ts'
import type { Posting } from './ledger.ts'
import { evolveLook, type LookEvent, type ProtectedLook } from './protected-names.ts'
import { evolveOrder, type Order, type OrderEvent, postingsOf } from './order.ts'
import { evolvePlan, type PlanEvent, type ReleasePlan } from './release-plan.ts'
import { evolvePolicy, type PolicyEvent, type PublishedPolicy } from './release-policy.ts'

/** A state and the journal entry that led to it: what a store loads, and what `commit` writes. */
export type Versioned<S, E extends { readonly type: string }> = { readonly state: S; readonly entry: Entry<E> }
export type VersionedHandle = Versioned<Handle, HandleEvent>
export type VersionedOrder = Versioned<Order, OrderEvent>
export type VersionedLook = Versioned<ProtectedLook, LookEvent>
export type VersionedPolicy = Versioned<PublishedPolicy, PolicyEvent>
export type VersionedPlan = Versioned<ReleasePlan, PlanEvent>

export const handleAggregate = (name: string): string => `handle:${name}`
export const lookAggregate = (skeleton: string): string => `look:${skeleton}`
export const orderAggregate = (id: string): string => `order:${id}`
export const planAggregate = (id: string): string => `plan:${id}`
export const policyAggregate = 'policy:release'

/** The handle after these events, with the entry that records them. `events` must not be empty. */
export const advanceHandle = (
  name: string,
  before: VersionedHandle | null,
  events: readonly HandleEvent[],
  at: string,
  actor: Actor,
): VersionedHandle => {
  let state = before?.state ?? null
  for (const event of events) state = evolveHandle(name, state, event, at)
  if (state === null) throw new Error(`nothing happened to ${name}`)
  const entry = nextEntry(handleAggregate(name), before?.entry ?? null, {
    at,
    by: actorName(actor),
    events,
    postings: [],
  })
  return { state, entry }
}

/** The order after these events, with the entry that records them and the money they moved. */
export const advanceOrder = (
  id: string,
  before: VersionedOrder | null,
  events: readonly OrderEvent[],
  at: string,
  actor: Actor,
): VersionedOrder => {
  let state = before?.state ?? null
  const postings: Posting[] = []
  for (const event of events) {
    const after = evolveOrder(id, state, event, at)
    postings.push(...postingsOf(state ?? after, event))
    state = after
  }
  if (state === null) throw new Error(`nothing happened to ${id}`)
  const entry = nextEntry(orderAggregate(id), before?.entry ?? null, { at, by: actorName(actor), events, postings })
  return { state, entry }
}

/** The protected look after these events, with the entry that records them. `events` must not be empty. */
export const advanceLook = (
  skeleton: string,
  before: VersionedLook | null,
  events: readonly LookEvent[],
  at: string,
  actor: Actor,
): VersionedLook => {
  let state = before?.state ?? null
  for (const event of events) state = evolveLook(skeleton, state, event, at)
  if (state === null) throw new Error(`nothing happened to the look ${skeleton}`)
  const entry = nextEntry(lookAggregate(skeleton), before?.entry ?? null, {
    at,
    by: actorName(actor),
    events,
    postings: [],
  })
  return { state, entry }
}

/** The release plan after these events, with the entry that records them. `events` must not be empty. */
export const advancePlan = (
  id: string,
  before: VersionedPlan | null,
  events: readonly PlanEvent[],
  at: string,
  actor: Actor,
): VersionedPlan => {
  let state = before?.state ?? null
  for (const event of events) state = evolvePlan(id, state, event, at)
  if (state === null) throw new Error(`nothing happened to ${id}`)
  const entry = nextEntry(planAggregate(id), before?.entry ?? null, { at, by: actorName(actor), events, postings: [] })
  return { state, entry }
}

/** The policy after this publication, with the entry that records it. */
export const advancePolicy = (
  before: VersionedPolicy | null,
  event: PolicyEvent,
  at: string,
  actor: Actor,
): VersionedPolicy => ({
  state: evolvePolicy(before?.state ?? null, event, at),
  entry: nextEntry(policyAggregate, before?.entry ?? null, { at, by: actorName(actor), events: [event], postings: [] }),
})
