import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { disputeFee } from '../fees.ts'
import { mergeMetadata } from '../metadata.ts'
import { idOf } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidRequest } from '../stripe-error.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import { changeCharge } from './charges.ts'

export interface DisputeOrder {
  charge: Stripe.Charge
  /** Stripe's reason, for example `fraudulent` or `product_not_received`. */
  reason: string
  /** Minor units; what is left of the charge when it is not given. */
  amount?: number
  /** An inquiry (`warning_needs_response`): no money moves yet, and the charge may still be refunded. */
  inquiry?: boolean
}

const responseDays = 9
const networkReasonCodes: Readonly<Record<string, string>> = {
  fraudulent: '10.4',
  product_not_received: '13.1',
  duplicate: '12.6',
}
const files = [
  'cancellation_policy',
  'customer_communication',
  'customer_signature',
  'duplicate_charge_documentation',
  'receipt',
  'refund_policy',
  'service_documentation',
  'shipping_documentation',
  'uncategorized_file',
] as const
const texts = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_tracking_number',
  'uncategorized_text',
] as const

/** The buyer's bank takes the money back (or, as an inquiry, asks first). Throws Stripe-like 400s where it cannot be. */
export const createDispute = (core: Core, order: DisputeOrder): Stripe.Dispute => {
  const { charge } = order
  const left = charge.amount_captured - charge.amount_refunded
  const amount = order.amount ?? left
  if (charge.status !== 'succeeded') throw invalidRequest(`Charge ${charge.id} has not succeeded: nothing to dispute.`)
  if (charge.disputed) throw invalidRequest(`Charge ${charge.id} is disputed already.`)
  if (amount < 1 || amount > left)
    throw invalidRequest('The disputed amount must be within what is left of the charge.', { param: 'amount' })
  const inquiry = order.inquiry ?? false
  const id = core.newId('du')
  const card = charge.payment_method_details?.type === 'card'
  const dispute: Stripe.Dispute = {
    id,
    object: 'dispute',
    amount,
    balance_transactions: inquiry ? [] : [withdraw(core, id, amount, charge.currency)],
    charge: charge.id,
    created: core.seconds(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {
      ...(Object.fromEntries([...files, ...texts].map((name) => [name, null])) as Record<
        (typeof files | typeof texts)[number],
        null
      >),
      enhanced_evidence: {},
    },
    evidence_details: {
      due_by: endOfDay(core.seconds() + responseDays * 86_400),
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    payment_intent: idOf(charge.payment_intent),
    ...(card && {
      payment_method_details: {
        card: {
          brand: charge.payment_method_details?.card?.brand ?? 'visa',
          case_type: inquiry ? ('inquiry' as const) : ('chargeback' as const),
          network: charge.payment_method_details?.card?.network ?? 'visa',
          network_reason_code: networkReasonCodes[order.reason] ?? null,
        },
        type: 'card' as const,
      },
    }),
    reason: order.reason,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  }
  core.state.insert('dispute', dispute)
  changeCharge(core, charge, { disputed: true })
  core.at(dispute.evidence_details.due_by ?? 0, 'dispute_due', id)
  core.emit('charge.dispute.created', dispute)
  if (!inquiry) core.emit('charge.dispute.funds_withdrawn', dispute)
  return dispute
}

const withdraw = (core: Core, source: string, amount: number, currency: string): Stripe.BalanceTransaction =>
  bookBalanceChange(core, {
    type: 'adjustment',
    reportingCategory: 'dispute',
    amount: -amount,
    fee: disputeFee,
    currency,
    source,
    description: 'Chargeback withdrawal',
    method: 'card',
  })

const endOfDay = (seconds: number): number => seconds - (seconds % 86_400) + 86_399

const isOpen = (dispute: Stripe.Dispute): boolean =>
  ['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review'].includes(dispute.status)

/**
 * The card network decides. Won: the amount returns (the dispute fee does not). An inquiry that is won is
 * `warning_closed`; one that is lost becomes a chargeback, which is then lost. Throws 400 when it is decided already.
 */
export const decideDispute = (core: Core, dispute: Stripe.Dispute, outcome: 'won' | 'lost'): Stripe.Dispute => {
  if (!isOpen(dispute)) throw invalidRequest('This dispute is already closed')
  const inquiry = dispute.status.startsWith('warning_')
  const changed: Stripe.Dispute = {
    ...dispute,
    status: outcome === 'lost' ? 'lost' : inquiry ? 'warning_closed' : 'won',
    is_charge_refundable: outcome === 'won' && inquiry,
    evidence_details: { ...dispute.evidence_details },
  }
  const charge = core.state.find('charge', idOf(dispute.charge) ?? '')
  if (outcome === 'lost' && inquiry)
    changed.balance_transactions = [withdraw(core, dispute.id, dispute.amount, dispute.currency)]
  if (outcome === 'won' && inquiry && charge) changeCharge(core, charge, { disputed: false })
  if (outcome === 'won' && !inquiry)
    changed.balance_transactions = [
      ...dispute.balance_transactions,
      bookBalanceChange(core, {
        type: 'adjustment',
        reportingCategory: 'dispute_reversal',
        amount: dispute.amount,
        fee: 0,
        currency: dispute.currency,
        source: dispute.id,
        description: 'Chargeback reversal',
        method: 'bank',
      }),
    ]
  core.state.update('dispute', changed)
  core.emit('charge.dispute.updated', changed, { status: dispute.status })
  if (changed.status === 'won') core.emit('charge.dispute.funds_reinstated', changed)
  core.emit('charge.dispute.closed', changed)
  return changed
}

/** Nobody answered in time: the buyer has won. */
export const disputePastDue = (core: Core, dispute: Stripe.Dispute): void => {
  if (!dispute.status.endsWith('needs_response')) return
  const late = { ...dispute, evidence_details: { ...dispute.evidence_details, past_due: true } }
  decideDispute(core, late, dispute.status.startsWith('warning_') ? 'won' : 'lost')
}

/**
 * Evidence is staged, or submitted with `submit` (the default), which alone submits what was staged before. As in Stripe's test mode, the text `winning_evidence` or
 * `losing_evidence` in `uncategorized_text` decides the dispute at once.
 */
const update = ({ core, id, parameters }: Call): Stripe.Dispute => {
  const dispute = required(core, 'dispute', id, 'dispute')
  const evidence = parameters['evidence'] as Record<string, string> | undefined
  const shows = evidence !== undefined || (parameters['submit'] === true && dispute.evidence_details.has_evidence)
  if (shows && !dispute.status.endsWith('needs_response'))
    throw invalidRequest('You can no longer submit evidence for this dispute.')
  const submitted = shows && parameters['submit'] !== false
  const changed: Stripe.Dispute = {
    ...dispute,
    metadata: mergeMetadata(dispute.metadata, parameters['metadata']),
    evidence: {
      ...dispute.evidence,
      ...Object.fromEntries(Object.entries(evidence ?? {}).map(([name, text]) => [name, text === '' ? null : text])),
    },
    evidence_details: {
      ...dispute.evidence_details,
      has_evidence: dispute.evidence_details.has_evidence || evidence !== undefined,
      submission_count: dispute.evidence_details.submission_count + (submitted ? 1 : 0),
      submission_method: submitted ? 'manual' : dispute.evidence_details.submission_method,
    },
    ...(submitted && { status: dispute.status.startsWith('warning_') ? 'warning_under_review' : 'under_review' }),
  }
  core.state.update('dispute', changed)
  core.emit('charge.dispute.updated', changed, {
    ...(evidence && { evidence: dispute.evidence, evidence_details: dispute.evidence_details }),
    ...(changed.status !== dispute.status && { status: dispute.status }),
  })
  const text = changed.evidence.uncategorized_text
  if (submitted && text === 'winning_evidence') return decideDispute(core, changed, 'won')
  if (submitted && text === 'losing_evidence') return decideDispute(core, changed, 'lost')
  return changed
}

const close = ({ core, id }: Call): Stripe.Dispute =>
  decideDispute(core, required(core, 'dispute', id, 'dispute'), 'lost')

const retrieve = ({ core, id }: Call): Stripe.Dispute => required(core, 'dispute', id, 'dispute')

const list = ({ core, parameters }: Call): object => {
  const { charge, payment_intent } = parameters as Record<string, string | undefined>
  return listPage(core, 'dispute', '/v1/disputes', parameters, { charge, payment_intent })
}

export const disputeRoutes: readonly Route[] = [
  {
    operationId: 'GetDisputes',
    method: 'GET',
    path: '/v1/disputes',
    serves: ['charge', 'created', 'payment_intent'],
    run: list,
  },
  { operationId: 'GetDisputesDispute', method: 'GET', path: '/v1/disputes/{}', serves: [], run: retrieve },
  {
    operationId: 'PostDisputesDispute',
    method: 'POST',
    path: '/v1/disputes/{}',
    serves: ['metadata', 'submit', ...texts.map((name) => `evidence.${name}`)],
    run: update,
  },
  { operationId: 'PostDisputesDisputeClose', method: 'POST', path: '/v1/disputes/{}/close', serves: [], run: close },
]
