import type { Dormancy, Handle, HandleEvent, Holder, Listing, Release } from './handle.ts'
import { assertBorn } from './transitions.ts'

/**
 * Folds one event, which happened at `at`, into the state. Total over the events that the decisions below produce;
 * anything else is an impossible state and throws.
 */
export const evolveHandle = (name: string, handle: Handle | null, event: HandleEvent, at: string): Handle => {
  if (event.type === 'handle_imported') {
    const { type: _, importId: _from, display, ...account } = event
    return { name, display, status: 'active', holder: account, dormancy: null }
  }
  if (event.type === 'handle_granted') {
    const { type: _, display, ...holder } = event
    return { name, display, status: 'active', holder, dormancy: null }
  }
  assertBorn(name, handle, event)
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
      return { ...withoutListing(handle), status: 'dormant', dormancy: { ...grace, releaseAt: at, nextAt: at } }
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
      const { appraisal, priceMinor, currency, decay } = event
      const { rightsDays, firstRefusalDays, prospectsDays, quarantineDays } = event
      const days = { rightsDays, firstRefusalDays, prospectsDays, quarantineDays }
      const listing: Listing = { status: 'open', priceMinor, currency, openedAt: at, ...days, decay }
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
    case 'right_recorded':
      return { ...handle, rights: [...(handle.rights ?? []), event.accountId] }
    case 'right_withdrawn': {
      const { rights = [], ...rest } = handle
      const left = rights.filter((accountId) => accountId !== event.accountId)
      return left.length === 0 ? rest : { ...rest, rights: left }
    }
    case 'listing_changed': {
      const { priceMinor, decay } = event
      return { ...handle, listing: { ...listingOf(handle), priceMinor, decay } }
    }
    case 'sale_opened': {
      const { mode, id, until } = event
      return { ...handle, listing: { ...listingOf(handle), sale: { mode, id, until } } }
    }
    case 'sale_closed': {
      const { sale: _, ...listing } = listingOf(handle)
      return { ...handle, listing }
    }
    case 'listing_opened': {
      const { sellerId, priceMinor, currency, unlisted, appraisal = handle.appraisal } = event
      const listing: Listing = { status: 'open', priceMinor, currency, openedAt: at, ...noPhases, sellerId, unlisted }
      return { ...handle, appraisal, listing }
    }
    case 'listing_closed':
      return withoutListing(handle)
    case 'handle_held':
      return { ...handle, listing: { ...listingOf(handle), status: 'held', orderId: event.orderId } }
    case 'hold_lifted': {
      const { orderId: _, ...listing } = listingOf(handle)
      if (listing.unlisted === true) return withoutListing(handle)
      return { ...handle, listing: { ...listing, status: 'open' } }
    }
    case 'handle_handed_over': {
      const { listing: _, release: _r, overruled: _o, movedTo: _m, ...rest } = handle
      const { accountId, orderId, movedTo } = event
      // The platform's next feed fills in the rest; from here on the new holder counts as active since the hand-over.
      const holder: Holder = { accountId, orderId, class: 'ordinary', createdAt: at, lastActiveAt: at, followers: 0 }
      return { ...rest, status: 'active', holder, ...(movedTo !== undefined && { movedTo }) }
    }
    case 'handle_returned': {
      const { movedTo: _, ...rest } = withoutListing(handle)
      const { type: _t, orderId: _o, ...holder } = event
      return { ...rest, status: 'active', dormancy: null, holder }
    }
    case 'handle_retired': {
      const reserved = { code: 'retired', reason: 'It stood in for a handle that was given back.' }
      return { ...withoutHolder(handle), status: 'reserved', reserved, movedTo: event.movedTo }
    }
    case 'handle_locked':
      return { ...withoutListing(handle), status: 'locked', dormancy: null }
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

/** A listing of a user's own: nobody comes before others, and nothing rests. */
const noPhases = { rightsDays: 0, firstRefusalDays: 0, prospectsDays: 0, quarantineDays: 0 }

const withoutListing = (handle: Handle): Handle => {
  const { listing: _, ...rest } = handle
  return rest
}

const releaseOf = ({ rule, policyVersion, dueAt, noticesGiven }: Release): Release => ({
  rule,
  policyVersion,
  dueAt,
  noticesGiven,
})

const withoutHolder = ({ name, display, holder, formerHolderId, rights }: Handle) => ({
  name,
  display,
  holder: null,
  dormancy: null,
  formerHolderId: holder?.accountId ?? formerHolderId,
  rights,
})
