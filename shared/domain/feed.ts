import { checkForeignName } from './ascii-lookalike.ts'
import { feedLineBytesMax, feedLineSchema } from './feed-line.ts'
import type { Account } from './handle.ts'
import { ok, type Result } from './result.ts'

/** Why a line of an account feed is not imported. */
export type FeedCode =
  | 'line_not_json'
  | 'line_too_long'
  | 'field_invalid'
  | 'instant_impossible'
  | 'handle_empty'
  | 'handle_too_long'
  | 'handle_character'
  | 'handle_taken'
  | 'handle_not_active'

export type FeedFault = { readonly code: FeedCode; readonly field?: string | undefined; readonly reason: string }

export type FeedLine = {
  readonly name: string
  readonly display: string
  readonly account: Account
  readonly contact: { readonly email: string; readonly locale: string }
}

/** A field's name is told up to here: rejects are kept by the thousand, and a name may be as long as a line. */
const fieldNameMax = 32

/**
 * One line of the platform's account feed, checked. `now` (RFC 3339): an instant after it, or activity before the account
 * was created, is impossible and refused.
 */
export const parseFeedLine = (text: string, now: string): Result<FeedLine, FeedFault> => {
  const fault = (code: FeedCode, reason: string, field?: string) =>
    ({ ok: false, refusal: { code, reason, ...(field === undefined ? {} : { field }) } }) as const
  if (Buffer.byteLength(text) > feedLineBytesMax)
    return fault('line_too_long', `a line has at most ${feedLineBytesMax} bytes`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The reason says which rule was broken; the line itself is not repeated, since it may hold personal data.
    return fault('line_not_json', 'the line is not one JSON object')
  }
  const parsed = feedLineSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    if (issue?.code === 'unrecognized_keys') {
      return fault(
        'field_invalid',
        'a feed line has no such field',
        issue.keys[0]?.slice(0, fieldNameMax).toWellFormed(),
      )
    }
    const field = issue?.path.map(String).join('.')
    if (field === '' || field === undefined) return fault('line_not_json', 'the line is not one JSON object')
    return fault('field_invalid', issue?.message ?? 'invalid', field)
  }
  const { handle, email, locale, ...rest } = parsed.data
  const name = checkForeignName(handle)
  if (!name.ok) {
    const { code, message, field } = name.refusal
    return fault(code as FeedCode, message, field)
  }
  const account: Account = {
    ...rest,
    createdAt: normal(rest.createdAt),
    lastActiveAt: normal(rest.lastActiveAt),
    suspendedAt: rest.suspendedAt === undefined ? undefined : normal(rest.suspendedAt),
  }
  for (const field of ['createdAt', 'lastActiveAt', 'suspendedAt'] as const) {
    if ((account[field] ?? '') > now) return fault('instant_impossible', `${field} lies in the future`, field)
  }
  if (account.lastActiveAt < account.createdAt) {
    return fault('instant_impossible', 'the account was active before it was created', 'lastActiveAt')
  }
  return ok({ name: name.value, display: handle, account, contact: { email, locale } })
}

/** Instants are compared as text, so they all have one form: UTC with milliseconds. */
const normal = (text: string): string => new Date(text).toISOString()
