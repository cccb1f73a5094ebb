import type { OfferEvent, OfferMail, OfferStep, PrivateOffer } from './private-offer.ts'
import { offerMachine } from './private-offer-machine.ts'
import { assertBorn, rowOf } from './transitions.ts'

/** Folds one event, which happened at `at`, into the offer; an illegal one is an impossible state and throws. */
export const evolveOffer = (id: string, offer: PrivateOffer | null, event: OfferEvent, at: string): PrivateOffer => {
  if (event.type === 'offer_planned') {
    if (offer !== null) throw new Error(`${id} was planned twice`)
    const { type: _, ...plan } = event
    const { priceMinor: askedMinor } = plan
    return { id, ...plan, status: 'planned', plannedAt: at, updatedAt: at, askedMinor, asked: [], counters: 0 }
  }
  assertBorn(id, offer, event)
  switch (event.type) {
    case 'terms_asked':
      return { ...offer, updatedAt: at, termsAskedAt: at }
    case 'mail_wanted':
      return { ...offer, updatedAt: at, mail: { number: event.number, about: event.about, result: 'wanted' } }
    case 'mail_sent':
      return {
        ...offer,
        updatedAt: at,
        ...(event.number === 1 ? { sentAt: at } : {}),
        mail: mailAfter(offer, event.number, { result: 'sent' }),
      }
    case 'mail_failed':
      return {
        ...offer,
        updatedAt: at,
        mail: mailAfter(offer, event.number, { result: 'failed', reason: event.reason }),
      }
    case 'mail_complained':
      return { ...offer, updatedAt: at, complainedAt: at }
    default:
      return step(id, offer, event, at)
  }
}

const step = (
  id: string,
  offer: PrivateOffer,
  event: Exclude<OfferStep, { type: 'offer_planned' }>,
  at: string,
): PrivateOffer => {
  const row = rowOf(offerMachine, id, offer, event)
  const moved = { ...offer, status: row.to, updatedAt: at }
  switch (event.type) {
    case 'offer_made': {
      const { priceMinor, until } = event
      const { priceReason: reason } = offer
      const asked = [{ priceMinor, at, ...(reason === undefined ? {} : { reason }) }]
      return { ...moved, until, askedMinor: priceMinor, asked }
    }
    case 'offer_opened':
      return { ...moved, openedAt: at }
    case 'offer_countered':
      return { ...moved, counterMinor: event.amountMinor, counters: offer.counters + 1 }
    case 'counter_answered': {
      const { priceMinor, until, reason } = event
      const asked =
        priceMinor === offer.askedMinor
          ? offer.asked
          : [...offer.asked, { priceMinor, at, ...(reason === undefined ? {} : { reason }) }]
      return { ...moved, until, askedMinor: priceMinor, asked }
    }
    case 'offer_pledged':
      return { ...moved, accountId: event.accountId, pledge: { amountMinor: event.amountMinor, at } }
    case 'offer_accepted':
      return { ...moved, accountId: event.accountId, orderId: event.orderId, agreedMinor: event.priceMinor }
    case 'offer_declined':
    case 'offer_withdrawn':
      return { ...moved, reason: event.reason }
    case 'round_closed':
    case 'offer_outbid':
    case 'offer_sold':
    case 'offer_lapsed':
    case 'offer_expired':
      return moved
  }
}

const mailAfter = (
  { mail }: PrivateOffer,
  number: number,
  result: Pick<OfferMail, 'result' | 'reason'>,
): OfferMail | undefined => (mail?.number === number ? { ...mail, ...result } : mail)
