import type { Currency } from '../contract/money.ts'
import type { StoredAppraisal } from './appraisal/appraisal.ts'
import type { Actor } from './actors.ts'
import { decayOf } from './dutch.ts'
import { isOverruled } from './handle-due.ts'
import { allowedFor } from './handle-machine.ts'
import type { Dormancy, Grounds, Handle, HandleEvent, Holder } from './handle.ts'
import {
  type DueFacts,
  dueUnder,
  plusDays,
  type ReleasePolicy,
  type ReleaseRule,
  type RuleName,
} from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

/** What gate and appraisal say of a name; asked for only when the release is really due. */
export type Assessment =
  | {
      readonly pass: true
      readonly appraisal: StoredAppraisal
      readonly priceMinor: number
      readonly currency: Currency
    }
  | { readonly pass: false; readonly code: string; readonly reason: string }

/** Gate and appraisal of the handle at hand, without the refusals that an operator overruled. */
export type Assess = (overruled: readonly string[]) => Assessment

type Due = { readonly name: RuleName; readonly rule: ReleaseRule; readonly dueAt: string }

const notDue = (handle: Handle, why: string) => refuse('not_due', `${handle.name} is ${handle.status}: ${why}`)

/**
 * The clock's turn, on what is true now: begins the time of grace, asks for a notice, releases or reserves, or lets the
 * handle be where the facts or the policy have changed. Refused as `not_due` where there is nothing to do; a message from
 * a queue is a hint, so that is an everyday answer.
 */
export const decideDue = (
  handle: Handle,
  policy: ReleasePolicy,
  assess: Assess,
  now: string,
): Result<readonly HandleEvent[]> => {
  if (handle.legalHold !== undefined) return notDue(handle, 'a legal hold keeps it')
  if (handle.listing?.status === 'held') return notDue(handle, 'it is on hold for an order')
  if (isOverruled(handle)) return ok(outcomeOf(groundsAfterOverruling(handle), policy, assess, handle.overruled))
  const { holder, dormancy } = handle
  if (holder === null) return notDue(handle, 'it has no holder')
  const due = dueUnder(holder, policy)
  if (handle.status === 'active') {
    if (due === null) return notDue(handle, 'no rule releases it')
    if (due.dueAt > now) return notDue(handle, `it is due at ${due.dueAt}`)
    return ok(due.rule.notices === 0 ? releaseOf(holder, due, 0, policy, assess) : startOf(holder, due, policy, now))
  }
  if (handle.status !== 'dormant' || dormancy === null) return notDue(handle, 'the clock has no business with it')
  if (dormancy.nextAt > now) return notDue(handle, `its next step is at ${dormancy.nextAt}`)
  if (due === null || due.dueAt > now || due.name !== dormancy.rule) {
    return ok([{ type: 'dormancy_ended', reason: 'policy' }])
  }
  return ok(stepOf(holder, dormancy, due, policy, assess, now))
}

const factsOf = ({ lastActiveAt, suspendedAt, keptAt }: Holder): DueFacts => ({
  lastActiveAt,
  ...(suspendedAt === undefined ? {} : { suspendedAt }),
  ...(keptAt === undefined ? {} : { keptAt }),
})

/** The first notice goes out with the beginning of the grace period. */
const startOf = (holder: Holder, { name, rule, dueAt }: Due, policy: ReleasePolicy, now: string): HandleEvent[] => {
  const releaseAt = plusDays(now, rule.graceDays)
  const grounds = { policyVersion: policy.version, rule: name, dueAt, facts: factsOf(holder) }
  return [
    { type: 'dormancy_started', ...grounds },
    { type: 'notice_wanted', attempt: 1, of: rule.notices, releaseAt, nextAt: plusDays(now, rule.noticeSpacingDays) },
  ]
}

const stepOf = (
  holder: Holder,
  dormancy: Dormancy,
  due: Due,
  policy: ReleasePolicy,
  assess: Assess,
  now: string,
): HandleEvent[] => {
  const { rule } = due
  const { given, failed, attempts } = dormancy
  // What was told is kept; a policy that asks for more time gets it.
  const releaseAt = latest(dormancy.releaseAt, plusDays(dormancy.startedAt, rule.graceDays))
  const missing = rule.notices - given.length
  // An attempt without a result says that our mail road was down, not that the holder cannot be reached.
  if (missing > 0 && given.length + failed.length < policy.noticeAttemptsMax) {
    const nextAt = plusDays(now, rule.noticeSpacingDays)
    const roomForAll = plusDays(now, missing * rule.noticeSpacingDays)
    const noticed = { attempt: attempts + 1, of: rule.notices, releaseAt: latest(releaseAt, roomForAll), nextAt }
    return [{ type: 'notice_wanted', ...noticed }]
  }
  if (missing > 0 && policy.unreachable === 'keep') return [{ type: 'contact_failed', policyVersion: policy.version }]
  if (releaseAt > now) return [{ type: 'grace_extended', policyVersion: policy.version, releaseAt }]
  return releaseOf(holder, due, given.length, policy, assess)
}

const releaseOf = (
  holder: Holder,
  { name, dueAt }: Due,
  noticesGiven: number,
  policy: ReleasePolicy,
  assess: Assess,
): HandleEvent[] => {
  const grounds = { policyVersion: policy.version, rule: name, dueAt, noticesGiven, facts: factsOf(holder) }
  return outcomeOf(grounds, policy, assess, undefined)
}

/** Released and listed at its appraised price, or reserved where the gate says so. */
const outcomeOf = (
  grounds: Grounds,
  policy: ReleasePolicy,
  assess: Assess,
  overruled: Handle['overruled'],
): HandleEvent[] => {
  const assessment = assess(overruled?.codes ?? [])
  if (!assessment.pass) {
    const { code, reason } = assessment
    return [{ type: 'handle_reserved', ...grounds, code, reason }]
  }
  const { appraisal, priceMinor, currency } = assessment
  const rule = policy.rules[grounds.rule]
  const { rightsDays = 0, firstRefusalDays = 0, prospectsDays = 0, quarantineDays = 0 } = rule ?? {}
  const days = { rightsDays, firstRefusalDays, prospectsDays, quarantineDays }
  const decay = decayOf(appraisal, policy.dutch)
  return [
    { type: 'handle_released', ...grounds, ...days, appraisal, priceMinor, currency, ...(decay !== null && { decay }) },
  ]
}

/** The release was decided when the gate refused it; the operator's word lets it through now. */
const groundsAfterOverruling = (handle: Handle): Grounds => {
  if (handle.release === undefined) throw new Error(`${handle.name} is reserved without grounds`)
  return handle.release
}

const latest = (a: string, b: string): string => (a > b ? a : b)

/** Refusals of the gate that no word of an operator makes right: the grammar, and a price that no payment can carry. */
const notOverruled: ReadonlySet<string> = new Set(['grammar', 'above_checkout'])

/** An operator lets a name through that the gate refused for `code`; the clock's next look releases it. */
export const decideOverrule = (
  handle: Handle,
  code: string,
  reason: string,
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  const refusal = allowedFor(handle, 'gate_overruled', actor)
  if (refusal !== null) return { ok: false, refusal }
  if (handle.reserved?.code !== code) {
    return refuse('transition_not_allowed', `${handle.name} is reserved as ${handle.reserved?.code ?? '?'}`, 'code', {
      code: handle.reserved?.code,
    })
  }
  if (notOverruled.has(code)) return refuse('transition_not_allowed', `${code} cannot be overruled`, 'code')
  return isOverruled(handle) ? ok([]) : ok([{ type: 'gate_overruled', code, reason }])
}

/** A legal hold keeps a handle as it is: no release, no sale, until it is lifted. A time of grace ends with it. */
export const decideLegalHold = (
  handle: Handle,
  wanted: { readonly place: boolean; readonly reason: string },
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  const { place, reason } = wanted
  if (place === (handle.legalHold !== undefined)) return ok([])
  const ended: HandleEvent[] =
    place && handle.dormancy !== null ? [{ type: 'dormancy_ended', reason: 'legal_hold' }] : []
  const on = place ? 'legal_hold_placed' : 'legal_hold_lifted'
  const refusal = allowedFor(handle, ended.length > 0 ? 'dormancy_ended' : on, actor)
  return refusal === null ? ok([...ended, { type: on, reason }]) : { ok: false, refusal }
}
