import * as z from 'zod'
import { moneySchema } from './money.ts'
import { listingModeSchema } from './handle-resource.ts'
import { instantSchema } from './resources.ts'

// What people look through: cards of what is for sale, what was sold, and the handles that an account has.

/** Price classes, from the cheapest. */
export const tierSchema = z.enum(['common', 'notable', 'rare', 'priority']).meta({ id: 'Tier' })

export const listingCardSchema = z
  .object({
    handle: z.string(),
    display: z.string(),
    status: z.enum(['open', 'held']),
    mode: listingModeSchema,
    price: moneySchema.meta({ description: 'What is asked now' }),
    tier: tierSchema,
    low: moneySchema,
    high: moneySchema,
    confidence: z.int().min(0).max(100).meta({ description: 'Percent' }),
    opensAt: instantSchema.meta({ description: 'When anybody may buy it' }),
    endsAt: instantSchema.nullable().meta({
      description: 'When its sale ends by the clock: a Dutch price has come down to its floor, a drop is closed',
    }),
    saleId: z.string().nullable().meta({ description: 'The auction, drop or private offer that alone sells it now' }),
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
