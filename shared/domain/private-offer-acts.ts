import { checkoutMaxMinor } from '../contract/money.ts'
import type { CounterAnswer, OfferEvent, OfferPlan, PrivateOffer, WithdrawalReason } from './private-offer.ts'
import { answerableStatuses } from './private-offer-machine.ts'
import { mayStep, nextMail, notAllowed, type OfferDecision } from './private-offer-steps.ts'
import { ok, refuse, type Refusal } from './result.ts'

// Decisions of one private offer. What its handle makes of it is decided beside them, and committed with them.

const hourMs = 3_600_000

export const hoursAfter = (at: string, hours: number): string => new Date(Date.parse(at) + hours * hourMs).toISOString()

/** An operator's answer leaves the prospect this long at least, however late in the window it comes. */
export const answerHoursMin = 24

/** Every link that cannot be used says the same, whoever asks: not whose it was, nor what became of it. */
export const linkInvalid = refuse('offer_link_invalid', 'The link is not one of ours, or not for you', 'token')
const linkUsed = refuse('offer_link_used', 'The link has done its work', 'token')
const linkExpired = refuse('offer_link_expired', 'The offer has ended', 'token')

/** Beyond everything that an offer can still come to, before its binding of the handle ends by itself. */
const bindingSlackHours = 24

/**
 * When an offer's binding of its handle ends by itself: after the last answer, the last acceptance and the payment of that.
 * The clock lets go of the handle long before; this holds where its work has failed.
 */
export const bindingUntil = (
  {
    exclusivityHours,
    counterRoundsMax,
    paymentHours,
  }: Pick<OfferPlan, 'exclusivityHours' | 'counterRoundsMax' | 'paymentHours'>,
  from: string,
): string => hoursAfter(from, exclusivityHours + counterRoundsMax * answerHoursMin + paymentHours + bindingSlackHours)

export const decidePlan = (plan: OfferPlan): readonly OfferEvent[] => [{ type: 'offer_planned', ...plan }]

/** Its turn has come: the prospect is written to, and the window begins. `until` is the round's end in a sealed round. */
export const decideMake = (offer: PrivateOffer, now: string, until?: string): OfferDecision =>
  offer.status === 'planned'
    ? ok([
        {
          type: 'offer_made',
          priceMinor: offer.priceMinor,
          until: until ?? hoursAfter(now, offer.exclusivityHours),
        },
        nextMail(offer, 'offer'),
      ])
    : notAllowed(offer, 'offer_made')

/**
 * Whether a prospect's link can be used now. `accountId` is that of a caller who signed in: an offer that another account
 * has accepted answers as a wrong link does.
 */
export const linkRefusal = (
  offer: PrivateOffer,
  now: string,
  accountId: string | null = null,
): { readonly ok: false; readonly refusal: Refusal } | null => {
  if (accountId !== null && offer.accountId !== undefined && offer.accountId !== accountId) return linkInvalid
  if (answerableStatuses.has(offer.status)) return offer.until !== undefined && now < offer.until ? null : linkExpired
  switch (offer.status) {
    case 'planned': // Nobody was sent a link yet.
      return linkInvalid
    case 'expired':
    case 'withdrawn':
      return linkExpired
    default:
      return linkUsed
  }
}

/** The link was opened, by the prospect or by a scanner of their mail: the two cannot be told apart. Noted once. */
export const decideOpened = (offer: PrivateOffer, now: string): OfferDecision => {
  const refused = linkRefusal(offer, now)
  if (refused !== null) return refused
  return ok(offer.status === 'offered' ? [{ type: 'offer_opened' }] : [])
}

export const decideTermsAsked = (offer: PrivateOffer, now: string): OfferDecision => {
  const refused = linkRefusal(offer, now)
  if (refused !== null) return refused
  return ok(offer.termsAskedAt === undefined ? [{ type: 'terms_asked' }] : [])
}

/**
 * The prospect names another price: at most what is asked, more than the last time, and as often as the offer said from the
 * start. The price that is asked stands meanwhile.
 */
export const decideCounter = (offer: PrivateOffer, amountMinor: number, now: string): OfferDecision => {
  const refused = linkRefusal(offer, now)
  if (refused !== null) return refused
  if (offer.mode === 'sealed') {
    return notAllowed(offer, 'offer_countered', 'In a sealed round you name your amount by accepting')
  }
  // The same again: the answer got lost on its way.
  if (offer.status === 'countered' && offer.counterMinor === amountMinor) return ok([])
  if (offer.counters >= offer.counterRoundsMax) {
    return refuse('counter_rounds_used', `This offer takes ${offer.counterRoundsMax} counter-offers`, undefined, {
      counterRoundsMax: offer.counterRoundsMax,
    })
  }
  if (!mayStep(offer, 'offer_countered', 'prospect')) {
    return notAllowed(offer, 'offer_countered', 'Your last counter-offer has not been answered yet')
  }
  const least = (offer.counterMinor ?? 0) + 1
  if (amountMinor > offer.askedMinor || amountMinor < least) {
    return refuse(
      'counter_out_of_range',
      `A counter-offer is from ${least} to ${offer.askedMinor} ${offer.currency} (minor units)`,
      'amount',
      { leastMinor: least, mostMinor: offer.askedMinor },
    )
  }
  return ok([{ type: 'offer_countered', amountMinor }])
}

export type OperatorAnswer = {
  readonly answer: CounterAnswer
  /** Of a new price. */
  readonly priceMinor?: number | undefined
  readonly reason?: string | undefined
}

/**
 * The operator answers a counter-offer: takes it, names a price between it and the one that was asked, or leaves the price
 * as it is. The newest price binds; the prospect still accepts it by signing in. Every prospect of a handle is asked one
 * price, so another one needs a reason, which is kept in the log of prices.
 */
export const decideAnswer = (
  offer: PrivateOffer,
  { answer, priceMinor, reason }: OperatorAnswer,
  now: string,
): OfferDecision => {
  const { counterMinor, until } = offer
  if (counterMinor === undefined || until === undefined || !mayStep(offer, 'counter_answered', 'operator')) {
    return notAllowed(offer, 'counter_answered')
  }
  if (until <= now) return refuse('transition_not_allowed', 'The offer has expired', undefined, { until })
  const price = answer === 'accepted' ? counterMinor : answer === 'refused' ? offer.askedMinor : priceMinor
  if (price === undefined) return refuse('validation_failed', 'A new price is an amount', 'price')
  if (answer === 'new_price' && (price <= counterMinor || price >= offer.askedMinor)) {
    return refuse(
      'counter_out_of_range',
      `A new price lies between the counter-offer of ${counterMinor} and the ${offer.askedMinor} asked (minor units)`,
      'price',
      { aboveMinor: counterMinor, belowMinor: offer.askedMinor },
    )
  }
  if (price !== offer.priceMinor && reason === undefined) {
    return refuse('price_reason_missing', 'Another price than other prospects are asked needs a reason', 'reason')
  }
  const earliest = hoursAfter(now, answerHoursMin)
  return ok([
    {
      type: 'counter_answered',
      answer,
      priceMinor: price,
      until: until > earliest ? until : earliest,
      ...(reason === undefined ? {} : { reason }),
    },
    nextMail(offer, 'answer'),
  ])
}

/**
 * The prospect, signed in, takes the price that is asked; the order is placed in the same commit. The first account binds
 * the offer. Saying it again is no new decision: see `linkRefusal`.
 */
export const decideAccept = (
  offer: PrivateOffer,
  accountId: string,
  priceMinor: number,
  orderId: string,
  now: string,
): OfferDecision => {
  const refused = linkRefusal(offer, now, accountId)
  if (refused !== null) return refused
  if (offer.mode === 'sealed') return decidePledge(offer, accountId, priceMinor)
  if (priceMinor !== offer.askedMinor) {
    return refuse('price_changed', `The price is ${offer.askedMinor} ${offer.currency} (minor units)`, 'price', {
      price: { amountMinor: offer.askedMinor, currency: offer.currency },
    })
  }
  if (!mayStep(offer, 'offer_accepted', 'buyer')) return notAllowed(offer, 'offer_accepted')
  return ok([{ type: 'offer_accepted', accountId, orderId, priceMinor }])
}

/** In a sealed round: an amount that its account stands for until the end. It may rise and never falls. */
const decidePledge = (offer: PrivateOffer, accountId: string, amountMinor: number): OfferDecision => {
  const { pledge } = offer
  if (pledge?.amountMinor === amountMinor) return ok([])
  const least = pledge === undefined ? offer.askedMinor : pledge.amountMinor + 1
  if (amountMinor < least || amountMinor > checkoutMaxMinor) {
    return refuse('counter_out_of_range', `Name ${least} ${offer.currency} or more (minor units)`, 'price', {
      leastMinor: least,
    })
  }
  if (!mayStep(offer, 'offer_pledged', 'buyer')) return notAllowed(offer, 'offer_pledged')
  return ok([{ type: 'offer_pledged', accountId, amountMinor }])
}

/** The prospect does not want it. Saying it again changes nothing; an amount pledged in a sealed round stands. */
export const decideDecline = (offer: PrivateOffer, now: string): OfferDecision => {
  if (offer.status === 'declined') return ok([])
  const refused = linkRefusal(offer, now)
  if (refused !== null) return refused
  return mayStep(offer, 'offer_declined', 'prospect')
    ? ok([{ type: 'offer_declined', reason: 'prospect' }])
    : notAllowed(offer, 'offer_declined', 'The amount that you named stands until the round ends')
}

/** No more mail to this address: an offer that could only be answered by mail ends with it; what was agreed stays. */
export const decideUnsubscribe = (offer: PrivateOffer): readonly OfferEvent[] =>
  mayStep(offer, 'offer_declined', 'prospect') ? [{ type: 'offer_declined', reason: 'unsubscribed' }] : []

/** Takes an offer back. One that was told to its prospect is said to be over by mail, except where mail is not welcome. */
export const decideWithdraw = (
  offer: PrivateOffer,
  by: 'operator' | 'system',
  reason: WithdrawalReason,
  words?: string,
): OfferDecision => {
  if (offer.status === 'withdrawn') return ok([])
  if (!mayStep(offer, 'offer_withdrawn', by)) return notAllowed(offer, 'offer_withdrawn')
  const told = offer.sentAt !== undefined && (reason === 'operator' || reason === 'campaign_closed')
  return ok([
    { type: 'offer_withdrawn', reason, ...(words === undefined ? {} : { words }) },
    ...(told ? [nextMail(offer, 'withdrawn')] : []),
  ])
}

/** The clock: the window is over. In a sealed round an amount that was named is closed in, to be compared. */
export const decideWindowEnd = (offer: PrivateOffer, now: string): OfferDecision => {
  const { until, status } = offer
  if (until === undefined || until > now || !answerableStatuses.has(status)) {
    return refuse('not_due', `${offer.id} is ${status}, due ${until ?? 'never'}`)
  }
  return ok([{ type: status === 'pledged' ? 'round_closed' : 'offer_expired' }])
}

/** What became of the order of an accepted offer; nothing to change where it is still under way. */
export const decideOrderEnded = (offer: PrivateOffer, orderStatus: string): readonly OfferEvent[] => {
  if (offer.status !== 'accepted') return []
  if (orderStatus === 'settled') return [{ type: 'offer_sold' }]
  return lapsedOrders.has(orderStatus) ? [{ type: 'offer_lapsed', orderStatus }] : []
}

const lapsedOrders: ReadonlySet<string> = new Set(['expired', 'cancelled', 'refunding', 'refunded', 'charged_back'])
