import type { MailEventMessage } from '../contract/messages.ts'
import { systemActor } from '../domain/actors.ts'
import { decideComplaint, decideMailFailed } from '../domain/private-offer-mail.ts'
import { ok } from '../domain/result.ts'
import { load } from '../store/aggregates.ts'
import { suppressAddress, type SuppressionCause } from '../store/campaigns.ts'
import { instant } from './committing.ts'
import { moveOffer } from './offer-acts.ts'
import type { OfferDeps } from './offer-turns.ts'

/**
 * What SES tells of an offer's mail. A bounce shows on the offer and, where the first mail never arrived, ends it; one that
 * is permanent, and a complaint, put the address among those that no campaign writes to again. Telling it again changes
 * nothing.
 */
export const applyOfferMailEvent = async (
  deps: OfferDeps,
  { id, number }: { readonly id: string; readonly number: number },
  { type, bounceType, bounceSubType }: MailEventMessage,
): Promise<'offer_mail_failed' | 'complaint' | 'not_an_offer'> => {
  const offer = await load(deps.store, 'private_offer', id)
  if (offer === null) return 'not_an_offer'
  const { addressHash } = offer.state
  const suppress = (cause: SuppressionCause) =>
    suppressAddress(deps.store, { addressHash, cause, offerId: id, at: instant(deps.now()) })
  if (type === 'Email Complaint Received') {
    await suppress('complaint')
    await moveOffer(deps, id, systemActor, (state) => ok(decideComplaint(state, number)))
    return 'complaint'
  }
  const reason = type === 'Email Rejected' ? 'rejected' : `bounced: ${bounceType ?? '?'}, ${bounceSubType ?? '?'}`
  if (bounceType === 'Permanent') await suppress('bounced')
  await moveOffer(deps, id, systemActor, (state) => ok(decideMailFailed(state, { number, reason })))
  return 'offer_mail_failed'
}
