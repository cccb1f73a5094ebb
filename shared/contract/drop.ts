import * as z from 'zod'
import { dropIdSchema, entryIdSchema } from './ids.ts'
import { amountMinorMax, currencySchema, moneySchema } from './money.ts'
import { handleInputSchema, instantSchema, nextStepSchema } from './resources.ts'

// What a drop is, and the limits of one: it must stay on one item, which every award writes again.

export const handlesPerDropMax = 100
export const questionsMax = 5
export const questionCharactersMax = 200
export const answerCharactersMax = 1_000

export const dropMethodSchema = z.enum(['draw', 'application']).meta({ id: 'DropMethod' })

export const dropStatusSchema = z
  .enum(['preparing', 'announced', 'open', 'drawing', 'awarding', 'cancelling', 'closed', 'cancelled'])
  .meta({ id: 'DropStatus' })

export const lotStatusSchema = z
  .enum(['planned', 'bound', 'left_out', 'drawn', 'offered', 'sold', 'unsold', 'freed'])
  .meta({ id: 'LotStatus' })

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/)

/** What an operator asks for. Whether the instants fit together is checked by the domain. */
export const newDropFields = {
  title: z.string().trim().min(1).max(120),
  method: dropMethodSchema,
  handles: z
    .array(
      z.strictObject({
        handle: handleInputSchema,
        price: z
          .strictObject({ amountMinor: z.int().min(1).max(amountMinorMax), currency: currencySchema })
          .optional()
          .meta({ description: 'Absent: its asking price when it is bound to the drop, which is the appraised one' }),
      }),
    )
    .min(1)
    .max(handlesPerDropMax),
  opensAt: instantSchema,
  closesAt: instantSchema,
  questions: z.array(z.string().trim().min(1).max(questionCharactersMax)).max(questionsMax).default([]),
  entriesPerAccountMax: z.int().min(1).max(handlesPerDropMax).default(1),
  paymentWindowHours: z.int().min(1).max(168).default(48),
  roundsMax: z.int().min(1).max(5).default(3).meta({
    description: 'How many entrants a handle is offered to, one after another, before it goes to the open market',
  }),
  reviewHours: z.int().min(1).max(720).default(72).meta({
    description: 'Of applications: how long after the end operators decide',
  }),
} as const

export const dropLotSchema = z
  .object({
    handle: z.string(),
    status: lotStatusSchema,
    price: moneySchema.nullable().meta({ description: 'Null until the handle is bound' }),
    why: z.string().nullable().meta({ description: 'Why it was left out or not sold' }),
    entries: z.int().min(0).nullable().meta({ description: 'How many entered; null before the draw' }),
    listSha256: sha256Schema
      .nullable()
      .meta({ description: 'Of the entry ids in ascending order, each followed by a line feed' }),
    order: z
      .array(entryIdSchema)
      .nullable()
      .meta({ description: 'The first in the order of the draw, or the accepted applications by score' }),
    offeredTo: entryIdSchema.nullable().meta({ description: 'Whose order holds the handle, or bought it' }),
    round: z.int().min(0),
    payBy: instantSchema.nullable(),
  })
  .meta({ id: 'DropLot', description: 'One handle of a drop' })

export const dropSchema = z
  .object({
    id: dropIdSchema,
    title: z.string(),
    method: dropMethodSchema,
    status: dropStatusSchema,
    announcedAt: instantSchema.nullable(),
    opensAt: instantSchema,
    closesAt: instantSchema,
    decidesAt: instantSchema.meta({ description: 'When the draw is held, or the applications are decided' }),
    questions: z.array(z.string()),
    entriesPerAccountMax: z.int(),
    paymentWindowHours: z.int(),
    roundsMax: z.int(),
    commitment: sha256Schema.meta({ description: 'SHA-256 of the seed, published before the first entry' }),
    seed: sha256Schema.nullable().meta({ description: '32 bytes in hexadecimal; null until the draw was held' }),
    lots: z.array(dropLotSchema),
    cancelReason: z.string().nullable(),
    next: nextStepSchema.nullable(),
  })
  .meta({ id: 'Drop', description: 'A timed batch of handles, by verifiable draw or by application' })

export const dropCardSchema = z
  .object({ id: dropIdSchema, title: z.string(), createdAt: instantSchema })
  .meta({ id: 'DropCard' })

export const publicEntrySchema = z
  .object({ entryId: entryIdSchema })
  .meta({ id: 'PublicEntry', description: 'A pseudonymous entry: the account behind it is known to itself alone' })

export const dropEntrySchema = z
  .object({
    dropId: dropIdSchema,
    handle: z.string(),
    entryId: entryIdSchema,
    answers: z.array(z.string()),
    enteredAt: instantSchema,
  })
  .meta({ id: 'DropEntry', description: 'Your entry for one handle of a drop' })

export const applicationSchema = z
  .object({
    entryId: entryIdSchema,
    handle: z.string(),
    accountId: z.string(),
    answers: z.array(z.string()),
    enteredAt: instantSchema,
    review: z
      .object({ score: z.int(), reason: z.string() })
      .nullable()
      .meta({ description: 'Null: not accepted, or not yet' }),
  })
  .meta({ id: 'Application' })

/** The score that orders accepted applications. */
export const scoreMax = 100
