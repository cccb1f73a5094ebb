import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { bankDays } from '../fees.ts'
import { formatAmount } from '../money.ts'
import { mergeMetadata } from '../metadata.ts'
import type { Aftermath } from '../payment-methods.ts'
import { idOf } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidRequest, StripeError } from '../stripe-error.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import { changeCharge } from './charges.ts'

/** What a charge remembers for later and the API does not show. */
export interface ChargeSecrets {
  aftermath?: Aftermath
}

export interface RefundOrder {
  charge: Stripe.Charge
  /** Minor units; the rest of the charge when it is not given. */
  amount?: number
  reason?: Stripe.Refund.Reason
  metadata?: Record<string, string>
}

const refundMinutes = 10

/**
 * Refunds a charge in full or in part, never beyond what is left of it. Card refunds succeed at once, refunds to a bank
 * account stand `pending` for days; test cards change that. Throws Stripe's 400 where the charge cannot be refunded.
 */
export const createRefund = (core: Core, order: RefundOrder): Stripe.Refund => {
  const { charge } = order
  const left = charge.amount_captured - charge.amount_refunded
  if (charge.status !== 'succeeded')
    throw invalidRequest(`Charge ${charge.id} is not refundable: it has a status of ${charge.status}.`, {
      code: 'charge_not_refundable',
    })
  if (charge.disputed && !isRefundable(core, charge))
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    })
  if (left === 0)
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  const amount = order.amount ?? left
  if (amount < 1)
    throw new StripeError(400, {
      type: 'invalid_request_error',
      code: 'parameter_invalid_integer',
      message: 'Invalid positive integer',
      param: 'amount',
    })
  if (amount > left)
    throw invalidRequest(
      `Refund amount (${formatAmount(amount, charge.currency)}) is greater than unrefunded amount on charge (${formatAmount(left, charge.currency)})`,
      { param: 'amount' },
    )
  return makeRefund(core, order, amount)
}

/** An inquiry took nothing, and what was won is the merchant's again. */
const isRefundable = (core: Core, charge: Stripe.Charge): boolean => {
  const dispute = core.state.list('dispute', { fields: { charge: charge.id } }, { limit: 1 })?.data[0]
  return dispute !== undefined && (dispute.is_charge_refundable || dispute.status === 'won')
}

const makeRefund = (core: Core, { charge, reason, metadata }: RefundOrder, amount: number): Stripe.Refund => {
  const card = charge.payment_method_details?.type === 'card'
  const aftermath = core.state.findHidden<ChargeSecrets>('charge', charge.id)?.aftermath
  const id = core.newId(card ? 're' : 'pyr')
  const booked = bookBalanceChange(core, {
    type: card ? 'refund' : 'payment_refund',
    reportingCategory: 'refund',
    amount: -amount,
    fee: 0,
    currency: charge.currency,
    source: id,
    description: card ? 'REFUND FOR CHARGE' : 'REFUND FOR PAYMENT',
    method: card ? 'card' : 'bank',
  })
  const refund: Stripe.Refund = {
    id,
    object: 'refund',
    amount,
    balance_transaction: booked.id,
    charge: charge.id,
    created: core.seconds(),
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: card
      ? {
          card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
          type: 'card',
        }
      : { type: charge.payment_method_details?.type ?? 'us_bank_transfer' },
    metadata: metadata ?? {},
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: card && aftermath !== 'refund_pending' ? 'succeeded' : 'pending',
    transfer_reversal: null,
    ...((!card || aftermath === 'refund_pending') && { pending_reason: 'processing' as const }),
  }
  core.state.insert('refund', refund)
  if (!card) core.at(core.seconds() + bankDays * 86_400, 'refund_succeeds', id)
  else if (aftermath === 'refund_pending') core.at(core.seconds() + refundMinutes * 60, 'refund_succeeds', id)
  else if (aftermath === 'refund_fails') core.at(core.seconds() + refundMinutes * 60, 'refund_fails', id)
  const refunded = charge.amount_refunded + amount
  const changed = changeCharge(core, charge, {
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  })
  core.emit('charge.refunded', changed, {
    amount_refunded: charge.amount_refunded,
    ...(changed.refunded !== charge.refunded && { refunded: charge.refunded }),
  })
  core.emit('refund.created', refund)
  return refund
}

/** A pending refund arrives at the buyer's bank. Returns it unchanged when it is no longer pending. */
export const succeedRefund = (core: Core, refund: Stripe.Refund): Stripe.Refund => {
  if (refund.status !== 'pending') return refund
  const { pending_reason: pendingReason, ...rest } = refund
  const changed: Stripe.Refund = { ...rest, status: 'succeeded' }
  core.state.update('refund', changed)
  emitUpdated(core, changed, { status: 'pending', pending_reason: pendingReason })
  return changed
}

/** The buyer's bank sends the money back: the charge is less refunded, the balance has the amount again. */
export const failRefund = (core: Core, refund: Stripe.Refund): Stripe.Refund => {
  if (refund.status !== 'pending' && refund.status !== 'succeeded') return refund
  const charge = required(core, 'charge', idOf(refund.charge) ?? '')
  const booked = bookBalanceChange(core, {
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    amount: refund.amount,
    fee: 0,
    currency: refund.currency,
    source: refund.id,
    description: 'REFUND FAILURE',
    method: 'bank',
  })
  const { pending_reason: _, ...rest } = refund
  const changed: Stripe.Refund = {
    ...rest,
    status: 'failed',
    failure_balance_transaction: booked.id,
    failure_reason: 'expired_or_canceled_card',
  }
  core.state.update('refund', changed)
  changeCharge(core, charge, { amount_refunded: charge.amount_refunded - refund.amount, refunded: false })
  core.emit('refund.failed', changed)
  emitUpdated(core, changed, { status: refund.status })
  return changed
}

/** Stripe tells each change of a refund under two names. */
const emitUpdated = (core: Core, refund: Stripe.Refund, previous: object): void => {
  core.emit('refund.updated', refund, previous)
  core.emit('charge.refund.updated', refund, previous)
}

const create = ({ core, parameters }: Call): Stripe.Refund => {
  const { charge, payment_intent: intent, reason } = parameters as Record<string, string | undefined>
  const { amount, metadata } = parameters as { amount?: number; metadata?: Record<string, string> }
  if (!charge && !intent)
    throw new StripeError(400, {
      type: 'invalid_request_error',
      code: 'parameter_missing',
      message: 'One of the following params should be provided for this request: payment_intent or charge.',
    })
  if (charge && intent)
    throw new StripeError(400, {
      type: 'invalid_request_error',
      message: 'You may only specify one of these parameters: payment_intent, charge.',
    })
  return createRefund(core, {
    charge: charge ? required(core, 'charge', charge, 'charge', 404) : chargeOf(core, intent ?? ''),
    ...(amount !== undefined && { amount }),
    ...(reason && { reason: reason as Stripe.Refund.Reason }),
    metadata: mergeMetadata(null, metadata),
  })
}

const chargeOf = (core: Core, intentId: string): Stripe.Charge => {
  const intent = required(core, 'payment_intent', intentId, 'payment_intent', 404)
  const charge = intent.status === 'succeeded' && core.state.find('charge', idOf(intent.latest_charge) ?? '')
  if (charge) return charge
  throw invalidRequest(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`, {
    param: 'payment_intent',
  })
}

const retrieve = ({ core, id }: Call): Stripe.Refund => required(core, 'refund', id, 'refund')

const list = ({ core, parameters }: Call): object => {
  const { charge, payment_intent } = parameters as Record<string, string | undefined>
  return listPage(core, 'refund', '/v1/refunds', parameters, { charge, payment_intent })
}

const update = ({ core, id, parameters }: Call): Stripe.Refund => {
  const refund = required(core, 'refund', id, 'refund')
  const changed: Stripe.Refund = { ...refund, metadata: mergeMetadata(refund.metadata, parameters['metadata']) }
  core.state.update('refund', changed)
  core.emit('refund.updated', changed, { metadata: refund.metadata })
  return changed
}

export const refundRoutes: readonly Route[] = [
  {
    operationId: 'PostRefunds',
    method: 'POST',
    path: '/v1/refunds',
    serves: ['amount', 'charge', 'metadata', 'payment_intent', 'reason'],
    run: create,
  },
  {
    operationId: 'GetRefunds',
    method: 'GET',
    path: '/v1/refunds',
    serves: ['charge', 'created', 'payment_intent'],
    run: list,
  },
  { operationId: 'GetRefundsRefund', method: 'GET', path: '/v1/refunds/{}', serves: [], run: retrieve },
  { operationId: 'PostRefundsRefund', method: 'POST', path: '/v1/refunds/{}', serves: ['metadata'], run: update },
]
