import type { actKindSchema, EligibilityRules } from '../contract/eligibility.ts'
import { formatMoney, usd } from '../contract/money.ts'
import type * as z from 'zod'
import { holdingStatuses, type OrderStatus } from './order.ts'
import { type Refusal, refusalOf } from './result.ts'
import type { Standing } from './standing.ts'
import { dayMs } from './terms.ts'

// Who may buy, bid, offer and apply, list, sell and be paid. The figures stand in the release policy (`eligibility`); here is what they mean.

/** What a user wants to commit to. */
export type ActKind = z.infer<typeof actKindSchema>

export type Act = {
  readonly kind: ActKind
  /** What it commits the account to, in minor units. Absent: nothing yet. */
  readonly amountMinor?: number | undefined
  /** The sale it belongs to: an auction, a drop, a private offer. */
  readonly saleId?: string | undefined
}

/** What the platform's token says of an account. Instants are RFC 3339 UTC; what the token does not say is absent. */
export type AccountClaims = {
  readonly accountCreatedAt?: string | undefined
  /** The platform has verified who it is. */
  readonly verified: boolean
  /** The device that it signs in from, in the platform's words. */
  readonly deviceId?: string | undefined
  /** When the password, second factor or e-mail address was last changed. */
  readonly credentialsChangedAt?: string | undefined
  /** When the person last proved who they are. */
  readonly authTime?: string | undefined
  /** The platform has seen a proof that this is a person. */
  readonly human: boolean
  /** How the person signed in: RFC 8176 methods, such as `pwd` and `otp`. */
  readonly amr?: readonly string[] | undefined
  /** What the sign-in counts as, in the issuer's words (OpenID Connect `acr`). */
  readonly acr?: string | undefined
}

export type EligibilityFacts = {
  readonly claims: AccountClaims
  /** What we know of the account; null: nothing yet. */
  readonly standing: Standing | null
  /** What the proof-of-humanity hook said; null: it was not asked. */
  readonly human: boolean | null
  /** What the hook for second factors said; null: it was not asked. */
  readonly secondFactor: boolean | null
  /** The account's orders of the last days; they are asked for where an order is to be placed. */
  readonly orders: readonly { readonly status: OrderStatus; readonly createdAt: string }[]
}

/**
 * The first thing that stands against an act, or null. In the order in which a person can do something about it: what only
 * time mends comes before what the account itself can give. Each refusal says what is asked for and its figure.
 */
export const decideEligibility = (
  rules: EligibilityRules,
  facts: EligibilityFacts,
  act: Act,
  now: string,
): Refusal | null =>
  suspended(rules, facts, act, now) ??
  tooYoung(rules, facts, act, now) ??
  notHuman(facts) ??
  notVerified(rules, facts, act) ??
  coolingOff(rules, facts, act, now) ??
  stepUp(rules, facts, act, now) ??
  noSecondFactor(rules, facts) ??
  capReached(rules, facts, act, now) ??
  notAuthorised(rules, facts, act, now)

const actWords: Readonly<Record<ActKind, string>> = {
  order: 'place an order',
  bid: 'bid',
  offer: 'make an offer',
  apply: 'apply',
  watch: 'watch a handle',
  authorise: 'have a card authorised',
  list: 'list a handle',
  sell: 'sell',
  payout: 'be paid',
}

/**
 * The amount that an act is judged by, in minor units. Who is paid takes whatever is paid from then on, so that it counts as
 * more than any amount.
 */
export const weightOf = ({ kind, amountMinor = 0 }: Act): number =>
  kind === 'payout' ? Number.MAX_SAFE_INTEGER : amountMinor

const suspended = (
  { suspendedFrom }: EligibilityRules,
  { standing }: EligibilityFacts,
  { kind }: Act,
  now: string,
): Refusal | null => {
  const { suspendedUntil, suspendedFor } = standing ?? {}
  if (suspendedUntil === undefined || suspendedUntil <= now || !suspendedFrom.includes(kind)) return null
  return refusalOf(
    'account_suspended',
    `The account may not ${actWords[kind]} until ${suspendedUntil}: ${suspendedFor}`,
    undefined,
    {
      suspendedUntil,
    },
  )
}

/** An account whose age nobody tells is as young as can be. */
const tooYoung = (
  { accountAgeDaysMin }: EligibilityRules,
  { claims: { accountCreatedAt } }: EligibilityFacts,
  { kind }: Act,
  now: string,
): Refusal | null => {
  const daysMin = accountAgeDaysMin[kind]
  if (daysMin === 0) return null
  const eligibleFrom = accountCreatedAt === undefined ? undefined : later(accountCreatedAt, daysMin * dayMs)
  if (eligibleFrom !== undefined && eligibleFrom <= now) return null
  return refusalOf(
    'account_too_young',
    `To ${actWords[kind]} an account must be ${daysMin} days old`,
    'account_created_at',
    {
      accountAgeDaysMin: daysMin,
      eligibleFrom: eligibleFrom ?? null,
    },
  )
}

const notHuman = ({ human }: EligibilityFacts): Refusal | null =>
  human === false
    ? refusalOf(
        'humanity_required',
        'A proof that you are a person is asked for: give it to the platform, sign in again',
        'human',
      )
    : null

/** Of `payout` it is not asked: the provider verifies whom it pays. */
const notVerified = (
  { verifiedFromMinor }: EligibilityRules,
  { claims: { verified } }: EligibilityFacts,
  act: Act,
): Refusal | null =>
  verifiedFromMinor === null || weightOf(act) < verifiedFromMinor || verified || act.kind === 'payout'
    ? null
    : refusalOf('verification_required', `From ${words(verifiedFromMinor)} on accounts must be verified`, 'verified', {
        verifiedFromMinor,
      })

/** Whoever takes an account over changes its credentials first: then the more it is about, the longer it waits. */
const coolingOff = (
  { coolingOff: table }: EligibilityRules,
  { claims: { credentialsChangedAt } }: EligibilityFacts,
  act: Act,
  now: string,
): Refusal | null => {
  const hours = Math.max(0, ...table.filter(({ fromMinor }) => fromMinor <= weightOf(act)).map((row) => row.hours))
  if (credentialsChangedAt === undefined || hours === 0) return null
  const until = later(credentialsChangedAt, hours * hourMs)
  if (until <= now) return null
  return refusalOf(
    'cooling_off',
    `The credentials of this account were changed lately: an act of this size waits ${hours} hours, until ${until}`,
    'credentials_changed_at',
    { coolingOffHours: hours, until },
  )
}

const stepUp = (
  { stepUp: rule }: EligibilityRules,
  { claims: { authTime } }: EligibilityFacts,
  act: Act,
  now: string,
): Refusal | null => {
  if (rule === null || weightOf(act) < rule.fromMinor) return null
  if (authTime !== undefined && later(authTime, rule.maxAuthAgeMinutes * 60_000) >= now) return null
  return refusalOf(
    'step_up_required',
    `From ${words(rule.fromMinor)} on you must have signed in within ${rule.maxAuthAgeMinutes} minutes`,
    'auth_time',
    { stepUpFromMinor: rule.fromMinor, maxAuthAgeMinutes: rule.maxAuthAgeMinutes },
  )
}

/** Whether an act asks for a second factor, so that the hook is asked for it. */
export const asksSecondFactor = ({ secondFactor }: EligibilityRules, act: Act): boolean =>
  secondFactor !== null && secondFactor.acts.includes(act.kind) && weightOf(act) >= secondFactor.fromMinor

const noSecondFactor = ({ secondFactor: rule }: EligibilityRules, { secondFactor }: EligibilityFacts): Refusal | null =>
  secondFactor !== false || rule === null
    ? null
    : refusalOf(
        'second_factor_required',
        `From ${words(rule.fromMinor)} on you must sign in with a second factor`,
        'amr',
        { secondFactorFromMinor: rule.fromMinor },
      )

const capReached = (
  { openOrdersMax, ordersPerDayMax }: EligibilityRules,
  { orders }: EligibilityFacts,
  { kind }: Act,
  now: string,
): Refusal | null => {
  if (kind !== 'order') return null
  const open = orders.filter(({ status }) => holdingStatuses.has(status)).length
  if (openOrdersMax !== null && open >= openOrdersMax) {
    return refusalOf(
      'cap_reached',
      `You have ${open} open orders, and may have ${openOrdersMax}: pay or cancel one`,
      undefined,
      {
        openOrdersMax,
      },
    )
  }
  const dayAgo = later(now, -dayMs)
  const ofDay = orders.filter(({ createdAt }) => createdAt > dayAgo)
  if (ordersPerDayMax === null || ofDay.length < ordersPerDayMax) return null
  const oldest = ofDay.map(({ createdAt }) => createdAt).toSorted()[ofDay.length - ordersPerDayMax] ?? now
  return refusalOf(
    'cap_reached',
    `You placed ${ofDay.length} orders in 24 hours, and may place ${ordersPerDayMax}`,
    undefined,
    {
      ordersPerDayMax,
      eligibleFrom: later(oldest, dayMs),
    },
  )
}

/** The most that one payment page of the provider takes, in minor units. */
const authorisationMinorMax = 99_999_999

/** What must be authorised for a bid of this amount, rounded up to a whole minor unit; 0: nothing. */
export const authorisationFor = ({ authorisation }: EligibilityRules, amountMinor: number): number =>
  authorisation === null || amountMinor < authorisation.fromMinor
    ? 0
    : Math.min(Math.ceil((amountMinor * authorisation.percent) / 100), authorisationMinorMax)

const notAuthorised = (
  rules: EligibilityRules,
  { standing }: EligibilityFacts,
  { kind, amountMinor = 0 }: Act,
  now: string,
): Refusal | null => {
  const neededMinor = kind === 'bid' ? authorisationFor(rules, amountMinor) : 0
  const held = standing?.authorisation
  if (neededMinor === 0 || (held !== undefined && held.until > now && held.amountMinor >= neededMinor)) return null
  return refusalOf(
    'authorisation_required',
    `For a bid of ${words(amountMinor)} a card must be authorised for ${words(neededMinor)}: POST /v1/authorisations`,
    'maximum',
    { authorisation: usd(neededMinor) },
  )
}

const hourMs = 3_600_000

const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString()

const words = (amountMinor: number): string => formatMoney(usd(amountMinor))
