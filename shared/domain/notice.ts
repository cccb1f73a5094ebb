import type { Dormancy, Handle, HandleEvent } from './handle.ts'
import { plusDays, type ReleasePolicy } from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

/** One notice of one time of grace: `cycle` is the instant at which that began. */
export type NoticeRef = { readonly cycle: string; readonly attempt: number }

/** The time of grace that a notice belongs to; null where it is over. */
export const graceOf = (handle: Handle, { cycle }: Pick<NoticeRef, 'cycle'>): Dormancy | null =>
  handle.status === 'dormant' && handle.dormancy?.startedAt === cycle ? handle.dormancy : null

/** Whether this notice is still to be sent: its grace runs, it is the last that was asked for, and no result is known. */
export const isNoticeWanted = (handle: Handle, ref: NoticeRef): boolean => {
  const grace = graceOf(handle, ref)
  return grace !== null && grace.attempts === ref.attempt && !hasResult(grace, ref.attempt)
}

const hasResult = ({ given, failed }: Dormancy, attempt: number): boolean =>
  given.includes(attempt) || failed.includes(attempt)

/**
 * The mail service took a notice. It counts; with the last one that the rule asks for, the clock next looks when the grace
 * period ends. A notice whose result is known, or whose grace is over, changes nothing.
 */
export const decideNoticeGiven = (
  handle: Handle,
  notice: NoticeRef & { readonly messageId: string; readonly addressHash: string },
  policy: ReleasePolicy,
): Result<readonly HandleEvent[]> => {
  const grace = graceOf(handle, notice)
  if (grace === null || notice.attempt > grace.attempts || hasResult(grace, notice.attempt)) return ok([])
  const rule = policy.rules[grace.rule]
  const enough = rule !== null && grace.given.length + 1 >= rule.notices
  const afterLast = plusDays(grace.lastAttemptAt, rule?.noticeSpacingDays ?? 0)
  const lastLook = grace.releaseAt > afterLast ? grace.releaseAt : afterLast
  const nextAt = enough ? lastLook : grace.nextAt
  const { attempt, messageId, addressHash } = notice
  return ok([{ type: 'notice_given', attempt, messageId, addressHash, nextAt }])
}

/**
 * A notice did not reach its holder: the address was refused at once, or the mail came back later. It does not count, and
 * the clock asks for another one when the spacing since the last has passed.
 */
export const decideNoticeFailed = (
  handle: Handle,
  notice: NoticeRef & { readonly reason: string; readonly messageId?: string | undefined },
  policy: ReleasePolicy,
  now: string,
): Result<readonly HandleEvent[]> => {
  const grace = graceOf(handle, notice)
  if (grace === null || notice.attempt > grace.attempts || grace.failed.includes(notice.attempt)) return ok([])
  const spaced = plusDays(grace.lastAttemptAt, policy.rules[grace.rule]?.noticeSpacingDays ?? 0)
  const { attempt, reason, messageId } = notice
  const nextAt = spaced > now ? spaced : now
  return ok([{ type: 'notice_failed', attempt, reason, ...(messageId === undefined ? {} : { messageId }), nextAt }])
}

/**
 * The holder wants to keep the handle, by a notice's link. It works once and until the release: afterwards the grace that
 * the link belongs to is over. The link of a suspended account's notice would undo the suspension's rule, so none counts.
 */
export const decideKeep = (handle: Handle, cycle: string): Result<readonly HandleEvent[]> => {
  const { dormancy, status, holder } = handle
  if ((status === 'dormant' || status === 'unreachable') && dormancy?.startedAt === cycle) {
    return dormancy.rule === 'suspended'
      ? refuse('transition_not_allowed', 'The account is suspended; ask the platform to lift the suspension')
      : ok([{ type: 'handle_kept' }])
  }
  // Bought since: whoever holds it now is not whom the link was sent to.
  const isAnothers = holder === null || (holder.orderId !== undefined && holder.createdAt > cycle)
  return isAnothers
    ? refuse('keep_link_expired', `${handle.name} was released`)
    : refuse(
        'keep_link_used',
        `${handle.name} is kept already: this link has done its work, or a newer one took its place`,
      )
}
