import type { Handle } from './handle.ts'
import { plusDays } from './release-policy.ts'
import { type Refusal, refusalOf } from './result.ts'
type ResaleTerms = { readonly resaleCoolingDays: number }

/**
 * From when on its holder may sell a handle: a few days after it was bought, so that a name paid for with a stolen card, or
 * sold out of a stolen account, is not three owners away when that is found. Null: it was not bought here.
 */
export const resaleOpensAt = ({ holder }: Pick<Handle, 'holder'>, { resaleCoolingDays }: ResaleTerms): string | null =>
  holder?.orderId === undefined ? null : plusDays(holder.createdAt, resaleCoolingDays)

/** What stands against putting this handle on sale, or accepting an offer for it, so soon after it was bought; or null. */
export const decideResale = (
  handle: Pick<Handle, 'name' | 'holder'>,
  terms: ResaleTerms,
  now: string,
): Refusal | null => {
  const opensAt = resaleOpensAt(handle, terms)
  if (opensAt === null || opensAt <= now) return null
  return refusalOf(
    'resale_cooling_off',
    `${handle.name} was bought lately, and can be sold from ${opensAt} on`,
    'handle',
    {
      resaleCoolingDays: terms.resaleCoolingDays,
      opensAt,
    },
  )
}

/**
 * The amount that a sale is judged by, in minor units: the price, or where that is more the top of the appraised range.
 * Whoever sells out of a stolen account would name a price below every brake.
 */
export const atStakeMinor = ({ appraisal }: Pick<Handle, 'appraisal'>, priceMinor: number): number =>
  Math.max(priceMinor, appraisal?.high ?? 0)
