import * as z from 'zod'
import {
  accountIdSchema,
  importIdSchema,
  orderIdSchema,
  planIdSchema,
  reconciliationIdSchema,
  runIdSchema,
} from './ids.ts'

// What travels through our queues. A message is a hint: whoever receives it reads the state again before it acts.

export const namesPerMessage = 500

/**
 * Names that the sweep found due. 500 names of 15 characters are 9 kB: ten messages fit one SQS request. `run` says which
 * sweep, and which of its messages; names that somebody sends by hand belong to none.
 */
export const releaseMessageSchema = z.strictObject({
  names: z.array(z.string()).min(1).max(namesPerMessage),
  run: z.strictObject({ id: runIdSchema, number: z.int().min(0) }).optional(),
})
export type ReleaseMessage = z.infer<typeof releaseMessageSchema>

/** An operator asked for a sweep: its detail type on the bus, and the event as the rule hands it over. */
export const runRequested = 'run.requested'
export const runRequestedSchema = z.object({
  'detail-type': z.literal(runRequested),
  detail: z.object({ runId: runIdSchema }),
})

/** An operator asked for a reconciliation: likewise. */
export const reconciliationRequested = 'reconciliation.requested'
export const reconciliationRequestedSchema = z.object({
  'detail-type': z.literal(reconciliationRequested),
  detail: z.object({ reconciliationId: reconciliationIdSchema }),
})

/** An aggregate whose deadline has come, or comes when the message is received: `order:ord_…`. */
export const deadlineMessageSchema = z.strictObject({ aggregate: z.string().max(128) })
export type DeadlineMessage = z.infer<typeof deadlineMessageSchema>

export const chunkMessageSchema = z.strictObject({
  importId: importIdSchema,
  operatorId: accountIdSchema,
  chunk: z.int().min(0),
})
export type ChunkMessage = z.infer<typeof chunkMessageSchema>

const provider = {
  eventId: z.string(),
  type: z.string(),
  livemode: z.boolean(),
  /** A connected account's event names it; those of our own account have none. */
  account: z.string().nullable(),
}

/** The part of a signed provider event that we act on; no personal data of the payer goes along. */
export const paymentMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('checkout'),
    ...provider,
    step: z.enum(['paid', 'processing', 'failed']),
    orderId: orderIdSchema,
    paymentIntentId: z.string(),
    amountMinor: z.int(),
    currency: z.string(),
  }),
  z.strictObject({
    kind: z.literal('charge'),
    ...provider,
    paymentIntentId: z.string(),
    dispute: z
      .strictObject({ id: z.string(), step: z.enum(['opened', 'won', 'lost']), amountMinor: z.int() })
      .nullable(),
  }),
  z.strictObject({ kind: z.literal('authorisation'), ...provider, paymentIntentId: z.string() }),
  // Of a seller's connected account, which `account` names: what is to be known of it is read anew.
  z.strictObject({ kind: z.literal('account'), ...provider, account: z.string() }),
  z.strictObject({
    kind: z.literal('payout'),
    ...provider,
    account: z.string(),
    payoutId: z.string(),
    step: z.enum(['paid', 'failed']),
    amountMinor: z.int(),
    currency: z.string(),
    /** The bank's reason where it failed, in the provider's words. */
    failureCode: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('other'), ...provider }),
])
export type PaymentMessage = z.infer<typeof paymentMessageSchema>

/** An EventBridge event as its rule puts it into the queue; only what the worker reads. */
export const effectMessageSchema = z.object({
  'detail-type': z.string(),
  detail: z.object({ aggregate: z.string() }),
})

/** A notice that is wanted, as an EventBridge event: whose, which attempt, and the day of release that it announces. */
export const noticeMessageSchema = z.object({
  detail: z.object({
    aggregate: z.string().regex(/^handle:[0-9a-z_]{1,15}$/),
    event: z.object({ attempt: z.int().min(1), releaseAt: z.iso.datetime() }),
  }),
})

/** Work of private offers, as an EventBridge event: a campaign began or ended, or a mail to a prospect is wanted. */
export const offerMessageSchema = z.discriminatedUnion('detail-type', [
  z.object({
    'detail-type': z.enum(['campaign.campaign_started', 'campaign.campaign_closed']),
    detail: z.object({ aggregate: z.string().regex(/^campaign:cmp_[0-9A-HJKMNP-TV-Z]{26}$/) }),
  }),
  z.object({
    'detail-type': z.literal('private_offer.mail_wanted'),
    detail: z.object({
      aggregate: z.string().regex(/^private_offer:pof_[0-9A-HJKMNP-TV-Z]{26}$/),
      event: z.object({ number: z.int().min(1) }),
    }),
  }),
])

/** A step of a sale between users, of an offer, or of an auction, as an EventBridge event, of which its parties are written. */
export const partyMailMessageSchema = z.object({
  detail: z.object({
    aggregate: z.string().regex(/^(order:ord|negotiation:off|auction:auc)_[0-9A-HJKMNP-TV-Z]{26}$/),
    seq: z.int().min(1),
    event: z.object({
      type: z.string(),
      /** Of an auction, where the step is about one bidder. */
      bidderId: accountIdSchema.optional(),
    }),
  }),
})
export type PartyMailMessage = z.infer<typeof partyMailMessageSchema>

/** The events of SES that tell of a mail which did not arrive or was not welcome. */
export const mailEventTypes = ['Email Bounced', 'Email Complaint Received', 'Email Rejected'] as const

/**
 * What a rule leaves of an event of SES (developer guide, contents of event data). The event itself names the address, so
 * it is cut down before it comes into a queue: the tags that the mail was sent with say what it was about.
 */
export const mailEventMessageSchema = z.object({
  type: z.enum(mailEventTypes),
  messageId: z.string(),
  tags: z.record(z.string(), z.array(z.string())),
  /** Of bounces alone. */
  bounceType: z.string().optional(),
  bounceSubType: z.string().optional(),
})
export type MailEventMessage = z.infer<typeof mailEventMessageSchema>

/**
 * A step of a release plan: one part of one segment of the handles table is to be read, from the key `after` on (absent:
 * from its beginning), or every segment was read and the schedule is to be written.
 */
export const planMessageSchema = z.discriminatedUnion('step', [
  z.strictObject({
    step: z.literal('read'),
    planId: planIdSchema,
    segment: z.int().min(0),
    part: z.int().min(0),
    after: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ step: z.literal('write'), planId: planIdSchema }),
])
export type PlanMessage = z.infer<typeof planMessageSchema>

const alertedHandle = z.string().regex(/^[0-9a-z_]{1,15}$/)

/** Some of a handle's watches are to be told of one occasion: from the key `after` on (absent: from the first). */
export const alertPageSchema = z.strictObject({
  handle: alertedHandle,
  cause: z.strictObject({
    kind: z.enum(['released', 'opened', 'price_changed', 'closing_soon']),
    key: z.string().min(1).max(64),
  }),
  after: z.record(z.string(), z.string()).optional(),
})
export type AlertPage = z.infer<typeof alertPageSchema>

/** What the alerts' worker is sent: an event of a handle that is watched, as its rule hands it over, or the next page of one. */
export const alertMessageSchema = z.union([
  alertPageSchema,
  z.object({
    detail: z.object({
      aggregate: z.string().regex(/^(handle|reminder):[0-9a-z_]{1,15}$/),
      seq: z.int().min(1),
      event: z.object({
        type: z.string(),
        /** Of a reminder alone: what it reminds of, and when that comes. */
        kind: z.enum(['opened', 'closing_soon']).optional(),
        at: z.iso.datetime().optional(),
      }),
    }),
  }),
])

/** An S3 notification (a feed, or evidence), or the test message that S3 sends when a notification is configured. */
export const feedMessageSchema = z.union([
  z.object({ Event: z.literal('s3:TestEvent') }),
  z.object({ Records: z.array(z.object({ s3: z.object({ object: z.object({ key: z.string() }) }) })) }),
])
