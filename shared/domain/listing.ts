import type { Currency } from '../contract/money.ts'
import type { Actor } from './actors.ts'
import type { Handle, HandleEvent, Listing } from './handle.ts'
import { allowedFor } from './handle-machine.ts'
import { guardWords, type Protection } from './protected-names.ts'
import { plusDays } from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

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
