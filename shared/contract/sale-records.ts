import * as z from 'zod'
import { accountIdSchema, disputeIdSchema, orderIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'
import { journalEntrySchema, postingSchema } from './operator-resources.ts'
import { actorSchema, instantSchema, nextStepSchema, orderStatusSchema } from './resources.ts'

export const timelineSchema = z
  .object({
    orderId: orderIdSchema,
    handle: z.string(),
    status: orderStatusSchema,
    you: z.enum(['buyer', 'seller', 'operator']),
    disputeId: disputeIdSchema.nullable(),
    steps: z.array(
      z.object({
        at: instantSchema,
        by: actorSchema.meta({ description: 'A role, never an account' }),
        event: z.string(),
        words: z.string(),
        amounts: z
          .array(z.object({ what: z.enum(['price', 'refund', 'commission', 'net']), amount: moneySchema }))
          .meta({ description: 'Those that concern you: a buyer is not told the commission' }),
      }),
    ),
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Timeline', description: 'Every step of one sale, oldest first, and who acts next by when' })

/** One document with all that concerns a sale; `npm run verify:sale` holds it against itself. */
export const saleExportSchema = z
  .object({
    format: z.literal('sale-export/1'),
    orderId: orderIdSchema,
    exportedAt: instantSchema,
    journals: z.array(
      z.object({
        aggregate: z.string(),
        whole: z.boolean().meta({ description: 'From its birth on; else the part that concerns the sale' }),
        entries: z.array(journalEntrySchema),
        state: z.looseObject({}).nullable().meta({ description: 'Of a whole one, as the table has it' }),
      }),
    ),
    postings: z.array(postingSchema.extend({ aggregate: z.string(), seq: z.int(), at: instantSchema })),
    balances: z.record(z.string(), z.int()).meta({ description: 'By ledger account and currency, in minor units' }),
    terms: z.looseObject({ version: z.string() }),
    quote: z.object({ scheduleVersion: z.string(), commissionMinor: z.int(), netMinor: z.int() }).nullable(),
    mails: z.array(z.object({ at: instantSchema, to: z.string(), about: z.string(), messageId: z.string() })),
    sha256: z.string(),
  })
  .meta({ id: 'SaleExport' })

const chargebackHeadFields = {
  chargebackId: z.string().meta({ description: "The payment provider's name of it" }),
  orderId: orderIdSchema,
  handle: z.string(),
  status: z
    .enum(['staged', 'submitting', 'submitted', 'won', 'lost'])
    .meta({ description: '`staged`: our evidence lies at the provider, and the bank does not see it yet' }),
  reason: z.string().meta({ description: "The bank's reason, as the provider names it" }),
  amount: moneySchema,
  respondBy: instantSchema.nullable().meta({ description: 'After this the bank decides without our evidence' }),
}

export const chargebackHeadSchema = z.object(chargebackHeadFields).meta({ id: 'ChargebackHead' })

export const chargebackSchema = z
  .object({
    ...chargebackHeadFields,
    orderStatus: orderStatusSchema,
    clawback: z
      .enum(['not_paid', 'wanted', 'completed', 'failed', 'none'])
      .meta({ description: 'Of what the seller was paid; `none`: the platform itself sold the handle' }),
    packUrl: z.url().meta({ description: 'Gives the evidence pack for ten minutes' }),
    packSha256: z.string(),
    submittedBy: accountIdSchema.nullable(),
  })
  .meta({ id: 'Chargeback', description: "The buyer's bank took the money of an order back" })

export const goodwillSchema = z
  .object({
    orderId: orderIdSchema,
    price: moneySchema,
    refunded: moneySchema.meta({ description: 'What was given back so far' }),
    pending: z
      .object({ amount: moneySchema, reason: z.string(), proposedBy: accountIdSchema })
      .nullable()
      .meta({ description: 'What waits for a second operator' }),
    underWay: moneySchema.nullable().meta({ description: 'What the payment provider is giving back now' }),
    version: z.int(),
  })
  .meta({ id: 'Goodwill', description: 'Refunds of a settled sale that the platform bears' })
