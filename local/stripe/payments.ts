import type Stripe from 'stripe'
import { authorisationSeconds, lapseOf } from './authorisations.ts'
import type { Core } from './core.ts'
import { bankDays, paymentFee } from './fees.ts'
import { randomText } from './ids.ts'
import {
  bankOf,
  cardOf,
  createPaymentMethod,
  detailsOf,
  type BankAccount,
  type Card,
  type Payer,
} from './instruments.ts'
import type { Decline } from './payment-methods.ts'
import { idOf } from './resource-types.ts'
import { bookBalanceChange } from './resources/balance-transactions.ts'
import { changeCharge } from './resources/charges.ts'
import { changeSession, customerDetails, type SessionSecrets } from './resources/checkout-sessions.ts'
import { createDispute } from './resources/disputes.ts'
import type { ChargeSecrets } from './resources/refunds.ts'

/**
 * How an attempt to pay ended. `authorised`: the card keeps the amount until it is captured, or lapses. `closed`: the
 * session could not be paid any more, and nothing was charged.
 */
export type Attempt =
  | { result: 'paid' | 'processing' | 'authorised'; session: Stripe.Checkout.Session; intent: Stripe.PaymentIntent }
  | { result: 'declined'; session: Stripe.Checkout.Session; intent: Stripe.PaymentIntent; decline: Decline }
  | { result: 'closed'; session: Stripe.Checkout.Session }

interface ChargePlan extends ChargeSecrets {
  outcome?: 'succeeded' | 'failed'
  failureCode?: string
}

/**
 * One attempt with a card. A decline leaves the session open, with the PaymentIntent back at `requires_payment_method`
 * and a failed charge; success completes the session at once.
 */
export const payByCard = (
  core: Core,
  session: Stripe.Checkout.Session,
  payer: Payer,
  card: Card,
  behaviour: { decline?: Decline; aftermath?: ChargeSecrets['aftermath'] },
): Attempt => {
  if (session.status !== 'open') return { result: 'closed', session }
  const { intent, session: known } = intentOf(core, session)
  const method = createPaymentMethod(core, 'card', payer, cardOf(card))
  const { decline, aftermath } = behaviour
  const charge = createCharge(core, intent, method, decline ? 'failed' : 'succeeded', {
    ...(aftermath && { aftermath }),
    ...(decline && { decline }),
  })
  if (decline) {
    const declined = failIntent(core, intent, charge, method, decline)
    return { result: 'declined', session: known, intent: declined, decline }
  }
  core.emit('charge.succeeded', charge)
  if (intent.capture_method === 'manual') return authorised(core, known, intent, charge, payer)
  const paid = succeedIntent(core, intent, charge)
  const completed = completeSession(core, known, payer, 'paid')
  core.uncaused(() => {
    core.emit('checkout.session.completed', completed)
    settleCharge(core, charge, 'card')
    follow(core, charge, aftermath)
  })
  return { result: 'paid', session: completed, intent: paid }
}

/** Nothing is taken yet: the session is complete and unpaid, and the payment waits for its capture. */
const authorised = (
  core: Core,
  session: Stripe.Checkout.Session,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
  payer: Payer,
): Attempt => {
  const held = changeIntent(core, intent, {
    status: 'requires_capture',
    amount_capturable: intent.amount,
    payment_method: charge.payment_method,
    latest_charge: charge.id,
    last_payment_error: null,
  })
  core.emit('payment_intent.amount_capturable_updated', held)
  const completed = completeSession(core, session, payer, 'unpaid')
  core.uncaused(() => core.emit('checkout.session.completed', completed))
  core.at(lapseOf(charge), 'lapse_authorisation', intent.id)
  return { result: 'authorised', session: completed, intent: held }
}

/**
 * The buyer agrees to a debit of their bank account: the session completes `unpaid`, the payment stands `processing`
 * until the bank answers days later (`settlePayment`, by the clock or on command).
 */
export const payByBank = (
  core: Core,
  session: Stripe.Checkout.Session,
  payer: Payer,
  account: BankAccount,
): Attempt => {
  if (session.status !== 'open') return { result: 'closed', session }
  const { intent, session: known } = intentOf(core, session)
  const method = createPaymentMethod(core, account.method, payer, bankOf(account))
  const charge = createCharge(core, intent, method, 'pending', {
    outcome: account.outcome,
    ...(account.failureCode && { failureCode: account.failureCode }),
  })
  const processing = changeIntent(core, intent, {
    status: 'processing',
    payment_method: method.id,
    latest_charge: charge.id,
    last_payment_error: null,
    processing: null,
  })
  core.emit('payment_intent.processing', processing)
  core.emit('charge.pending', charge)
  const completed = completeSession(core, known, payer, 'unpaid')
  core.uncaused(() => core.emit('checkout.session.completed', completed))
  core.at(core.seconds() + (account.days ?? bankDays) * 86_400, 'settle_payment', intent.id)
  return { result: 'processing', session: completed, intent: processing }
}

/**
 * The bank answers for a payment that is `processing`. Without an outcome, as the account used foretold.
 * Returns the PaymentIntent; one that is not processing is returned as it is.
 */
export const settlePayment = (
  core: Core,
  intent: Stripe.PaymentIntent,
  given?: 'succeeded' | 'failed',
): Stripe.PaymentIntent => {
  if (intent.status !== 'processing') return intent
  const chargeId = idOf(intent.latest_charge) ?? ''
  const charge = core.state.find('charge', chargeId)
  const plan = core.state.findHidden<ChargePlan>('charge', chargeId)
  const method = core.state.find('payment_method', idOf(intent.payment_method) ?? '')
  const session = core.state.list('checkout.session', { fields: { payment_intent: intent.id } }, { limit: 1 })?.data[0]
  if (!charge || !method || !session) throw new Error(`${intent.id} is processing without a charge, method or session`)
  if ((given ?? plan?.outcome) === 'failed') {
    const decline = bankFailure(plan?.failureCode ?? 'payment_intent_payment_attempt_failed')
    const failed = changeCharge(core, charge, {
      status: 'failed',
      paid: false,
      failure_code: decline.code,
      failure_message: decline.message,
      outcome: null,
    })
    const declined = failIntent(core, intent, failed, method, decline)
    core.emit('checkout.session.async_payment_failed', session)
    return declined
  }
  const succeeded = changeCharge(core, charge, {
    status: 'succeeded',
    paid: true,
    captured: true,
    amount_captured: charge.amount,
  })
  core.emit('charge.succeeded', succeeded)
  const paid = succeedIntent(core, intent, succeeded)
  core.emit('checkout.session.async_payment_succeeded', changeSession(core, session, { payment_status: 'paid' }))
  settleCharge(core, succeeded, method.type)
  return paid
}

const bankMessages: Readonly<Record<string, string>> = {
  insufficient_funds: "The customer's bank account has insufficient funds.",
  account_closed: "The customer's bank account has been closed.",
  debit_not_authorized: 'The customer has notified their bank that this payment was unauthorized.',
}

const bankFailure = (code: string): Decline => ({ code, message: bankMessages[code] ?? 'The payment failed.' })

const intentOf = (
  core: Core,
  session: Stripe.Checkout.Session,
): { intent: Stripe.PaymentIntent; session: Stripe.Checkout.Session } => {
  const known = core.state.find('payment_intent', idOf(session.payment_intent) ?? '')
  if (known) return { intent: known, session }
  const intent = createIntent(core, session)
  return { intent, session: changeSession(core, session, { payment_intent: intent.id }) }
}

/** Checkout makes the PaymentIntent when the buyer first tries to pay, not with the session. */
const createIntent = (core: Core, session: Stripe.Checkout.Session): Stripe.PaymentIntent => {
  const data = core.state.findHidden<SessionSecrets>('checkout.session', session.id)?.paymentIntentData ?? {}
  const id = core.newId('pi')
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: session.amount_total ?? 0,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: data.capture_method ?? 'automatic_async',
    client_secret: `${id}_secret_${randomText(25)}`,
    confirmation_method: 'automatic',
    created: core.seconds(),
    currency: session.currency ?? 'usd',
    customer: null,
    customer_account: null,
    description: data.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: data.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: session.payment_method_types,
    payment_record: null,
    processing: null,
    receipt_email: data.receipt_email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: data.statement_descriptor ?? null,
    statement_descriptor_suffix: data.statement_descriptor_suffix ?? null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: data.transfer_group ?? null,
  }
  core.state.insert('payment_intent', intent)
  core.emit('payment_intent.created', intent)
  return intent
}

const changeIntent = (
  core: Core,
  intent: Stripe.PaymentIntent,
  changes: Partial<Stripe.PaymentIntent>,
): Stripe.PaymentIntent => {
  const changed: Stripe.PaymentIntent = { ...intent, ...changes }
  core.state.update('payment_intent', changed)
  return changed
}

const succeedIntent = (core: Core, intent: Stripe.PaymentIntent, charge: Stripe.Charge): Stripe.PaymentIntent => {
  const paid = changeIntent(core, intent, {
    status: 'succeeded',
    amount_received: intent.amount,
    payment_method: charge.payment_method,
    latest_charge: charge.id,
    last_payment_error: null,
  })
  core.emit('payment_intent.succeeded', paid)
  return paid
}

const failIntent = (
  core: Core,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
  method: Stripe.PaymentMethod,
  decline: Decline,
): Stripe.PaymentIntent => {
  core.emit('charge.failed', charge)
  const failed = changeIntent(core, intent, {
    status: 'requires_payment_method',
    payment_method: null,
    latest_charge: charge.id,
    last_payment_error: {
      ...(decline.code !== 'card_declined' || decline.declineCode ? { charge: charge.id } : {}),
      code: decline.code as Stripe.PaymentIntent.LastPaymentError.Code,
      ...(decline.declineCode && { decline_code: decline.declineCode }),
      doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
      message: decline.message,
      payment_method: method,
      type: method.type === 'card' ? 'card_error' : 'invalid_request_error',
    },
  })
  core.emit('payment_intent.payment_failed', failed)
  return failed
}

const completeSession = (
  core: Core,
  session: Stripe.Checkout.Session,
  payer: Payer,
  paymentStatus: 'paid' | 'unpaid',
): Stripe.Checkout.Session => {
  core.state.removeTimer({ at: session.expires_at * 1000, task: 'expire_session', id: session.id })
  return changeSession(core, session, {
    status: 'complete',
    payment_status: paymentStatus,
    url: null,
    customer_details: customerDetails(session.customer_email ?? payer.email, payer.name),
  })
}

/** The fee is known and the balance changes a moment after the payment: Stripe tells it by `charge.updated`. */
const settleCharge = (core: Core, charge: Stripe.Charge, method: string): void => {
  const booked = bookBalanceChange(core, {
    type: method === 'card' ? 'charge' : 'payment',
    reportingCategory: 'charge',
    amount: charge.amount,
    fee: paymentFee(method, charge.amount),
    currency: charge.currency,
    source: charge.id,
    description: charge.description,
    method,
  })
  const settled = changeCharge(core, charge, { balance_transaction: booked.id })
  core.emit('charge.updated', settled, { balance_transaction: null })
}

const follow = (core: Core, charge: Stripe.Charge, aftermath: ChargeSecrets['aftermath']): void => {
  if (aftermath !== 'dispute_fraudulent' && aftermath !== 'dispute_product_not_received' && aftermath !== 'inquiry')
    return
  const settled = core.state.find('charge', charge.id) ?? charge
  createDispute(core, {
    charge: settled,
    reason: aftermath === 'dispute_product_not_received' ? 'product_not_received' : 'fraudulent',
    inquiry: aftermath === 'inquiry',
  })
}

const createCharge = (
  core: Core,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  status: 'succeeded' | 'pending' | 'failed',
  plan: ChargePlan & { decline?: Decline },
): Stripe.Charge => {
  const { decline, ...secrets } = plan
  const card = method.type === 'card'
  const captured = status === 'succeeded' && intent.capture_method !== 'manual'
  const captureBefore = intent.capture_method === 'manual' ? core.seconds() + authorisationSeconds : undefined
  const id = core.newId(card ? 'ch' : 'py')
  const charge: Stripe.Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: captured ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: card ? 'LOCAL' : null,
    captured,
    created: core.seconds(),
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: decline ? outcomeOf(decline) : approved,
    paid: status === 'succeeded',
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(method, intent.amount, captureBefore),
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: status === 'failed' ? null : `${core.publicUrl}/receipts/${id}`,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status,
    transfer_data: null,
    transfer_group: intent.transfer_group,
  }
  core.state.insert('charge', charge, secrets)
  return charge
}

const approved: Stripe.Charge.Outcome = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: 'approved_by_network',
  reason: null,
  risk_level: 'normal',
  risk_score: 20,
  seller_message: 'Payment complete.',
  type: 'authorized',
}

const outcomeOf = (decline: Decline): Stripe.Charge.Outcome => ({
  ...approved,
  network_status: 'declined_by_network',
  reason: decline.declineCode ?? decline.code,
  seller_message: 'The bank did not return any further details with this decline.',
  type: 'issuer_declined',
})
