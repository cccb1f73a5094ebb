import { tierFloorMinor } from './appraisal/appraisal.ts'
import type { Handle } from './handle.ts'
import type { Decision, RuleGroup } from './projection.ts'
import { dayMs } from './terms.ts'

/** What of a handle tells how bad, or how likely, a wrong release would be. */
export type RiskFacts = {
  readonly name: string
  readonly group: RuleGroup
  readonly followers: number
  /** Whole days since the account was made, and since the handle was due. */
  readonly accountDays: number
  readonly overdueDays: number
  readonly priceMinor: number
  /** Percent. */
  readonly confidence: number
  /** The rule asks for notices. */
  readonly noticed: boolean
  readonly hasAddress: boolean
  readonly noticesFailed: number
}

/** The facts of a handle that is to be released; null: an operator overruled the gate for it, and has looked at it. */
export const riskFactsOf = (
  { name, holder, dormancy }: Handle,
  group: RuleGroup | null,
  event: Extract<Decision, { readonly type: 'handle_released' }>,
  asOf: string,
  hasAddress: boolean,
): RiskFacts | null =>
  holder === null || group === null
    ? null
    : {
        name,
        group,
        followers: holder.followers,
        accountDays: daysBetween(holder.createdAt, asOf),
        overdueDays: daysBetween(event.dueAt, asOf),
        priceMinor: event.priceMinor,
        confidence: event.appraisal.confidence,
        noticed: event.noticesGiven > 0 || dormancy !== null,
        hasAddress,
        noticesFailed: dormancy?.failed.length ?? 0,
      }

const daysBetween = (from: string, to: string): number => Math.floor((Date.parse(to) - Date.parse(from)) / dayMs)

export type RiskReason = { readonly code: RiskCode; readonly points: number; readonly words: string }
export type RiskCode =
  | 'followers'
  | 'boundary'
  | 'near_protected'
  | 'no_address'
  | 'notices_failed'
  | 'price_unsure'
  | 'old_and_short'
  | 'verified'

const oldAccountDays = 3650
const shortLength = 4
const confidenceLow = 40

/**
 * Why a person should look at a release before it happens, the heaviest reason first. The points are chosen, not measured:
 * 40 for what would be in the newspapers, 30 for what may be a mistake of ours, 10 to 20 for what makes one likelier. They
 * add up to the score that ranks the names. `near` is a protected name one edit away.
 */
export const riskReasons = (facts: RiskFacts, near: string | undefined): readonly RiskReason[] => {
  const reasons: RiskReason[] = []
  const add = (code: RiskCode, points: number, words: string) => {
    if (points > 0) reasons.push({ code, points, words })
  }
  const { followers, overdueDays, priceMinor, confidence } = facts
  add(
    'followers',
    followers >= 1_000_000 ? 40 : followers >= 100_000 ? 25 : followers >= 10_000 ? 10 : 0,
    `${followers} accounts follow it`,
  )
  add(
    'boundary',
    overdueDays < 0 || overdueDays > 30 ? 0 : overdueDays <= 7 ? 20 : 10,
    overdueDays === 0
      ? 'It is due since today only'
      : `It is due since ${overdueDays} days only: a few days of other facts and it would not be`,
  )
  if (near !== undefined) add('near_protected', 30, `One letter apart from ${near}, which is protected`)
  if (facts.noticed && !facts.hasAddress) add('no_address', 30, 'There is no e-mail address to send notices to')
  if (facts.noticesFailed > 0) add('notices_failed', 15, `${facts.noticesFailed} notices did not arrive`)
  add(
    'price_unsure',
    confidence >= confidenceLow
      ? 0
      : priceMinor >= tierFloorMinor.priority
        ? 25
        : priceMinor >= tierFloorMinor.rare
          ? 15
          : 0,
    `It is appraised highly with a confidence of ${confidence} percent`,
  )
  if (facts.accountDays >= oldAccountDays && facts.name.length <= shortLength) {
    add(
      'old_and_short',
      15,
      `A name of ${facts.name.length} letters that was taken ${yearsOf(facts.accountDays)} years ago`,
    )
  }
  if (facts.group === 'verified') add('verified', 20, 'The account is verified')
  return reasons.toSorted((a, b) => b.points - a.points || (a.code < b.code ? -1 : 1))
}

const yearsOf = (days: number): number => Math.floor(days / 365.25)

export const riskScore = (reasons: readonly RiskReason[]): number =>
  reasons.reduce((score, { points }) => score + points, 0)

/** Names that a plan shows. */
export const namesAtRiskMax = 100

/** Keeps the highest scores, equal ones by name; nothing without a reason is kept. */
export const newRanking = <T extends { readonly name: string; readonly score: number }>(max: number) => {
  let kept: T[] = []
  const cut = () => {
    kept = kept.toSorted((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1)).slice(0, max)
  }
  let lowest = 0
  return {
    add: (one: T): void => {
      if (one.score === 0 || one.score < lowest) return
      kept.push(one)
      if (kept.length < 4 * max) return
      cut()
      lowest = kept.at(-1)?.score ?? 0
    },
    close: (): readonly T[] => {
      cut()
      return kept
    },
  }
}
