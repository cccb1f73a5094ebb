import { formatMoney } from '../contract/money.ts'
import { fillTemplate, type MailFacts, type OfferMailText, type Template } from './campaign-template.ts'
import { minute } from './minute.ts'
import type { MailSubject, PrivateOffer } from './private-offer.ts'
import type { Prospect } from './prospect.ts'

/** Where the links of one prospect's mails lead. */
export type OfferLinks = { readonly offerUrl: string; readonly unsubscribeUrl: string }

/** What an operator's answer, or the end of an offer, says. The first mail's words are the campaign's own. */
const followUps: Readonly<Record<Exclude<MailSubject, 'offer'>, Template>> = {
  answer: {
    subject: 'Your counter-offer for {handle}: now {price}',
    text: 'Dear {name},\n\nyour counter-offer for {handle} was answered. The price that binds now is {price}, until {until}:\n\n{link}',
  },
  won: {
    subject: '{handle} is yours to pay for',
    text: 'Dear {name},\n\nyour amount of {price} for {handle} was the highest. The order stands in your account; sign in to pay for it in time.',
  },
  outbid: {
    subject: '{handle} went to another',
    text: 'Dear {name},\n\nthe round for {handle} has ended, and a higher or an earlier amount won. You owe nothing.',
  },
  withdrawn: {
    subject: 'The offer of {handle} has ended',
    text: 'Dear {name},\n\nthe offer of {handle} was taken back and can no longer be accepted. You owe nothing.',
  },
}

/** One mail to one prospect. Follow-ups are in English; the language of the first mail is the operator's choice. */
export const offerMail = (
  about: MailSubject,
  offer: PrivateOffer,
  prospect: Prospect,
  template: Template,
  { offerUrl, unsubscribeUrl }: OfferLinks,
): OfferMailText => {
  const facts: MailFacts = {
    name: prospect.name,
    organisation: prospect.organisation,
    handle: `@${offer.display}`,
    price: formatMoney({ amountMinor: offer.agreedMinor ?? offer.askedMinor, currency: offer.currency }),
    until: offer.until === undefined ? '' : minute(offer.until),
    link: offerUrl,
    unsubscribe: unsubscribeUrl,
  }
  return fillTemplate(about === 'offer' ? template : followUps[about], facts)
}
