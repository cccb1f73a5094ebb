import * as z from 'zod'
import { orderIdSchema, reconciliationIdSchema } from './ids.ts'
import { currencySchema } from './money.ts'
import { instantSchema } from './resources.ts'

const count = z.int().min(0)
/** Minor units that may be below zero: money that left, or that is owed. */
const signedMinor = z.int()

const balanceRowSchema = z.object({
  account: z.string(),
  currency: currencySchema,
  balanceMinor: signedMinor,
})

export const trialBalanceSchema = z
  .object({
    at: instantSchema,
    reconciliationId: reconciliationIdSchema,
    orders: count,
    totals: z.array(balanceRowSchema).meta({
      description:
        'By class of ledger account: `order` is all that is held, `stripe` minus what the provider has of ours',
    }),
    sums: z
      .array(z.object({ currency: currencySchema, sumMinor: signedMinor }))
      .meta({ description: 'Over all accounts: zero, or the book is broken' }),
    wrongSide: z
      .array(balanceRowSchema)
      .meta({ description: 'Accounts on the wrong side of zero: held or owed less than nothing; 100 at most' }),
    wrongSideCount: count,
    unbalancedOrders: z.array(orderIdSchema).meta({ description: 'Whose state does not say what their entries moved' }),
    unbalancedOrderCount: count,
  })
  .meta({ id: 'TrialBalance', description: 'Balances of the whole book, derived from the orders' })

export const differenceSchema = z
  .object({
    kind: z.enum(['missing_here', 'missing_there', 'amount_differs']).meta({
      description:
        '`missing_here`: money moved at the provider and no order says so; `missing_there`: the reverse; `amount_differs`: both say so, and not the same',
    }),
    of: z.string().meta({ description: 'A kind of movement, such as `capture`, `refund` or `transfer`' }),
    reference: z
      .string()
      .meta({ description: "The provider's id: of the payment, refund, transfer, reversal or dispute" }),
    orderId: z.string().nullable(),
    currency: z.string(),
    hereMinor: signedMinor.nullable(),
    thereMinor: signedMinor.nullable(),
    at: instantSchema.nullable(),
  })
  .meta({ id: 'ReconciliationDifference' })

export const reconciliationSchema = z
  .object({
    id: reconciliationIdSchema,
    state: z.enum(['requested', 'working', 'complete', 'stalled']),
    startedBy: z.string().meta({ description: '`schedule`, or the operator who asked for it' }),
    createdAt: instantSchema,
    from: instantSchema.nullable().meta({ description: 'Beginning of the span; null until it is complete' }),
    to: instantSchema.nullable().meta({ description: 'End of the span, exclusive' }),
    completedAt: instantSchema.nullable(),
    agrees: z
      .boolean()
      .nullable()
      .meta({ description: 'No difference, no unbalanced order, nothing on the wrong side of zero' }),
    matched: count,
    inFlight: count.meta({ description: 'Refunds that are on their way to a bank' }),
    differences: z.array(differenceSchema).meta({ description: 'The first 200' }),
    differenceCount: count,
    fees: z
      .array(z.object({ currency: z.string(), feeMinor: signedMinor }))
      .meta({ description: "The provider's own" }),
    apart: z
      .array(z.object({ type: z.string(), currency: z.string(), amountMinor: signedMinor, count }))
      .meta({ description: "What no order moves, such as the platform's payouts, by the provider's word" }),
  })
  .meta({ id: 'Reconciliation', description: 'The ledger of a span beside the balance transactions of the provider' })
