import type { OrderEvent, OrderStatus } from './order.ts'
import { fromEach, type Machine, noted } from './transitions.ts'

const system = ['system'] as const
const operator = ['operator'] as const
const buyer = ['buyer'] as const
/** Who keeps the registry of names: this system, or the platform. */
const registry = ['system', 'platform'] as const

/**
 * The life of an order and of the money held for it. The platform's own sale settles with its hand-over; a user's sale is
 * inspected first, and settles when the seller is paid.
 */
export const orderMachine: Machine<OrderStatus, OrderEvent['type']> = {
  name: 'order',
  states: {
    awaiting_payment: 'waiting',
    payment_processing: 'waiting',
    funded: 'waiting',
    handing_over: 'waiting',
    inspection: 'waiting',
    disputed: 'waiting',
    settling: 'waiting',
    settled: 'resting',
    expired: 'resting',
    cancelled: 'resting',
    refunding: 'waiting',
    refunded: 'resting',
    chargeback: 'waiting',
    charged_back: 'resting',
  },
  transitions: [
    { from: null, on: 'order_placed', to: 'awaiting_payment', by: ['buyer', 'seller', 'system'] },
    { from: 'awaiting_payment', on: 'payment_captured', to: 'funded', by: system },
    { from: 'awaiting_payment', on: 'payment_started', to: 'payment_processing', by: system },
    { from: 'awaiting_payment', on: 'order_cancelled', to: 'cancelled', by: ['buyer', 'operator'] },
    { from: 'awaiting_payment', on: 'order_expired', to: 'expired', by: system, after: 'paymentWindowMinutes' },
    { from: 'payment_processing', on: 'payment_captured', to: 'funded', by: system },
    { from: 'payment_processing', on: 'payment_failed', to: 'expired', by: system },
    { from: 'payment_processing', on: 'order_expired', to: 'expired', by: system, after: 'paymentProcessingDays' },
    { from: 'funded', on: 'handover_started', to: 'handing_over', by: system },
    { from: 'funded', on: 'refund_wanted', to: 'refunding', by: system, after: 'handOverHours' },
    { from: 'handing_over', on: 'order_settled', to: 'settled', by: registry },
    { from: 'handing_over', on: 'handover_completed', to: 'inspection', by: registry },
    { from: 'handing_over', on: 'handover_failed', to: 'refunding', by: ['platform'] },
    { from: 'handing_over', on: 'refund_wanted', to: 'refunding', by: system, after: 'handOverHours' },
    { from: 'inspection', on: 'inspection_accepted', to: 'settling', by: buyer },
    { from: 'inspection', on: 'dispute_opened', to: 'disputed', by: buyer },
    { from: 'inspection', on: 'inspection_ended', to: 'settling', by: system, after: 'inspectionDays' },
    { from: 'disputed', on: 'dispute_settled', to: 'settling', by: operator },
    { from: 'disputed', on: 'dispute_refunded', to: 'refunding', by: operator },
    { from: 'disputed', on: 'dispute_split', to: 'refunding', by: operator },
    { from: 'disputed', on: 'dispute_withdrawn', to: 'settling', by: buyer },
    { from: 'disputed', on: 'dispute_review_due', to: 'disputed', by: system, after: 'disputeReviewDays' },
    { from: 'settling', on: 'order_settled', to: 'settled', by: system },
    { from: 'settling', on: 'transfer_wanted', to: 'settling', by: system, after: 'payoutRetryHours' },
    { from: 'expired', on: 'payment_captured', to: 'refunding', by: system },
    { from: 'cancelled', on: 'payment_captured', to: 'refunding', by: system },
    { from: 'refunding', on: 'refund_completed', to: 'refunded', by: system },
    { from: 'refunding', on: 'part_refund_completed', to: 'settling', by: system },
    { from: 'refunding', on: 'refund_wanted', to: 'refunding', by: system, after: 'refundRetryHours' },
    { from: 'settled', on: 'refund_completed', to: 'refunded', by: system },
    { from: 'settled', on: 'clawback_completed', to: 'settling', by: system },
    { from: 'chargeback', on: 'chargeback_won', to: 'settled', by: system },
    { from: 'chargeback', on: 'chargeback_won_unpaid', to: 'settling', by: system },
    { from: 'chargeback', on: 'chargeback_won_refund_due', to: 'refunding', by: system },
    { from: 'chargeback', on: 'chargeback_lost', to: 'charged_back', by: system },
    {
      from: 'chargeback',
      on: 'chargeback_review_due',
      to: 'chargeback',
      by: system,
      after: 'chargebackReviewDays',
    },
    // Wherever the payment stands, the payer's bank may take it back.
    ...fromEach(
      ['handing_over', 'inspection', 'disputed', 'settling', 'refunding', 'settled'],
      'chargeback_opened',
      'chargeback',
      system,
    ),
    ...fromEach(['inspection', 'disputed', 'settling'], 'sale_undone', 'refunding', system),
    ...noted('settling', system, 'transfer_blocked'),
    ...noted('settled', operator, 'goodwill_proposed', 'goodwill_rejected', 'goodwill_wanted'),
    ...(['handing_over', 'inspection', 'disputed', 'settling', 'refunding', 'settled'] as const).flatMap((status) =>
      noted(status, system, 'goodwill_refunded'),
    ),
    ...(['chargeback', 'refunded'] as const).flatMap((status) =>
      noted(status, system, 'transfer_found', 'clawback_wanted', 'clawback_completed', 'clawback_failed'),
    ),
    ...noted('charged_back', system, 'clawback_completed', 'clawback_failed'),
    ...(['awaiting_payment', 'payment_processing', 'funded', 'handing_over'] as const).flatMap((status) =>
      noted(status, ['seller'], 'replacement_chosen'),
    ),
  ],
}
