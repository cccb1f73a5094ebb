import { systemActor } from '../domain/actors.ts'
import { offerMail } from '../domain/offer-mail.ts'
import { offerToken } from '../domain/offer-link.ts'
import { decideMailFailed, decideMailSent, isMailWanted } from '../domain/private-offer-mail.ts'
import { addressHash } from '../domain/prospect.ts'
import { ok } from '../domain/result.ts'
import { type Mail, unsubscribeHeaders } from '../gateways/mail.ts'
import { load } from '../store/aggregates.ts'
import { loadProspect, suppressedAmong } from '../store/campaigns.ts'
import { moveOffer } from './offer-acts.ts'
import type { LinkDeps } from './offer-links.ts'

export type OfferMailDeps = LinkDeps & {
  readonly mail: Mail
  /** Base URL of the API, for the links. */
  readonly publicUrl: string
}

export type OfferMailOutcome = 'sent' | 'failed' | 'not_wanted'

/**
 * Sends one mail of an offer, if it is still the newest that is wanted and the address takes mail; its result is committed
 * after it. A message that comes again after that finds the result and sends nothing; one that comes again before it,
 * because the worker died in between, sends its mail once more.
 * @throws MailUnavailable where the mail service does not answer: the message comes again
 */
export const sendOfferMail = async (deps: OfferMailDeps, id: string, number: number): Promise<OfferMailOutcome> => {
  const loaded = await load(deps.store, 'private_offer', id)
  if (loaded === null || !isMailWanted(loaded.state, number)) return 'not_wanted'
  const offer = loaded.state
  const about = offer.mail?.about ?? 'offer'
  const [campaign, prospect, suppressed] = await Promise.all([
    load(deps.store, 'campaign', offer.campaignId),
    loadProspect(deps.store, offer.campaignId, offer.prospect),
    suppressedAmong(deps.store, [offer.addressHash]),
  ])
  if (campaign === null) throw new Error(`${id} is of ${offer.campaignId}, which does not exist`)
  const failed = (reason: string) =>
    moveOffer(deps, id, systemActor, (state) => ok(decideMailFailed(state, { number, reason })))
  if (prospect === null || suppressed.has(offer.addressHash)) {
    await failed(prospect === null ? 'no_address' : 'unsubscribed')
    return 'failed'
  }
  const offerUrl = `${deps.publicUrl}/offers/${offerToken(id, deps.offerSecret)}`
  const unsubscribeUrl = `${offerUrl}/unsubscribe`
  const sent = await deps.mail.send({
    to: prospect.email,
    ...offerMail(about, offer, prospect, campaign.state.template, { offerUrl, unsubscribeUrl }),
    headers: unsubscribeHeaders(unsubscribeUrl),
    tags: offerTags(id, number),
  })
  if (sent.kind === 'refused') {
    await failed(sent.reason)
    return 'failed'
  }
  const { messageId } = sent
  const result = { number, messageId, addressHash: addressHash(prospect.email) }
  await moveOffer(deps, id, systemActor, (state) => ok(decideMailSent(state, result)))
  return 'sent'
}

/** What a mail is tagged with: events about it name the offer by these, and no address. */
const offerTags = (id: string, number: number): Record<string, string> => ({ offer: id, mail: String(number) })

/** Reads the tags back from an event about the mail; null where it was none of an offer. */
export const readOfferTags = (
  tags: Readonly<Record<string, readonly string[]>>,
): { readonly id: string; readonly number: number } | null => {
  const [id = ''] = tags['offer'] ?? []
  const [number = ''] = tags['mail'] ?? []
  return /^pof_[0-9A-HJKMNP-TV-Z]{26}$/.test(id) && /^\d{1,4}$/.test(number) ? { id, number: Number(number) } : null
}
