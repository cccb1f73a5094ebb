import type * as z from 'zod'
import type { offerSchema, offerSettingsSchema } from '../contract/offers.ts'
import {
  aliasOf,
  isFunded,
  liveAmount,
  type Negotiation,
  otherParty,
  type Party,
  roundsUsed,
} from '../domain/negotiation.ts'
import { coolingEnd, possibleActs, rangeOf, triesEnd } from '../domain/negotiation-acts.ts'
import { askedParty } from '../domain/negotiation-machine.ts'
import type { RulesNow } from '../domain/offer-rules.ts'
import { viewQuote } from './trading-views.ts'

type OfferView = z.input<typeof offerSchema>

/** An offer as one of its sides sees it. Of the other side's account nothing is told before the acceptance. */
export const viewNegotiation = (negotiation: Negotiation, side: Party, now: string): OfferView => {
  const { id, currency, status, orderId } = negotiation
  const money = (amountMinor: number) => ({ amountMinor, currency })
  const live = liveAmount(negotiation)
  const used = roundsUsed(negotiation)
  const possible = possibleActs(negotiation, side, now)
  const range = possible.includes('counter') ? rangeOf(negotiation, null) : null
  const role = otherParty(side)
  return {
    id,
    handle: negotiation.handle,
    display: negotiation.display,
    side: side === 'buyer' ? 'made' : 'received',
    status,
    version: negotiation.version,
    amount: money(live.amountMinor),
    amountBy: live.by,
    amounts: negotiation.amounts.map(({ by, amountMinor, at }) => ({ by, amount: money(amountMinor), at })),
    counterpart: {
      role,
      alias: aliasOf(id, role),
      accountId: orderId === undefined ? null : role === 'buyer' ? negotiation.proposerId : negotiation.holderId,
    },
    funded: askedParty(negotiation) !== null && isFunded(negotiation),
    rounds: { max: negotiation.roundsMax, used, left: negotiation.roundsMax - used },
    answerHours: negotiation.answerHours,
    counter: range === null ? null : { least: money(range.leastMinor), most: money(range.mostMinor) },
    possible,
    quote: viewQuote(negotiation.agreedMinor ?? live.amountMinor),
    reason: reasonFor(negotiation),
    eligibleFrom: side === 'buyer' ? eligibleFrom(negotiation, now) : null,
    orderId: orderId ?? null,
    reported: side === 'holder' && negotiation.caseId !== undefined,
    madeAt: negotiation.madeAt,
    updatedAt: negotiation.updatedAt,
    next: nextOf(negotiation, now),
  }
}

/** A buyer hears no more than that the holder declined, be it by a floor or for good. */
const reasonFor = ({ status, reason }: Negotiation): OfferView['reason'] => {
  if (status !== 'declined' || reason === undefined) return null
  return reason === 'another_accepted' || reason === 'handle_gone' ? reason : 'holder'
}

/** Where a buyer has to wait before another offer: after the holder declined, and where the tries are used. */
const eligibleFrom = (negotiation: Negotiation, now: string): string | null => {
  const cooled = coolingEnd(negotiation) ?? now
  const tried = triesEnd(negotiation, now) ?? now
  const until = cooled > tried ? cooled : tried
  return until > now ? until : null
}

const nextOf = (negotiation: Negotiation, now: string): OfferView['next'] => {
  const asked = askedParty(negotiation)
  if (asked !== null) {
    // Past its time the clock has the next word.
    return negotiation.answerBy > now
      ? { actor: asked, action: 'offer_answered', by: negotiation.answerBy }
      : { actor: 'system', action: 'offer_expired', by: negotiation.answerBy }
  }
  if (negotiation.status !== 'accepted') return null
  // The order tells what comes after the payment.
  const { payBy } = negotiation
  return payBy !== undefined && payBy > now
    ? { actor: 'buyer', action: 'pay', by: payBy }
    : { actor: 'system', action: 'offer_sold', by: null }
}

/** What the holder set, or what holds where nothing is set. */
export const viewSettings = (
  handle: string,
  { settings, isDefault, blocked, belowFloor }: RulesNow,
): z.input<typeof offerSettingsSchema> => {
  const money = (amountMinor: number | undefined) =>
    amountMinor === undefined ? null : { amountMinor, currency: 'USD' as const }
  return {
    handle,
    offers: settings.open ? 'on' : 'off',
    isDefault,
    floor: money(settings.floorMinor),
    autoAccept: money(settings.autoAcceptMinor),
    from: settings.from,
    roundsMax: settings.roundsMax,
    answerHours: settings.answerHours,
    blocked: blocked.map((offerId) => ({ offerId, alias: aliasOf(offerId, 'buyer') })),
    belowFloor,
  }
}
