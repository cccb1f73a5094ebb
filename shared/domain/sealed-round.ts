import type { OfferEvent, PrivateOffer } from './private-offer.ts'
import { isOver } from './private-offer-machine.ts'
import { nextMail, notAllowed, type OfferDecision } from './private-offer-steps.ts'
import { ok } from './result.ts'

/**
 * Whose a sealed round is, once its end has passed for every offer of the handle: the offer that won, before or after its
 * award; null where nobody named an amount. The highest wins; of equal ones the earlier, and of those of one instant the one planned first,
 * so that the answer never depends on who asks. `undecided` while an offer is still open.
 */
export const roundWinner = (offers: readonly PrivateOffer[]): PrivateOffer | 'undecided' | null => {
  const awarded = offers.find(({ orderId }) => orderId !== undefined)
  if (awarded !== undefined) return awarded
  if (offers.some((offer) => !isOver(offer) && offer.status !== 'closed')) return 'undecided'
  const [winner] = offers
    .filter(({ status }) => status === 'closed')
    .toSorted((a, b) => {
      const amounts = (b.pledge?.amountMinor ?? 0) - (a.pledge?.amountMinor ?? 0)
      if (amounts !== 0) return amounts
      const [ka, kb] = [a, b].map(({ pledge, prospect }) => `${pledge?.at} ${prospect}`)
      return (ka ?? '') < (kb ?? '') ? -1 : 1
    })
  return winner ?? null
}

/** The round went to this offer: its order is placed in the same commit, and the prospect is told. */
export const decideRoundWon = (offer: PrivateOffer, orderId: string): OfferDecision => {
  const { accountId, pledge } = offer
  if (offer.status !== 'closed' || accountId === undefined || pledge === undefined) {
    return notAllowed(offer, 'offer_accepted')
  }
  return ok([{ type: 'offer_accepted', accountId, orderId, priceMinor: pledge.amountMinor }, nextMail(offer, 'won')])
}

/** The round went to another: the prospect is told. */
export const decideRoundLost = (offer: PrivateOffer): readonly OfferEvent[] =>
  offer.status === 'closed' ? [{ type: 'offer_outbid' }, nextMail(offer, 'outbid')] : []
