import * as z from 'zod'
import { orderIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'
import { instantSchema, nextStepSchema, orderStatusSchema } from './resources.ts'

// What users see of sales between users.

export const quoteSchema = z
  .object({
    price: moneySchema,
    commission: moneySchema,
    net: moneySchema.meta({ description: 'What the seller gets: price less commission' }),
    scheduleVersion: z.string().meta({ description: 'The commission schedule; a sale keeps the one it was quoted by' }),
  })
  .meta({ id: 'Quote' })

export const taxedQuoteSchema = quoteSchema
  .extend({
    tax: z
      .object({ inPrice: moneySchema, inCommission: moneySchema })
      .meta({ description: 'What of the price and of the commission is tax; neither grows by it' }),
  })
  .meta({ id: 'TaxedQuote' })

export const saleSchema = z
  .object({
    orderId: orderIdSchema,
    handle: z.string(),
    display: z.string(),
    status: orderStatusSchema,
    quote: quoteSchema,
    replacement: z
      .object({ handle: z.string(), redirect: z.boolean() })
      .nullable()
      .meta({ description: 'The handle you asked for instead of the one you sell; null: one will be generated' }),
    replacedBy: z.string().nullable().meta({ description: 'The handle you have instead, since the hand-over' }),
    paid: moneySchema.nullable().meta({ description: 'What was transferred to you' }),
    payoutBlocked: z.string().nullable().meta({ description: 'Why you cannot be paid now; the money waits for you' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'MySale', description: 'A sale of yours, from the order to your payout' })
