import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import { changeCharge } from './charges.ts'

// What a transfer is on the other side: a payment that the connected account received, and its refund.

export interface ReceivedPayment {
  /** The transfer's id. */
  transfer: string
  amount: number
  currency: string
  /** Seconds. */
  availableOn: number
}

/** Books a transfer into a connected account and returns its payment there (`py_…`). */
export const receivePayment = (core: Core, accountId: string, received: ReceivedPayment): Stripe.Charge =>
  core.within(accountId, () => {
    const id = core.newId('py')
    const { amount, currency } = received
    const booked = bookBalanceChange(core, {
      type: 'payment',
      reportingCategory: 'charge',
      amount,
      fee: 0,
      currency,
      source: id,
      description: null,
      method: 'bank',
      availableOn: received.availableOn,
    })
    const payment: Stripe.Charge = {
      id,
      object: 'charge',
      amount,
      amount_captured: amount,
      amount_refunded: 0,
      application: null,
      application_fee: null,
      application_fee_amount: null,
      balance_transaction: booked.id,
      billing_details: {
        address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
        email: null,
        name: null,
        phone: null,
        tax_id: null,
      },
      calculated_statement_descriptor: null,
      captured: true,
      created: core.seconds(),
      currency,
      customer: null,
      description: null,
      disputed: false,
      failure_balance_transaction: null,
      failure_code: null,
      failure_message: null,
      fraud_details: {},
      livemode: false,
      metadata: {},
      on_behalf_of: null,
      outcome: null,
      paid: true,
      payment_intent: null,
      payment_method: null,
      payment_method_details: { stripe_account: {}, type: 'stripe_account' },
      receipt_email: null,
      receipt_number: null,
      receipt_url: `${core.publicUrl}/receipts/${id}`,
      refunded: false,
      review: null,
      shipping: null,
      source: null,
      source_transfer: received.transfer,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'succeeded',
      transfer_data: null,
      transfer_group: null,
    }
    core.state.insert('charge', payment, undefined, accountId)
    return payment
  })

/** Takes a part of a received payment back out of the connected account: the other side of a reversal. */
export const refundPayment = (
  core: Core,
  accountId: string,
  payment: Stripe.Charge,
  reversal: { id: string; amount: number },
): Stripe.Refund =>
  core.within(accountId, () => {
    const id = core.newId('pyr')
    const booked = bookBalanceChange(core, {
      type: 'payment_refund',
      reportingCategory: 'refund',
      amount: -reversal.amount,
      fee: 0,
      currency: payment.currency,
      source: id,
      description: 'REFUND FOR PAYMENT',
      method: 'bank',
    })
    const refund: Stripe.Refund = {
      id,
      object: 'refund',
      amount: reversal.amount,
      balance_transaction: booked.id,
      charge: payment.id,
      created: core.seconds(),
      currency: payment.currency,
      customer: null,
      customer_account: null,
      destination_details: { type: 'stripe_account' },
      metadata: {},
      payment_intent: null,
      payment_method: null,
      reason: null,
      receipt_number: null,
      source_transfer_reversal: reversal.id,
      status: 'succeeded',
      transfer_reversal: null,
    }
    core.state.insert('refund', refund, undefined, accountId)
    const refunded = payment.amount_refunded + reversal.amount
    changeCharge(core, payment, { amount_refunded: refunded, refunded: refunded === payment.amount })
    return refund
  })
