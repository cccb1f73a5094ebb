import * as z from 'zod'
import { orderIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'

/** RFC 3339, always UTC with milliseconds. */
export const instantSchema = z.iso.datetime().meta({ id: 'Instant' })

/** A handle as a person may type it: the grammar itself is checked by the domain, which names the character at fault. */
export const handleInputSchema = z.string().min(1).max(200).meta({ description: '1 to 15 of A–Z a–z 0–9 _' })

export const actorSchema = z
  .enum(['buyer', 'seller', 'holder', 'prospect', 'operator', 'platform', 'system'])
  .meta({ id: 'Actor' })

/** Who acts next, how, and by when; null where nobody needs to. */
export const nextStepSchema = z
  .object({
    actor: actorSchema,
    action: z.string().meta({ description: 'What is waited for, as the event that ends the wait' }),
    by: instantSchema.nullable(),
  })
  .meta({ id: 'NextStep' })

export const orderStatusSchema = z
  .enum([
    'awaiting_payment',
    'payment_processing',
    'funded',
    'handing_over',
    'inspection',
    'disputed',
    'settling',
    'settled',
    'expired',
    'cancelled',
    'refunding',
    'refunded',
    'chargeback',
    'charged_back',
  ])
  .meta({ id: 'OrderStatus' })

export const orderSchema = z
  .object({
    id: orderIdSchema,
    handle: z.string(),
    display: z.string(),
    status: orderStatusSchema,
    price: moneySchema,
    seller: z.enum(['platform', 'holder']),
    saleId: z.string().nullable().meta({ description: 'The auction, drop, private offer or negotiation that was won' }),
    refunded: moneySchema.nullable().meta({ description: 'What was given back of the price' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Order' })

export const checkoutSchema = z
  .object({ orderId: orderIdSchema, url: z.url(), expiresAt: instantSchema })
  .meta({ id: 'Checkout', description: "The payment provider's hosted page" })

/** Pages: `limit` and an opaque `cursor`; the same shape everywhere. */
export const pageSizeMax = 100
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(pageSizeMax).default(20),
  cursor: z.string().max(1024).optional(),
}
export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() }).meta({ id })
