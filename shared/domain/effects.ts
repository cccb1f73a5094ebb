/**
 * The events that want something done outside, and what. The event bus rule selects these detail types, the worker
 * `carry-out-effects` has one branch for each, and nothing is done outside before the commit that holds the event.
 */
export const effects = {
  'order.refund_wanted': 'give the money back through the payment provider',
  'order.goodwill_wanted': 'give a part of the money of a settled sale back through the payment provider',
  'order.transfer_wanted': 'pay the seller of a handle through the payment provider',
  'order.clawback_wanted': "take a seller's payment back after a chargeback",
  'order.chargeback_opened': 'make the evidence pack and put it beside the chargeback at the payment provider',
  'chargeback.submission_wanted': 'let the bank see the evidence of a chargeback',
  'order.handover_completed': 'decline the offers that are open for a handle which its holder has no more',
  'order.order_cancelled': "close the payment provider's checkout so that nobody pays for a cancelled order",
  'auction.auction_paid': 'let the cards go that bidders had authorised for this auction alone',
  'auction.auction_unsold': 'let the cards go that bidders had authorised for this auction alone',
  'negotiation.offer_accepted': 'decline the other offers for the handle',
  'negotiation.funding_ended': 'let the card go that was authorised for an offer',
  'standing.authorisation_end_wanted': 'let a card go that was authorised and is not needed any more',
} as const

/** What the platform tells the holder of an account; whoever it is listens on the bus. */
export const toldEventTypes: readonly string[] = [
  'standing.takeover_suspected',
  'standing.strike_recorded',
  'standing.account_suspended',
  'seller.payout_account_replaced',
]

/** The platform is to hand a handle over, where the event says `by: platform`; its rule and its worker are of their own. */
export const handOverEventType = 'order.handover_started'

/** Asks for a notice to the holder of a dormant handle; its rule and its worker are those of the notices. */
export const noticeEventType = 'handle.notice_wanted'

/** An order has come to an end: a sale whose winner's order it is goes on from there. */
export const orderEndTypes = [
  'order.order_settled',
  'order.order_cancelled',
  'order.order_expired',
  'order.payment_failed',
  'order.refund_completed',
] as const

/**
 * What private offers want done: a campaign's offers planned, or taken back, and mails to prospects. Their rule and their
 * worker are those of the queue `private-offers`.
 */
export const offerEventTypes = [
  'campaign.campaign_started',
  'campaign.campaign_closed',
  'private_offer.mail_wanted',
] as const

/** What the two sides of an offer for a held handle are told of. */
export const negotiationEventTypes: readonly string[] = [
  'negotiation.offer_made',
  'negotiation.offer_countered',
  'negotiation.offer_accepted',
  'negotiation.offer_declined',
  'negotiation.offer_withdrawn',
  'negotiation.offer_expired',
  'negotiation.offer_sold',
  'negotiation.offer_lapsed',
]

export type EffectEventType = keyof typeof effects
export const effectEventTypes = Object.keys(effects) as EffectEventType[]
