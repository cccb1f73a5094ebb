import * as z from 'zod'
import { accountIdSchema, campaignIdSchema, offerIdSchema, orderIdSchema } from './ids.ts'
import { checkoutMaxMinor, moneySchema, salePriceSchema } from './money.ts'
import { handleInputSchema, instantSchema, orderSchema } from './resources.ts'

const count = z.int().min(0)
const amount = z.int().min(1).max(checkoutMaxMinor)

/** Handles of one campaign: each is bound by a transaction of its own when its first offer goes out. */
export const handlesPerCampaignMax = 100

/** Bytes of a file of prospects, as JSON text inside a request of 64 KB. */
export const csvCharactersMax = 60_000

/** Which handles a campaign offers, found once, when it starts; dearest first where more fit than are wanted. */
export const handleRuleSchema = z
  .strictObject({
    tier: z.enum(['common', 'notable', 'rare', 'priority']).optional(),
    lengthMin: z.int().min(1).max(15).optional(),
    lengthMax: z.int().min(1).max(15).optional(),
    wordsMin: z.int().min(1).max(15).optional().meta({ description: 'Known words that the name is made of' }),
    wordsMax: z.int().min(1).max(15).optional(),
    priceMin: amount.optional().meta({ description: 'Asking price, minor units' }),
    priceMax: amount.optional(),
    prefix: z
      .string()
      .regex(/^[0-9a-z_]{1,15}$/)
      .optional(),
    digits: z.literal(false).optional().meta({ description: '`false`: none with digits' }),
    handlesMax: z.int().min(1).max(handlesPerCampaignMax),
  })
  .meta({ id: 'HandleRule' })
export type HandleRule = Readonly<z.infer<typeof handleRuleSchema>>

const campaignFields = {
  name: z.string().trim().min(1).max(100),
  mode: z.enum(['exclusive', 'sealed']).meta({
    description:
      '`exclusive`: a handle is offered to one prospect at a time. `sealed`: to all at once until the window ends; the ' +
      'highest amount wins, the earlier of equal ones',
  }),
  handles: z.union([
    z.strictObject({ list: z.array(handleInputSchema).min(1).max(handlesPerCampaignMax) }),
    z.strictObject({ rule: handleRuleSchema }),
  ]),
  price: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('appraisal').meta({ description: "The appraisal's expected price" }) }),
    z.strictObject({ by: z.literal('amount'), amountMinor: amount }),
  ]),
  priceReason: z.string().trim().min(3).max(500).optional().meta({
    description: 'Needed where a handle was offered to a prospect of an earlier campaign at another price',
  }),
  exclusivityHours: z.int().min(1).max(336).meta({ description: "A prospect's time to answer" }),
  counterRoundsMax: z.int().min(0).max(5).meta({ description: 'Counter-offers that a prospect may make; 0: none' }),
  paymentHours: z.int().min(1).max(24).meta({ description: 'From the acceptance to the payment' }),
  template: z
    .strictObject({ subject: z.string().trim().min(1).max(150), text: z.string().trim().min(1).max(4_000) })
    .meta({ description: 'Placeholders: {name} {organisation} {handle} {price} {until} {link}' }),
} as const

/** What an operator sends; defaults are those of the peers: three days to answer, three rounds. */
export const campaignDraftSchema = z.strictObject({
  ...campaignFields,
  mode: campaignFields.mode.default('exclusive'),
  exclusivityHours: campaignFields.exclusivityHours.default(72),
  counterRoundsMax: campaignFields.counterRoundsMax.default(3),
  paymentHours: campaignFields.paymentHours.default(24),
})
export type CampaignDraft = Readonly<z.infer<typeof campaignDraftSchema>>

export const doneSchema = z.object({ done: z.literal(true) }).meta({ id: 'Done' })

export const campaignStatusSchema = z.enum(['draft', 'running', 'closed']).meta({ id: 'CampaignStatus' })

export const offerStatusSchema = z
  .enum([
    'planned',
    'offered',
    'opened',
    'countered',
    'answered',
    'pledged',
    'closed',
    'accepted',
    'sold',
    'lapsed',
    'outbid',
    'declined',
    'expired',
    'withdrawn',
  ])
  .meta({ id: 'PrivateOfferStatus' })

export const campaignCountsSchema = z
  .object({
    planned: count.meta({ description: 'Wait for their turn' }),
    sent: count.meta({ description: 'First mails that the mail service took' }),
    undelivered: count.meta({ description: 'Mails that were refused or came back' }),
    complaints: count,
    opened: count.meta({
      description: 'Links that were opened; scanners of mail open links too, so this is the most that people did',
    }),
    termsAsked: count,
    countered: count.meta({ description: 'Offers with one counter-offer or more' }),
    awaitingOperator: count.meta({ description: 'Counter-offers that nobody has answered' }),
    pledged: count,
    accepted: count.meta({ description: 'Accepted, whatever became of the order' }),
    sold: count,
    lapsed: count.meta({ description: 'Accepted and not paid' }),
    outbid: count,
    declined: count,
    unsubscribed: count,
    expired: count,
    withdrawn: count,
  })
  .meta({ id: 'CampaignCounts' })

export const campaignSchema = z
  .object({
    id: campaignIdSchema,
    status: campaignStatusSchema,
    ...campaignFields,
    operatorId: accountIdSchema,
    createdAt: instantSchema,
    startedAt: instantSchema.nullable(),
    closedAt: instantSchema.nullable(),
    closeReason: z.string().nullable(),
    prospects: count.meta({ description: 'Rows that were taken' }),
    rejected: count.meta({ description: 'Rows that were not' }),
    offered: z
      .array(z.object({ handle: z.string(), display: z.string(), price: moneySchema }))
      .meta({ description: 'The handles that it started with' }),
    counts: campaignCountsSchema.nullable().meta({ description: 'null: not started, or in a list' }),
  })
  .meta({ id: 'Campaign' })

export const prospectRejectSchema = z
  .object({
    line: count.meta({ description: 'Of the file, the head being line 1' }),
    code: z.enum([
      'consent_missing',
      'validation_failed',
      'handle_empty',
      'handle_too_long',
      'handle_character',
      'handle_not_in_campaign',
      'prospect_twice',
      'prospect_unsubscribed',
      'row_malformed',
    ]),
    field: z.string().nullable(),
    reason: z.string(),
  })
  .meta({ id: 'ProspectReject' })

export const prospectUploadSchema = z
  .object({ campaignId: campaignIdSchema, accepted: count, rejected: z.array(prospectRejectSchema) })
  .meta({ id: 'ProspectUpload', description: 'Rows that were taken are kept; the others are named' })

export const privateOfferSchema = z
  .object({
    id: offerIdSchema,
    campaignId: campaignIdSchema,
    handle: z.string(),
    status: offerStatusSchema,
    prospect: z.object({ name: z.string(), organisation: z.string() }).nullable().meta({ description: 'null: erased' }),
    addressHash: z.string().meta({ description: 'SHA-256 of the address in lower case, base64url' }),
    asked: moneySchema.meta({ description: 'The price that binds now' }),
    counter: moneySchema.nullable().meta({ description: "The prospect's newest counter-offer" }),
    counters: count,
    counterRoundsMax: count,
    pledge: moneySchema
      .nullable()
      .meta({ description: 'Of a sealed round, once it has ended; until then nobody sees an amount' }),
    until: instantSchema.nullable(),
    sentAt: instantSchema.nullable(),
    openedAt: instantSchema.nullable(),
    termsAskedAt: instantSchema.nullable(),
    complainedAt: instantSchema.nullable(),
    mail: z
      .object({ about: z.string(), result: z.enum(['wanted', 'sent', 'failed']), reason: z.string().nullable() })
      .nullable(),
    reason: z.string().nullable(),
    orderId: orderIdSchema.nullable(),
    updatedAt: instantSchema,
  })
  .meta({ id: 'PrivateOffer', description: 'As an operator sees it' })

export const offerViewSchema = z
  .object({
    handle: z.string(),
    display: z.string(),
    status: offerStatusSchema,
    mode: campaignFields.mode,
    price: moneySchema.meta({ description: 'What is asked now; in a sealed round the least amount' }),
    until: instantSchema,
    counter: moneySchema.nullable(),
    countersLeft: count,
    counterRoundsMax: count,
    pledge: moneySchema.nullable().meta({ description: 'What you named in a sealed round' }),
    terms: z.object({
      paymentHours: count,
      version: z.string(),
      words: z.array(z.string()),
    }),
  })
  .meta({ id: 'PrivateOfferView', description: 'As its prospect sees it' })

export const acceptedOfferSchema = z
  .object({
    offer: offerViewSchema,
    order: orderSchema
      .nullable()
      .meta({ description: 'null in a sealed round: its order is placed when you have won' }),
  })
  .meta({ id: 'AcceptedOffer' })

export const askedPriceSchema = z
  .object({
    offerId: offerIdSchema,
    campaignId: campaignIdSchema,
    price: moneySchema,
    at: instantSchema,
    reason: z.string().nullable().meta({ description: 'Why it differs from what other prospects were asked' }),
  })
  .meta({ id: 'AskedPrice' })

export const askedPricesSchema = z
  .object({ handle: z.string(), prices: z.array(askedPriceSchema) })
  .meta({ id: 'AskedPrices', description: 'Every price that a prospect was asked for this handle, oldest first' })

export const operatorAnswerSchema = z.strictObject({
  answer: z.enum(['accepted', 'new_price', 'refused']),
  price: salePriceSchema.optional(),
  reason: z.string().trim().min(3).max(500).optional(),
})
