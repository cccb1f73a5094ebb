import * as z from 'zod'
import { accountIdSchema, negotiationIdSchema, orderIdSchema } from './ids.ts'
import { moneySchema, salePriceSchema } from './money.ts'
import { handleInputSchema, instantSchema, nextStepSchema } from './resources.ts'
import { quoteSchema } from './trading.ts'

// Offers of users for handles that somebody holds.

const partySchema = z.enum(['buyer', 'holder'])

export const offerStatusSchema = z
  .enum(['awaiting_holder', 'awaiting_buyer', 'accepted', 'sold', 'lapsed', 'declined', 'withdrawn', 'expired'])
  .meta({ id: 'OfferStatus' })

export const offerSchema = z
  .object({
    id: negotiationIdSchema,
    handle: z.string(),
    display: z.string(),
    side: z
      .enum(['made', 'received'])
      .meta({ description: 'Which side you are: it is an offer you made, or received' }),
    status: offerStatusSchema,
    version: z.int().min(1).meta({ description: 'Grows with each step; send it along to act on what you saw' }),
    amount: moneySchema.meta({ description: 'The newest amount, which alone can be accepted' }),
    amountBy: partySchema.meta({ description: 'Who named it' }),
    amounts: z
      .array(z.object({ by: partySchema, amount: moneySchema, at: instantSchema }))
      .meta({ description: 'Every amount of this offer, oldest first; all but the newest are void' }),
    counterpart: z
      .object({
        role: partySchema,
        alias: z.string().meta({ description: 'The same in this negotiation, and in no other' }),
        accountId: accountIdSchema.nullable().meta({ description: 'Told once the offer is accepted' }),
      })
      .meta({ description: 'The other side' }),
    funded: z.boolean().meta({ description: 'A card is authorised for the buyer’s newest amount' }),
    rounds: z
      .object({ max: z.int(), used: z.int(), left: z.int() })
      .meta({ description: 'Counter-offers of both sides together' }),
    answerHours: z.int().meta({ description: 'What each side has for each answer' }),
    counter: z.object({ least: moneySchema, most: moneySchema }).nullable().meta({
      description: 'Between which amounts, these included, you may counter now; the asking price may be lower',
    }),
    possible: z
      .array(z.enum(['accept', 'counter', 'decline', 'withdraw']))
      .meta({ description: 'What you can do now' }),
    quote: quoteSchema.meta({ description: 'What the newest amount comes to' }),
    reason: z
      .enum(['holder', 'another_accepted', 'handle_gone'])
      .nullable()
      .meta({ description: 'Why it was declined' }),
    eligibleFrom: instantSchema
      .nullable()
      .meta({ description: 'From when on you may offer again, where you must wait' }),
    orderId: orderIdSchema.nullable(),
    reported: z.boolean().meta({ description: 'Whether you reported it' }),
    madeAt: instantSchema,
    updatedAt: instantSchema,
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Offer', description: 'An offer for a handle that somebody holds, as one of its two sides sees it' })

const hoursSchema = z.int().min(48).max(168)
const roundsSchema = z.int().min(1).max(10)

export const offerSettingsSchema = z
  .object({
    handle: z.string(),
    offers: z.enum(['on', 'off']),
    isDefault: z
      .boolean()
      .meta({ description: 'You have set nothing: on where listed at a fixed price, off elsewhere' }),
    floor: moneySchema.nullable(),
    autoAccept: moneySchema.nullable(),
    from: z.enum(['anyone', 'verified']),
    roundsMax: z.int(),
    answerHours: z.int(),
    blocked: z
      .array(z.object({ offerId: negotiationIdSchema, alias: z.string() }))
      .meta({ description: 'The buyers you blocked, by the offers they made' }),
    belowFloor: z.int().min(0).meta({ description: 'Offers below your floor, of which you were not told' }),
  })
  .meta({ id: 'OfferSettings', description: 'How the holder of a handle takes offers; the holder alone sees it' })

export const offerSettingsBodySchema = z.strictObject({
  offers: z.enum(['on', 'off']),
  floor: salePriceSchema
    .optional()
    .meta({ description: 'An offer below is declined at once, and you do not hear of it' }),
  autoAccept: salePriceSchema
    .optional()
    .meta({ description: 'An offer of as much is accepted at once; at least the floor' }),
  from: z.enum(['anyone', 'verified']).default('anyone'),
  roundsMax: roundsSchema.optional().meta({ description: 'Counter-offers of both sides together; absent: 5' }),
  answerHours: hoursSchema.optional().meta({ description: 'What each side has for each answer; absent: 48' }),
  unblock: z.array(negotiationIdSchema).max(200).optional().meta({ description: 'Buyers that are blocked no more' }),
})

export const offerBodySchema = z.strictObject({
  handle: handleInputSchema,
  amount: salePriceSchema.meta({ description: 'What you offer' }),
})

const version = z
  .int()
  .min(1)
  .optional()
  .meta({ description: 'The version you saw; refused where there is a newer one' })

export const counterBodySchema = z.strictObject({ amount: salePriceSchema, version })

export const acceptBodySchema = z.strictObject({
  amount: salePriceSchema.meta({ description: 'The amount you accept: the newest of the other side' }),
  version,
  replacement: z
    .strictObject({
      handle: handleInputSchema,
      redirect: z
        .boolean()
        .default(false)
        .meta({ description: 'Whether the page of the handle you sold says for a while where you are now' }),
    })
    .optional()
    .meta({
      description: 'Of the holder: the name you want instead of this one; absent: one is made, or chosen later',
    }),
})

export const seenBodySchema = z.strictObject({ version })

export const reportBodySchema = z.strictObject({
  reason: z.enum(['harassment', 'lured_off_platform', 'stolen_account', 'other']),
})
