import type { Currency } from '../contract/money.ts'
import type { Tier } from './appraisal/appraisal.ts'
import type { Handle } from './handle.ts'
import { opensAtOf } from './listing.ts'

/** How a handle is sold. */
export type SellingMode = 'fixed_price'

/** What a search shows of a handle that is for sale, and all that it is found by. */
export type Card = {
  readonly name: string
  readonly display: string
  readonly status: 'open' | 'held'
  readonly mode: SellingMode
  readonly priceMinor: number
  readonly currency: Currency
  readonly tier: Tier
  readonly lowMinor: number
  readonly highMinor: number
  /** Percent. */
  readonly confidence: number
  /** When anybody may buy it. */
  readonly opensAt: string
}

/** Null where the handle is not for sale. */
export const cardOf = ({
  name,
  display,
  listing,
  appraisal,
}: Pick<Handle, 'name' | 'display' | 'listing' | 'appraisal'>): Card | null =>
  listing === undefined || appraisal === undefined
    ? null
    : {
        name,
        display,
        status: listing.status,
        mode: 'fixed_price',
        priceMinor: listing.priceMinor,
        currency: listing.currency,
        tier: appraisal.tier,
        lowMinor: appraisal.low,
        highMinor: appraisal.high,
        confidence: appraisal.confidence,
        opensAt: opensAtOf(listing),
      }
