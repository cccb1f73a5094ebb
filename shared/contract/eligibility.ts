import * as z from 'zod'
import { amountMinorSchema } from './money.ts'

/** What a user can commit to: as a buyer, and as a seller `list`, `sell` (accept an offer) and `payout` (change who is paid). */
export const actKindSchema = z
  .enum(['order', 'bid', 'offer', 'apply', 'watch', 'authorise', 'list', 'sell', 'payout'])
  .meta({ id: 'ActKind' })

const kindsMax = actKindSchema.options.length

const ofEachAct = <T extends z.ZodType>(schema: T) =>
  z.strictObject({
    order: schema,
    bid: schema,
    offer: schema,
    apply: schema,
    watch: schema,
    authorise: schema,
    list: schema,
    sell: schema,
    payout: schema,
  })

const days = z.int().min(0).max(3650)
const amount = amountMinorSchema

/** Amounts are minor units; `null` switches a rule off. */
export const eligibilityRulesSchema = z
  .strictObject({
    accountAgeDaysMin: ofEachAct(days).meta({ description: 'How old an account must be; 0: any age' }),
    verifiedFromMinor: amount.nullable().meta({ description: 'From this amount on accounts must be verified' }),
    stepUp: z
      .strictObject({ fromMinor: amount, maxAuthAgeMinutes: z.int().min(1).max(10_080) })
      .nullable()
      .meta({ description: 'From this amount on the person must have signed in so lately' }),
    secondFactor: z
      .strictObject({ fromMinor: amount, acts: z.array(actKindSchema).min(1).max(kindsMax) })
      .nullable()
      .meta({ description: 'From this amount on these acts ask for a sign-in with a second factor' }),
    coolingOff: z
      .array(z.strictObject({ fromMinor: amount, hours: z.int().min(1).max(2160) }))
      .max(8)
      .meta({ description: 'How long an act of this amount or more waits after a change of credentials; rising' }),
    humanFor: z.array(actKindSchema).max(kindsMax).meta({ description: 'Acts that ask for a proof of humanity' }),
    openOrdersMax: z.int().min(1).max(100).nullable().meta({ description: 'Orders that hold a handle, at a time' }),
    ordersPerDayMax: z.int().min(1).max(100).nullable().meta({ description: 'Orders placed in 24 hours' }),
    strikes: z
      .strictObject({
        max: z.int().min(1).max(20).meta({ description: 'Sales that a winner did not pay, until it is suspended' }),
        countedDays: z.int().min(1).max(3650).meta({ description: 'A strike counts so long' }),
        suspensionDays: z.int().min(1).max(3650),
      })
      .meta({ description: 'What becomes of winners who do not pay' }),
    suspendedFrom: z.array(actKindSchema).max(kindsMax).meta({ description: 'What a suspended account may not do' }),
    authorisation: z
      .strictObject({ fromMinor: amount, percent: z.int().min(1).max(100) })
      .nullable()
      .meta({ description: 'From this bid on a card must be authorised for so much of it' }),
    velocity: z
      .strictObject({ windowSeconds: z.int().min(1).max(3600), ...ofEachAct(z.int().min(1).max(100_000)).shape })
      .meta({ description: 'Requests of one account to one route in one window' }),
  })
  .meta({ id: 'EligibilityRules', description: 'Who may buy and sell' })

export type EligibilityRules = Readonly<z.infer<typeof eligibilityRulesSchema>>
