import type { MailEventMessage } from '../contract/messages.ts'
import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { decideNoticeFailed } from '../domain/notice.ts'
import type { Store } from '../store/client.ts'
import { loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { readPolicyInForce } from './policies.ts'
import { applyOfferMailEvent } from './offer-mail-event.ts'
import { readOfferTags } from './send-offer-mail.ts'
import { readNoticeTags } from './send-notices.ts'

export type MailEventOutcome =
  | 'notice_failed'
  | 'nothing_to_change'
  | 'complaint'
  | 'not_a_notice'
  | 'offer_mail_failed'
  | 'not_an_offer'

/**
 * What SES tells of a mail: one of a private offer has rules of its own. For a notice's mail: One that bounced or was rejected has not reached its holder, so it does not count; SES
 * tells of a transient fault only after it has given up, so that is a failure too. Telling it again changes nothing. A
 * complaint reached its reader, and changes nothing.
 */
export const applyMailEvent = async (deps: CommitDeps<Store>, message: MailEventMessage): Promise<MailEventOutcome> => {
  const offer = readOfferTags(message.tags)
  if (offer !== null) return applyOfferMailEvent(deps, offer, message)
  const { type, messageId, bounceType, bounceSubType } = message
  const notice = readNoticeTags(message.tags)
  if (notice === null) return 'not_a_notice'
  if (type === 'Email Complaint Received') return 'complaint'
  const { handle: name, cycle, attempt } = notice
  const reason = type === 'Email Rejected' ? 'rejected' : `bounced: ${bounceType ?? '?'}, ${bounceSubType ?? '?'}`
  const policy = await readPolicyInForce(deps.store)
  return committing<MailEventOutcome>(deps, async () => {
    const before = await loadHandle(deps.store, name)
    if (before === null) return { changes: [], answer: 'not_a_notice' }
    const now = instant(deps.now())
    const failed = { cycle, attempt, reason, messageId }
    const decided = decideNoticeFailed(before.state, failed, policy, now)
    if (!decided.ok) throw new Error(`${name}: ${decided.refusal.message}`)
    if (decided.value.length === 0) return { changes: [], answer: 'nothing_to_change' }
    const after = advanceHandle(name, before, decided.value, now, systemActor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: 'notice_failed' }
  })
}
