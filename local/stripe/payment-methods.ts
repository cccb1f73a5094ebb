/** The delayed method of each currency: a debit from the buyer's bank account, which succeeds or fails days later. */
const bankMethodOf: Readonly<Record<string, BankMethod>> = {
  usd: 'us_bank_account',
  eur: 'sepa_debit',
  gbp: 'bacs_debit',
}

export type BankMethod = 'us_bank_account' | 'sepa_debit' | 'bacs_debit'
export type Method = 'card' | BankMethod

const methods: readonly string[] = ['card', 'us_bank_account', 'sepa_debit', 'bacs_debit'] satisfies Method[]

export const isMethod = (name: string): name is Method => methods.includes(name)

/** What may be paid with in a currency, before the session narrows it. */
export const eligibleMethods = (currency: string): Method[] => {
  const bank = bankMethodOf[currency]
  return bank ? ['card', bank] : ['card']
}

export const methodNames: Readonly<Record<Method, string>> = {
  card: 'Card',
  us_bank_account: 'US bank account',
  sepa_debit: 'SEPA direct debit',
  bacs_debit: 'Bacs direct debit',
}

export interface Decline {
  /** Stripe's error code. */
  code: string
  /** The issuer's reason, where the code is `card_declined`. */
  declineCode?: string
  message: string
}

/** Stripe's decline codes that this server can give, with Stripe's sentences. */
export const declines: Readonly<Record<string, Decline>> = {
  card_declined: { code: 'card_declined', declineCode: 'generic_decline', message: 'Your card was declined.' },
  insufficient_funds: {
    code: 'card_declined',
    declineCode: 'insufficient_funds',
    message: 'Your card has insufficient funds.',
  },
  lost_card: { code: 'card_declined', declineCode: 'lost_card', message: 'Your card was declined.' },
  stolen_card: { code: 'card_declined', declineCode: 'stolen_card', message: 'Your card was declined.' },
  fraudulent: { code: 'card_declined', declineCode: 'fraudulent', message: 'Your card was declined.' },
  expired_card: { code: 'expired_card', message: 'Your card has expired.' },
  incorrect_cvc: { code: 'incorrect_cvc', message: "Your card's security code is incorrect." },
  processing_error: {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
}

/** What follows a payment by itself, as with Stripe's test cards. */
export type Aftermath =
  | 'dispute_fraudulent'
  | 'dispute_product_not_received'
  | 'inquiry'
  | 'refund_pending'
  | 'refund_fails'

export interface TestCard {
  brand: 'visa' | 'mastercard' | 'amex'
  decline?: string
  aftermath?: Aftermath
}

/** Stripe's test card numbers (docs.stripe.com/testing). Any other number that passes the Luhn check succeeds. */
const testCards: Readonly<Record<string, TestCard>> = {
  '4242424242424242': { brand: 'visa' },
  '5555555555554444': { brand: 'mastercard' },
  '378282246310005': { brand: 'amex' },
  '4000000000000002': { brand: 'visa', decline: 'card_declined' },
  '4000000000009995': { brand: 'visa', decline: 'insufficient_funds' },
  '4000000000009987': { brand: 'visa', decline: 'lost_card' },
  '4000000000009979': { brand: 'visa', decline: 'stolen_card' },
  '4100000000000019': { brand: 'visa', decline: 'fraudulent' },
  '4000000000000069': { brand: 'visa', decline: 'expired_card' },
  '4000000000000127': { brand: 'visa', decline: 'incorrect_cvc' },
  '4000000000000119': { brand: 'visa', decline: 'processing_error' },
  '4000000000000259': { brand: 'visa', aftermath: 'dispute_fraudulent' },
  '4000000000002685': { brand: 'visa', aftermath: 'dispute_product_not_received' },
  '4000000000001976': { brand: 'visa', aftermath: 'inquiry' },
  '4000000000007726': { brand: 'visa', aftermath: 'refund_pending' },
  '4000000000005126': { brand: 'visa', aftermath: 'refund_fails' },
}

/** The behaviour of a card number (digits only). */
export const testCard = (number: string): TestCard =>
  testCards[number] ?? { brand: number.startsWith('5') ? 'mastercard' : number.startsWith('3') ? 'amex' : 'visa' }

/** ISO/IEC 7812 check digit. */
export const passesLuhn = (number: string): boolean => {
  if (!/^\d{13,19}$/.test(number)) return false
  const sum = number
    .split('')
    .toReversed()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1)
      return total + (value > 9 ? value - 9 : value)
    }, 0)
  return sum % 10 === 0
}

export interface TestAccount {
  number: string
  label: string
  outcome: 'succeeded' | 'failed'
  failureCode?: string
  /** Days until the bank answers, where it takes longer than `bankDays`. */
  days?: number
}

/** Stripe's test accounts of each bank method: one that pays and those that fail days later. */
export const testAccounts: Readonly<Record<BankMethod, readonly TestAccount[]>> = {
  us_bank_account: [
    { number: '000123456789', label: 'The debit succeeds', outcome: 'succeeded' },
    {
      number: '000222222227',
      label: 'Fails: insufficient funds',
      outcome: 'failed',
      failureCode: 'insufficient_funds',
    },
    { number: '000111111116', label: 'Fails: account closed', outcome: 'failed', failureCode: 'account_closed' },
    {
      number: '000333333335',
      label: 'Fails: debit not authorised',
      outcome: 'failed',
      failureCode: 'debit_not_authorized',
    },
    // Ours, not Stripe's: a bank that is slower than any shop waits.
    { number: '000999999991', label: 'The debit succeeds, after ten days', outcome: 'succeeded', days: 10 },
  ],
  sepa_debit: [
    { number: 'AT611904300234573201', label: 'The debit succeeds', outcome: 'succeeded' },
    {
      number: 'AT861904300235473202',
      label: 'Fails',
      outcome: 'failed',
      failureCode: 'payment_intent_payment_attempt_failed',
    },
    {
      number: 'AT981904300000003111',
      label: 'Fails: insufficient funds',
      outcome: 'failed',
      failureCode: 'insufficient_funds',
    },
  ],
  bacs_debit: [
    { number: '00012345', label: 'The debit succeeds', outcome: 'succeeded' },
    { number: '00022222', label: 'Fails', outcome: 'failed', failureCode: 'payment_intent_payment_attempt_failed' },
    { number: '22222227', label: 'Fails: insufficient funds', outcome: 'failed', failureCode: 'insufficient_funds' },
  ],
}

export const isBankMethod = (method: string): method is BankMethod => method in testAccounts
