import type { Currency } from '../contract/money.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { Actor } from './actors.ts'
import { leastPriceMinor } from './commission.ts'
import { allowedFor } from './handle-machine.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { liveSale } from './listing.ts'
import { decideResale } from './resale.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import type { Terms } from './terms.ts'

// A holder puts a handle on sale, at a fixed price.

/**
 * Whether this account may sell this handle now; null: yes. Only its holder may, and a newly bought one not before it has
 * cooled off: that is longer than the inspection of its own sale.
 */
export const sellingHindered = (handle: Handle, accountId: string, terms: Terms, now: string): Refusal | null => {
  if (handle.holder?.accountId !== accountId) {
    return refuse('handle_not_held_by_account', `The account does not hold ${handle.name}`, 'handle').refusal
  }
  if (handle.status !== 'active' || handle.legalHold !== undefined || handle.holder.suspendedAt !== undefined) {
    return refuse('handle_not_active', `${handle.name} is ${handle.status} and cannot be sold now`, 'handle').refusal
  }
  return decideResale(handle, terms, now)
}

export type ListingOffered = {
  readonly sellerId: string
  readonly priceMinor: number
  readonly currency: Currency
  readonly appraisal?: StoredAppraisal | undefined
}

/** Puts a handle on sale at a fixed price, or changes the price of one that is. The same price again changes nothing. */
export const decideListingOpened = (
  handle: Handle,
  offered: ListingOffered,
  terms: Terms,
  actor: Actor,
  now: string,
): Result<readonly HandleEvent[]> => {
  const { sellerId, priceMinor } = offered
  const hindered = sellingHindered(handle, sellerId, terms, now)
  if (hindered !== null) return { ok: false, refusal: hindered }
  if (priceMinor < leastPriceMinor()) {
    return refuse(
      'price_too_low',
      `A price is ${leastPriceMinor()} at least (minor units): below, nothing is left`,
      'price',
      {
        leastMinor: leastPriceMinor(),
      },
    )
  }
  const { listing } = handle
  if (listing === undefined) {
    const refusal = allowedFor(handle, 'listing_opened', actor)
    return refusal === null ? ok([{ type: 'listing_opened', ...offered }]) : { ok: false, refusal }
  }
  const busy = busyWith(handle, now)
  if (busy !== null) return { ok: false, refusal: busy }
  if (listing.priceMinor === priceMinor) return ok([])
  const refusal = allowedFor(handle, 'listing_changed', actor)
  return refusal === null ? ok([{ type: 'listing_changed', priceMinor, reason: 'seller' }]) : { ok: false, refusal }
}

/** Takes a handle off sale. One that is on hold for an order stays until that has ended; off sale already: nothing to do. */
export const decideListingClosed = (
  handle: Handle,
  sellerId: string,
  actor: Actor,
  now: string,
): Result<readonly HandleEvent[]> => {
  if (handle.holder?.accountId !== sellerId) {
    return refuse('handle_not_held_by_account', `The account does not hold ${handle.name}`, 'handle')
  }
  if (handle.listing === undefined) return ok([])
  const busy = busyWith(handle, now)
  if (busy !== null) return { ok: false, refusal: busy }
  const refusal = allowedFor(handle, 'listing_closed', actor)
  return refusal === null ? ok([{ type: 'listing_closed' }]) : { ok: false, refusal }
}

const busyWith = (handle: Handle, now: string): Refusal | null => {
  const { listing } = handle
  if (listing === undefined) return null
  if (listing.status === 'held') {
    return refuse('handle_on_hold', `${handle.name} is on hold for an order`, 'handle').refusal
  }
  const sale = liveSale(listing, now)
  return sale === undefined
    ? null
    : refuse('handle_in_sale', `${handle.name} is sold by ${sale.id} now`, 'handle', sale).refusal
}
