import type { Actor } from './actors.ts'
import type { Handle, HandleEvent, HandleStatus } from './handle.ts'
import { refuse, type Refusal } from './result.ts'
import { findTransition, type Machine, possibleEvents } from './transitions.ts'

const system = ['system'] as const
const operator = ['operator'] as const
/** Who tells of accounts. */
const feed = ['platform', 'operator'] as const

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
    { from: 'active', on: 'legal_hold_placed', to: 'active', by: operator },
    { from: 'active', on: 'legal_hold_lifted', to: 'active', by: operator },
    { from: 'dormant', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'dormant', on: 'account_updated', to: 'dormant', by: feed },
    { from: 'dormant', on: 'dormancy_ended', to: 'active', by: ['platform', 'operator', 'system'] },
    { from: 'dormant', on: 'notice_wanted', to: 'dormant', by: system },
    { from: 'dormant', on: 'notice_given', to: 'dormant', by: system },
    { from: 'dormant', on: 'notice_failed', to: 'dormant', by: system },
    { from: 'dormant', on: 'grace_extended', to: 'dormant', by: system },
    { from: 'dormant', on: 'contact_failed', to: 'unreachable', by: system },
    { from: 'dormant', on: 'handle_released', to: 'released', by: system, after: 'graceEnd' },
    { from: 'dormant', on: 'handle_reserved', to: 'reserved', by: system },
    { from: 'unreachable', on: 'handle_kept', to: 'active', by: ['holder'] },
    { from: 'unreachable', on: 'account_updated', to: 'unreachable', by: feed },
    { from: 'unreachable', on: 'dormancy_ended', to: 'active', by: feed },
    { from: 'reserved', on: 'gate_overruled', to: 'reserved', by: operator },
    { from: 'reserved', on: 'handle_released', to: 'released', by: system },
    { from: 'reserved', on: 'handle_reserved', to: 'reserved', by: system },
    { from: 'released', on: 'legal_hold_placed', to: 'released', by: operator },
    { from: 'released', on: 'legal_hold_lifted', to: 'released', by: operator },
    { from: 'released', on: 'listing_changed', to: 'released', by: operator },
    { from: 'released', on: 'sale_opened', to: 'released', by: ['operator', 'system'] },
    { from: 'released', on: 'sale_closed', to: 'released', by: ['operator', 'prospect', 'buyer', 'system'] },
    { from: 'released', on: 'handle_held', to: 'released', by: ['buyer', 'system'] },
    { from: 'released', on: 'hold_lifted', to: 'released', by: ['buyer', 'operator', 'platform', 'system'] },
    { from: 'released', on: 'handle_handed_over', to: 'active', by: ['system', 'platform'] },
    { from: 'active', on: 'listing_opened', to: 'active', by: ['seller', 'buyer', 'system'] },
    { from: 'active', on: 'listing_changed', to: 'active', by: ['seller'] },
    { from: 'active', on: 'listing_closed', to: 'active', by: ['seller'] },
    { from: 'active', on: 'handle_held', to: 'active', by: ['buyer', 'seller', 'system'] },
    { from: 'active', on: 'hold_lifted', to: 'active', by: ['buyer', 'operator', 'platform', 'system'] },
    { from: 'active', on: 'handle_handed_over', to: 'active', by: ['system', 'platform'] },
    { from: null, on: 'handle_granted', to: 'active', by: ['system', 'platform'] },
    ...(['active', 'dormant', 'unreachable', 'locked'] as const).map((from) => ({
      from,
      on: 'handle_returned' as const,
      to: 'active' as const,
      by: ['operator' as const, 'system' as const],
    })),
    { from: 'active', on: 'handle_retired', to: 'reserved', by: ['operator', 'system'] },
    { from: 'active', on: 'handle_locked', to: 'locked', by: ['buyer', 'system'] },
    { from: 'dormant', on: 'handle_locked', to: 'locked', by: ['buyer', 'system'] },
    { from: 'unreachable', on: 'handle_locked', to: 'locked', by: ['buyer', 'system'] },
    { from: 'locked', on: 'handle_unlocked', to: 'active', by: ['buyer', 'operator', 'system'] },
    ...(['active', 'dormant', 'unreachable', 'released', 'reserved'] as const).flatMap((status) => [
      { from: status, on: 'right_recorded' as const, to: status, by: ['operator' as const] },
      { from: status, on: 'right_withdrawn' as const, to: status, by: ['operator' as const] },
    ]),
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
    { from: 'open', on: 'sale_opened', to: 'open', by: ['operator', 'system'] },
    { from: 'open', on: 'sale_closed', to: 'open', by: ['operator', 'prospect', 'buyer', 'system'] },
    { from: 'open', on: 'handle_held', to: 'held', by: ['buyer', 'seller', 'system'] },
    {
      from: 'held',
      on: 'hold_lifted',
      to: 'open',
      by: ['buyer', 'operator', 'platform', 'system'],
      after: 'orderDeadline',
    },
    { from: 'held', on: 'handle_handed_over', to: 'sold', by: ['system', 'platform'] },
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
