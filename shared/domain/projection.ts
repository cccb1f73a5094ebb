import type { Assess } from './release.ts'
import { decideDue } from './release.ts'
import { evolveHandle } from './handle-evolve.ts'
import type { Handle, HandleEvent } from './handle.ts'
import { decideNoticeFailed, decideNoticeGiven, graceOf, isNoticeWanted } from './notice.ts'
import type { ReleasePolicy, RuleName } from './release-policy.ts'

/** A key of the policy's rules: the class of the account, or `suspended`. */
export type RuleGroup = keyof ReleasePolicy['rules']
export const ruleGroups = ['ordinary', 'verified', 'suspended', 'government', 'memorial'] as const satisfies RuleGroup[]

/** Where a handle stands with the clock: what its next look at it does, or why it does nothing. */
export const standings = [
  'decided_now',
  'noticed',
  'in_grace',
  'grace_ended',
  'unreachable',
  'not_due',
  'no_rule',
  'legal_hold',
  'outside',
] as const
export type Standing = (typeof standings)[number]

export type Decision = Extract<HandleEvent, { readonly type: 'handle_released' | 'handle_reserved' }>

export type Projection = {
  readonly standing: Standing
  /** The last word of the clock, and the earliest instant at which it can be spoken; null: there is none. */
  readonly end: { readonly at: string; readonly event: Decision } | 'unreachable' | null
}

/** A rule may try 24 notices, each with a look before and after it, once before and once after a change of rule. */
const looksMax = 128

/**
 * What the clock would do with a handle from `asOf` on, if nobody but the mail service said a word: the very decisions of a
 * release, folded one after another, each at the instant that the one before it planned. Every notice arrives at once
 * (`reachable`), or none does, so that the end is the earliest there can be.
 */
export const project = (
  handle: Handle,
  policy: ReleasePolicy,
  assess: Assess,
  asOf: string,
  reachable: boolean,
): Projection => {
  let state = withResult(handle, policy, asOf, reachable)
  let at = asOf
  let standing: Standing | null = null
  for (let look = 0; look < looksMax; look += 1) {
    const decided = decideDue(state, policy, assess, at)
    if (!decided.ok) {
      standing ??= restingAs(state, policy)
      const next = state.status === 'dormant' ? state.dormancy?.nextAt : undefined
      if (next === undefined || next <= at) return { standing, end: null }
      at = next
      continue
    }
    const event = decided.value.at(-1)
    switch (event?.type) {
      case 'handle_released':
      case 'handle_reserved':
        // By the first look: the next sweep does it, also where a time of grace is over.
        return { standing: standing ?? 'decided_now', end: { at, event } }
      case 'contact_failed':
        return { standing: standing ?? 'unreachable', end: 'unreachable' }
      case 'dormancy_ended':
        standing = 'grace_ended'
        break
      default:
        standing ??= state.status === 'dormant' ? 'in_grace' : 'noticed'
    }
    for (const one of decided.value) state = evolveHandle(state.name, state, one, at)
    state = withResult(state, policy, at, reachable)
  }
  throw new Error(`the clock comes to no end with ${handle.name}`)
}

/** The notice that is under way arrives at this instant, or fails. */
const withResult = (handle: Handle, policy: ReleasePolicy, at: string, reachable: boolean): Handle => {
  const { dormancy } = handle
  if (dormancy === null) return handle
  const notice = { cycle: dormancy.startedAt, attempt: dormancy.attempts }
  if (graceOf(handle, notice) === null || !isNoticeWanted(handle, notice)) return handle
  const decided = reachable
    ? decideNoticeGiven(handle, { ...notice, messageId: '', addressHash: '' }, policy)
    : decideNoticeFailed(handle, { ...notice, reason: 'no_address' }, policy, at)
  if (!decided.ok) return handle
  return decided.value.reduce((state, event) => evolveHandle(state.name, state, event, at), handle)
}

/** Why the clock leaves a handle alone. */
const restingAs = (handle: Handle, policy: ReleasePolicy): Standing => {
  if (handle.legalHold !== undefined) return 'legal_hold'
  switch (handle.status) {
    case 'unreachable':
      return 'unreachable'
    case 'dormant':
      return 'in_grace'
    case 'active': {
      const group = groupOf(handle)
      return group === null || policy.rules[group] === null ? 'no_rule' : 'not_due'
    }
    default:
      return 'outside'
  }
}

/** By which row of the policy's rules a holder's handle goes; null: nobody holds it. */
export const groupOf = ({ holder, release }: Handle): RuleGroup | null => {
  if (holder === null) return (release?.rule satisfies RuleName | undefined) ?? null
  return holder.class === 'ordinary' && holder.suspendedAt !== undefined ? 'suspended' : holder.class
}
