import type * as z from 'zod'
import type { releasePolicySchema, releaseRuleSchema } from '../contract/release-policy.ts'
import { checkHandle } from './handle-name.ts'
import { checkEligibilityRules, shippedEligibility } from './eligibility-rules.ts'
import { checkIncrements } from './increments.ts'
import { ok, refuse, type Result } from './result.ts'
import { dayMs } from './terms.ts'

export type AccountClass = 'ordinary' | 'verified' | 'government' | 'memorial'
export const accountClasses = ['ordinary', 'verified', 'government', 'memorial'] as const

/** How handles of one kind of account are released; days are whole days. The fields are told in the contract. */
export type ReleaseRule = Readonly<z.infer<typeof releaseRuleSchema>>

/** The rules that can be due. A suspended account has its own; the rest go by their class. */
export const ruleNames = ['ordinary', 'verified', 'suspended'] as const
export type RuleName = (typeof ruleNames)[number]

/**
 * The release policy: data with a version, published by operators. Every decision stores the version it used and the facts
 * it saw. A newer version never shortens what a holder was told in a notice.
 */
export type ReleasePolicy = Readonly<z.infer<typeof releasePolicySchema>>

/** What an operator proposes: a policy without the version that publishing gives it. */
export type PolicyDraft = Omit<ReleasePolicy, 'version' | 'publishedAt'>

/**
 * The policy before anybody published one. 365 days is the mildest published rule among large platforms (Twitch: 12
 * months; TikTok 180 days). Three notices over six weeks is the Python Package Index's rule (PEP 541). The Dutch curve is that
 * of the Ethereum Name Service, whose premium halves a dozen times; it starts absurdly high on purpose: at lower starts,
 * bots won at once.
 */
export const shippedPolicy: ReleasePolicy = {
  version: 1,
  publishedAt: null,
  rules: {
    ordinary: {
      afterDays: 365,
      notices: 3,
      noticeSpacingDays: 14,
      graceDays: 42,
      rightsDays: 7,
      firstRefusalDays: 14,
      prospectsDays: 7,
      quarantineDays: 30,
    },
    verified: {
      afterDays: 1095,
      notices: 5,
      noticeSpacingDays: 14,
      graceDays: 90,
      rightsDays: 7,
      firstRefusalDays: 30,
      prospectsDays: 14,
      quarantineDays: 180,
    },
    suspended: {
      afterDays: 90,
      notices: 0,
      noticeSpacingDays: 14,
      graceDays: 0,
      rightsDays: 0,
      firstRefusalDays: 0,
      prospectsDays: 0,
      quarantineDays: 0,
    },
    government: null,
    memorial: null,
  },
  noticeAttemptsMax: 6,
  unreachable: 'keep',
  dutch: { fromRatio: 100, fromExpectedMinor: 100_00, startTimesHigh: 20, halfLifeHours: 42, days: 21 },
  reservedNames: [],
  eligibility: shippedEligibility,
}

/** Fewer notices than these are no warning. Suspended accounts were told by their suspension. */
export const noticesMin = 3

/** Refuses a policy that contradicts itself, with the field at fault. Names are made canonical. */
export const checkPolicy = (draft: PolicyDraft): Result<PolicyDraft> => {
  for (const name of ruleNames) {
    const rule = draft.rules[name]
    if (rule === null) continue
    const field = (part: keyof ReleaseRule) => `rules.${name}.${part}`
    if (name !== 'suspended' && rule.notices < noticesMin) {
      return refuse('policy_invalid', `A holder gets ${noticesMin} notices at least`, field('notices'))
    }
    const needed = rule.notices * rule.noticeSpacingDays
    if (rule.graceDays < needed) {
      const words = `${rule.notices} notices ${rule.noticeSpacingDays} days apart need ${needed} days of grace`
      return refuse('policy_invalid', words, field('graceDays'))
    }
    if (rule.notices === 0 && rule.graceDays > 0) {
      return refuse('policy_invalid', 'Days of grace that nobody is told of serve nobody', field('graceDays'))
    }
    const { rightsDays, firstRefusalDays, prospectsDays, quarantineDays } = rule
    const privateDays = rightsDays + firstRefusalDays + prospectsDays
    if (privateDays > quarantineDays) {
      const words = `${privateDays} days of private phases do not end before the market opens, after ${quarantineDays}`
      return refuse('policy_invalid', words, field(quarantineDays === 0 ? 'quarantineDays' : longestPhase(rule)))
    }
    if (rule.notices > draft.noticeAttemptsMax) {
      return refuse(
        'policy_invalid',
        `${rule.notices} notices cannot count in ${draft.noticeAttemptsMax} attempts`,
        'noticeAttemptsMax',
      )
    }
  }
  if (draft.dutch !== null && draft.dutch.halfLifeHours > draft.dutch.days * 24) {
    return refuse(
      'policy_invalid',
      'The price would hardly fall: the half-life is longer than the sale',
      'dutch.halfLifeHours',
    )
  }
  const faulty = draft.auction === undefined ? null : checkIncrements(draft.auction.increments)
  if (faulty !== null) return refuse('policy_invalid', faulty.message, `auction.${faulty.field}`)
  const names: string[] = []
  for (const [index, name] of draft.reservedNames.entries()) {
    const checked = checkHandle(name)
    if (!checked.ok) return refuse('policy_invalid', checked.refusal.message, `reservedNames.${index}`)
    names.push(checked.value)
  }
  const refusal = checkEligibilityRules(draft.eligibility)
  return refusal === null ? ok({ ...draft, reservedNames: [...new Set(names)].toSorted() }) : { ok: false, refusal }
}

/** The private phase that takes the most days: the field at fault where they do not fit. */
const longestPhase = (rule: ReleaseRule): keyof ReleaseRule =>
  (['firstRefusalDays', 'rightsDays', 'prospectsDays'] as const).reduce((longest, phase) =>
    rule[phase] > rule[longest] ? phase : longest,
  )

/** What of an account its rule counts from. Instants are RFC 3339 UTC. */
export type DueFacts = {
  readonly lastActiveAt: string
  readonly suspendedAt?: string | undefined
  /** The holder said by a notice's link that the handle is wanted. */
  readonly keptAt?: string | undefined
}

/** The class says which rule: the name of the rule tells it, so a decision keeps no more than the facts above. */
type Ruled = DueFacts & { readonly class: AccountClass }

/** Which rule an account goes by, and the instant it counts from; null: no rule, never. */
export const ruleFor = (account: Ruled): { readonly rule: RuleName; readonly from: string } | null => {
  switch (account.class) {
    case 'government':
    case 'memorial':
      return null
    case 'ordinary':
      if (account.suspendedAt !== undefined) return { rule: 'suspended', from: account.suspendedAt }
      return { rule: 'ordinary', from: later(account.lastActiveAt, account.keptAt) }
    case 'verified':
      return { rule: 'verified', from: later(account.lastActiveAt, account.keptAt) }
  }
}

const later = (a: string, b: string | undefined): string => (b !== undefined && b > a ? b : a)

/** When an account's handle is due by this policy, and by which rule; null: never. */
export const dueUnder = (
  account: Ruled,
  policy: ReleasePolicy,
): { readonly name: RuleName; readonly rule: ReleaseRule; readonly dueAt: string } | null => {
  const found = ruleFor(account)
  const rule = found === null ? null : policy.rules[found.rule]
  return found === null || rule === null
    ? null
    : { name: found.rule, rule, dueAt: plusDays(found.from, rule.afterDays) }
}

/** An instant so many days later. */
export const plusDays = (at: string, days: number): string => new Date(Date.parse(at) + days * dayMs).toISOString()

export type PolicyEvent = {
  readonly type: 'policy_published'
  readonly policy: PolicyDraft
  /** Hash of the request that published it: a repeat is told apart by it. */
  readonly requestHash: string
  readonly idempotencyKey: string
}

/** The policy in force, with what its last publication was asked by. */
export type PublishedPolicy = ReleasePolicy & {
  readonly requestHash?: string | undefined
  readonly idempotencyKey?: string | undefined
}

/** Folds a publication; the next version is the next number. */
export const evolvePolicy = (policy: PublishedPolicy | null, event: PolicyEvent, at: string): PublishedPolicy => ({
  ...event.policy,
  version: (policy ?? shippedPolicy).version + 1,
  publishedAt: at,
  requestHash: event.requestHash,
  idempotencyKey: event.idempotencyKey,
})

/**
 * Publishes the next version, made on the sight of version `basedOn`: somebody else's publication in between is refused as
 * `policy_changed`. A repeat under the same key changes nothing.
 */
export const decidePublish = (
  policy: PublishedPolicy | null,
  wanted: {
    readonly basedOn: number
    readonly draft: PolicyDraft
    readonly requestHash: string
    readonly idempotencyKey: string
  },
): Result<readonly PolicyEvent[]> => {
  const { basedOn, draft, requestHash, idempotencyKey } = wanted
  if (policy !== null && policy.idempotencyKey === idempotencyKey) {
    return policy.requestHash === requestHash
      ? ok([])
      : refuse('idempotency_key_reused', 'This key published another policy', 'Idempotency-Key')
  }
  const { version } = policy ?? shippedPolicy
  if (basedOn !== version) {
    return refuse('policy_changed', `Version ${version} is in force`, 'basedOn', { version })
  }
  const checked = checkPolicy(draft)
  if (!checked.ok) return checked
  return ok([{ type: 'policy_published', policy: checked.value, requestHash, idempotencyKey }])
}
