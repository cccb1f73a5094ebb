import * as z from 'zod'
import { planIdSchema } from './ids.ts'
import { currencySchema, moneySchema } from './money.ts'
import { releasePolicyFields } from './release-policy.ts'
import { instantSchema } from './resources.ts'

const count = z.int().min(0)

/** What many prices add up to: no single payment, so it knows no limit but that of exact integers. */
const sumSchema = z
  .strictObject({ amountMinor: count, currency: currencySchema })
  .meta({ id: 'Sum', description: 'An integer sum in minor units (cents) and its currency' })

const basisPoints = z.int().min(0).max(10_000)

/**
 * How many released handles are sold at their asking price within a year, in basis points. Nobody has measured it for
 * handles: it is an assumption, whoever makes it. The default is what is told of domain names on sale: half a percent by
 * counting public sales, about one by who sells them (NamePros, "Domain Name Sell-Through Rates", 2019).
 */
export const sellThroughDefaultBasisPoints = 100

/** The assumption, by tier. */
export const sellThroughSchema = z
  .strictObject({
    common: basisPoints.default(sellThroughDefaultBasisPoints),
    notable: basisPoints.default(sellThroughDefaultBasisPoints),
    rare: basisPoints.default(sellThroughDefaultBasisPoints),
    priority: basisPoints.default(sellThroughDefaultBasisPoints),
  })
  .meta({
    id: 'SellThrough',
    description: 'Basis points: 100 is one handle in a hundred. An assumption, not a measure',
  })

export const planPolicySchema = z
  .strictObject(releasePolicyFields)
  .meta({ id: 'PlanPolicy', description: 'A draft as `publishPolicy` takes it' })

const groupSchema = z.enum(['ordinary', 'verified', 'suspended', 'government', 'memorial'])
const outcomesSchema = z.object({ handles: count, reserved: count, unreachable: count })

const planCountsSchema = z.object({
  handles: count.meta({ description: 'Looked at' }),
  scheduled: count.meta({ description: 'Lines of the schedule' }),
  outside: count.meta({
    description: 'On the market, reserved or locked already: the clock has no business with them',
  }),
  byRule: z.array(
    z.object({
      rule: groupSchema.meta({ description: 'The class of the account, or `suspended`' }),
      releasedNow: count.meta({ description: 'Due, and released by the next sweep: no time of grace, or its end' }),
      reservedNow: count.meta({ description: 'Due likewise, and kept from the market by the gate' }),
      noticed: outcomesSchema.meta({ description: 'Due: their time of grace begins with the next sweep' }),
      inGrace: outcomesSchema.extend({ earliestReleaseAt: instantSchema.nullable() }),
      graceEnded: count.meta({ description: 'Their time of grace would end, since this policy does not release them' }),
      unreachable: count,
      notDue: count,
      noRule: count.meta({ description: 'No rule releases them, ever' }),
      legalHold: count,
    }),
  ),
  byTier: z.array(z.object({ tier: z.string(), releasedNow: count, noticed: count, inGrace: count })),
  byGateCode: z.array(z.object({ code: z.string(), now: count, later: count })),
  byMonth: z.array(
    z.object({
      month: z.string().meta({ description: 'UTC, `YYYY-MM`' }),
      released: count.meta({ description: 'At the earliest in this month' }),
    }),
  ),
})

const forecastLine = {
  handles: count,
  ifAllSell: sumSchema.meta({ description: 'What every one of them brings at its asking price; exact' }),
  low: sumSchema.meta({ description: 'With the assumption, each at the low end of its appraisal' }),
  atAskingPrice: sumSchema.meta({ description: 'With the assumption, each at its asking price' }),
  high: sumSchema.meta({ description: 'With the assumption, each at the high end of its appraisal' }),
} as const

const forecastSchema = z.object({
  words: z.string().meta({ description: 'What the figures rest on' }),
  byTier: z.array(z.object({ tier: z.string(), sellThroughBasisPoints: basisPoints, ...forecastLine })),
  total: z.object(forecastLine),
})

const atRiskSchema = z
  .object({
    handle: z.string(),
    score: count,
    rule: groupSchema,
    earliestAt: instantSchema,
    askingPrice: moneySchema,
    reasons: z.array(z.object({ code: z.string(), points: count, words: z.string() })),
  })
  .meta({ id: 'NameAtRisk', description: 'A name whose release a person should look at first' })

const bothSchema = z.object({ both: count, onlyPlanned: count, onlyInForce: count })

const comparisonSchema = z.array(
  z.object({
    rule: groupSchema,
    released: bothSchema.meta({ description: 'By the next sweep' }),
    noticed: bothSchema.meta({ description: 'Given notice by it, or in their time of grace' }),
  }),
)

const scheduleSealSchema = z.object({
  lines: count,
  sha256: z.string().meta({ description: 'Hex, over the unpacked lines: `zcat … | sha256sum`' }),
  firstReleaseAt: instantSchema.nullable().meta({ description: 'The first instant at which it releases a handle' }),
})

export const planStatusSchema = z.enum(['computing', 'computed', 'published']).meta({ id: 'PlanStatus' })

const planHead = {
  id: planIdSchema,
  status: planStatusSchema,
  asOf: instantSchema.meta({ description: 'The instant for which it was decided what is due' }),
  requestedBy: z.string(),
  basedOn: z.int().min(1).meta({ description: 'The version in force when it was asked for' }),
  isDraft: z.boolean().meta({ description: 'Whether it plans a policy that is not published yet' }),
  policyVersion: z
    .int()
    .nullable()
    .meta({ description: 'The version that releases by it; null: of a draft, before publishing' }),
  publishedAt: instantSchema.nullable(),
  schedule: scheduleSealSchema.nullable().meta({ description: 'null: still computing' }),
} as const

export const planCardSchema = z.object(planHead).meta({ id: 'ReleasePlanCard' })

export const planSchema = z
  .object({
    ...planHead,
    policy: z.object(releasePolicyFields),
    sellThrough: sellThroughSchema,
    progress: z.object({
      segments: z.object({ total: count, done: count }),
      parts: count,
      handles: count.meta({ description: 'Looked at so far' }),
    }),
    result: z
      .object({
        counts: planCountsSchema,
        forecast: forecastSchema,
        atRisk: z.array(atRiskSchema),
        comparison: comparisonSchema
          .nullable()
          .meta({ description: 'With the policy in force; null: that is planned' }),
      })
      .nullable(),
  })
  .meta({ id: 'ReleasePlan' })

export const publishedPlanSchema = z
  .object({
    id: planIdSchema,
    policyVersion: z.int().min(1),
    asOf: instantSchema,
    publishedAt: instantSchema,
    handles: count.meta({ description: 'Lines of the schedule' }),
    sha256: z.string(),
    opensAt: instantSchema.meta({ description: 'From then on the schedule itself is shown' }),
  })
  .meta({ id: 'PublishedPlan', description: 'What was sealed before the release' })

export const scheduleLinkSchema = z
  .object({ url: z.url(), expiresAt: instantSchema, lines: count, sha256: z.string() })
  .meta({ id: 'ScheduleLink', description: 'GET the url: NDJSON, gzip, sorted by handle' })
