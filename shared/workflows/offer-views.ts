import type * as z from 'zod'
import type { campaignCountsSchema, campaignSchema, offerViewSchema, privateOfferSchema } from '../contract/campaign.ts'
import { type Campaign, prospectCount } from '../domain/campaign.ts'
import type { PrivateOffer } from '../domain/private-offer.ts'
import { isOver } from '../domain/private-offer-machine.ts'
import type { Prospect } from '../domain/prospect.ts'
import type { Terms } from '../domain/terms.ts'

type Counts = z.infer<typeof campaignCountsSchema>

/** What became of a campaign's offers. An offer counts in every column that it has been in. */
export const countOffers = (offers: readonly PrivateOffer[]): Counts => {
  const among = (fits: (offer: PrivateOffer) => boolean): number => offers.filter(fits).length
  const inStatus = (...statuses: PrivateOffer['status'][]) => among(({ status }) => statuses.includes(status))
  return {
    planned: inStatus('planned'),
    sent: among(({ sentAt }) => sentAt !== undefined),
    undelivered: among(({ mail }) => mail?.result === 'failed'),
    complaints: among(({ complainedAt }) => complainedAt !== undefined),
    opened: among(({ openedAt }) => openedAt !== undefined),
    termsAsked: among(({ termsAskedAt }) => termsAskedAt !== undefined),
    countered: among(({ counters }) => counters > 0),
    awaitingOperator: inStatus('countered'),
    pledged: among(({ pledge }) => pledge !== undefined),
    accepted: among(({ orderId }) => orderId !== undefined),
    sold: inStatus('sold'),
    lapsed: inStatus('lapsed'),
    outbid: inStatus('outbid'),
    declined: inStatus('declined'),
    unsubscribed: among(({ status, reason }) => status === 'declined' && reason === 'unsubscribed'),
    expired: inStatus('expired'),
    withdrawn: inStatus('withdrawn'),
  }
}

export const viewCampaign = (campaign: Campaign, counts: Counts | null): z.input<typeof campaignSchema> => {
  const { id, status, name, mode, handles, price, priceReason, template, operatorId, createdAt, currency } = campaign
  const { exclusivityHours, counterRoundsMax, paymentHours } = campaign
  return {
    id,
    status,
    name,
    mode,
    handles: 'list' in handles ? { list: [...handles.list] } : handles,
    price,
    ...(priceReason === undefined ? {} : { priceReason }),
    exclusivityHours,
    counterRoundsMax,
    paymentHours,
    template,
    operatorId,
    createdAt,
    startedAt: campaign.startedAt ?? null,
    closedAt: campaign.closedAt ?? null,
    closeReason: campaign.closeReason ?? null,
    prospects: prospectCount(campaign),
    rejected: campaign.uploads.reduce((sum, { rejected }) => sum + rejected, 0),
    offered: campaign.offered.map(({ handle, display, priceMinor }) => ({
      handle,
      display,
      price: { amountMinor: priceMinor, currency },
    })),
    counts,
  }
}

/** As an operator sees it. Amounts of a sealed round stay closed until its end, for operators too. */
export const viewPrivateOffer = (
  offer: PrivateOffer,
  prospect: Prospect | null,
): z.input<typeof privateOfferSchema> => {
  const { currency } = offer
  const money = (amountMinor: number) => ({ amountMinor, currency })
  return {
    id: offer.id,
    campaignId: offer.campaignId,
    handle: offer.handle,
    status: offer.status,
    prospect: prospect === null ? null : { name: prospect.name, organisation: prospect.organisation },
    addressHash: offer.addressHash,
    asked: money(offer.askedMinor),
    counter: offer.counterMinor === undefined ? null : money(offer.counterMinor),
    counters: offer.counters,
    counterRoundsMax: offer.counterRoundsMax,
    pledge: offer.pledge === undefined || offer.status === 'pledged' ? null : money(offer.pledge.amountMinor),
    until: offer.until ?? null,
    sentAt: offer.sentAt ?? null,
    openedAt: offer.openedAt ?? null,
    termsAskedAt: offer.termsAskedAt ?? null,
    complainedAt: offer.complainedAt ?? null,
    mail:
      offer.mail === undefined
        ? null
        : { about: offer.mail.about, result: offer.mail.result, reason: offer.mail.reason ?? null },
    reason: offer.reason ?? null,
    orderId: offer.orderId ?? null,
    updatedAt: offer.updatedAt,
  }
}

/** What an acceptance means, in sentences. */
export const termsWords = (offer: PrivateOffer): string[] => [
  offer.mode === 'exclusive'
    ? 'Until the offer ends, the handle is offered to you alone.'
    : 'The handle is offered to several at once. Amounts stay closed until the end; the highest wins, the earlier of equal ones.',
  offer.mode === 'exclusive'
    ? `You may make ${offer.counterRoundsMax} counter-offers, each above your last one and at most what is asked. The newest price binds.`
    : 'You may raise your amount until the end, and not lower it or take it back.',
  `From the acceptance you have ${offer.paymentHours} hours to pay; the handle is on hold for you meanwhile.`,
  'The money is held by the platform and the handle is handed over the moment the payment is confirmed.',
]

/** As its prospect sees it: nothing of the person, of other prospects, or of the campaign. */
export const viewOfferForProspect = (offer: PrivateOffer, terms: Terms): z.input<typeof offerViewSchema> => {
  const money = (amountMinor: number) => ({ amountMinor, currency: offer.currency })
  return {
    handle: offer.handle,
    display: offer.display,
    status: offer.status,
    mode: offer.mode,
    price: money(offer.agreedMinor ?? offer.askedMinor),
    until: offer.until ?? offer.updatedAt,
    counter: offer.counterMinor === undefined ? null : money(offer.counterMinor),
    countersLeft: isOver(offer) ? 0 : offer.counterRoundsMax - offer.counters,
    counterRoundsMax: offer.counterRoundsMax,
    pledge: offer.pledge === undefined ? null : money(offer.pledge.amountMinor),
    terms: { paymentHours: offer.paymentHours, version: terms.version, words: termsWords(offer) },
  }
}
