import { createHash } from 'node:crypto'
import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import type { Dormancy, Holder } from '../domain/handle.ts'
import { keepToken } from '../domain/keep-link.ts'
import { languageOf } from '../domain/language.ts'
import { noticeMail } from '../domain/notice-mail.ts'
import { decideNoticeFailed, decideNoticeGiven, isNoticeWanted, type NoticeRef } from '../domain/notice.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import type { DomainEvent, EventBus } from '../gateways/events.ts'
import { type Mail, MailUnavailable } from '../gateways/mail.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import { type CommitDeps, committingEach, instant, type Step } from './committing.ts'
import type { KeepSecret } from './keep-handle.ts'
import { readPolicyInForce } from './policies.ts'

export type NoticeDeps = CommitDeps &
  KeepSecret & {
    readonly mail: Mail
    readonly bus: EventBus
    /** Base URL of the API, for the link. */
    readonly publicUrl: string
  }

export type WantedNotice = { readonly handle: string; readonly attempt: number; readonly releaseAt: string }
export type NoticeOutcome = 'sent' | 'refused' | 'not_wanted'

/**
 * Sends those of the notices that are still wanted: their mails, then their events for the platform, then the results are
 * committed. A message that comes again after that finds the result and sends nothing; one that comes again before it,
 * because the worker died in between, sends its mail once more. A mail that
 * could not be sent fails alone; where SES is not available, the rest is not tried.
 */
export const sendNotices = async (
  deps: NoticeDeps,
  wanted: readonly WantedNotice[],
): Promise<PromiseSettledResult<NoticeOutcome>[]> => {
  const { handles } = await loadHandles(
    deps.store,
    wanted.map(({ handle }) => handle),
  )
  const policy = await readPolicyInForce(deps.store)
  const outcomes: PromiseSettledResult<NoticeOutcome>[] = []
  let unavailable: MailUnavailable | null = null
  const tried = new Map<string, { readonly notice: Notice; readonly result: MailResult }>()
  for (const one of wanted) {
    const loaded = handles.get(one.handle)
    const notice = loaded === undefined || tried.has(one.handle) ? null : noticeOf(deps, loaded, one, policy)
    if (notice === null) {
      outcomes.push({ status: 'fulfilled', value: 'not_wanted' })
      continue
    }
    if (unavailable !== null) {
      outcomes.push({ status: 'rejected', reason: unavailable })
      continue
    }
    try {
      const result = await mailOf(deps, notice)
      tried.set(one.handle, { notice, result })
      outcomes.push({ status: 'fulfilled', value: result.kind })
    } catch (reason) {
      if (reason instanceof MailUnavailable) unavailable = reason
      outcomes.push({ status: 'rejected', reason })
    }
  }
  const at = instant(deps.now())
  await deps.bus.publish([...tried.values()].map(({ notice }) => eventOf(notice, at)))
  await committingEach(
    deps,
    [...tried.values()].map(({ notice, result }) => recordResult(deps, notice, result, policy)),
  )
  return outcomes
}

/** A notice that is to be sent now, as its handle was read. */
type Notice = {
  readonly loaded: LoadedHandle
  readonly holder: Holder
  readonly grace: Dormancy
  readonly ref: NoticeRef
  readonly number: number
  readonly of: number
  readonly keepUrl: string | null
}

/** Null where the notice is not wanted any more. */
const noticeOf = (
  deps: NoticeDeps,
  loaded: LoadedHandle,
  wanted: WantedNotice,
  policy: ReleasePolicy,
): Notice | null => {
  const { dormancy: grace, holder, name } = loaded.state
  // Every attempt names its own day of release, so an attempt of an earlier grace is told apart by it.
  if (grace === null || holder === null || grace.releaseAt !== wanted.releaseAt) return null
  const ref: NoticeRef = { cycle: grace.startedAt, attempt: wanted.attempt }
  if (!isNoticeWanted(loaded.state, ref)) return null
  const number = grace.given.length + 1
  const of = Math.max(number, policy.rules[grace.rule]?.notices ?? 0)
  const token = () => keepToken({ handle: name, cycle: grace.startedAt }, deps.keepSecret)
  const keepUrl = grace.rule === 'suspended' ? null : `${deps.publicUrl}/keep/${token()}`
  return { loaded, holder, grace, ref, number, of, keepUrl }
}

/** The in-app side of a notice: the platform may turn it into a message to the account. */
const eventOf = ({ loaded, holder, grace, ref, number, of, keepUrl }: Notice, at: string): DomainEvent => ({
  detailType: 'handle.notice',
  at,
  detail: {
    accountId: holder.accountId,
    handle: loaded.state.name,
    ...ref,
    notice: number,
    of,
    releaseAt: grace.releaseAt,
    keepUrl,
    locale: loaded.contact?.locale ?? null,
  },
})

const recordResult = (
  deps: NoticeDeps,
  { loaded, ref }: Notice,
  sent: MailResult,
  policy: ReleasePolicy,
): Step<null> => {
  const { name } = loaded.state
  let before: LoadedHandle | null = loaded
  return async () => {
    const read = before ?? (await loadHandle(deps.store, name))
    before = null
    if (read === null) return { changes: [], answer: null }
    const now = instant(deps.now())
    const decided =
      sent.kind === 'sent'
        ? decideNoticeGiven(read.state, { ...ref, messageId: sent.messageId, addressHash: sent.addressHash }, policy)
        : decideNoticeFailed(read.state, { ...ref, reason: sent.reason }, policy, now)
    if (!decided.ok) throw new Error(`${name}: ${decided.refusal.message}`)
    if (decided.value.length === 0) return { changes: [], answer: null }
    const after = advanceHandle(name, read, decided.value, now, systemActor)
    return { changes: [{ kind: 'handle', before: read, after, contact: read.contact }], answer: null }
  }
}

type MailResult =
  | { readonly kind: 'sent'; readonly messageId: string; readonly addressHash: string }
  | { readonly kind: 'refused'; readonly reason: string }

const mailOf = async (deps: NoticeDeps, notice: Notice): Promise<MailResult> => {
  const { loaded, holder, grace, ref } = notice
  const { state, contact } = loaded
  if (contact === undefined) return { kind: 'refused', reason: 'no_address' }
  const suspended = grace.rule === 'suspended'
  const facts = {
    display: state.display,
    suspended,
    since: suspended ? (holder.suspendedAt ?? holder.lastActiveAt) : holder.lastActiveAt,
    policyVersion: grace.policyVersion,
    releaseAt: grace.releaseAt,
    number: notice.number,
    of: notice.of,
    keepUrl: notice.keepUrl,
  }
  const sent = await deps.mail.send({
    to: contact.email,
    ...noticeMail(facts, languageOf([contact.locale])),
    tags: noticeTags({ handle: state.name, ...ref }),
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
