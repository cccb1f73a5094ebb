import { checkoutMaxMinor, type Currency } from '../contract/money.ts'
import type { Actor } from './actors.ts'
import { decayEndsAt, premiumAfter } from './dutch.ts'
import { allowedFor } from './handle-machine.ts'
import type { Decay, Handle, HandleEvent, Listing, PhaseDays, Sale, SaleMode } from './handle.ts'
import { guardWords, type Protection } from './protected-names.ts'
import { plusDays } from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

/** Who may buy a released handle: one phase after another, and everybody in the end. */
export const phases = ['rights_holders', 'first_refusal', 'prospects', 'quarantine', 'open'] as const
export type PhaseName = (typeof phases)[number]

export type Phase = {
  readonly phase: PhaseName
  readonly from: string
  /** Exclusive; null: it does not end. */
  readonly until: string | null
}

/**
 * The phases of a listing, in order; one of no days is left out. Private phases follow each other from the release on, and
 * nobody may buy from the end of the last to the end of the quarantine.
 */
export const phasesOf = (listing: PhaseDays & Pick<Listing, 'openedAt'>): readonly Phase[] => {
  const { openedAt, rightsDays, firstRefusalDays, prospectsDays } = listing
  const opensAt = opensAtOf(listing)
  const found: Phase[] = []
  let from = openedAt
  const add = (phase: PhaseName, until: string) => {
    if (until > from) found.push({ phase, from, until })
    from = until
  }
  add('rights_holders', plusDays(openedAt, rightsDays))
  add('first_refusal', plusDays(openedAt, rightsDays + firstRefusalDays))
  add('prospects', plusDays(openedAt, rightsDays + firstRefusalDays + prospectsDays))
  add('quarantine', opensAt)
  return [...found, { phase: 'open', from: opensAt, until: null }]
}

/** When the quarantine ends and the market opens. */
export const opensAtOf = ({ openedAt, quarantineDays }: Pick<Listing, 'openedAt' | 'quarantineDays'>): string =>
  plusDays(openedAt, quarantineDays)

/** The phase at an instant. */
export const phaseAt = (listing: PhaseDays & Pick<Listing, 'openedAt'>, now: string): Phase => {
  const all = phasesOf(listing)
  const found = all.find(({ until }) => until === null || now < until)
  if (found === undefined) throw new Error('the last phase of a listing has no end')
  return found
}

/** The sale that alone may place an order now; undefined: there is none, or its time is over. */
export const liveSale = ({ sale }: Pick<Listing, 'sale'>, now: string): Sale | undefined =>
  sale !== undefined && (sale.until === undefined || now < sale.until) ? sale : undefined

export type ListingMode = SaleMode | 'fixed_price' | 'dutch'

export const modeOf = (listing: Listing, now: string): ListingMode =>
  liveSale(listing, now)?.mode ?? (listing.decay === undefined ? 'fixed_price' : 'dutch')

/** From when to when the price of a Dutch sale falls. */
export const decayTimes = (
  listing: Pick<Listing, 'openedAt' | 'quarantineDays'>,
  decay: Decay,
): { readonly startsAt: string; readonly endsAt: string } => {
  const startsAt = decay.startsAt ?? opensAtOf(listing)
  return { startsAt, endsAt: decayEndsAt(decay, startsAt) }
}

/** The asking price at an instant, in minor units: by the curve once a Dutch sale has begun, before that the price set. */
export const priceAt = (listing: Listing, now: string): number => {
  const { decay, priceMinor } = listing
  if (decay === undefined || phaseAt(listing, now).phase !== 'open') return priceMinor
  const { startsAt } = decayTimes(listing, decay)
  return decay.floorMinor + premiumAfter(decay, Date.parse(now) - Date.parse(startsAt))
}

const notForSale = (handle: Handle) => refuse('handle_not_for_sale', `${handle.name} is not for sale`, 'handle')

/** A released handle is the platform's to sell, an active one its holder's who put it on sale and is not suspended. */
const isOnSale = ({ status, listing, holder }: Handle): boolean => {
  if (listing === undefined) return false
  if (listing.sellerId === undefined) return status === 'released'
  return status === 'active' && holder?.accountId === listing.sellerId && holder.suspendedAt === undefined
}

/** What keeps a listing from every sale: no listing, a legal hold, a name that became protected, a hold for an order. */
const hindrance = (handle: Handle, guard: Protection | null) => {
  if (!isOnSale(handle) || handle.legalHold !== undefined) return notForSale(handle)
  if (guard !== null) return refuse('handle_not_for_sale', guardWords(guard), 'handle', { gate: guard.code })
  return null
}

/** Whether this buyer may buy in this phase. */
const mayBuyIn = (phase: PhaseName, handle: Handle, buyerId: string): boolean => {
  switch (phase) {
    case 'rights_holders':
      return handle.rights?.includes(buyerId) === true
    case 'first_refusal':
      return handle.formerHolderId === buyerId
    case 'prospects':
    case 'quarantine':
      return false
    case 'open':
      return true
  }
}

/** What a buyer, or a sale for its winner, asks of a listing. */
export type HoldWanted = {
  readonly orderId: string
  /** At a fixed price: the price that was seen. In a Dutch sale: the most that the buyer agrees to. */
  readonly priceMinor: number
  readonly currency: Currency
  /** The auction, drop or private offer that the order is placed by; its price and its buyer are its own business. */
  readonly saleId?: string | undefined
  /** The price was agreed on in a negotiation: what the listing asks does not matter. */
  readonly agreed?: true | undefined
}

/**
 * Puts an open listing on hold for one order. `guard` is what protects the name: it may have become protected after the
 * release, so the gate is asked once more at the sale. Returns the price at this very instant, which is the price paid.
 */
export const decideHold = (
  handle: Handle,
  wanted: HoldWanted,
  actor: Actor,
  buyerId: string,
  guard: Protection | null,
  now: string,
): Result<{ readonly events: readonly HandleEvent[]; readonly priceMinor: number }> => {
  const hindered = hindrance(handle, guard)
  const { listing } = handle
  if (hindered !== null || listing === undefined) return hindered ?? notForSale(handle)
  if (listing.sellerId === buyerId) return refuse('own_handle', `${handle.name} is your own handle`, 'handle')
  if (wanted.saleId === undefined) {
    const { phase } = phaseAt(listing, now)
    if (!mayBuyIn(phase, handle, buyerId)) {
      const opensAt = opensAtOf(listing)
      return refuse('listing_not_open', `${handle.name} can be bought from ${opensAt} on`, 'handle', { opensAt, phase })
    }
  }
  if (listing.status === 'held') {
    return refuse('handle_on_hold', `${handle.name} is on hold for another order`, 'handle')
  }
  const sale = liveSale(listing, now)
  if (sale?.id !== (wanted.agreed === true ? undefined : wanted.saleId)) {
    return sale === undefined
      ? refuse('transition_not_allowed', `${wanted.saleId ?? ''} no longer sells ${handle.name}`)
      : refuse('handle_in_sale', `${handle.name} is sold by ${sale.id} now`, 'handle', sale)
  }
  const priceMinor = sale === undefined && wanted.agreed !== true ? priceAt(listing, now) : wanted.priceMinor
  const agreed = listing.decay === undefined ? wanted.priceMinor === priceMinor : wanted.priceMinor >= priceMinor
  if (!agreed || wanted.currency !== listing.currency) {
    return refuse('price_changed', `${handle.name} costs ${priceMinor} ${listing.currency} (minor units)`, 'price', {
      price: { amountMinor: priceMinor, currency: listing.currency },
    })
  }
  const refusal = allowedFor(handle, 'handle_held', actor)
  if (refusal !== null) return { ok: false, refusal }
  // A sale whose time is over is cleared away by the first order after it, so that it cannot be closed under the hold.
  const over = sale === undefined ? listing.sale : undefined
  const cleared: HandleEvent[] = over === undefined ? [] : [{ type: 'sale_closed', id: over.id }]
  return ok({ events: [...cleared, { type: 'handle_held', orderId: wanted.orderId }], priceMinor })
}

/**
 * Binds an open listing to an auction, a drop or a private offer. Private phases of others come first: an auction or a drop
 * waits for their end and starts in the market, a private offer may go out from the prospects' phase on.
 */
export const decideSaleOpened = (
  handle: Handle,
  wanted: Sale & { readonly startsAt: string },
  guard: Protection | null,
  actor: Actor,
  now: string,
): Result<readonly HandleEvent[]> => {
  const hindered = hindrance(handle, guard)
  const { listing } = handle
  if (hindered !== null || listing === undefined) return hindered ?? notForSale(handle)
  const { startsAt, ...sale } = wanted
  const live = liveSale(listing, now)
  if (live !== undefined) {
    if (live.id === sale.id) return ok([])
    return refuse('handle_in_sale', `${handle.name} is sold by ${live.id} now`, 'handle', live)
  }
  const { phase, until } = phaseAt(listing, now)
  const opensAt = opensAtOf(listing)
  const isPrivate = phase === 'rights_holders' || phase === 'first_refusal'
  if (isPrivate || (sale.mode !== 'private_offer' && (phase === 'prospects' || startsAt < opensAt))) {
    return refuse('listing_not_open', `${handle.name} is in the phase ${phase} until ${until ?? ''}`, 'handle', {
      phase,
      opensAt,
    })
  }
  if (listing.status === 'held') return refuse('handle_on_hold', `${handle.name} is on hold for an order`, 'handle')
  const refusal = allowedFor(handle, 'sale_opened', actor)
  return refusal === null ? ok([{ type: 'sale_opened', ...sale }]) : { ok: false, refusal }
}

/** Frees a listing from a sale that ends without an order. Freed already, or sold: nothing to do. */
export const decideSaleClosed = (handle: Handle, saleId: string, actor: Actor): Result<readonly HandleEvent[]> => {
  if (handle.listing?.sale?.id !== saleId) return ok([])
  const refusal = allowedFor(handle, 'sale_closed', actor)
  return refusal === null ? ok([{ type: 'sale_closed', id: saleId }]) : { ok: false, refusal }
}

/** How an operator wants a listing to be sold. Amounts are minor units. */
export type ListingWanted = {
  readonly priceMinor: number
  readonly dutch: Omit<Decay, 'startsAt'> | null
  readonly reason: string
}

/** An operator overrides price or mode. A Dutch sale begins at the market's opening, or now where that is over. */
export const decideListingChanged = (
  handle: Handle,
  wanted: ListingWanted,
  actor: Actor,
  now: string,
): Result<readonly HandleEvent[]> => {
  const hindered = hindrance(handle, null)
  const { listing } = handle
  if (hindered !== null || listing === undefined) return hindered ?? notForSale(handle)
  const sale = liveSale(listing, now)
  if (sale !== undefined) {
    return refuse('handle_in_sale', `${handle.name} is sold by ${sale.id} now`, 'handle', sale)
  }
  const { priceMinor, dutch, reason } = wanted
  if (dutch !== null && dutch.floorMinor + dutch.premiumMinor > checkoutMaxMinor) {
    return refuse('validation_failed', 'One payment cannot carry the price at the start', 'dutch.premium')
  }
  const refusal = allowedFor(handle, 'listing_changed', actor)
  if (refusal !== null) return { ok: false, refusal }
  const opensAt = opensAtOf(listing)
  const decay = dutch === null ? {} : { decay: { ...dutch, ...(now > opensAt && { startsAt: now }) } }
  return ok([{ type: 'listing_changed', priceMinor, ...decay, reason }])
}

/** So many accounts can have a recorded right in one name. */
export const rightsMax = 5

/** An operator records that an account has a right in the name, such as a mark; it may buy first when the name is released. */
export const decideRightRecorded = (
  handle: Handle,
  right: { readonly accountId: string; readonly ground: string },
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  if (handle.rights?.includes(right.accountId) === true) return ok([])
  if ((handle.rights?.length ?? 0) >= rightsMax) {
    return refuse('rights_full', `${rightsMax} accounts have a right in ${handle.name} already`, 'accountId')
  }
  const refusal = allowedFor(handle, 'right_recorded', actor)
  return refusal === null ? ok([{ type: 'right_recorded', ...right }]) : { ok: false, refusal }
}

export const decideRightWithdrawn = (
  handle: Handle,
  right: { readonly accountId: string; readonly reason: string },
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  if (handle.rights?.includes(right.accountId) !== true) return ok([])
  const refusal = allowedFor(handle, 'right_withdrawn', actor)
  return refusal === null ? ok([{ type: 'right_withdrawn', ...right }]) : { ok: false, refusal }
}

/** Whether an order may do this to the handle it holds or held; refused where the handle is not this order's. */
export const decideForOrder = (
  handle: Handle,
  event: { readonly type: HandleEvent['type']; readonly orderId: string },
  actor: Actor,
): Result<null> => {
  const heldFor = handle.listing?.orderId ?? handle.holder?.orderId
  if (heldFor !== event.orderId) {
    return refuse('transition_not_allowed', `${handle.name} does not belong to ${event.orderId}`)
  }
  const refusal = allowedFor(handle, event.type, actor)
  return refusal === null ? ok(null) : { ok: false, refusal }
}
