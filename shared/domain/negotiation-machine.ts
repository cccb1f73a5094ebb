import type { Negotiation, NegotiationStatus, NegotiationStep, Party } from './negotiation.ts'
import type { Machine, Transition } from './transitions.ts'

type Row = Transition<NegotiationStatus, NegotiationStep['type']>

/** What both open states have in common: the side that waits cannot accept or counter, yet it can end it. */
const open = (from: 'awaiting_holder' | 'awaiting_buyer', asked: Party, then: NegotiationStatus): Row[] => [
  { from, on: 'offer_accepted', to: 'accepted', by: asked === 'holder' ? ['holder', 'system'] : ['buyer'] },
  { from, on: 'offer_countered', to: then, by: [asked] },
  { from, on: 'offer_declined', to: 'declined', by: ['holder', 'system'] },
  { from, on: 'offer_withdrawn', to: 'withdrawn', by: ['buyer'] },
  { from, on: 'offer_expired', to: 'expired', by: ['system'], after: 'answerWindow' },
]

const newMachine = (): Machine<NegotiationStatus, NegotiationStep['type']> => ({
  name: 'negotiation',
  states: {
    awaiting_holder: 'waiting',
    awaiting_buyer: 'waiting',
    accepted: 'waiting',
    sold: 'resting',
    lapsed: 'resting',
    declined: 'resting',
    withdrawn: 'resting',
    expired: 'resting',
  },
  transitions: [
    { from: null, on: 'offer_made', to: 'awaiting_holder', by: ['buyer'] },
    ...open('awaiting_holder', 'holder', 'awaiting_buyer'),
    ...open('awaiting_buyer', 'buyer', 'awaiting_holder'),
    { from: 'accepted', on: 'offer_sold', to: 'sold', by: ['system'] },
    { from: 'accepted', on: 'offer_lapsed', to: 'lapsed', by: ['system'], after: 'orderDeadline' },
    ...(['sold', 'lapsed', 'declined', 'withdrawn', 'expired'] as const).map((from): Row => ({
      from,
      on: 'offer_made',
      to: 'awaiting_holder',
      by: ['buyer'],
    })),
  ],
})

/**
 * The life of what a buyer and a holder have going about one handle. A new offer after its end opens it again. Pure, so that
 * a bundle which only writes offers' items does not hold it.
 */
export const negotiationMachine = /* @__PURE__ */ newMachine()

/** Whose answer is waited for; null: nobody's. */
export const askedParty = ({ status }: Pick<Negotiation, 'status'>): Party | null =>
  status === 'awaiting_holder' ? 'holder' : status === 'awaiting_buyer' ? 'buyer' : null

/** When the clock looks at it: at the end of the time to answer; an accepted one waits for its order. */
export const negotiationDueAt = (negotiation: Negotiation): string | null =>
  askedParty(negotiation) === null ? null : negotiation.answerBy
