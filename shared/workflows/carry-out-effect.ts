import type { EffectEventType } from '../domain/effects.ts'
import { refundWanted } from '../domain/order-refunds.ts'
import type { Authorisations } from '../gateways/authorisations.ts'
import type { Payments } from '../gateways/payments.ts'
import { log } from '../runtime/log.ts'
import { load } from '../store/aggregates.ts'
import { loadOrder } from '../store/orders.ts'
import { endAuthorisations } from './authorisations.ts'
import { clawBack } from './claw-back.ts'
import { type ChargebackEffectDeps, packEvidence, submitEvidence } from './chargebacks.ts'
import { declineAfter, declineOthers, endFunding } from './end-negotiations.ts'
import { type PayDeps, paySeller } from './pay-seller.ts'
import { letGoAuthorisation } from './standing.ts'
import { recordRefunds } from './told-order.ts'

export type EffectDeps = Omit<PayDeps, 'payments'> &
  ChargebackEffectDeps & {
    readonly payments: () => Promise<Payments>
    readonly authorisations: () => Promise<Authorisations>
    readonly publicUrl: string
  }

/**
 * Does outside what a committed event of the aggregate with this id wants, if it still wants it. May run more than once: the
 * provider's keys are derived from ids, and the result comes back as a decision of the aggregate.
 */
export const carryOutEffect = async (deps: EffectDeps, type: EffectEventType, id: string): Promise<void> => {
  switch (type) {
    case 'auction.auction_paid':
    case 'auction.auction_unsold':
      return letGoBidders(deps, id)
    case 'order.chargeback_opened':
      return packEvidence(deps, id)
    case 'chargeback.submission_wanted':
      return submitEvidence(deps, id)
    case 'negotiation.offer_accepted':
      return declineAfter(deps, id)
    case 'negotiation.funding_ended':
      return endFunding(deps, id)
    case 'standing.authorisation_end_wanted':
      return endAuthorisations(deps, id)
    case 'order.handover_completed':
      return endOffers(deps, id)
    case 'order.transfer_wanted':
      return paySeller(deps, id)
    case 'order.clawback_wanted':
      return clawBack(deps, id)
    default:
      return carryOutOrderEffect(deps, type, id)
  }
}

/** A user's handle is another account's now: what was offered to the seller for it is about nothing. */
const endOffers = async (deps: EffectDeps, orderId: string): Promise<void> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  const { sellerId: holderId, handle } = order.state
  if (holderId !== undefined) await declineOthers(deps, { holderId, handle }, 'handle_gone')
}

/** Of the bidders whom the auction still knows; the cards of those who were outbid by so many lapse by themselves. */
const letGoBidders = async (deps: EffectDeps, auctionId: string): Promise<void> => {
  const auction = await load(deps.store, 'auction', auctionId)
  if (auction === null) throw new Error(`there is no auction ${auctionId}`)
  for (const { bidderId } of auction.state.bidders) await letGoAuthorisation(deps, bidderId, auctionId)
}

type BuyerEffect = 'order.order_cancelled' | 'order.refund_wanted' | 'order.goodwill_wanted'

const carryOutOrderEffect = async (deps: EffectDeps, type: BuyerEffect, orderId: string): Promise<void> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`${type}: there is no order ${orderId}`)
  switch (type) {
    case 'order.order_cancelled':
      if (order.state.status === 'cancelled') {
        await (await deps.payments()).closeCheckout(order.state, deps.publicUrl, deps.now())
      }
      return
    case 'order.refund_wanted':
    case 'order.goodwill_wanted': {
      if (refundWanted(order.state) === null) return
      // A slow refund is completed by the provider's own event.
      const refunds = await (await deps.payments()).refund(order.state)
      const refused = await recordRefunds(deps, orderId, refunds)
      if (refused !== null) log('error', 'refund_not_recorded', { orderId, why: refused })
      return
    }
  }
}
