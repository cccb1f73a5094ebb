import type { OfferStatus, OfferStep, PrivateOffer } from './private-offer.ts'
import type { Machine } from './transitions.ts'

/** The life of a private offer. Mails and the like are noted in any state and move nothing, so they are not in it. */
export const offerMachine: Machine<OfferStatus, OfferStep['type']> = {
  name: 'private offer',
  states: {
    planned: 'resting',
    offered: 'waiting',
    opened: 'waiting',
    countered: 'waiting',
    answered: 'waiting',
    pledged: 'waiting',
    closed: 'waiting',
    accepted: 'waiting',
    sold: 'final',
    lapsed: 'final',
    outbid: 'final',
    declined: 'final',
    expired: 'final',
    withdrawn: 'final',
  },
  transitions: [
    { from: null, on: 'offer_planned', to: 'planned', by: ['system'] },
    { from: 'planned', on: 'offer_made', to: 'offered', by: ['system', 'prospect', 'operator'] },
    { from: 'planned', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'planned', on: 'offer_declined', to: 'declined', by: ['prospect'] },

    { from: 'offered', on: 'offer_opened', to: 'opened', by: ['prospect'] },
    { from: 'offered', on: 'offer_countered', to: 'countered', by: ['prospect'] },
    { from: 'offered', on: 'offer_accepted', to: 'accepted', by: ['buyer'] },
    { from: 'offered', on: 'offer_pledged', to: 'pledged', by: ['buyer'] },
    { from: 'offered', on: 'offer_declined', to: 'declined', by: ['prospect'] },
    { from: 'offered', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'offered', on: 'offer_expired', to: 'expired', by: ['system'], after: 'offerWindow' },

    { from: 'opened', on: 'offer_countered', to: 'countered', by: ['prospect'] },
    { from: 'opened', on: 'offer_accepted', to: 'accepted', by: ['buyer'] },
    { from: 'opened', on: 'offer_pledged', to: 'pledged', by: ['buyer'] },
    { from: 'opened', on: 'offer_declined', to: 'declined', by: ['prospect'] },
    { from: 'opened', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'opened', on: 'offer_expired', to: 'expired', by: ['system'], after: 'offerWindow' },

    { from: 'countered', on: 'counter_answered', to: 'answered', by: ['operator'] },
    { from: 'countered', on: 'offer_accepted', to: 'accepted', by: ['buyer'] },
    { from: 'countered', on: 'offer_declined', to: 'declined', by: ['prospect'] },
    { from: 'countered', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'countered', on: 'offer_expired', to: 'expired', by: ['system'], after: 'offerWindow' },

    { from: 'answered', on: 'offer_countered', to: 'countered', by: ['prospect'] },
    { from: 'answered', on: 'offer_accepted', to: 'accepted', by: ['buyer'] },
    { from: 'answered', on: 'offer_declined', to: 'declined', by: ['prospect'] },
    { from: 'answered', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'answered', on: 'offer_expired', to: 'expired', by: ['system'], after: 'offerWindow' },

    { from: 'pledged', on: 'offer_pledged', to: 'pledged', by: ['buyer'] },
    { from: 'pledged', on: 'offer_withdrawn', to: 'withdrawn', by: ['operator', 'system'] },
    { from: 'pledged', on: 'round_closed', to: 'closed', by: ['system'], after: 'offerWindow' },

    { from: 'closed', on: 'offer_accepted', to: 'accepted', by: ['system'] },
    { from: 'closed', on: 'offer_withdrawn', to: 'withdrawn', by: ['system'] },
    { from: 'closed', on: 'offer_outbid', to: 'outbid', by: ['system'], after: 'offerWindow' },

    { from: 'accepted', on: 'offer_sold', to: 'sold', by: ['system'] },
    { from: 'accepted', on: 'offer_lapsed', to: 'lapsed', by: ['system'], after: 'orderDeadline' },
  ],
}

/** States in which the prospect can still answer. */
export const answerableStatuses: ReadonlySet<OfferStatus> = new Set([
  'offered',
  'opened',
  'countered',
  'answered',
  'pledged',
])

/** States in which nothing follows. */
export const isOver = ({ status }: PrivateOffer): boolean => offerMachine.states[status] === 'final'

/** When the clock looks at it: at the end of its window; an accepted one waits for its order. */
export const offerDueAt = ({ status, until }: PrivateOffer): string | null =>
  until !== undefined && (answerableStatuses.has(status) || status === 'closed') ? until : null

/** The one aggregate that alone may sell the handle meanwhile: the offer, or the campaign whose sealed round it is. */
export const saleIdOf = ({ mode, id, campaignId }: Pick<PrivateOffer, 'mode' | 'id' | 'campaignId'>): string =>
  mode === 'exclusive' ? id : campaignId
