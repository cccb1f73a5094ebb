import { createHash } from 'node:crypto'
import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import type { Dormancy, Holder } from '../domain/handle.ts'
import { keepToken } from '../domain/keep-link.ts'
import { languageOf } from '../domain/language.ts'
import { noticeMail } from '../domain/notice-mail.ts'
import { decideNoticeFailed, decideNoticeGiven, isNoticeWanted, type NoticeRef } from '../domain/notice.ts'
import type { EventBus } from '../gateways/events.ts'
import type { Mail } from '../gateways/mail.ts'
import { loadHandle, type LoadedHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import type { KeepSecret } from './keep-handle.ts'
import { readPolicyInForce } from './policies.ts'

export type NoticeDeps = CommitDeps &
  KeepSecret & {
    readonly mail: Mail
    readonly bus: EventBus
    /** Base URL of the API, for the link. */
    readonly publicUrl: string
  }

/** The in-app side of a notice: the platform may turn it into a message to the account. */
export const noticeEvent = 'handle.notice'

/**
 * Sends one notice, if it is still wanted: the mail, then the event for the platform, then the result is committed. A
 * message that comes again after that finds the result and sends nothing; one that comes again before it, because the
 * worker died in between, sends the mail once more.
 */
export const sendNotice = async (
  deps: NoticeDeps,
  wanted: { readonly handle: string; readonly attempt: number; readonly releaseAt: string },
): Promise<'sent' | 'refused' | 'not_wanted'> => {
  const loaded = await loadHandle(deps.store, wanted.handle)
  const grace = loaded?.state.dormancy ?? null
  const holder = loaded?.state.holder ?? null
  // Every attempt names its own day of release, so an attempt of an earlier grace is told apart by it.
  if (loaded === null || grace === null || holder === null || grace.releaseAt !== wanted.releaseAt) return 'not_wanted'
  const ref: NoticeRef = { cycle: grace.startedAt, attempt: wanted.attempt }
  if (!isNoticeWanted(loaded.state, ref)) return 'not_wanted'
  const policy = await readPolicyInForce(deps.store)
  const number = grace.given.length + 1
  const of = Math.max(number, policy.rules[grace.rule]?.notices ?? 0)
  const keepUrl =
    grace.rule === 'suspended'
      ? null
      : `${deps.publicUrl}/keep/${keepToken({ handle: wanted.handle, cycle: grace.startedAt }, deps.keepSecret)}`

  const sent = await mailTo(deps, loaded, grace, holder, { attempt: ref.attempt, number, of, keepUrl })
  await deps.bus.publish([
    {
      detailType: noticeEvent,
      at: instant(deps.now()),
      detail: {
        accountId: holder.accountId,
        handle: wanted.handle,
        cycle: ref.cycle,
        attempt: ref.attempt,
        notice: number,
        of,
        releaseAt: grace.releaseAt,
        keepUrl,
        locale: loaded.contact?.locale ?? null,
      },
    },
  ])
  await committing<null>(deps, async () => {
    const before = await loadHandle(deps.store, wanted.handle)
    if (before === null) return { changes: [], answer: null }
    const now = instant(deps.now())
    const decided =
      sent.kind === 'sent'
        ? decideNoticeGiven(before.state, { ...ref, messageId: sent.messageId, addressHash: sent.addressHash }, policy)
        : decideNoticeFailed(before.state, { ...ref, reason: sent.reason }, policy, now)
    if (!decided.ok) throw new Error(`${wanted.handle}: ${decided.refusal.message}`)
    if (decided.value.length === 0) return { changes: [], answer: null }
    const after = advanceHandle(wanted.handle, before, decided.value, now, systemActor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: null }
  })
  return sent.kind
}

type Result =
  | { readonly kind: 'sent'; readonly messageId: string; readonly addressHash: string }
  | { readonly kind: 'refused'; readonly reason: string }

const mailTo = async (
  deps: NoticeDeps,
  { state, contact }: LoadedHandle,
  grace: Dormancy,
  holder: Holder,
  notice: { readonly attempt: number; readonly number: number; readonly of: number; readonly keepUrl: string | null },
): Promise<Result> => {
  if (contact === undefined) return { kind: 'refused', reason: 'no_address' }
  const suspended = grace.rule === 'suspended'
  const facts = {
    display: state.display,
    suspended,
    since: suspended ? (holder.suspendedAt ?? holder.lastActiveAt) : holder.lastActiveAt,
    policyVersion: grace.policyVersion,
    releaseAt: grace.releaseAt,
    ...notice,
  }
  const sent = await deps.mail.send({
    to: contact.email,
    ...noticeMail(facts, languageOf([contact.locale])),
    tags: noticeTags({ handle: state.name, cycle: grace.startedAt, attempt: notice.attempt }),
  })
  return sent.kind === 'refused' ? sent : { ...sent, addressHash: addressHash(contact.email) }
}

/** Proof of where a notice went that outlives the address: whoever knows the address can check it. */
const addressHash = (address: string): string => createHash('sha256').update(address).digest('base64url')

export type NoticeTags = { readonly handle: string; readonly cycle: string; readonly attempt: number }

/** What a notice's mail is tagged with. Tags take letters, digits, `_` and `-` alone, so the instant travels as a number. */
const noticeTags = ({ handle, cycle, attempt }: NoticeTags): Record<string, string> => ({
  handle,
  cycle: String(Date.parse(cycle)),
  attempt: String(attempt),
})

/** Reads the tags back from an event about the mail; null where it was no notice. */
export const readNoticeTags = (tags: Readonly<Record<string, readonly string[]>>): NoticeTags | null => {
  const [handle = ''] = tags['handle'] ?? []
  const [cycle = ''] = tags['cycle'] ?? []
  const [attempt = ''] = tags['attempt'] ?? []
  if (!/^[0-9a-z_]{1,15}$/.test(handle) || !/^\d{1,14}$/.test(cycle) || !/^\d{1,3}$/.test(attempt)) return null
  return { handle, cycle: new Date(Number(cycle)).toISOString(), attempt: Number(attempt) }
}
