import type { OfferEvent, PrivateOffer } from './private-offer.ts'
import { mayStep } from './private-offer-steps.ts'

// What mail of a private offer comes to.

/** Whether this mail is still to be sent: it is the newest, and no result is known. */
export const isMailWanted = ({ mail }: PrivateOffer, number: number): boolean =>
  mail?.number === number && mail.result === 'wanted'

/** The mail service took a mail. */
export const decideMailSent = (
  offer: PrivateOffer,
  mail: { readonly number: number; readonly messageId: string; readonly addressHash: string },
): readonly OfferEvent[] => (isMailWanted(offer, mail.number) ? [{ type: 'mail_sent', ...mail }] : [])

/**
 * A mail did not reach the prospect: refused at once, or it came back. An offer whose first mail never arrived is taken
 * back, so that nobody waits for a window that no one can use.
 */
export const decideMailFailed = (
  offer: PrivateOffer,
  { number, reason }: { readonly number: number; readonly reason: string },
): readonly OfferEvent[] => {
  if (offer.mail?.number !== number || offer.mail.result === 'failed') return []
  const unseen = number === 1 && (offer.status === 'offered' || offer.status === 'opened')
  return [
    { type: 'mail_failed', number, reason },
    ...(unseen ? ([{ type: 'offer_withdrawn', reason: 'undeliverable' }] as const) : []),
  ]
}

/** The prospect called the mail unwelcome: noted, and no offer is pressed on somebody who does not want it. */
export const decideComplaint = (offer: PrivateOffer, number: number): readonly OfferEvent[] => {
  if (offer.complainedAt !== undefined) return []
  const withdrawn =
    mayStep(offer, 'offer_withdrawn', 'system') && offer.status !== 'pledged' && offer.status !== 'closed'
  return [
    { type: 'mail_complained', number },
    ...(withdrawn ? ([{ type: 'offer_withdrawn', reason: 'complaint' }] as const) : []),
  ]
}
