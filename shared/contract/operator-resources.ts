import * as z from 'zod'
import { accountIdSchema, importIdSchema, runIdSchema } from './ids.ts'
import { currencySchema } from './money.ts'
import { deadLetterQueueNames } from './queues.ts'
import { handleInputSchema, instantSchema } from './resources.ts'

// What operators and the platform see. Apart from what buyers see, so that the functions of buyers stay small.

export const importSchema = z
  .object({
    id: importIdSchema,
    status: z.enum(['awaiting_upload', 'importing', 'complete', 'failed']),
    format: z.enum(['ndjson', 'csv']),
    createdAt: instantSchema,
    lines: z.int(),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    rejected: z.int(),
    chunks: z.object({ total: z.int(), done: z.int() }),
    failure: z.string().nullable(),
  })
  .meta({ id: 'Import' })

export const newImportSchema = z
  .object({ import: importSchema, uploadUrl: z.url(), expiresAt: instantSchema })
  .meta({ id: 'NewImport', description: 'PUT the feed to `uploadUrl`; the import starts by itself' })

export const rejectSchema = z
  .object({ line: z.int(), code: z.string(), field: z.string().nullable(), reason: z.string() })
  .meta({ id: 'Reject' })

/** Names in one request of marks to protect: with owners they stay inside a body of 64 KB. */
export const marksPerRequestMax = 100

export const markSourceSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,31}$/, '1 to 32 of a–z 0–9 _ . - that begin with a letter or digit')
  .meta({ description: 'Who says so: a register (`tmch`), a partner list' })

/** What was refused is told by the code of the name's grammar, or `look_full`. */
export const protectionOutcomeSchema = z
  .object({
    name: z.string().meta({ description: 'As it was sent' }),
    handle: z.string().nullable().meta({ description: 'The canonical name; null where it is none' }),
    outcome: z.enum(['protected', 'already_protected', 'refused']),
    code: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'ProtectionOutcome' })

const gateCodeSchema = z.enum(['protected_name', 'confusable_with_protected'])

export const protectedNameSchema = z
  .object({
    name: z.string(),
    gate: gateCodeSchema.nullable().meta({
      description: 'What the gate says when this name is released; null: its looks are free (other rules apart)',
    }),
    protections: z.array(
      z.object({
        code: gateCodeSchema.meta({ description: 'Whether it is this very name, or one that it can be taken for' }),
        like: z.string().meta({ description: 'The protected name' }),
        by: z.enum(['mark', 'account', 'shipped_list']),
        source: z.string().nullable(),
        owner: z.string().nullable(),
        since: instantSchema.nullable(),
      }),
    ),
  })
  .meta({ id: 'ProtectedName', description: 'Whether and why a name is protected' })

export const postingSchema = z
  .object({ source: z.string(), destination: z.string(), amountMinor: z.int().min(1), currency: currencySchema })
  .meta({ id: 'Posting', description: 'Moves an amount from one ledger account to another; cannot be unbalanced' })

export const journalEntrySchema = z
  .object({
    aggregate: z.string(),
    seq: z.int().min(1),
    at: instantSchema,
    by: z.string(),
    events: z.array(z.looseObject({ type: z.string() })),
    postings: z.array(postingSchema),
    previous: z.string().nullable(),
    hash: z.string(),
  })
  .meta({ id: 'JournalEntry' })

export const redirectSchema = z.object({ handle: z.string(), accountId: accountIdSchema, until: instantSchema }).meta({
  id: 'Redirect',
  description: 'Links to a handle in quarantine, or to one that was sold, lead to the account that had it',
})

export const activitySchema = z
  .strictObject({ handle: handleInputSchema, accountId: accountIdSchema, activeAt: instantSchema })
  .meta({ id: 'Activity' })

const count = z.int().min(0)

/**
 * One sweep of due handles and the work it queued. Once it is complete, `found` is the sum of `released`, `reserved`,
 * `noticesWanted`, `unreachable`, `letBe`, `notDue` and `failed`.
 */
export const runSchema = z
  .object({
    id: runIdSchema,
    state: z.enum(['requested', 'sweeping', 'working', 'complete', 'stalled']).meta({
      description: '`stalled`: the sweep broke off, or no message has come to an end for an hour',
    }),
    startedBy: z.string().meta({ description: '`schedule`, or the operator who asked for it' }),
    createdAt: instantSchema,
    sweptAt: instantSchema.nullable().meta({ description: 'When everything that was due had been found and queued' }),
    found: count,
    foundBy: z
      .array(z.object({ queue: z.string(), found: count, shards: z.array(count) }))
      .meta({ description: 'By queue of the clock: a rule of the policy, or `waiting` for a planned step' }),
    queued: count,
    messages: z.object({ queued: count, done: count }),
    released: count,
    reserved: count,
    reservedBy: z.record(z.string(), count).meta({ description: "By the gate's code" }),
    noticesWanted: count,
    noticesBegun: count.meta({ description: 'Of the notices wanted, the first ones of a time of grace' }),
    unreachable: count,
    letBe: count.meta({ description: 'The time of grace was ended or extended' }),
    notDue: count.meta({ description: 'When looked at again, there was nothing to do' }),
    failed: count.meta({ description: 'Will be tried again, or is among the dead letters of `releases`' }),
    failures: z.array(z.object({ name: z.string(), error: z.string(), message: z.string() })).meta({
      description: 'Single names that failed while the rest of their message was done; twenty at most',
    }),
    perSecond: z.number().min(0).nullable(),
    secondsLeft: count.nullable().meta({ description: 'An estimate from the rate so far' }),
  })
  .meta({ id: 'Run' })

export const deadLetterQueueNameSchema = z.enum(deadLetterQueueNames).meta({ id: 'DeadLetterQueueName' })

export const deadLetterQueueSchema = z
  .object({
    queue: deadLetterQueueNameSchema,
    messages: z.int().min(0),
    oldestSentAt: instantSchema.nullable(),
    redrivable: z.boolean(),
  })
  .meta({ id: 'DeadLetterQueue' })

export const deadLetterSchema = z
  .object({
    messageId: z.string(),
    sentAt: instantSchema,
    body: z.string().meta({ description: 'Cut to 4,000 characters' }),
    bodyCharacters: z.int().min(0),
    failure: z
      .object({
        error: z.string(),
        message: z.string(),
        at: instantSchema,
        receives: z.int().nullable(),
      })
      .nullable()
      .meta({ description: 'The last failure; null: the worker ended without a word' }),
  })
  .meta({ id: 'DeadLetter' })

export const redriveSchema = z
  .object({ queue: deadLetterQueueNameSchema, moved: z.int().min(0), left: z.int().min(0) })
  .meta({ id: 'Redrive' })
