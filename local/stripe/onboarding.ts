import type Stripe from 'stripe'
import type { Core } from './core.ts'
import { changeAccount, due, nothingRequired } from './resources/accounts.ts'
import { attachBankAccount, onlyBankAccount } from './resources/bank-accounts.ts'
import { resumePayouts } from './resources/payouts.ts'

/**
 * How Stripe's check of what a person told ends. `pending`: the check takes a day of the clock. `document`: a photograph
 * of a passport is asked for, and the account may not be paid until then.
 */
export const checkOutcomes = ['complete', 'pending', 'document'] as const
export type CheckOutcome = (typeof checkOutcomes)[number]

/** What a person told on the page. */
export interface Told {
  firstName: string
  lastName: string
  /** A test account's number, of `payoutAccounts`. */
  bankAccount: string
}

const checkSeconds = 24 * 60 * 60
const documentField = 'individual.verification.document'

/** A person has told everything that was asked for; what the check of it finds is given. */
export const submitOnboarding = (
  core: Core,
  account: Stripe.Account,
  told: Told,
  outcome: CheckOutcome,
): Stripe.Account => {
  const bankAccount = attachBankAccount(core, account, told.bankAccount, `${told.firstName} ${told.lastName}`)
  if (outcome === 'pending') core.at(core.seconds() + checkSeconds, 'account_checked', account.id)
  return concluded(core, account, outcome, {
    business_type: account.business_type ?? 'individual',
    details_submitted: true,
    external_accounts: onlyBankAccount(account, bankAccount),
    tos_acceptance: { date: core.seconds(), ip: '127.0.0.1', user_agent: null },
  })
}

/** A check that took its time comes to its end. Another account than one that waits for it is left as it is. */
export const accountChecked = (core: Core, account: Stripe.Account): void => {
  if ((account.requirements?.pending_verification ?? []).length > 0) concluded(core, account, 'complete', {})
}

const concluded = (
  core: Core,
  account: Stripe.Account,
  outcome: CheckOutcome,
  changes: Partial<Stripe.Account>,
): Stripe.Account => {
  const changed = changeAccount(core, account, { ...changes, requirements: requirementsAfter[outcome] })
  resumePayouts(core, changed)
  return changed
}

const requirementsAfter: Readonly<Record<CheckOutcome, Stripe.Account.Requirements>> = {
  complete: nothingRequired,
  pending: { ...nothingRequired, pending_verification: [documentField] },
  document: due(
    [documentField],
    [
      {
        code: 'verification_failed_keyed_identity',
        reason: "The person's keyed-in identity information could not be verified.",
        requirement: documentField,
      },
    ],
  ),
}
