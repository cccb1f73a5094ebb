import * as z from 'zod'
import { accountIdSchema } from '../contract/ids.ts'
import { accountClasses } from './release-policy.ts'

/** A longer line is refused unread. */
export const feedLineBytesMax = 16 * 1024

const instant = z.iso.datetime()

/** The form of a line; `parseFeedLine` checks what it says. Apart, so that splitting a feed needs no table of letters. */
export const feedLineSchema = z.strictObject({
  accountId: accountIdSchema,
  handle: z.string().max(200),
  class: z.enum(accountClasses),
  createdAt: instant,
  lastActiveAt: instant,
  suspendedAt: instant.optional(),
  followers: z.int().min(0).max(10_000_000_000),
  email: z.email().max(254),
  locale: z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a BCP 47 language tag'),
})

export const feedFields = Object.keys(feedLineSchema.shape)
