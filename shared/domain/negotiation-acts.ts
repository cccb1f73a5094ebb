import { checkoutMaxMinor, type Currency } from '../contract/money.ts'
import { leastPriceMinor } from './commission.ts'
import type { Handle } from './handle.ts'
import { liveSale } from './listing.ts'
import {
  type DeclineReason,
  liveAmount,
  type Negotiation,
  type NegotiationEvent,
  newestOf,
  offerLimits,
  type OfferTry,
  type Party,
  type ReportReason,
  roundsUsed,
} from './negotiation.ts'
import { askedParty } from './negotiation-machine.ts'
import { type Holding, isSameHolding, type RulesNow } from './offer-rules.ts'
import { plusDays } from './release-policy.ts'
import { ok, refuse, type Refusal, type Result } from './result.ts'
import { salesPerAuthorisationMax, type Standing } from './standing.ts'

// Decisions of one negotiation. Rules: one live amount, bids only rise and asks only fall, each strictly between the newest
// two, none above the asking price, and as many rounds as were told from the start.

export type NegotiationDecision = Result<readonly NegotiationEvent[]>

const hourMs = 3_600_000
const hoursAfter = (at: string, hours: number): string => new Date(Date.parse(at) + hours * hourMs).toISOString()

/** What keeps a handle from being offered for and negotiated about; null: nothing. Each has a code of its own. */
export const offerHindrance = (handle: Handle, now: string): Refusal | null => {
  const { name, status, holder, listing, legalHold } = handle
  if (holder === null) return refuse('handle_not_held', `Nobody holds ${name} now`, 'handle', { status }).refusal
  if (status === 'locked') return refuse('handle_locked', `${name} is locked`, 'handle').refusal
  if (status !== 'active' || holder.suspendedAt !== undefined) {
    return refuse('handle_not_active', `The account that holds ${name} is not active`, 'handle', { status }).refusal
  }
  if (legalHold !== undefined) return refuse('handle_not_for_sale', `${name} is not for sale`, 'handle').refusal
  if (listing?.status === 'held') {
    return refuse('handle_on_hold', `${name} is on hold for an order`, 'handle').refusal
  }
  const sale = listing === undefined ? undefined : liveSale(listing, now)
  return sale === undefined
    ? null
    : refuse('handle_in_sale', `${name} is sold by ${sale.id} now`, 'handle', sale).refusal
}

/** An offer as its buyer wants it. Amounts are minor units. */
export type OfferWanted = {
  readonly proposerId: string
  readonly verified: boolean
  readonly amountMinor: number
  readonly currency: Currency
  readonly requestKey: string
  readonly requestHash: string
}

/** What an offer is decided on beside the negotiation itself. */
export type OfferFacts = {
  readonly handle: Handle
  readonly holding: Holding
  readonly rules: RulesNow
  /** Null: the handle is not listed at a price. */
  readonly askingMinor: number | null
  readonly standing: Standing | null
}

/** `bound`: at or above what the holder accepts at once. */
export type OfferAnswer = {
  readonly events: readonly NegotiationEvent[]
  readonly outcome: 'open' | 'below_floor' | 'bound'
}

/** A new offer, or one after the end of the one before. */
export const decideOffer = (
  id: string,
  before: Negotiation | null,
  wanted: OfferWanted,
  facts: OfferFacts,
  now: string,
): Result<OfferAnswer> => {
  const { rules, handle, holding, askingMinor } = facts
  const { settings } = rules
  const refusal = alreadyOpen(before, now) ?? notWelcome(id, rules, wanted) ?? tooSoon(before, now)
  if (refusal !== null) return { ok: false, refusal }
  const { amountMinor } = wanted
  const leastMinor = leastPriceMinor()
  const mostMinor = Math.min(askingMinor ?? checkoutMaxMinor, checkoutMaxMinor)
  if (amountMinor < leastMinor) {
    const words = `An offer is ${leastMinor} at least (minor units): below, nothing is left for the seller`
    return refuse('price_too_low', words, 'amount', { leastMinor })
  }
  if (amountMinor > mostMinor) return outOfRange({ leastMinor, mostMinor }, wanted.currency)
  const answerBy = hoursAfter(now, settings.answerHours)
  const events: NegotiationEvent[] = [
    ...lapsed(before, now),
    {
      type: 'offer_made',
      handle: handle.name,
      display: handle.display,
      proposerId: wanted.proposerId,
      holderId: holding.accountId,
      ...(holding.orderId === undefined ? {} : { holding: holding.orderId }),
      currency: wanted.currency,
      roundsMax: settings.roundsMax,
      answerHours: settings.answerHours,
      amountMinor,
      answerBy,
      requestKey: wanted.requestKey,
      requestHash: wanted.requestHash,
    },
  ]
  if (amountMinor < (settings.floorMinor ?? 0)) {
    return ok({ events: [...events, { type: 'offer_declined', reason: 'below_floor' }], outcome: 'below_floor' })
  }
  const { autoAcceptMinor } = settings
  if (autoAcceptMinor !== undefined && amountMinor >= autoAcceptMinor) return ok({ events, outcome: 'bound' })
  return ok({ events: withFunding(events, fundingOf(facts.standing, id, amountMinor, now)), outcome: 'open' })
}

const withFunding = (events: readonly NegotiationEvent[], fundedUntil: string | undefined): NegotiationEvent[] =>
  events.map((event) => (event.type === 'offer_made' && fundedUntil !== undefined ? { ...event, fundedUntil } : event))

/** The clock has not looked at it yet: its end comes first. */
const lapsed = (before: Negotiation | null, now: string): NegotiationEvent[] => {
  const waitedFor = before === null ? null : askedParty(before)
  return waitedFor === null || before === null || now < before.answerBy
    ? []
    : [{ type: 'offer_expired', waitedFor }, ...fundingEnded(before)]
}

const alreadyOpen = (before: Negotiation | null, now: string): Refusal | null => {
  if (before === null) return null
  const { id, status } = before
  const isOpen = askedParty(before) !== null && now < before.answerBy
  if (!isOpen && status !== 'accepted') return null
  return refuse('offer_open', `You have an offer for ${before.handle} already: ${id}`, 'handle', {
    offerId: id,
    status,
    possible: possibleActs(before, 'buyer', now),
  }).refusal
}

/** A blocked buyer is told what everybody is told where no offers are taken. */
const notWelcome = (id: string, { settings, blocked }: RulesNow, { verified }: OfferWanted): Refusal | null => {
  if (!settings.open || blocked.includes(id)) {
    return refuse('offers_closed', 'The holder of this handle takes no offers', 'handle').refusal
  }
  return settings.from === 'verified' && !verified
    ? refuse('verification_required', 'The holder takes offers of verified accounts alone', 'verified').refusal
    : null
}

/** Whoever was declined waits, and nobody offers again and again. */
const tooSoon = (before: Negotiation | null, now: string): Refusal | null => {
  if (before === null) return null
  const coolsAt = coolingEnd(before)
  if (coolsAt !== null && coolsAt > now) {
    return refuse('offer_cooling', `You were declined lately, and may offer again from ${coolsAt} on`, 'handle', {
      coolingHours: offerLimits.coolingHours,
      eligibleFrom: coolsAt,
    }).refusal
  }
  const { triesMax, triesDays } = offerLimits
  const eligibleFrom = triesEnd(before, now)
  if (eligibleFrom === null) return null
  return refuse(
    'offer_tries_used',
    `You offered ${triesMax} times in ${triesDays} days, and may again from ${eligibleFrom} on`,
    'handle',
    { triesMax, triesDays, eligibleFrom },
  ).refusal
}

/** From when on a buyer who has offered as often as possible may offer again; null: a try is left. */
export const triesEnd = ({ tries }: Pick<Negotiation, 'tries'>, now: string): string | null => {
  const { triesMax, triesDays } = offerLimits
  const counted = tries.filter(({ at }) => plusDays(at, triesDays) > now)
  const oldest = counted[counted.length - triesMax]
  return oldest === undefined ? null : plusDays(oldest.at, triesDays)
}

/** Until when a declined buyer waits; null: nobody declined. */
export const coolingEnd = ({ declinedAt }: Pick<Negotiation, 'declinedAt'>): string | null =>
  declinedAt === undefined ? null : hoursAfter(declinedAt, offerLimits.coolingHours)

/** The offer that a request began, if it did so before. The same key with another body is refused. */
export const earlierTry = (
  before: Negotiation | null,
  request: Pick<OfferWanted, 'requestKey' | 'requestHash'>,
): Result<OfferTry> | null => {
  const found = before?.tries.find(({ key }) => key === request.requestKey)
  if (found === undefined) return null
  return found.hash === request.requestHash ? ok(found) : keyReused
}

export const keyReused = refuse('idempotency_key_reused', 'This key made another offer', 'Idempotency-Key')

/**
 * Until when a card stands for an amount of this negotiation; undefined: none does. A card stands for one offer at a time, so
 * that no two holders count on the same money.
 */
export const fundingOf = (
  standing: Standing | null,
  id: string,
  amountMinor: number,
  now: string,
): string | undefined => {
  const held = standing?.authorisation
  if (held === undefined || held.until <= now || held.amountMinor < amountMinor) return undefined
  const others = held.sales.filter((saleId) => saleId !== id)
  const isTaken = others.some((saleId) => saleId.startsWith('off_')) || others.length >= salesPerAuthorisationMax
  return isTaken ? undefined : held.until
}

const fundingEnded = ({ fundedUntil }: Negotiation): NegotiationEvent[] =>
  fundedUntil === undefined ? [] : [{ type: 'funding_ended' }]

/** What a side can do now, for whoever asks and for whoever is refused. */
export type OfferAct = 'accept' | 'counter' | 'decline' | 'withdraw'

export const possibleActs = (negotiation: Negotiation, side: Party, now: string): OfferAct[] => {
  const asked = askedParty(negotiation)
  if (asked === null || negotiation.answerBy <= now) return []
  const leave: OfferAct = side === 'holder' ? 'decline' : 'withdraw'
  if (asked !== side) return [leave]
  return roundsUsed(negotiation) < negotiation.roundsMax ? ['accept', 'counter', leave] : ['accept', leave]
}

/** What a caller saw, and what it names. */
export type Seen = { readonly amountMinor?: number | undefined; readonly version?: number | undefined }

const facts = (negotiation: Negotiation, side: Party, now: string) => ({
  status: negotiation.status,
  version: negotiation.version,
  amount: { amountMinor: liveAmount(negotiation).amountMinor, currency: negotiation.currency },
  possible: possibleActs(negotiation, side, now),
})

/** Its end, a step that the caller has not seen, or the other side's turn: in this order, each with what is possible now. */
const notNow = (
  negotiation: Negotiation,
  side: Party,
  { version }: Seen,
  now: string,
  isAnswer: boolean,
): Refusal | null => {
  const asked = askedParty(negotiation)
  const told = facts(negotiation, side, now)
  if (asked === null) {
    return refuse('offer_ended', `The offer is ${negotiation.status}`, undefined, told).refusal
  }
  if (negotiation.answerBy <= now) {
    return refuse('offer_ended', `The offer could be answered until ${negotiation.answerBy}`, undefined, told).refusal
  }
  if (version !== undefined && version !== negotiation.version) {
    return refuse('offer_changed', 'The offer has changed since you saw it', 'version', told).refusal
  }
  if (isAnswer && asked !== side) {
    return refuse('not_your_turn', `The ${asked} answers until ${negotiation.answerBy}`, undefined, told).refusal
  }
  return null
}

export type AmountRange = { readonly leastMinor: number; readonly mostMinor: number }

/**
 * What a side may name now, both ends included: above the newest bid, below the newest ask, at most the asking price. Null:
 * there is nothing between.
 */
export const rangeOf = (negotiation: Negotiation, askingMinor: number | null): AmountRange | null => {
  const bid = newestOf(negotiation, 'buyer') ?? 0
  const ask = newestOf(negotiation, 'holder')
  const leastMinor = bid + 1
  const mostMinor = Math.min(ask === undefined ? checkoutMaxMinor : ask - 1, askingMinor ?? checkoutMaxMinor)
  return leastMinor <= mostMinor ? { leastMinor, mostMinor } : null
}

const outOfRange = (range: AmountRange | null, currency: Currency): Extract<Result<never>, { ok: false }> =>
  range === null
    ? refuse('counter_out_of_range', 'There is no amount left between the two', 'amount')
    : refuse(
        'counter_out_of_range',
        `Name an amount from ${range.leastMinor} to ${range.mostMinor} ${currency} (minor units)`,
        'amount',
        range,
      )

/** A side names another amount; the one before is void. The same again, while it is the newest, changes nothing. */
export const decideCounterOffer = (
  negotiation: Negotiation,
  side: Party,
  seen: Seen & { readonly amountMinor: number },
  { askingMinor, standing }: Pick<OfferFacts, 'askingMinor' | 'standing'>,
  now: string,
): NegotiationDecision => {
  const { amountMinor } = seen
  const live = liveAmount(negotiation)
  const isRepeat = askedParty(negotiation) !== null && live.by === side && live.amountMinor === amountMinor
  if (isRepeat && roundsUsed(negotiation) > 0) return ok([])
  const refusal = notNow(negotiation, side, seen, now, true)
  if (refusal !== null) return { ok: false, refusal }
  const { roundsMax, currency, answerHours, id, fundedUntil } = negotiation
  if (roundsUsed(negotiation) >= roundsMax) {
    return refuse('counter_rounds_used', `This offer takes ${roundsMax} counter-offers of both sides`, undefined, {
      ...facts(negotiation, side, now),
      roundsMax,
    })
  }
  const range = rangeOf(negotiation, askingMinor)
  if (range === null || amountMinor < range.leastMinor || amountMinor > range.mostMinor) {
    return outOfRange(range, currency)
  }
  const funded = side === 'buyer' ? fundingOf(standing, id, amountMinor, now) : undefined
  const countered: NegotiationEvent = {
    type: 'offer_countered',
    by: side,
    amountMinor,
    answerBy: hoursAfter(now, answerHours),
    ...(funded === undefined ? {} : { fundedUntil: funded }),
  }
  // A card that is not enough for the new amount stands for nothing.
  const isLost = side === 'buyer' && fundedUntil !== undefined && funded === undefined
  return ok(isLost ? [countered, { type: 'funding_ended' }] : [countered])
}

/** Whether the newest amount, after these events, is one that the holder accepts at once. */
export const isWithinBound = (amountMinor: number, { settings: { open, autoAcceptMinor } }: RulesNow): boolean =>
  open && autoAcceptMinor !== undefined && amountMinor >= autoAcceptMinor

/** What an acceptance places an order for. */
export type Agreed = { readonly amountMinor: number }

/**
 * A side takes the other's newest amount, which it names. Refused where the handle can be bought for less by now: nobody
 * pays more than what everybody is asked.
 */
export const decideAcceptance = (
  negotiation: Negotiation,
  side: Party,
  seen: Seen & { readonly amountMinor: number },
  askingMinor: number | null,
  now: string,
): Result<Agreed> => {
  const refusal = notNow(negotiation, side, seen, now, true)
  if (refusal !== null) return { ok: false, refusal }
  const { amountMinor } = liveAmount(negotiation)
  if (seen.amountMinor !== amountMinor) {
    return refuse(
      'offer_changed',
      `The newest amount is ${amountMinor} ${negotiation.currency} (minor units)`,
      'amount',
      {
        ...facts(negotiation, side, now),
      },
    )
  }
  if (askingMinor !== null && amountMinor > askingMinor) {
    const price = { amountMinor: askingMinor, currency: negotiation.currency }
    return refuse('price_changed', `${negotiation.handle} is listed at ${askingMinor} (minor units)`, 'amount', {
      price,
    })
  }
  return ok({ amountMinor })
}

/** The order is placed in the same commit. The card, if one was authorised, is let go: the buyer pays the order itself. */
export const acceptedEvents = (
  negotiation: Negotiation,
  accepted: Omit<Extract<NegotiationEvent, { type: 'offer_accepted' }>, 'type'>,
): readonly NegotiationEvent[] => [{ type: 'offer_accepted', ...accepted }, ...fundingEnded(negotiation)]

/** The same acceptance again. */
export const isAcceptedAs = (negotiation: Negotiation, side: Party, amountMinor: number): boolean =>
  (negotiation.status === 'accepted' || negotiation.status === 'sold') &&
  negotiation.agreedMinor === amountMinor &&
  liveAmount(negotiation).by !== side

/** The holder wants none of it, whoever's turn it is. Saying it again changes nothing. */
export const decideDecline = (negotiation: Negotiation, seen: Seen, now: string): NegotiationDecision => {
  if (negotiation.status === 'declined') return ok([])
  const refusal = notNow(negotiation, 'holder', seen, now, false)
  return refusal === null ? ok(declinedEvents(negotiation, 'holder')) : { ok: false, refusal }
}

/** By the system, or with a block: nothing where it is over. */
export const declinedEvents = (negotiation: Negotiation, reason: DeclineReason): readonly NegotiationEvent[] =>
  askedParty(negotiation) === null ? [] : [{ type: 'offer_declined', reason }, ...fundingEnded(negotiation)]

/** The buyer takes it back, whoever's turn it is. Saying it again changes nothing. */
export const decideWithdrawal = (negotiation: Negotiation, seen: Seen, now: string): NegotiationDecision => {
  if (negotiation.status === 'withdrawn') return ok([])
  const refusal = notNow(negotiation, 'buyer', seen, now, false)
  return refusal === null ? ok([{ type: 'offer_withdrawn' }, ...fundingEnded(negotiation)]) : { ok: false, refusal }
}

/** The clock: nobody answered in time. */
export const decideAnswerDue = (negotiation: Negotiation, now: string): NegotiationDecision => {
  const events = lapsed(negotiation, now)
  return events.length > 0
    ? ok(events)
    : refuse('not_due', `${negotiation.id} is ${negotiation.status}, due ${negotiation.answerBy}`)
}

/** An operator looks into it: once a negotiation. Again: nothing changes. */
export const decideReport = (
  negotiation: Negotiation,
  reason: ReportReason,
  caseId: string,
): readonly NegotiationEvent[] => (negotiation.caseId === undefined ? [{ type: 'offer_reported', reason, caseId }] : [])

/** Whether the handle is still its holder's, by the same holding. Where it is not, the negotiation is about nothing. */
export const isStillHeld = ({ holderId, holding }: Negotiation, handle: Handle): boolean =>
  isSameHolding(
    { accountId: holderId, orderId: holding },
    handle.holder === null ? null : { accountId: handle.holder.accountId, orderId: handle.holder.orderId },
  )

const lapsedOrders: ReadonlySet<string> = new Set(['expired', 'cancelled', 'refunding', 'refunded', 'charged_back'])

/** Orders that ended because their buyer did not pay. */
export const unpaidOrders: ReadonlySet<string> = new Set(['expired', 'cancelled'])

/** What became of the order of an accepted offer; nothing where it is under way, or another's. */
export const decideOfferOrderEnded = (
  negotiation: Negotiation,
  order: { readonly id: string; readonly status: string },
): readonly NegotiationEvent[] => {
  if (negotiation.status !== 'accepted' || negotiation.orderId !== order.id) return []
  if (order.status === 'settled') return [{ type: 'offer_sold' }]
  return lapsedOrders.has(order.status) ? [{ type: 'offer_lapsed', orderStatus: order.status }] : []
}
