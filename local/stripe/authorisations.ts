import type Stripe from 'stripe'
import type { Core } from './core.ts'
import { idOf } from './resource-types.ts'
import { changeCharge } from './resources/charges.ts'

/** A card authorisation that is not captured lapses after so long (Stripe: most cards, online, 7 days). */
export const authorisationSeconds = 7 * 86_400

/**
 * Lets go of an authorised payment that was not captured: by the caller's wish, or (`automatic`) since its time is over.
 * Nothing was taken, so nothing is booked; the charge says that all of it went back.
 */
export const endAuthorisation = (
  core: Core,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent => {
  const charge = core.state.find('charge', idOf(intent.latest_charge) ?? '')
  if (charge === undefined) throw new Error(`${intent.id} waits for capture without a charge`)
  const returned = changeCharge(core, charge, { refunded: true, amount_refunded: charge.amount })
  const cancelled: Stripe.PaymentIntent = {
    ...intent,
    status: 'canceled',
    amount_capturable: 0,
    canceled_at: core.seconds(),
    cancellation_reason: reason,
  }
  core.state.update('payment_intent', cancelled)
  core.state.removeTimer({ at: lapseOf(charge) * 1000, task: 'lapse_authorisation', id: intent.id })
  core.emit(reason === 'automatic' ? 'charge.expired' : 'charge.refunded', returned)
  core.emit('payment_intent.canceled', cancelled)
  return cancelled
}

/** When an authorised charge lapses, in seconds since 1970. */
export const lapseOf = (charge: Stripe.Charge): number => charge.created + authorisationSeconds
