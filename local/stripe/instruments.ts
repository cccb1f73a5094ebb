import type Stripe from 'stripe'
import type { Core } from './core.ts'
import type { BankMethod, TestCard } from './payment-methods.ts'

export interface Payer {
  email: string | null
  name: string | null
}

export interface Card {
  brand: TestCard['brand']
  last4: string
  expMonth: number
  expYear: number
}

export interface BankAccount {
  method: BankMethod
  last4: string
  /** What becomes of the debit once the bank has answered. */
  outcome: 'succeeded' | 'failed'
  failureCode?: string
  /** Days until the bank answers, where it takes longer than `bankDays`. */
  days?: number
}

/** `payment_method_details` of a charge; `captureBefore` (seconds) where it is authorised and not captured. */
export const detailsOf = (
  method: Stripe.PaymentMethod,
  amount: number,
  captureBefore?: number,
): Stripe.Charge.PaymentMethodDetails => {
  const { card } = method
  if (!card) return { type: method.type, [method.type]: bankDetails(method) }
  return {
    card: {
      amount_authorized: amount,
      authorization_code: '123456',
      brand: card.brand,
      ...(captureBefore !== undefined && { capture_before: captureBefore }),
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      extended_authorization: { status: 'disabled' },
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      incremental_authorization: { status: 'unavailable' },
      installments: null,
      last4: card.last4,
      mandate: null,
      multicapture: { status: 'unavailable' },
      network: card.brand,
      network_token: { used: false },
      network_transaction_id: '104557651805572',
      overcapture: { maximum_amount_capturable: amount, status: 'unavailable' },
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
    type: 'card',
  }
}

const bankDetails = ({ us_bank_account: us, sepa_debit: sepa, bacs_debit: bacs }: Stripe.PaymentMethod): object => {
  if (us)
    return {
      account_holder_type: us.account_holder_type,
      account_type: us.account_type,
      bank_name: us.bank_name,
      fingerprint: us.fingerprint,
      last4: us.last4,
      payment_reference: null,
      routing_number: us.routing_number,
    }
  if (sepa) {
    const { generated_from: _, ...details } = sepa
    return { ...details, mandate: null }
  }
  return { ...bacs, mandate: null }
}

/** The card part of a PaymentMethod. */
export const cardOf = (card: Card): Partial<Stripe.PaymentMethod> => ({
  card: {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    display_brand: card.brand,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    fingerprint: `local${card.brand}${card.last4}`.slice(0, 16).padEnd(16, '0'),
    funding: 'credit',
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
})

/** The bank part of a PaymentMethod. */
export const bankOf = ({ method, last4 }: BankAccount): Partial<Stripe.PaymentMethod> => {
  const fingerprint = `local${method}${last4}`.slice(0, 16)
  switch (method) {
    case 'us_bank_account':
      return {
        us_bank_account: {
          account_holder_type: 'individual',
          account_type: 'checking',
          bank_name: 'STRIPE TEST BANK',
          financial_connections_account: null,
          fingerprint,
          last4,
          networks: { preferred: 'ach', supported: ['ach'] },
          routing_number: '110000000',
          status_details: {},
        },
      }
    case 'sepa_debit':
      return {
        sepa_debit: {
          bank_code: '19043',
          branch_code: '',
          country: 'AT',
          fingerprint,
          generated_from: { charge: null, setup_attempt: null },
          last4,
        },
      }
    case 'bacs_debit':
      return { bacs_debit: { fingerprint, last4, sort_code: '108800' } }
  }
}

/** Keeps a new PaymentMethod, as Checkout makes one for each attempt. */
export const createPaymentMethod = (
  core: Core,
  type: 'card' | BankMethod,
  payer: Payer,
  details: Partial<Stripe.PaymentMethod>,
): Stripe.PaymentMethod => {
  const method: Stripe.PaymentMethod = {
    id: core.newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'limited',
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: payer.email,
      name: payer.name,
      phone: null,
      tax_id: null,
    },
    created: core.seconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type,
    ...details,
  }
  core.state.insert('payment_method', method)
  return method
}
