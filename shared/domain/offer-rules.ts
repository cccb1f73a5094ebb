import { checkoutMaxMinor } from '../contract/money.ts'
import type { Handle } from './handle.ts'
import { liveSale, priceAt } from './listing.ts'
import { offerLimits } from './negotiation.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'

// What a holder says of offers for the handle: whether, from whom, from what amount on.

/** One account's having a handle; `orderId` where it was bought here. Whoever gets it after it starts anew. */
export type Holding = { readonly accountId: string; readonly orderId?: string | undefined }

/** Amounts are minor units. Floor and bound are for the holder's eyes alone. */
export type OfferSettings = {
  readonly open: boolean
  /** An offer below is declined at once, and the holder does not hear of it. */
  readonly floorMinor?: number | undefined
  /** An offer of as much, or more, is accepted at once. */
  readonly autoAcceptMinor?: number | undefined
  readonly from: 'anyone' | 'verified'
  readonly roundsMax: number
  readonly answerHours: number
}

export type OfferRules = {
  readonly handle: string
  /** What ids and pseudonyms of the handle's negotiations are derived under: theirs for ever, whoever holds it. */
  readonly aliasKey: string
  /** Whose the rest is. */
  readonly boundTo?: Holding | undefined
  readonly settings?: OfferSettings | undefined
  /** The negotiations whose buyer is blocked. Their ids tell nobody's account. */
  readonly blocked: readonly string[]
  /** Offers below the floor so far. */
  readonly belowFloor: number
  readonly updatedAt: string
}

type Bound = { readonly holding: Holding }

export type OfferRulesEvent =
  | { readonly type: 'offers_keyed'; readonly aliasKey: string }
  | ({ readonly type: 'settings_changed'; readonly settings: OfferSettings } & Bound)
  | ({ readonly type: 'buyer_blocked'; readonly negotiationId: string } & Bound)
  | ({ readonly type: 'buyer_unblocked'; readonly negotiationId: string } & Bound)
  | ({ readonly type: 'offer_below_floor'; readonly negotiationId: string } & Bound)

export const evolveOfferRules = (
  handle: string,
  before: OfferRules | null,
  event: OfferRulesEvent,
  at: string,
): OfferRules => {
  if (event.type === 'offers_keyed') {
    if (before !== null) throw new Error(`the offers of ${handle} have a key already`)
    return { handle, aliasKey: event.aliasKey, blocked: [], belowFloor: 0, updatedAt: at }
  }
  if (before === null) throw new Error(`${event.type} happened to the offers of ${handle} before they had a key`)
  const rules = { ...ofHolding(before, event.holding), updatedAt: at }
  switch (event.type) {
    case 'settings_changed':
      return { ...rules, settings: event.settings }
    case 'buyer_blocked':
      return { ...rules, blocked: [...rules.blocked, event.negotiationId] }
    case 'buyer_unblocked':
      return { ...rules, blocked: rules.blocked.filter((id) => id !== event.negotiationId) }
    case 'offer_below_floor':
      return { ...rules, belowFloor: rules.belowFloor + 1 }
  }
}

/** What holds for this holding: nothing of what an earlier holder set. */
const ofHolding = (rules: OfferRules, holding: Holding): OfferRules =>
  isSameHolding(rules.boundTo, holding)
    ? rules
    : {
        handle: rules.handle,
        aliasKey: rules.aliasKey,
        boundTo: holding,
        blocked: [],
        belowFloor: 0,
        updatedAt: rules.updatedAt,
      }

export const holdingOf = ({ holder }: Pick<Handle, 'holder'>): Holding | null =>
  holder === null
    ? null
    : { accountId: holder.accountId, ...(holder.orderId === undefined ? {} : { orderId: holder.orderId }) }

export const isSameHolding = (one: Holding | null | undefined, other: Holding | null | undefined): boolean =>
  one?.accountId === other?.accountId && one?.orderId === other?.orderId

/** What a handle is asked for at a fixed price that everybody sees, in minor units; null: it is not. */
export const askingPriceOf = (handle: Handle, now: string): number | null => {
  const { listing, holder, status } = handle
  if (holder === null || status !== 'active' || listing === undefined) return null
  if (listing.unlisted === true || listing.decay !== undefined) return null
  return liveSale(listing, now) === undefined ? priceAt(listing, now) : null
}

export type RulesNow = {
  readonly settings: OfferSettings
  /** The holder has set nothing. */
  readonly isDefault: boolean
  readonly blocked: readonly string[]
  readonly belowFloor: number
}

/** What holds of offers for a handle now. Nobody asks for offers by holding a name; by listing it at a price one does. */
export const rulesNow = (rules: OfferRules | null, handle: Handle, now: string): RulesNow => {
  const own = rules !== null && isSameHolding(rules.boundTo, holdingOf(handle)) ? rules : null
  return {
    settings: own?.settings ?? {
      open: askingPriceOf(handle, now) !== null,
      from: 'anyone',
      roundsMax: offerLimits.roundsDefault,
      answerHours: offerLimits.answerHoursDefault,
    },
    isDefault: own?.settings === undefined,
    blocked: own?.blocked ?? [],
    belowFloor: own?.belowFloor ?? 0,
  }
}

/** The first thing that happens to the offers of a handle: what their ids are derived under is kept. */
export const decideKeyed = (rules: OfferRules | null, aliasKey: string): readonly OfferRulesEvent[] =>
  rules === null ? [{ type: 'offers_keyed', aliasKey }] : []

/** The holder says anew how offers are taken. The same again changes nothing. */
export const decideSettings = (
  rules: OfferRules | null,
  holding: Holding,
  wanted: { readonly settings: OfferSettings; readonly unblock: readonly string[] },
  aliasKey: string,
): Result<readonly OfferRulesEvent[]> => {
  const refusal = checkSettings(wanted.settings)
  if (refusal !== null) return { ok: false, refusal }
  const own = rules !== null && isSameHolding(rules.boundTo, holding) ? rules : null
  const stranger = wanted.unblock.find((id) => own?.blocked.includes(id) !== true)
  if (stranger !== undefined) return refuse('validation_failed', `The buyer of ${stranger} is not blocked`, 'unblock')
  const isSame = own?.settings !== undefined && sameSettings(own.settings, wanted.settings)
  if (isSame && wanted.unblock.length === 0) return ok([])
  return ok([
    ...decideKeyed(rules, aliasKey),
    ...(isSame ? [] : [{ type: 'settings_changed', holding, settings: wanted.settings } as const]),
    ...[...new Set(wanted.unblock)].map((negotiationId): OfferRulesEvent => ({
      type: 'buyer_unblocked',
      holding,
      negotiationId,
    })),
  ])
}

const sameSettings = (a: OfferSettings, b: OfferSettings): boolean =>
  a.open === b.open &&
  a.floorMinor === b.floorMinor &&
  a.autoAcceptMinor === b.autoAcceptMinor &&
  a.from === b.from &&
  a.roundsMax === b.roundsMax &&
  a.answerHours === b.answerHours

const checkSettings = ({ floorMinor, autoAcceptMinor }: OfferSettings): Refusal | null => {
  if (autoAcceptMinor === undefined || autoAcceptMinor >= (floorMinor ?? 1)) return null
  const words = `What is accepted at once is from the floor of ${floorMinor ?? 1} up to ${checkoutMaxMinor} (minor units)`
  return refuse('validation_failed', words, 'autoAccept', { leastMinor: floorMinor ?? 1 }).refusal
}

/** The holder wants no more offers of one buyer for this handle. Again: nothing changes. */
export const decideBlock = (
  rules: OfferRules | null,
  holding: Holding,
  negotiationId: string,
  aliasKey: string,
): Result<readonly OfferRulesEvent[]> => {
  const blocked = rules !== null && isSameHolding(rules.boundTo, holding) ? rules.blocked : []
  if (blocked.includes(negotiationId)) return ok([])
  if (blocked.length >= offerLimits.blockedMax) {
    return refuse('cap_reached', `A holder blocks ${offerLimits.blockedMax} buyers at most: unblock one`, undefined, {
      blockedMax: offerLimits.blockedMax,
    })
  }
  return ok([...decideKeyed(rules, aliasKey), { type: 'buyer_blocked', holding, negotiationId }])
}
