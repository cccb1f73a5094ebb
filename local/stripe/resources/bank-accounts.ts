import type Stripe from 'stripe'
import type { Core } from '../core.ts'

/** Test accounts for payouts (docs.stripe.com/connect/testing): one that is paid, and those that send the money back. */
export const payoutAccounts: readonly { number: string; label: string; failureCode?: string }[] = [
  { number: '000123456789', label: 'The payout arrives' },
  { number: '000111111116', label: 'Fails: no such account', failureCode: 'no_account' },
  { number: '000111111113', label: 'Fails: account closed', failureCode: 'account_closed' },
  { number: '000222222227', label: 'Fails: insufficient funds', failureCode: 'insufficient_funds' },
]

/** What becomes of payouts to a bank account; undefined: they arrive. */
export interface BankAccountSecrets {
  failureCode?: string
}

/** Puts a test bank account in the place of the one that an account had. */
export const attachBankAccount = (
  core: Core,
  account: Stripe.Account,
  number: string,
  holder: string | null,
): Stripe.BankAccount => {
  const failureCode = payoutAccounts.find((one) => one.number === number)?.failureCode
  const bankAccount: Stripe.BankAccount = {
    id: core.newId('ba'),
    object: 'bank_account',
    account: account.id,
    account_holder_name: holder,
    account_holder_type: 'individual',
    account_type: null,
    available_payout_methods: ['standard'],
    bank_name: 'STRIPE TEST BANK',
    country: account.country ?? 'US',
    currency: account.default_currency ?? 'usd',
    default_for_currency: true,
    fingerprint: `localbank${number.slice(-7)}`,
    future_requirements: { currently_due: [], errors: [], past_due: [], pending_verification: [] },
    last4: number.slice(-4),
    metadata: {},
    requirements: { currently_due: [], errors: [], past_due: [], pending_verification: [] },
    routing_number: '110000000',
    status: 'new',
  }
  const secrets: BankAccountSecrets = failureCode === undefined ? {} : { failureCode }
  core.state.insert('bank_account', bankAccount, secrets, account.id)
  return bankAccount
}

/** The list of external accounts with one bank account alone. */
export const onlyBankAccount = (
  account: Stripe.Account,
  bankAccount: Stripe.BankAccount,
): NonNullable<Stripe.Account['external_accounts']> => ({
  object: 'list',
  data: [bankAccount],
  has_more: false,
  url: `/v1/accounts/${account.id}/external_accounts`,
})
