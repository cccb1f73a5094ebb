import * as z from 'zod'
import { accountIdSchema, orderIdSchema } from './ids.ts'
import { instantSchema } from './resources.ts'

// Hand-overs that an external platform makes: what it is sent, and what it tells.

const facts = {
  orderId: orderIdSchema,
  handle: z.string(),
  display: z.string().meta({ description: 'As its holder writes it' }),
  fromAccountId: accountIdSchema
    .nullable()
    .meta({ description: 'The seller, who holds it until then; null where the platform itself sells' }),
  toAccountId: accountIdSchema.meta({ description: 'The buyer, who paid' }),
}

/** The body of the webhook, signed as Standard Webhooks says. The same at every try. */
export const handOverRequestSchema = z
  .object({
    type: z.literal('handover.wanted'),
    timestamp: instantSchema.meta({ description: 'When the payment was captured' }),
    data: z.object({ ...facts, completeBy: instantSchema.meta({ description: 'After that the buyer is refunded' }) }),
  })
  .meta({ id: 'HandOverRequest', description: 'A handle is paid for: give it to the buyer, and tell that you did' })

export const handOverSchema = z
  .object({
    ...facts,
    outcome: z.enum(['wanted', 'completed', 'failed', 'overdue']).meta({
      description:
        '`overdue`: nothing was told before the order ended, because its time was over or the payment went back',
    }),
    at: instantSchema.nullable().meta({ description: 'When you told the outcome' }),
    reason: z.string().nullable().meta({ description: 'Why it failed' }),
    replacementHandle: z
      .string()
      .nullable()
      .meta({ description: 'The handle that the seller has instead, once the hand-over is completed' }),
  })
  .meta({ id: 'HandOver' })
