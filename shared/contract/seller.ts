import * as z from 'zod'
import { accountIdSchema, orderIdSchema } from './ids.ts'
import { currencySchema, moneySchema } from './money.ts'
import { instantSchema } from './resources.ts'

export const countrySchema = z
  .string()
  .regex(/^[A-Z]{2}$/, 'two capital letters of ISO 3166')
  .meta({ id: 'Country', description: 'ISO 3166, two letters' })

export const onboardingRequestSchema = z.strictObject({
  country: countrySchema.meta({ description: 'Where you are resident; it cannot be changed later' }),
})

export const sellerStatusSchema = z
  .enum(['none', 'onboarding', 'enabled', 'restricted', 'rejected'])
  .meta({ id: 'SellerStatus', description: 'Whether the payment provider can pay you' })

const payoutSchema = z
  .object({
    payoutId: z.string(),
    amountMinor: z.int(),
    currency: z.string().meta({ description: 'ISO 4217, of your bank account' }),
    status: z.enum(['pending', 'in_transit', 'paid', 'failed', 'canceled']),
    arrivalAt: instantSchema,
    failureCode: z.string().nullable(),
  })
  .meta({ id: 'Payout', description: 'What the payment provider sent to your bank' })

export const sellerSchema = z
  .object({
    accountId: accountIdSchema,
    status: sellerStatusSchema,
    since: instantSchema.nullable(),
    country: countrySchema.nullable(),
    requirementsDue: z
      .array(z.string())
      .meta({ description: 'What the provider still asks for, by its own field names' }),
    disabledReason: z.string().nullable().meta({ description: 'Why it cannot pay you now, in its own word' }),
    nextAct: z.string().nullable().meta({ description: 'What you can do so that you are paid' }),
    debt: moneySchema.meta({ description: 'What you owe after chargebacks; your next sales pay it off first' }),
    debts: z.array(z.object({ orderId: orderIdSchema, amount: moneySchema })),
    payouts: z.array(payoutSchema).meta({ description: 'The newest first' }),
  })
  .meta({ id: 'Seller' })

export const onboardingSchema = z
  .object({
    url: z.url().meta({ description: "The provider's hosted page; it works once, for a few minutes" }),
    expiresAt: instantSchema,
    seller: sellerSchema,
  })
  .meta({ id: 'Onboarding' })

export const operatorSellerSchema = sellerSchema
  .extend({
    stripeAccountId: z.string().nullable(),
    planned: z
      .array(z.object({ orderId: orderIdSchema, plannedAt: instantSchema, offset: moneySchema }))
      .meta({ description: 'Payments that were begun, and whose outcome is not noted yet' }),
  })
  .meta({ id: 'OperatorSeller' })

export const yearSchema = z.string().regex(/^20\d\d$/, 'a year, such as 2026')

const thresholdSchema = z
  .object({
    jurisdiction: z.enum(['US', 'EU']),
    name: z.string(),
    sales: z.object({ is: z.enum(['at_least', 'more_than']), count: z.int() }),
    amountMoreThan: z.object({ amountMinor: z.int(), currency: z.enum(['USD', 'EUR']) }),
    needs: z.enum(['both', 'either']),
    concernsYou: z.boolean().meta({ description: 'By the country that you told' }),
    salesReached: z.boolean(),
    amountReached: z.boolean(),
    reached: z.boolean(),
    source: z.string(),
  })
  .meta({ id: 'ReportingThreshold' })

export const reportingSchema = z
  .object({
    year: z.int(),
    currency: currencySchema,
    sales: z.int(),
    grossMinor: z.int().meta({ description: 'Before commission; less what chargebacks took back in this year' }),
    commissionMinor: z.int(),
    netMinor: z.int(),
    transferredMinor: z.int(),
    thresholds: z.array(thresholdSchema),
  })
  .meta({ id: 'SellerYear', description: 'A year of sales, and what platforms report of it to tax authorities' })
