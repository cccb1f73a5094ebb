import * as z from 'zod'
import { moneySchema } from './money.ts'
import { instantSchema } from './resources.ts'

// What people look through: cards of what is for sale, what was sold, and the handles that an account has.

/** Price classes, from the cheapest. */
export const tierSchema = z.enum(['common', 'notable', 'rare', 'priority']).meta({ id: 'Tier' })

/** How a handle is sold. */
export const sellingModeSchema = z.enum(['fixed_price']).meta({ id: 'SellingMode' })

export const listingCardSchema = z
  .object({
    handle: z.string(),
    display: z.string(),
    status: z.enum(['open', 'held']),
    mode: sellingModeSchema,
    price: moneySchema,
    tier: tierSchema,
    low: moneySchema,
    high: moneySchema,
    confidence: z.int().min(0).max(100).meta({ description: 'Percent' }),
    opensAt: instantSchema,
  })
  .meta({ id: 'ListingCard' })

export const similarNamesSchema = z
  .object({
    handle: z.string(),
    items: z.array(
      listingCardSchema.extend({
        why: z.array(z.object({ code: z.string(), words: z.string() })).meta({ description: 'The strongest first' }),
      }),
    ),
  })
  .meta({ id: 'SimilarNames' })

export const saleSchema = z
  .object({ handle: z.string(), display: z.string(), price: moneySchema, tier: z.string(), soldAt: instantSchema })
  .meta({ id: 'Sale' })

export const keptHandleSchema = z
  .object({ handle: z.string(), display: z.string(), status: z.string() })
  .meta({ id: 'KeptHandle' })

export const heldHandleSchema = z
  .object({ handle: z.string(), display: z.string(), status: z.string(), since: instantSchema })
  .meta({ id: 'HeldHandle' })
