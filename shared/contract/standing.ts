import * as z from 'zod'
import { accountIdSchema, authorisationIdSchema, caseIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'
import { instantSchema } from './resources.ts'

/** Stripe takes 50 cents at least and 999,999.99 at most on one page. */
export const authorisationAmountSchema = moneySchema.extend({ amountMinor: z.int().min(50).max(99_999_999) })

export const authorisationPageSchema = z
  .object({
    authorisationId: authorisationIdSchema,
    amount: moneySchema,
    url: z.url().meta({ description: 'The hosted page where the card is given; nothing is charged' }),
    expiresAt: instantSchema,
  })
  .meta({ id: 'AuthorisationPage' })

const authorisationSchema = z
  .object({
    authorisationId: authorisationIdSchema,
    amount: moneySchema,
    until: instantSchema.meta({ description: 'The bank keeps it until then' }),
    neededBy: z.array(z.string()).meta({ description: 'Sales in which it was asked for and which have not ended' }),
  })
  .meta({ id: 'Authorisation' })

export const standingSchema = z
  .object({
    suspendedUntil: instantSchema.nullable(),
    suspendedFor: z.string().nullable(),
    strikes: z.array(z.object({ at: instantSchema, saleId: z.string(), reason: z.string() })),
    authorisation: authorisationSchema.nullable(),
  })
  .meta({ id: 'Standing', description: 'What we know of an account as a buyer, as the account itself sees it' })

const traitKindSchema = z.enum(['card', 'device', 'payout']).meta({ id: 'TraitKind' })

export const operatorStandingSchema = standingSchema
  .extend({
    accountId: accountIdSchema,
    firstSeenAt: instantSchema.nullable(),
    links: z
      .array(z.object({ accountId: accountIdSchema, shared: z.array(traitKindSchema) }))
      .meta({ description: 'Accounts that used the same card, device or payout account' }),
  })
  .meta({ id: 'OperatorStanding' })

export const caseSchema = z
  .object({
    id: caseIdSchema,
    ground: z.enum(['linked_bidders', 'screening_hit', 'offer_reported']),
    status: z.enum(['open', 'dismissed', 'upheld']),
    saleId: z.string().meta({ description: 'Where it came up: a sale, an order, `onboarding`' }),
    accountIds: z.array(accountIdSchema),
    shared: z.array(traitKindSchema),
    words: z.string(),
    openedAt: instantSchema,
    decision: z
      .object({ at: instantSchema, by: accountIdSchema, reason: z.string(), suspended: z.array(accountIdSchema) })
      .nullable(),
  })
  .meta({ id: 'Case', description: 'Something that a person of the handle team must look at' })
