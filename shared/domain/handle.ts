import type { Currency } from '../contract/money.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { Actor } from './actors.ts'
import { guardWords, type Protection } from './protected-names.ts'
import {
  type AccountClass,
  type DueFacts,
  dueUnder,
  plusDays,
  type ReleasePolicy,
  ruleFor,
  type RuleName,
} from './release-policy.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { findTransition, type Machine, possibleEvents } from './transitions.ts'

/** What the platform's feed says of the account that holds a handle. Instants are RFC 3339 UTC. */
export type Account = {
  readonly accountId: string
  readonly class: AccountClass
  readonly createdAt: string
  readonly lastActiveAt: string
  readonly suspendedAt?: string | undefined
  readonly followers: number
}

/** The account that has the handle; `orderId` where it was bought here. */
export type Holder = Account & {
  readonly orderId?: string | undefined
  /** The last time the holder said by a notice's link that the handle is wanted. */
  readonly keptAt?: string | undefined
}

/** A holder's time of grace: notices go out, and each step of the clock is planned ahead. */
export type Dormancy = {
  /** Names this time of grace: a link from an earlier one does not count. */
  readonly startedAt: string
  readonly rule: RuleName
  readonly policyVersion: number
  /** Notices asked for so far, and when the last one was. */
  readonly attempts: number
  readonly lastAttemptAt: string
  /** Numbers of the attempts that reached the holder's mail server, and of those that did not, or bounced later. */
  readonly given: readonly number[]
  readonly failed: readonly number[]
  /** Told in the notices: the handle is not released earlier, whatever a later policy says. */
  readonly releaseAt: string
  /** When the clock looks again. */
  readonly nextAt: string
}

/** Why a handle was released or reserved: the rule, the policy's version, when it was due, the notices that counted. */
export type Release = {
  readonly rule: RuleName
  readonly policyVersion: number
  readonly dueAt: string
  readonly noticesGiven: number
}

export type Listing = {
  readonly status: 'open' | 'held'
  readonly priceMinor: number
  readonly currency: Currency
  /** When it was released. */
  readonly openedAt: string
  /** From then on so many days long the former holder alone may buy it, and nobody else until the quarantine is over. */
  readonly firstRefusalDays: number
  readonly quarantineDays: number
  /** The one order it is on hold for. */
  readonly orderId?: string | undefined
}

export type Handle = {
  /** Canonical: lower case, unique. */
  readonly name: string
  /** As its holder writes it. */
  readonly display: string
  readonly status: HandleStatus
  readonly holder: Holder | null
  readonly dormancy: Dormancy | null
  /** The account that lost it by release, for first refusal and for questions. */
  readonly formerHolderId?: string | undefined
  readonly release?: Release | undefined
  readonly appraisal?: StoredAppraisal | undefined
  readonly listing?: Listing | undefined
  /** Why it is kept from the market. */
  readonly reserved?: { readonly code: string; readonly reason: string } | undefined
  /** Refusals of the gate that an operator overruled; the clock then releases it at `at`. */
  readonly overruled?: { readonly codes: readonly string[]; readonly at: string } | undefined
  readonly legalHold?: { readonly reason: string; readonly since: string } | undefined
}

export type HandleStatus = 'active' | 'dormant' | 'unreachable' | 'released' | 'reserved' | 'locked'

/** What a release or a reservation was decided on. `facts` are absent where an operator's word alone decided. */
export type Grounds = Release & { readonly facts?: DueFacts | undefined }

export type HandleEvent =
  | ({ readonly type: 'handle_imported'; readonly display: string; readonly importId: string } & Account)
  | ({
      readonly type: 'account_updated'
      readonly display: string
      /** The feed that told it; absent where the platform reported it by API. */
      readonly importId?: string | undefined
    } & Omit<Account, 'accountId' | 'createdAt'>)
  | {
      readonly type: 'dormancy_started'
      readonly policyVersion: number
      readonly rule: RuleName
      readonly dueAt: string
      readonly facts: DueFacts
    }
  | {
      readonly type: 'notice_wanted'
      readonly attempt: number
      /** How many notices must count. */
      readonly of: number
      readonly releaseAt: string
      readonly nextAt: string
    }
  | {
      readonly type: 'notice_given'
      readonly attempt: number
      /** The mail service's id of the message, and the hash of the address it went to: the proof. */
      readonly messageId: string
      readonly addressHash: string
      readonly nextAt: string
    }
  | {
      readonly type: 'notice_failed'
      readonly attempt: number
      readonly reason: string
      readonly messageId?: string | undefined
      readonly nextAt: string
    }
  | { readonly type: 'grace_extended'; readonly policyVersion: number; readonly releaseAt: string }
  | { readonly type: 'contact_failed'; readonly policyVersion: number }
  | { readonly type: 'handle_kept' }
  | { readonly type: 'dormancy_ended'; readonly reason: 'returned' | 'contact' | 'policy' | 'legal_hold' }
  | { readonly type: 'legal_hold_placed'; readonly reason: string }
  | { readonly type: 'legal_hold_lifted'; readonly reason: string }
  | ({
      readonly type: 'handle_released'
      readonly firstRefusalDays: number
      readonly quarantineDays: number
      readonly appraisal: StoredAppraisal
      readonly priceMinor: number
      readonly currency: Currency
    } & Grounds)
  | ({ readonly type: 'handle_reserved'; readonly code: string; readonly reason: string } & Grounds)
  | { readonly type: 'gate_overruled'; readonly code: string; readonly reason: string }
  | { readonly type: 'handle_held'; readonly orderId: string }
  | { readonly type: 'hold_lifted'; readonly orderId: string }
  | { readonly type: 'handle_handed_over'; readonly orderId: string; readonly accountId: string }
  | { readonly type: 'handle_locked'; readonly orderId: string; readonly reason: string }
  | { readonly type: 'handle_unlocked'; readonly orderId: string }

/** The life of a handle. A held listing and its deadline belong to the order that holds it. */
export const handleMachine: Machine<HandleStatus, HandleEvent['type']> = {
  name: 'handle',
  states: {
    active: 'waiting',
    dormant: 'waiting',
    unreachable: 'resting',
    released: 'resting',
    reserved: 'resting',
    locked: 'resting',
  },
  transitions: [
    { from: null, on: 'handle_imported', to: 'active', by: ['operator'] },
    { from: 'active', on: 'account_updated', to: 'active', by: ['platform', 'operator'] },
    { from: 'active', on: 'dormancy_started', to: 'dormant', by: ['system'], after: 'releaseRule' },
    { from: 'active', on: 'handle_released', to: 'released', by: ['system'] },
    { from: 'active', on: 'handle_reserved', to: 'reserved', by: ['system'] },
    { from: 'active', on: 'legal_hold_placed', to: 'active', by: ['operator'] },
    { from: 'active', on: 'legal_hold_lifted', to: 'active', by: ['operator'] },
    { from: 'dormant', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'dormant', on: 'account_updated', to: 'dormant', by: ['platform', 'operator'] },
    { from: 'dormant', on: 'dormancy_ended', to: 'active', by: ['platform', 'operator', 'system'] },
    { from: 'dormant', on: 'notice_wanted', to: 'dormant', by: ['system'] },
    { from: 'dormant', on: 'notice_given', to: 'dormant', by: ['system'] },
    { from: 'dormant', on: 'notice_failed', to: 'dormant', by: ['system'] },
    { from: 'dormant', on: 'grace_extended', to: 'dormant', by: ['system'] },
    { from: 'dormant', on: 'contact_failed', to: 'unreachable', by: ['system'] },
    { from: 'dormant', on: 'handle_released', to: 'released', by: ['system'], after: 'graceEnd' },
    { from: 'dormant', on: 'handle_reserved', to: 'reserved', by: ['system'] },
    { from: 'unreachable', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'unreachable', on: 'account_updated', to: 'unreachable', by: ['platform', 'operator'] },
    { from: 'unreachable', on: 'dormancy_ended', to: 'active', by: ['platform', 'operator'] },
    { from: 'reserved', on: 'gate_overruled', to: 'reserved', by: ['operator'] },
    { from: 'reserved', on: 'handle_released', to: 'released', by: ['system'] },
    { from: 'reserved', on: 'handle_reserved', to: 'reserved', by: ['system'] },
    { from: 'released', on: 'legal_hold_placed', to: 'released', by: ['operator'] },
    { from: 'released', on: 'legal_hold_lifted', to: 'released', by: ['operator'] },
    { from: 'released', on: 'handle_held', to: 'released', by: ['buyer'] },
    { from: 'released', on: 'hold_lifted', to: 'released', by: ['buyer', 'operator', 'system'] },
    { from: 'released', on: 'handle_handed_over', to: 'active', by: ['system'] },
    { from: 'active', on: 'handle_locked', to: 'locked', by: ['system'] },
    { from: 'locked', on: 'handle_unlocked', to: 'active', by: ['system'] },
  ],
}

export type ListingStatus = 'open' | 'held' | 'sold'

/** The life of a listing: it is born with the release and lives on the handle's item. */
export const listingMachine: Machine<ListingStatus, HandleEvent['type']> = {
  name: 'listing',
  states: { open: 'resting', held: 'waiting', sold: 'final' },
  transitions: [
    { from: null, on: 'handle_released', to: 'open', by: ['system'] },
    { from: 'open', on: 'handle_held', to: 'held', by: ['buyer'] },
    { from: 'held', on: 'hold_lifted', to: 'open', by: ['buyer', 'operator', 'system'], after: 'orderDeadline' },
    { from: 'held', on: 'handle_handed_over', to: 'sold', by: ['system'] },
  ],
}

/** When the clock wants this handle, by this policy; null: never, or not now. */
export const handleDueAt = (handle: Handle, policy: ReleasePolicy): string | null => {
  if (handle.legalHold !== undefined) return null
  if (handle.status === 'dormant') return handle.dormancy?.releaseAt ?? null
  if (handle.status !== 'active' || handle.holder === null) return null
  return dueUnder(handle.holder, policy)?.dueAt ?? null
}

/**
 * When the phases of a listing end: until `firstRefusalUntil` the former holder alone may have it back, at the appraised
 * price (null: there is no such phase); from `opensAt` on, when the quarantine is over, anybody may buy it.
 */
export const phasesOf = ({
  openedAt,
  firstRefusalDays,
  quarantineDays,
}: Pick<Listing, 'openedAt' | 'firstRefusalDays' | 'quarantineDays'>) => ({
  firstRefusalUntil: firstRefusalDays === 0 ? null : plusDays(openedAt, firstRefusalDays),
  opensAt: plusDays(openedAt, quarantineDays),
})

/** Whether an operator overruled the very refusal that keeps the handle from the market. */
export const isOverruled = ({ status, reserved, overruled }: Handle): boolean =>
  status === 'reserved' && reserved !== undefined && overruled?.codes.includes(reserved.code) === true

/** Queues of the clock: an active holder's handle stands under its rule, a handle with a planned step under `waiting`. */
export type DueQueue = RuleName | 'waiting'

/**
 * Where the clock looks for this handle: under its rule from the instant the rule counts from, or at the instant of its
 * next step. It holds facts and no deadline of a policy, so a new policy finds every handle where it stands. Null: the
 * clock has no business with it.
 */
export const dueFrom = (handle: Handle): { readonly queue: DueQueue; readonly from: string } | null => {
  if (handle.legalHold !== undefined) return null
  if (handle.status === 'active' && handle.holder !== null) {
    const found = ruleFor(handle.holder)
    return found === null ? null : { queue: found.rule, from: found.from }
  }
  if (handle.status === 'dormant') return { queue: 'waiting', from: dormancyOf(handle).nextAt }
  return isOverruled(handle) ? { queue: 'waiting', from: handle.overruled?.at ?? '' } : null
}

/**
 * Folds one event, which happened at `at`, into the state. Total over the events that the decisions below produce;
 * anything else is an impossible state and throws.
 */
export const evolveHandle = (name: string, handle: Handle | null, event: HandleEvent, at: string): Handle => {
  if (event.type === 'handle_imported') {
    const { type: _, importId: _from, display, ...account } = event
    return { name, display, status: 'active', holder: account, dormancy: null }
  }
  if (handle === null) throw new Error(`${event.type} happened to ${name} before it existed`)
  switch (event.type) {
    case 'account_updated': {
      const { type: _, importId: _from, display, ...account } = event
      // A suspension that was lifted is told by its absence.
      return { ...handle, display, holder: { ...holderOf(handle), ...account, suspendedAt: event.suspendedAt } }
    }
    case 'dormancy_started': {
      const { rule, policyVersion } = event
      const grace = { startedAt: at, rule, policyVersion, attempts: 0, lastAttemptAt: at, given: [], failed: [] }
      // The first notice, which is asked for in the same breath, says until when.
      return { ...handle, status: 'dormant', dormancy: { ...grace, releaseAt: at, nextAt: at } }
    }
    case 'notice_wanted': {
      const { attempt: attempts, releaseAt, nextAt } = event
      return { ...handle, dormancy: { ...dormancyOf(handle), attempts, lastAttemptAt: at, releaseAt, nextAt } }
    }
    case 'notice_given': {
      const dormancy = dormancyOf(handle)
      return { ...handle, dormancy: { ...dormancy, given: [...dormancy.given, event.attempt], nextAt: event.nextAt } }
    }
    case 'notice_failed': {
      const dormancy = dormancyOf(handle)
      const given = dormancy.given.filter((attempt) => attempt !== event.attempt)
      const failed = [...dormancy.failed, event.attempt]
      return { ...handle, dormancy: { ...dormancy, given, failed, nextAt: event.nextAt } }
    }
    case 'grace_extended': {
      const { policyVersion, releaseAt } = event
      return { ...handle, dormancy: { ...dormancyOf(handle), policyVersion, releaseAt, nextAt: releaseAt } }
    }
    case 'contact_failed':
      return { ...handle, status: 'unreachable' }
    case 'handle_kept':
      return { ...handle, status: 'active', dormancy: null, holder: { ...holderOf(handle), keptAt: at } }
    case 'dormancy_ended':
      return { ...handle, status: 'active', dormancy: null }
    case 'legal_hold_placed':
      return { ...handle, legalHold: { reason: event.reason, since: at } }
    case 'legal_hold_lifted': {
      const { legalHold: _, ...rest } = handle
      return rest
    }
    case 'handle_released': {
      const { appraisal, priceMinor, currency, firstRefusalDays, quarantineDays } = event
      const days = { firstRefusalDays, quarantineDays }
      const listing: Listing = { status: 'open', priceMinor, currency, openedAt: at, ...days }
      // What was overruled for the release holds at the sale too.
      const { overruled } = handle
      return { ...withoutHolder(handle), status: 'released', release: releaseOf(event), appraisal, listing, overruled }
    }
    case 'handle_reserved': {
      const { code, reason } = event
      const { overruled } = handle
      return {
        ...withoutHolder(handle),
        status: 'reserved',
        release: releaseOf(event),
        reserved: { code, reason },
        overruled,
      }
    }
    case 'gate_overruled': {
      const codes = [...(handle.overruled?.codes ?? []), event.code]
      return { ...handle, overruled: { codes, at } }
    }
    case 'handle_held':
      return { ...handle, listing: { ...listingOf(handle), status: 'held', orderId: event.orderId } }
    case 'hold_lifted': {
      const { orderId: _, ...listing } = listingOf(handle)
      return { ...handle, listing: { ...listing, status: 'open' } }
    }
    case 'handle_handed_over': {
      const { listing: _, release: _r, overruled: _o, ...rest } = handle
      const { accountId, orderId } = event
      // The platform's next feed fills in the rest; from here on the new holder counts as active since the hand-over.
      const holder: Holder = { accountId, orderId, class: 'ordinary', createdAt: at, lastActiveAt: at, followers: 0 }
      return { ...rest, status: 'active', holder }
    }
    case 'handle_locked':
      return { ...handle, status: 'locked' }
    case 'handle_unlocked':
      return { ...handle, status: 'active' }
  }
}

const holderOf = (handle: Handle): Holder => {
  if (handle.holder === null) throw new Error(`${handle.name} has no holder`)
  return handle.holder
}

const dormancyOf = (handle: Handle): Dormancy => {
  if (handle.dormancy === null) throw new Error(`${handle.name} is not dormant`)
  return handle.dormancy
}

const listingOf = (handle: Handle): Listing => {
  if (handle.listing === undefined) throw new Error(`${handle.name} has no listing`)
  return handle.listing
}

const releaseOf = ({ rule, policyVersion, dueAt, noticesGiven }: Release): Release => ({
  rule,
  policyVersion,
  dueAt,
  noticesGiven,
})

const withoutHolder = ({ name, display, holder, formerHolderId }: Handle) => ({
  name,
  display,
  holder: null,
  dormancy: null,
  formerHolderId: holder?.accountId ?? formerHolderId,
})

/** The row that lets `actor` raise `on` now, in the handle's and, where it matters, the listing's table. */
export const allowedFor = (handle: Handle, on: HandleEvent['type'], actor: Actor): Refusal | null => {
  const row = findTransition(handleMachine, handle.status, on)
  const concernsListing = listingMachine.transitions.some((r) => r.on === on && r.from !== null)
  const listingRow = findTransition(listingMachine, handle.listing?.status ?? null, on)
  if (row?.by.includes(actor.kind) && (!concernsListing || listingRow?.by.includes(actor.kind))) return null
  return refuse('transition_not_allowed', `${on} is not possible while the handle is ${handle.status}`, undefined, {
    possible: possibleEvents(handleMachine, handle.status),
  }).refusal
}

/**
 * Puts an open listing on hold for one order at the price its buyer saw. `guard` is what protects the name: it may have
 * become protected after the release, so the gate is asked once more at the sale. Until the quarantine ends nobody may buy
 * it, but for the former holder in the time of first refusal.
 */
export const decideHold = (
  handle: Handle,
  wanted: { readonly orderId: string; readonly priceMinor: number; readonly currency: Currency },
  buyer: Actor & { readonly id: string },
  guard: Protection | null,
  now: string,
): Result<readonly HandleEvent[]> => {
  const { listing } = handle
  if (handle.status !== 'released' || listing === undefined || handle.legalHold !== undefined) {
    return refuse('handle_not_for_sale', `${handle.name} is not for sale`, 'handle')
  }
  if (guard !== null) {
    return refuse('handle_not_for_sale', guardWords(guard), 'handle', { gate: guard.code })
  }
  const { opensAt, firstRefusalUntil } = phasesOf(listing)
  const hasFirstRefusal = buyer.id === handle.formerHolderId && firstRefusalUntil !== null && now < firstRefusalUntil
  if (now < opensAt && !hasFirstRefusal) {
    return refuse('listing_not_open', `${handle.name} can be bought from ${opensAt} on`, 'handle', { opensAt })
  }
  if (listing.status === 'held') {
    return refuse('handle_on_hold', `${handle.name} is on hold for another order`, 'handle')
  }
  if (listing.priceMinor !== wanted.priceMinor || listing.currency !== wanted.currency) {
    return refuse(
      'price_changed',
      `${handle.name} costs ${listing.priceMinor} ${listing.currency} (minor units)`,
      'price',
      {
        price: { amountMinor: listing.priceMinor, currency: listing.currency },
      },
    )
  }
  const refusal = allowedFor(handle, 'handle_held', buyer)
  return refusal === null ? ok([{ type: 'handle_held', orderId: wanted.orderId }]) : { ok: false, refusal }
}

/** What an order does to the handle it holds or held; refused where the handle is not this order's. */
export const decideForOrder = (
  handle: Handle,
  event: Extract<HandleEvent, { readonly orderId: string }>,
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  const heldFor = handle.listing?.orderId ?? handle.holder?.orderId
  if (heldFor !== event.orderId) {
    return refuse('transition_not_allowed', `${handle.name} does not belong to ${event.orderId}`)
  }
  const refusal = allowedFor(handle, event.type, actor)
  return refusal === null ? ok([event]) : { ok: false, refusal }
}
