import * as z from 'zod'
import { accountIdSchema, disputeIdSchema, evidenceIdSchema, orderIdSchema } from './ids.ts'
import { moneySchema } from './money.ts'
import { instantSchema, nextStepSchema } from './resources.ts'

export const disputeReasonSchema = z
  .enum(['not_handed_over', 'not_as_described', 'taken_back', 'impersonation', 'other'])
  .meta({ id: 'DisputeReason', description: '`taken_back`: the seller took the handle back' })

export const disputeStatusSchema = z
  .enum(['answer_wanted', 'in_review', 'approval_wanted', 'settled', 'refunded', 'split', 'withdrawn', 'overtaken'])
  .meta({
    id: 'DisputeStatus',
    description: "`overtaken`: the money went back meanwhile, by the buyer's bank or at the payment provider",
  })

export const disputeOutcomeSchema = z
  .enum(['settle', 'refund', 'split'])
  .meta({ id: 'DisputeOutcome', description: 'The seller is paid; the buyer gets all back; each gets a part' })

const partySchema = z.enum(['buyer', 'seller']).meta({ id: 'Party' })

/** What a side writes. */
export const wordsSchema = z.string().trim().min(10).max(2_000)

/** What can be read by anybody, and cannot run. */
export const evidenceTypes = ['image/png', 'image/jpeg', 'application/pdf', 'text/plain'] as const
export const evidenceBytesMax = 5 * 1024 * 1024

export const newEvidenceSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.() -]{1,80}$/, 'letters, digits, spaces and . _ - ( )')
    .meta({ description: 'The name that the other side sees' }),
  contentType: z.enum(evidenceTypes),
  bytes: z.int().min(1).max(evidenceBytesMax),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex'),
})

const evidenceSchema = z
  .object({
    id: evidenceIdSchema,
    by: partySchema,
    at: instantSchema,
    name: z.string(),
    contentType: z.enum(evidenceTypes),
    bytes: z.int(),
    sha256: z.string(),
    status: z.enum(['awaited', 'received', 'refused']),
    why: z.string().nullable().meta({ description: 'Why it was refused' }),
    url: z.url().nullable().meta({ description: 'Gives the file for ten minutes; null until it was received' }),
  })
  .meta({ id: 'Evidence' })

const decisionSchema = z
  .object({
    outcome: disputeOutcomeSchema,
    refund: moneySchema.meta({ description: 'What the buyer gets back' }),
    commission: moneySchema.nullable().meta({ description: 'Not shown to the buyer' }),
    net: moneySchema.nullable().meta({ description: 'What the seller is paid; not shown to the buyer' }),
    reason: z.string(),
    operatorId: accountIdSchema.nullable().meta({ description: 'Shown to operators alone' }),
    approvedBy: accountIdSchema.nullable().meta({ description: 'Shown to operators alone' }),
  })
  .meta({ id: 'DisputeDecision' })

const headFields = {
  id: disputeIdSchema,
  orderId: orderIdSchema,
  handle: z.string(),
  status: disputeStatusSchema,
  reason: disputeReasonSchema,
  price: moneySchema,
  openedAt: instantSchema,
  version: z.int().meta({ description: 'What an operator decides on the sight of' }),
  next: nextStepSchema.nullable(),
}

export const disputeSchema = z
  .object({
    ...headFields,
    you: z.enum(['buyer', 'seller', 'operator']),
    statements: z.array(z.object({ id: z.string(), by: partySchema, at: instantSchema, words: z.string() })),
    evidence: z.array(evidenceSchema),
    possible: z.array(z.string()).meta({ description: 'What you may do now' }),
    proposal: decisionSchema.nullable().meta({ description: 'What waits for a second operator; shown to operators' }),
    decision: decisionSchema.nullable(),
    endedAt: instantSchema.nullable(),
  })
  .meta({ id: 'Dispute', description: 'Between the buyer and the seller of an order; both see what both say' })

export const disputeHeadSchema = z
  .object({ ...headFields, proposedBy: accountIdSchema.nullable() })
  .meta({ id: 'DisputeHead', description: 'A dispute in the queue of operators' })

export const evidenceUploadSchema = z
  .object({
    evidenceId: evidenceIdSchema,
    uploadUrl: z.url().meta({ description: 'PUT the file there, with these headers; it takes that very file alone' }),
    headers: z.record(z.string(), z.string()),
    expiresAt: instantSchema,
    dispute: disputeSchema,
  })
  .meta({ id: 'EvidenceUpload' })
