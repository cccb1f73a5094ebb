import * as z from 'zod'
import { moneySchema } from './money.ts'
import { instantSchema, nextStepSchema } from './resources.ts'

// A handle as everybody may see it. Apart from what orders need: a schema that is bundled is there whether it is used or not.

export const appraisalSchema = z
  .object({
    low: moneySchema,
    expected: moneySchema,
    high: moneySchema,
    tier: z.string(),
    confidence: z.int().min(0).max(100).meta({ description: 'Percent' }),
    reasons: z.array(z.object({ code: z.string(), weight: z.int(), words: z.string() })),
    comparableSales: z
      .object({
        count: z.int().min(1),
        withinThree: z.int().min(0).meta({ description: 'How many fetched within a factor of three of the estimate' }),
        weight: z.int().meta({ description: 'By how much they move it, basis points of a factor of ten' }),
        nearest: z.string().meta({ description: 'The handle of the most alike' }),
      })
      .nullable()
      .meta({ description: 'Recent sales of similar names; null: there were none' }),
    modelVersion: z.string(),
  })
  .meta({ id: 'Appraisal', description: 'A range with its reasons; no single number stands alone' })

export const listingModeSchema = z
  .enum(['fixed_price', 'dutch', 'auction', 'drop', 'private_offer'])
  .meta({ id: 'ListingMode' })

export const phaseSchema = z
  .object({
    phase: z.enum(['rights_holders', 'first_refusal', 'prospects', 'quarantine', 'open']),
    from: instantSchema,
    until: instantSchema.nullable().meta({ description: 'When the next phase begins; null: it does not end' }),
    mayBuy: z.string().meta({ description: 'Who may buy, in words' }),
  })
  .meta({ id: 'Phase' })

export const decaySchema = z
  .object({
    floor: moneySchema,
    premium: moneySchema.meta({ description: 'What was asked above the floor at the start' }),
    halfLifeHours: z.int().min(1),
    startsAt: instantSchema,
    endsAt: instantSchema.meta({ description: 'From then on the floor is asked' }),
  })
  .meta({ id: 'Decay' })

export const listingSchema = z
  .object({
    status: z.enum(['open', 'held']),
    seller: z.enum(['platform', 'holder']).meta({ description: 'Who sells it: holders are pseudonymous' }),
    mode: listingModeSchema,
    price: moneySchema.meta({ description: 'What is asked now' }),
    openedAt: instantSchema.meta({ description: 'When it was released, or put on sale by its holder' }),
    opensAt: instantSchema.meta({ description: 'When the quarantine ends and anybody may buy it' }),
    phase: phaseSchema.meta({ description: 'Who may buy it now' }),
    phases: z.array(phaseSchema).meta({ description: 'All of them, in order' }),
    decay: decaySchema.nullable().meta({ description: 'Of a Dutch sale: how its price falls' }),
    sale: z
      .object({ mode: z.enum(['auction', 'drop', 'private_offer']), id: z.string(), until: instantSchema.nullable() })
      .nullable()
      .meta({ description: 'The auction, drop or private offer that alone sells it now' }),
  })
  .meta({ id: 'Listing' })

export const releaseSchema = z
  .object({
    rule: z.enum(['ordinary', 'verified', 'suspended']),
    policyVersion: z.int().min(1),
    dueAt: instantSchema,
    noticesGiven: z.int().min(0),
    words: z.string().meta({ description: 'Why, in one sentence' }),
  })
  .meta({ id: 'Release', description: 'Why the handle was released, or is about to be' })

export const graceSchema = z
  .object({
    startedAt: instantSchema,
    noticesGiven: z.int().min(0),
    releaseAt: instantSchema.meta({ description: 'The handle is not released earlier' }),
  })
  .meta({ id: 'Grace', description: 'The time in which the holder can keep the handle' })

export const reservedSchema = z
  .object({ code: z.string(), reason: z.string(), overruled: z.boolean() })
  .meta({ id: 'Reserved', description: 'Why the handle is kept from the market' })

export const handleSchema = z
  .object({
    handle: z.string(),
    display: z.string(),
    status: z.enum(['active', 'dormant', 'unreachable', 'released', 'reserved', 'locked']),
    grace: graceSchema.nullable(),
    release: releaseSchema.nullable(),
    reserved: reservedSchema.nullable(),
    legalHold: z.boolean(),
    listing: listingSchema.nullable(),
    appraisal: appraisalSchema.nullable(),
    movedTo: z
      .object({ handle: z.string(), until: instantSchema })
      .nullable()
      .meta({ description: 'Where the account is now that sold it, if it wants that told; null after `until`' }),
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Handle' })
