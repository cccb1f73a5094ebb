import type { Actor } from './actors.ts'
import type { Handle, HandleEvent, HandleStatus } from './handle.ts'
import { refuse, type Refusal } from './result.ts'
import { findTransition, fromEach, type Machine, noted, possibleEvents } from './transitions.ts'

const system = ['system'] as const
const operator = ['operator'] as const
/** Who tells of accounts. */
const feed = ['platform', 'operator'] as const
/** An operator's decision, or what follows from one. */
const decided = ['operator', 'system'] as const
/** Who keeps the registry of names: this system, or the platform. */
const registry = ['system', 'platform'] as const
/** Who may put a handle on hold for an order, let it go again, and close its sale. */
const holding = ['buyer', 'seller', 'system'] as const
const freeing = ['buyer', 'operator', 'platform', 'system'] as const
const closing = ['operator', 'prospect', 'buyer', 'system'] as const

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
    { from: null, on: 'handle_imported', to: 'active', by: operator },
    { from: 'active', on: 'account_updated', to: 'active', by: feed },
    { from: 'active', on: 'dormancy_started', to: 'dormant', by: system, after: 'releaseRule' },
    { from: 'active', on: 'handle_released', to: 'released', by: system },
    { from: 'active', on: 'handle_reserved', to: 'reserved', by: system },
    ...noted('active', operator, 'legal_hold_placed', 'legal_hold_lifted'),
    { from: 'dormant', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'dormant', on: 'account_updated', to: 'dormant', by: feed },
    { from: 'dormant', on: 'dormancy_ended', to: 'active', by: ['platform', 'operator', 'system'] },
    ...noted('dormant', system, 'notice_wanted', 'notice_given', 'notice_failed', 'grace_extended'),
    { from: 'dormant', on: 'contact_failed', to: 'unreachable', by: system },
    { from: 'dormant', on: 'handle_released', to: 'released', by: system, after: 'graceEnd' },
    { from: 'dormant', on: 'handle_reserved', to: 'reserved', by: system },
    { from: 'unreachable', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'unreachable', on: 'account_updated', to: 'unreachable', by: feed },
    { from: 'unreachable', on: 'dormancy_ended', to: 'active', by: feed },
    { from: 'reserved', on: 'gate_overruled', to: 'reserved', by: operator },
    { from: 'reserved', on: 'handle_released', to: 'released', by: system },
    { from: 'reserved', on: 'handle_reserved', to: 'reserved', by: system },
    ...noted('released', operator, 'legal_hold_placed', 'legal_hold_lifted', 'listing_changed'),
    { from: 'released', on: 'sale_opened', to: 'released', by: decided },
    { from: 'released', on: 'sale_closed', to: 'released', by: closing },
    { from: 'released', on: 'handle_held', to: 'released', by: ['buyer', 'system'] },
    { from: 'released', on: 'hold_lifted', to: 'released', by: freeing },
    { from: 'released', on: 'handle_handed_over', to: 'active', by: registry },
    { from: 'active', on: 'listing_opened', to: 'active', by: ['seller', 'buyer', 'system'] },
    { from: 'active', on: 'listing_changed', to: 'active', by: ['seller'] },
    { from: 'active', on: 'listing_closed', to: 'active', by: ['seller'] },
    { from: 'active', on: 'handle_held', to: 'active', by: holding },
    { from: 'active', on: 'hold_lifted', to: 'active', by: freeing },
    { from: 'active', on: 'handle_handed_over', to: 'active', by: registry },
    { from: null, on: 'handle_granted', to: 'active', by: registry },
    ...fromEach(['active', 'dormant', 'unreachable', 'locked'], 'handle_returned', 'active', decided),
    { from: 'active', on: 'handle_retired', to: 'reserved', by: decided },
    ...fromEach(['active', 'dormant', 'unreachable'], 'handle_locked', 'locked', ['buyer', 'system']),
    { from: 'locked', on: 'handle_unlocked', to: 'active', by: ['buyer', 'operator', 'system'] },
    ...(['active', 'dormant', 'unreachable', 'released', 'reserved'] as const).flatMap((status) =>
      noted(status, operator, 'right_recorded', 'right_withdrawn'),
    ),
  ],
}

export type ListingStatus = 'open' | 'held' | 'sold' | 'closed'

/** The life of a listing: born with the release, or by its holder's word; it lives on the handle's item. */
export const listingMachine: Machine<ListingStatus, HandleEvent['type']> = {
  name: 'listing',
  states: { open: 'resting', held: 'waiting', sold: 'final', closed: 'final' },
  transitions: [
    { from: null, on: 'handle_released', to: 'open', by: system },
    { from: null, on: 'listing_opened', to: 'open', by: ['seller', 'buyer', 'system'] },
    { from: 'open', on: 'listing_changed', to: 'open', by: ['operator', 'seller'] },
    { from: 'open', on: 'listing_closed', to: 'closed', by: ['seller'] },
    { from: 'open', on: 'sale_opened', to: 'open', by: decided },
    { from: 'open', on: 'sale_closed', to: 'open', by: closing },
    { from: 'open', on: 'handle_held', to: 'held', by: holding },
    {
      from: 'held',
      on: 'hold_lifted',
      to: 'open',
      by: freeing,
      after: 'orderDeadline',
    },
    { from: 'held', on: 'handle_handed_over', to: 'sold', by: registry },
  ],
}

/** The row that lets `actor` raise `on` now, in the handle's and, where it matters, the listing's table. */
export const allowedFor = (handle: Handle, on: HandleEvent['type'], actor: Actor): Refusal | null => {
  const row = findTransition(handleMachine, handle.status, on)
  const concernsListing = listingMachine.transitions.some(
    (r) => r.on === on && (r.from !== null || on === 'listing_opened'),
  )
  const listingRow = findTransition(listingMachine, handle.listing?.status ?? null, on)
  if (row?.by.includes(actor.kind) && (!concernsListing || listingRow?.by.includes(actor.kind))) return null
  return refuse('transition_not_allowed', `${on} is not possible while the handle is ${handle.status}`, undefined, {
    possible: possibleEvents(handleMachine, handle.status),
  }).refusal
}
