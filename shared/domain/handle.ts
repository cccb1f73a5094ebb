import type { Currency } from '../contract/money.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { Actor } from './actors.ts'
import { type AccountClass, type Policy, releaseDueAt } from './policy.ts'
import { guardWords, type Protection } from './protected-names.ts'
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
export type Holder = Account & { readonly orderId?: string | undefined }

export type Listing = {
  readonly status: 'open' | 'held'
  readonly priceMinor: number
  readonly currency: Currency
  readonly openedAt: string
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
  /** The account that lost it by release, for first refusal and for questions. */
  readonly formerHolderId?: string | undefined
  readonly appraisal?: StoredAppraisal | undefined
  readonly listing?: Listing | undefined
  /** Why it is kept from the market. */
  readonly reserved?: { readonly code: string; readonly reason: string } | undefined
}

export type HandleStatus = 'active' | 'released' | 'reserved' | 'locked'

export type HandleEvent =
  | ({ readonly type: 'handle_imported'; readonly display: string; readonly importId: string } & Account)
  | ({
      readonly type: 'account_updated'
      readonly display: string
      /** The feed that told it; absent where the platform reported it by API. */
      readonly importId?: string | undefined
    } & Omit<Account, 'accountId' | 'createdAt'>)
  | {
      readonly type: 'handle_released'
      readonly policyVersion: string
      readonly dueAt: string
      readonly appraisal: StoredAppraisal
      readonly priceMinor: number
      readonly currency: Currency
    }
  | {
      readonly type: 'handle_reserved'
      readonly policyVersion: string
      readonly dueAt: string
      readonly code: string
      readonly reason: string
    }
  | { readonly type: 'handle_held'; readonly orderId: string }
  | { readonly type: 'hold_lifted'; readonly orderId: string }
  | { readonly type: 'handle_handed_over'; readonly orderId: string; readonly accountId: string }
  | { readonly type: 'handle_locked'; readonly orderId: string; readonly reason: string }
  | { readonly type: 'handle_unlocked'; readonly orderId: string }

/** The life of a handle. A held listing and its deadline belong to the order that holds it. */
export const handleMachine: Machine<HandleStatus, HandleEvent['type']> = {
  name: 'handle',
  states: { active: 'waiting', released: 'resting', reserved: 'resting', locked: 'resting' },
  transitions: [
    { from: null, on: 'handle_imported', to: 'active', by: ['operator'] },
    { from: 'active', on: 'account_updated', to: 'active', by: ['operator', 'platform'] },
    { from: 'active', on: 'handle_released', to: 'released', by: ['system'], after: 'releaseDueAt' },
    { from: 'active', on: 'handle_reserved', to: 'reserved', by: ['system'] },
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

/** When the clock wants this handle for release; null: never, or not now. */
export const handleDueAt = (handle: Handle, policy: Policy): string | null =>
  handle.status === 'active' && handle.holder !== null ? releaseDueAt(handle.holder, policy) : null

/**
 * Folds one event, which happened at `at`, into the state. Total over the events that the decisions below produce;
 * anything else is an impossible state and throws.
 */
export const evolveHandle = (name: string, handle: Handle | null, event: HandleEvent, at: string): Handle => {
  if (event.type === 'handle_imported') {
    const { type: _, importId: _from, display, ...account } = event
    return { name, display, status: 'active', holder: account }
  }
  if (handle === null) throw new Error(`${event.type} happened to ${name} before it existed`)
  switch (event.type) {
    case 'account_updated': {
      const { type: _, importId: _from, display, ...account } = event
      return { ...handle, display, holder: { ...holderOf(handle), ...account } }
    }
    case 'handle_released': {
      const { appraisal, priceMinor, currency } = event
      const listing: Listing = { status: 'open', priceMinor, currency, openedAt: at }
      return { ...withoutHolder(handle), status: 'released', appraisal, listing }
    }
    case 'handle_reserved':
      return { ...withoutHolder(handle), status: 'reserved', reserved: { code: event.code, reason: event.reason } }
    case 'handle_held':
      return { ...handle, listing: { ...listingOf(handle), status: 'held', orderId: event.orderId } }
    case 'hold_lifted': {
      const { orderId: _, ...listing } = listingOf(handle)
      return { ...handle, listing: { ...listing, status: 'open' } }
    }
    case 'handle_handed_over': {
      const { listing: _, ...rest } = handle
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

const listingOf = (handle: Handle): Listing => {
  if (handle.listing === undefined) throw new Error(`${handle.name} has no listing`)
  return handle.listing
}

const withoutHolder = ({
  name,
  display,
  holder,
}: Handle): Pick<Handle, 'name' | 'display' | 'holder' | 'formerHolderId'> => ({
  name,
  display,
  holder: null,
  formerHolderId: holder?.accountId,
})

/** The row that lets `actor` raise `on` now, in the handle's and, where it matters, the listing's table. */
const allowed = (handle: Handle, on: HandleEvent['type'], actor: Actor): Refusal | null => {
  const row = findTransition(handleMachine, handle.status, on)
  const concernsListing = listingMachine.transitions.some((r) => r.on === on && r.from !== null)
  const listingRow = findTransition(listingMachine, handle.listing?.status ?? null, on)
  if (row?.by.includes(actor.kind) && (!concernsListing || listingRow?.by.includes(actor.kind))) return null
  return refuse('transition_not_allowed', `${on} is not possible while the handle is ${handle.status}`, undefined, {
    possible: possibleEvents(handleMachine, handle.status),
  }).refusal
}

/** A feed line for this handle: the first one makes it known, a newer one updates it, the same one changes nothing. */
export const decideImport = (
  handle: Handle | null,
  line: { readonly display: string; readonly account: Account },
  contactChanged: boolean,
  importId: string,
): Result<readonly HandleEvent[]> => {
  const { display, account } = line
  if (handle === null) return ok([{ type: 'handle_imported', display, importId, ...account }])
  if (handle.status !== 'active' || handle.holder === null) {
    // The feed that led to the release says nothing new; a later one tells of an account that came back too late.
    if (handle.formerHolderId === account.accountId) return ok([])
    return refuse('handle_not_active', `${handle.name} is ${handle.status}`, 'handle')
  }
  if (handle.holder.accountId !== account.accountId) {
    return refuse('handle_taken', `${handle.name} is held by another account`, 'handle')
  }
  const { class: accountClass, lastActiveAt, suspendedAt, followers } = account
  const held = handle.holder
  if (lastActiveAt < held.lastActiveAt) return ok([])
  const same =
    display === handle.display &&
    accountClass === held.class &&
    lastActiveAt === held.lastActiveAt &&
    suspendedAt === held.suspendedAt &&
    followers === held.followers &&
    !contactChanged
  return ok(
    same
      ? []
      : [{ type: 'account_updated', display, importId, class: accountClass, lastActiveAt, suspendedAt, followers }],
  )
}

/** The platform saw the account at `activeAt`. An older sighting changes nothing. */
export const decideActivity = (
  handle: Handle,
  accountId: string,
  activeAt: string,
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  if (handle.status !== 'active' || handle.holder === null) {
    return refuse('handle_not_active', `${handle.name} is ${handle.status}`, 'handle')
  }
  const refusal = allowed(handle, 'account_updated', actor)
  if (refusal !== null) return { ok: false, refusal }
  if (handle.holder.accountId !== accountId) {
    return refuse('handle_not_held_by_account', `${accountId} does not hold ${handle.name}`, 'accountId')
  }
  if (activeAt <= handle.holder.lastActiveAt) return ok([])
  const { class: accountClass, suspendedAt, followers } = handle.holder
  return ok([
    {
      type: 'account_updated',
      display: handle.display,
      class: accountClass,
      lastActiveAt: activeAt,
      suspendedAt,
      followers,
    },
  ])
}

/** What gate and appraisal say of a name; asked for only when the release is really due. */
export type Assessment =
  | {
      readonly pass: true
      readonly appraisal: StoredAppraisal
      readonly priceMinor: number
      readonly currency: Currency
    }
  | { readonly pass: false; readonly code: string; readonly reason: string }

/** Releases an inactive holder's handle and lists it at its appraised price, or reserves it where the gate says so. */
export const decideRelease = (
  handle: Handle,
  assess: () => Assessment,
  now: string,
  policy: Policy,
): Result<readonly HandleEvent[]> => {
  const dueAt = handleDueAt(handle, policy)
  if (dueAt === null) return refuse('not_due', `${handle.name} is ${handle.status} and never due`)
  if (dueAt > now) return refuse('not_due', `${handle.name} is due at ${dueAt}`)
  const assessment = assess()
  const { version: policyVersion } = policy
  if (!assessment.pass) {
    const { code, reason } = assessment
    return ok([{ type: 'handle_reserved', policyVersion, dueAt, code, reason }])
  }
  const { appraisal, priceMinor, currency } = assessment
  return ok([{ type: 'handle_released', policyVersion, dueAt, appraisal, priceMinor, currency }])
}

/**
 * Puts an open listing on hold for one order at the price its buyer saw. `guard` is what protects the name: it may have
 * become protected after the release, so the gate is asked once more at the sale.
 */
export const decideHold = (
  handle: Handle,
  wanted: { readonly orderId: string; readonly priceMinor: number; readonly currency: Currency },
  buyer: Actor & { readonly id: string },
  guard: Protection | null,
): Result<readonly HandleEvent[]> => {
  const { listing } = handle
  if (handle.status !== 'released' || listing === undefined) {
    return refuse('handle_not_for_sale', `${handle.name} is not for sale`, 'handle')
  }
  if (guard !== null) {
    return refuse('handle_not_for_sale', guardWords(guard), 'handle', { gate: guard.code })
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
  const refusal = allowed(handle, 'handle_held', buyer)
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
  const refusal = allowed(handle, event.type, actor)
  return refusal === null ? ok([event]) : { ok: false, refusal }
}
