import type { Currency } from '../contract/money.ts'
import type { Tier } from './appraisal/appraisal.ts'
import { decayEndsAt, premiumAfter } from './dutch.ts'
import type { Decay, Handle, Sale } from './handle.ts'
import { type ListingMode, liveSale, opensAtOf } from './listing.ts'

/** What a search shows of a handle that is for sale, and all that it is found by. Mode and price also depend on the time. */
export type Card = {
  readonly name: string
  readonly display: string
  readonly status: 'open' | 'held'
  /** The price set; in a Dutch sale that of the time before the market opens. */
  readonly priceMinor: number
  readonly currency: Currency
  readonly tier: Tier
  readonly lowMinor: number
  readonly highMinor: number
  /** Percent. */
  readonly confidence: number
  /** When anybody may buy it. */
  readonly opensAt: string
  readonly decay?: Decay | undefined
  readonly sale?: Sale | undefined
}

/** Null where the handle is not for sale. */
export const cardOf = ({
  name,
  display,
  listing,
  appraisal,
}: Pick<Handle, 'name' | 'display' | 'listing' | 'appraisal'>): Card | null =>
  listing === undefined || appraisal === undefined || listing.unlisted === true
    ? null
    : {
        name,
        display,
        status: listing.status,
        priceMinor: listing.priceMinor,
        currency: listing.currency,
        tier: appraisal.tier,
        lowMinor: appraisal.low,
        highMinor: appraisal.high,
        confidence: appraisal.confidence,
        opensAt: opensAtOf(listing),
        ...(listing.decay === undefined ? {} : { decay: listing.decay }),
        ...(listing.sale === undefined ? {} : { sale: listing.sale }),
      }

/** How it is sold at an instant, as `modeOf` says of its listing. */
export const cardMode = (card: Card, now: string): ListingMode =>
  liveSale(card, now)?.mode ?? (card.decay === undefined ? 'fixed_price' : 'dutch')

/** What is asked at an instant, as `priceAt` says of its listing. */
export const cardPrice = ({ decay, priceMinor, opensAt }: Card, now: string): number =>
  decay === undefined || now < opensAt
    ? priceMinor
    : decay.floorMinor + premiumAfter(decay, Date.parse(now) - Date.parse(decay.startsAt ?? opensAt))

/** What it stands by where prices are sorted: the least that will be asked for it. */
export const sortedPrice = ({ decay, priceMinor }: Card): number => decay?.floorMinor ?? priceMinor

/** When a sale of limited time is over: a Dutch price has come down to its floor, a drop is closed. Null: it has no end. */
export const cardEndsAt = ({ sale, decay, opensAt }: Card): string | null => {
  if (sale !== undefined) return sale.until ?? null
  return decay === undefined ? null : decayEndsAt(decay, decay.startsAt ?? opensAt)
}
