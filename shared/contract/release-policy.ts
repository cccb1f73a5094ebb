import * as z from 'zod'
import { eligibilityRulesSchema } from './eligibility.ts'
import { auctionDefaultsSchema } from './auction.ts'

const days = (min: number, max: number) => z.int().min(min).max(max)

/** Notices are spaced by a week at least: each must have had its chance to be read. */
export const releaseRuleSchema = z
  .strictObject({
    afterDays: days(30, 3650).meta({ description: 'Days without activity (or since the suspension) until it is due' }),
    notices: z.int().min(0).max(12).meta({ description: 'Notices that must have counted before the release' }),
    noticeSpacingDays: days(7, 90),
    graceDays: days(0, 365).meta({ description: 'Days from the first notice to the release, at least' }),
    rightsDays: days(0, 90).meta({ description: 'Days in which only accounts with a recorded right may buy it' }),
    firstRefusalDays: days(0, 90).meta({ description: 'Days after them in which only the former holder may' }),
    prospectsDays: days(0, 90).meta({ description: 'Days after them in which it goes by private offers alone' }),
    quarantineDays: days(0, 730).meta({ description: 'Days from the release until the market opens for it' }),
  })
  .meta({ id: 'ReleaseRule' })

const rule = releaseRuleSchema.nullable()

/** The price curve of a Dutch sale, and which handles are sold by it unless an operator says otherwise. */
export const dutchPolicySchema = z
  .strictObject({
    fromRatio: z.int().min(2).max(10_000).meta({ description: 'Appraised range: high at least so many times low' }),
    fromExpectedMinor: z.int().min(0).meta({ description: 'And expected at least so many minor units' }),
    startTimesHigh: z.int().min(1).max(1_000).meta({ description: 'The premium at the start, in appraised highs' }),
    halfLifeHours: z.int().min(1).max(720),
    days: days(1, 90).meta({ description: 'Days until the price has come down to the floor, the appraised low' }),
  })
  .meta({ id: 'DutchPolicy' })

/** What an operator publishes. `null`: never released. Governments' and memorial accounts' handles never are. */
export const releasePolicyFields = {
  rules: z.strictObject({
    ordinary: rule,
    verified: rule,
    suspended: rule.meta({ description: 'Ordinary accounts that the platform suspended, by their own rule' }),
    government: z.null(),
    memorial: z.null(),
  }),
  noticeAttemptsMax: z
    .int()
    .min(1)
    .max(24)
    .meta({ description: 'Notices with a result, good or bad, before a holder is unreachable' }),
  unreachable: z
    .enum(['keep', 'release'])
    .meta({ description: 'What becomes of a handle whose holder no notice reached' }),
  dutch: dutchPolicySchema.nullable().meta({ description: 'null: everything has a fixed price' }),
  reservedNames: z
    .array(z.string().min(1).max(200))
    .max(500)
    .meta({ description: 'Kept from the market, beside ours' }),
  eligibility: eligibilityRulesSchema,
  auction: auctionDefaultsSchema
    .optional()
    .meta({ description: 'What auctions go by where their operators say nothing else; absent: as shipped' }),
} as const

export const releasePolicySchema = z
  .object({
    version: z.int().min(1),
    publishedAt: z.iso.datetime().nullable().meta({ description: 'null: shipped with the software' }),
    ...releasePolicyFields,
  })
  .meta({ id: 'ReleasePolicy' })
