import { formatMoney } from '../contract/money.ts'
import { minute } from './minute.ts'
import { liveAmount, type Negotiation, type NegotiationEvent, type Party } from './negotiation.ts'
import { mailTo, type PartyMail, type Words } from './party-mail.ts'

// What the two sides of an offer are written. Neither learns who the other is.

/** Events of an offer that somebody is written about, whom, and what; null: nobody, as things are. */
const written = {
  offer_made: (offer) =>
    offer.status !== 'awaiting_holder'
      ? null
      : {
          to: 'holder',
          subject: `Somebody offers ${amount(offer)} for ${at(offer)}`,
          text: `Somebody offers ${amount(offer)} for your handle ${at(offer)}. Accept, name another amount or decline in your account by ${minute(offer.answerBy)}; if you do nothing the offer ends then. You can set a floor, or take no offers at all.`,
        },
  offer_countered: (offer) =>
    offer.status !== 'awaiting_holder' && offer.status !== 'awaiting_buyer'
      ? null
      : {
          to: liveAmount(offer).by === 'buyer' ? 'holder' : 'buyer',
          subject: `${at(offer)}: now ${amount(offer)}`,
          text: `The other side names ${amount(offer)} for ${at(offer)}. Answer in your account by ${minute(offer.answerBy)}; the amount before is void.`,
        },
  offer_accepted: (offer) => ({
    to: 'buyer',
    subject: `Agreed: ${at(offer)} for ${amount(offer)}`,
    text: `${at(offer)} is on hold for you at ${amount(offer)}. Pay in your account by ${minute(offer.payBy ?? offer.answerBy)}; your money is held until you have the handle and have looked at it.`,
  }),
  offer_declined: (offer) =>
    offer.reason === 'below_floor' // It was told at once.
      ? null
      : {
          to: 'buyer',
          subject: `Your offer for ${at(offer)} was declined`,
          text: `Your offer of ${amount(offer)} for ${at(offer)} was declined. You owe nothing.`,
        },
  offer_withdrawn: (offer) => ({
    to: 'holder',
    subject: `An offer for ${at(offer)} was withdrawn`,
    text: `The offer of ${amount(offer)} for ${at(offer)} was taken back.`,
  }),
  offer_expired: (offer) => ({
    to: liveAmount(offer).by,
    subject: `${at(offer)}: not answered in time`,
    text: `Nobody answered your ${amount(offer)} for ${at(offer)} in time. The offer has ended, and nobody owes anything.`,
  }),
} as const satisfies Partial<
  Record<NegotiationEvent['type'], (offer: Negotiation) => (Words & { readonly to: Party }) | null>
>

/** Events of offers of which somebody is written. */
export const offerMailTypes: readonly string[] = Object.keys(written).map((type) => `negotiation.${type}`)

/** What is written of this event of an offer, as the offer stands after it. */
export const offerMailOf = (eventType: string, offer: Negotiation): PartyMail | null => {
  if (!Object.hasOwn(written, eventType)) return null
  const said = written[eventType as keyof typeof written](offer)
  return said === null ? null : mailTo(said.to === 'buyer' ? 'buyer' : 'seller', said)
}

const at = ({ display }: Negotiation): string => `@${display}`
const amount = (offer: Negotiation): string =>
  formatMoney({ amountMinor: offer.agreedMinor ?? liveAmount(offer).amountMinor, currency: offer.currency })
