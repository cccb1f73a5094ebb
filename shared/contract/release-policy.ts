import * as z from 'zod'
import { eligibilityRulesSchema } from './eligibility.ts'

const days = (min: number, max: number) => z.int().min(min).max(max)

/** Notices are spaced by a week at least: each must have had its chance to be read. */
export const releaseRuleSchema = z
  .strictObject({
    afterDays: days(30, 3650).meta({ description: 'Days without activity (or since the suspension) until it is due' }),
    notices: z.int().min(0).max(12).meta({ description: 'Notices that must have counted before the release' }),
    noticeSpacingDays: days(7, 90),
    graceDays: days(0, 365).meta({ description: 'Days from the first notice to the release, at least' }),
    firstRefusalDays: days(0, 90).meta({ description: 'Days in which only the former holder may buy it' }),
    quarantineDays: days(0, 730).meta({ description: 'Days from the release until the market opens for it' }),
  })
  .meta({ id: 'ReleaseRule' })

const rule = releaseRuleSchema.nullable()

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
  reservedNames: z
    .array(z.string().min(1).max(200))
    .max(500)
    .meta({ description: 'Kept from the market, beside ours' }),
  eligibility: eligibilityRulesSchema,
} as const

export const releasePolicySchema = z
  .object({
    version: z.int().min(1),
    publishedAt: z.iso.datetime().nullable().meta({ description: 'null: shipped with the software' }),
    ...releasePolicyFields,
  })
  .meta({ id: 'ReleasePolicy' })
