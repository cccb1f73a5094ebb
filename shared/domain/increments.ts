import { amountMinorMax } from '../contract/money.ts'
import type { Increments } from '../contract/auction.ts'
import { refuse, type Refusal } from './result.ts'

/** By how much the next bid must exceed a visible price at least, in minor units; never less than one. */
export const stepAt = (increments: Increments, priceMinor: number): number => {
  if ('basisPoints' in increments) return Math.max(1, Math.ceil((priceMinor * increments.basisPoints) / 10_000))
  const row = increments.rows.find(({ belowMinor }) => belowMinor === null || priceMinor < belowMinor)
  if (row === undefined) throw new Error(`no row of the increments is for ${priceMinor}`)
  return row.stepMinor
}

/** A price and one step more, in minor units. */
export const aStepAbove = (increments: Increments, priceMinor: number): number =>
  priceMinor + stepAt(increments, priceMinor)

/** A table must rise in both columns, so that a dearer bid is never a smaller step, and its last row is for the rest. */
export const checkIncrements = (increments: Increments): Refusal | null => {
  if ('basisPoints' in increments) return null
  const { rows } = increments
  for (const [index, { belowMinor, stepMinor }] of rows.entries()) {
    const field = (name: string) => `increments.rows.${index}.${name}`
    const before = rows[index - 1]
    const isLast = index === rows.length - 1
    if (isLast !== (belowMinor === null)) {
      return refuse('validation_failed', 'The last row, and no other, is for every price: null', field('belowMinor'))
        .refusal
    }
    if (before === undefined) continue
    if ((before.belowMinor ?? 0) >= (belowMinor ?? amountMinorMax + 1)) {
      return refuse('validation_failed', 'The rows must rise in price', field('belowMinor')).refusal
    }
    if (before.stepMinor > stepMinor) {
      return refuse('validation_failed', 'A step must not be smaller at a higher price', field('stepMinor')).refusal
    }
  }
  return null
}
