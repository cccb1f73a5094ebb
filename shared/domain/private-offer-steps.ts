import type { ActorKind } from './actors.ts'
import type { MailSubject, OfferEvent, OfferStep, PrivateOffer } from './private-offer.ts'
import { offerMachine } from './private-offer-machine.ts'
import { refuse, type Refusal, type Result } from './result.ts'
import { findTransition, possibleEvents } from './transitions.ts'

// What the decisions of a private offer have in common.

export type OfferDecision = Result<readonly OfferEvent[]>

export const notAllowed = (
  offer: PrivateOffer,
  on: OfferEvent['type'],
  words?: string,
): { ok: false; refusal: Refusal } =>
  refuse('transition_not_allowed', words ?? `${on} is not possible while the offer is ${offer.status}`, undefined, {
    status: offer.status,
    possible: possibleEvents(offerMachine, offer.status),
  })

/** Whether the table lets this actor raise the event now. */
export const mayStep = (offer: PrivateOffer, on: OfferStep['type'], by: ActorKind): boolean =>
  findTransition(offerMachine, offer.status, on)?.by.includes(by) === true

/** Asks for a mail; one that is older and still wanted is not sent any more. */
export const nextMail = (offer: PrivateOffer, about: MailSubject): OfferEvent => ({
  type: 'mail_wanted',
  number: (offer.mail?.number ?? 0) + 1,
  about,
})
