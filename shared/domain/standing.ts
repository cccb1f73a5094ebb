import { createHash } from 'node:crypto'
import type { EligibilityRules } from '../contract/eligibility.ts'
import type { Currency } from '../contract/money.ts'
import type { ActKind } from './eligibility.ts'
import { plusDays } from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

// What we know of an account as a buyer. It is written when something is learnt, never for an ordinary purchase.

/** What two accounts can have in common, kept as a hash: a payment card, a device, an account that is paid out to. */
export type TraitKind = 'card' | 'device' | 'payout'
export type Trait = { readonly kind: TraitKind; readonly hash: string }

/** Ours never holds what the provider or the platform calls it: 22 characters of SHA-256 over kind and name. */
export const traitOf = (kind: TraitKind, name: string): Trait => ({
  kind,
  hash: createHash('sha256').update(`${kind}\u0000${name}`).digest('base64url').slice(0, 22),
})

/** The newest of each kind are kept. */
export const traitsPerKindMax = 20
const strikesKeptMax = 20
/** Sales that one authorisation serves at a time. */
export const salesPerAuthorisationMax = 50
const endingMax = 10

export type Strike = { readonly at: string; readonly saleId: string; readonly reason: string }

/** A card authorised at the provider before large bids. It is never captured, and moves nothing in the ledger. */
export type CardAuthorisation = {
  readonly id: string
  readonly paymentIntentId: string
  readonly amountMinor: number
  readonly currency: Currency
  /** The bank keeps it until then. */
  readonly until: string
  /** The sales in which it was asked for, and which have not ended. */
  readonly sales: readonly string[]
}

/** Instants are RFC 3339 UTC. */
export type Standing = {
  readonly accountId: string
  readonly firstSeenAt: string
  readonly strikes: readonly Strike[]
  readonly suspendedUntil?: string | undefined
  readonly suspendedFor?: string | undefined
  readonly traits: Readonly<Record<TraitKind, readonly string[]>>
  readonly authorisation?: CardAuthorisation | undefined
  /** Payments at the provider that are authorised and not needed any more: to be cancelled. */
  readonly ending: readonly string[]
  /** The change of credentials that the holder was told of last. */
  readonly warnedOf?: string | undefined
}

export type StandingEvent =
  | ({ readonly type: 'trait_seen' } & Trait)
  | { readonly type: 'strike_recorded'; readonly saleId: string; readonly reason: string }
  | { readonly type: 'account_suspended'; readonly until: string; readonly reason: string; readonly caseId?: string }
  | { readonly type: 'suspension_lifted'; readonly reason: string }
  | ({ readonly type: 'authorisation_held' } & Omit<CardAuthorisation, 'sales'>)
  | { readonly type: 'authorisation_relied_on'; readonly saleId: string }
  | { readonly type: 'authorisation_let_go'; readonly saleId: string }
  | { readonly type: 'authorisation_end_wanted'; readonly paymentIntentId: string }
  | { readonly type: 'authorisation_ended'; readonly paymentIntentId: string }
  | {
      /** An act was refused since the credentials were changed lately: the platform tells the account's holder. */
      readonly type: 'takeover_suspected'
      readonly act: ActKind
      readonly amountMinor?: number | undefined
      readonly credentialsChangedAt: string
    }

export const noTraits: Standing['traits'] = { card: [], device: [], payout: [] }

const unknown = (accountId: string, at: string): Standing => ({
  accountId,
  firstSeenAt: at,
  strikes: [],
  traits: noTraits,
  ending: [],
})

/** Folds one event; the first one makes the account known. */
export const evolveStanding = (
  accountId: string,
  before: Standing | null,
  event: StandingEvent,
  at: string,
): Standing => {
  const standing = before ?? unknown(accountId, at)
  switch (event.type) {
    case 'trait_seen': {
      const known = standing.traits[event.kind].filter((hash) => hash !== event.hash)
      return {
        ...standing,
        traits: { ...standing.traits, [event.kind]: [...known, event.hash].slice(-traitsPerKindMax) },
      }
    }
    case 'strike_recorded': {
      const { saleId, reason } = event
      return { ...standing, strikes: [...standing.strikes, { at, saleId, reason }].slice(-strikesKeptMax) }
    }
    case 'account_suspended':
      return { ...standing, suspendedUntil: event.until, suspendedFor: event.reason }
    case 'suspension_lifted': {
      const { suspendedUntil: _u, suspendedFor: _f, ...rest } = standing
      return rest
    }
    case 'authorisation_held': {
      const { type: _, ...held } = event
      return { ...standing, authorisation: { ...held, sales: standing.authorisation?.sales ?? [] } }
    }
    case 'authorisation_relied_on':
      return withSales(standing, (sales) => [...sales, event.saleId])
    case 'authorisation_let_go':
      return withSales(standing, (sales) => sales.filter((saleId) => saleId !== event.saleId))
    case 'authorisation_end_wanted':
      return {
        ...without(standing, event.paymentIntentId),
        ending: [...standing.ending, event.paymentIntentId].slice(-endingMax),
      }
    case 'authorisation_ended':
      return {
        ...without(standing, event.paymentIntentId),
        ending: standing.ending.filter((id) => id !== event.paymentIntentId),
      }
    case 'takeover_suspected':
      return { ...standing, warnedOf: event.credentialsChangedAt }
  }
}

const withSales = (standing: Standing, change: (sales: readonly string[]) => readonly string[]): Standing =>
  standing.authorisation === undefined
    ? standing
    : { ...standing, authorisation: { ...standing.authorisation, sales: change(standing.authorisation.sales) } }

const without = (standing: Standing, paymentIntentId: string): Standing => {
  if (standing.authorisation?.paymentIntentId !== paymentIntentId) return standing
  const { authorisation: _, ...rest } = standing
  return rest
}

/** A trait that is known already changes nothing. */
export const decideTraitSeen = (standing: Standing | null, trait: Trait): readonly StandingEvent[] =>
  standing?.traits[trait.kind].includes(trait.hash) === true ? [] : [{ type: 'trait_seen', ...trait }]

/**
 * A sale whose winner did not pay. The same sale strikes once. As many strikes as the policy says, within its days,
 * suspend the account.
 */
export const decideStrike = (
  standing: Standing | null,
  strike: { readonly saleId: string; readonly reason: string },
  { strikes: { max, countedDays, suspensionDays } }: EligibilityRules,
  now: string,
): readonly StandingEvent[] => {
  const earlier = standing?.strikes ?? []
  if (earlier.some(({ saleId }) => saleId === strike.saleId)) return []
  const counted = earlier.filter(({ at }) => plusDays(at, countedDays) > now).length + 1
  const recorded: StandingEvent = { type: 'strike_recorded', saleId: strike.saleId, reason: strike.reason }
  if (counted < max) return [recorded]
  const reason = `${counted} ${counted === 1 ? 'sale was' : 'sales were'} not paid`
  return [recorded, { type: 'account_suspended', until: plusDays(now, suspensionDays), reason }]
}

/** An operator suspends the account, by a case. A suspension that lasts longer stands. */
export const decideSuspension = (
  standing: Standing | null,
  suspension: { readonly days: number; readonly reason: string; readonly caseId: string },
  now: string,
): readonly StandingEvent[] => {
  const until = plusDays(now, suspension.days)
  if (standing?.suspendedUntil !== undefined && standing.suspendedUntil >= until) return []
  return [{ type: 'account_suspended', until, reason: suspension.reason, caseId: suspension.caseId }]
}

export const decideLifted = (
  standing: Standing | null,
  reason: string,
  now: string,
): Result<readonly StandingEvent[]> =>
  standing?.suspendedUntil === undefined || standing.suspendedUntil <= now
    ? refuse('transition_not_allowed', 'The account is not suspended')
    : ok([{ type: 'suspension_lifted', reason }])

/**
 * A card is held at the provider. A newer one takes the place of the one before, which is let go. One that has ended, or is
 * about to, does not come back.
 */
export const decideAuthorisationHeld = (
  standing: Standing | null,
  held: Omit<CardAuthorisation, 'sales'>,
): readonly StandingEvent[] => {
  const before = standing?.authorisation
  const { id, paymentIntentId, amountMinor, currency, until } = held
  if (before?.paymentIntentId === paymentIntentId || standing?.ending.includes(paymentIntentId) === true) return []
  const event: StandingEvent = { type: 'authorisation_held', id, paymentIntentId, amountMinor, currency, until }
  return before === undefined
    ? [event]
    : [event, { type: 'authorisation_end_wanted', paymentIntentId: before.paymentIntentId }]
}

/** It lapsed, or was cancelled, whoever wanted it. */
export const decideAuthorisationEnded = (
  standing: Standing | null,
  paymentIntentId: string,
): readonly StandingEvent[] =>
  standing?.authorisation?.paymentIntentId === paymentIntentId || standing?.ending.includes(paymentIntentId) === true
    ? [{ type: 'authorisation_ended', paymentIntentId }]
    : []

export const decideReliedOn = (standing: Standing | null, saleId: string): readonly StandingEvent[] => {
  const sales = standing?.authorisation?.sales
  if (sales === undefined || sales.includes(saleId) || sales.length >= salesPerAuthorisationMax) return []
  return [{ type: 'authorisation_relied_on', saleId }]
}

export const decideLetGo = (standing: Standing | null, saleId: string): readonly StandingEvent[] => {
  const held = standing?.authorisation
  if (held === undefined || !held.sales.includes(saleId)) return []
  const letGo: StandingEvent = { type: 'authorisation_let_go', saleId }
  return held.sales.length > 1
    ? [letGo]
    : [letGo, { type: 'authorisation_end_wanted', paymentIntentId: held.paymentIntentId }]
}

export const decideCancelAuthorisation = (standing: Standing | null, id: string): Result<readonly StandingEvent[]> => {
  const held = standing?.authorisation
  if (held === undefined || held.id !== id) return refuse('not_found', `You have no authorisation ${id}`)
  if (held.sales.length > 0) {
    return refuse('transition_not_allowed', 'Sales in which you bid still need it', undefined, { neededBy: held.sales })
  }
  return ok([{ type: 'authorisation_end_wanted', paymentIntentId: held.paymentIntentId }])
}

/** The holder is told once of each change of credentials after which something was tried. */
export const decideTakeoverSuspected = (
  standing: Standing | null,
  tried: { readonly act: ActKind; readonly amountMinor?: number | undefined; readonly credentialsChangedAt: string },
): readonly StandingEvent[] =>
  standing?.warnedOf === tried.credentialsChangedAt ? [] : [{ type: 'takeover_suspected', ...tried }]

/** What the two have in common, by kind; one trait of a kind is enough. */
export const sharedTraits = (
  one: Standing['traits'] | undefined,
  other: Standing['traits'] | undefined,
): readonly TraitKind[] =>
  one === undefined || other === undefined
    ? []
    : traitKinds.filter((kind) => one[kind].some((hash) => other[kind].includes(hash)))

export const traitKinds = ['card', 'device', 'payout'] as const satisfies readonly TraitKind[]
