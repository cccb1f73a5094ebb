import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { idOf } from '../resource-types.ts'
import { listPage, required, type Call, type Route } from '../route.ts'
import { invalidRequest } from '../stripe-error.ts'
import { changeAccount, connectedAccount, due } from './accounts.ts'
import { bookBalanceChange } from './balance-transactions.ts'
import type { BankAccountSecrets } from './bank-accounts.ts'

const day = 86_400

/** Payouts are made at the beginning of each day and arrive at the beginning of the next. */
const nextDay = (seconds: number): number => seconds - (seconds % day) + day

/** Has a connected account paid out on the day after its money is available (seconds). */
export const planPayout = (core: Core, accountId: string, availableOn: number): void =>
  core.at(nextDay(Math.max(availableOn, core.seconds())), 'pay_out', accountId)

/** What had to wait while an account could not be paid out is planned anew. */
export const resumePayouts = (core: Core, account: Stripe.Account): void => {
  if (account.payouts_enabled) planPayout(core, account.id, core.seconds())
}

/**
 * The day's payouts of a connected account: all that is available, one for each currency. `asOf` (seconds): the clock may
 * have been moved past the day that the payout is of; what has become available since waits for its own.
 */
export const payOut = (core: Core, account: Stripe.Account, asOf = core.seconds()): Stripe.Payout[] => {
  if (!account.payouts_enabled || account.settings?.payouts?.schedule.interval !== 'daily') return []
  const bank = account.external_accounts?.data[0]
  if (!bank) return []
  return core.within(account.id, () =>
    core.state
      .balances(asOf, account.id)
      .filter(({ available }) => available > 0)
      .map(({ currency, available }) =>
        createPayout(core, bank.id, { amount: available, currency, arrivesAt: nextDay(asOf) }),
      ),
  )
}

const createPayout = (
  core: Core,
  bankAccountId: string,
  { amount, currency, arrivesAt }: { amount: number; currency: string; arrivesAt: number },
): Stripe.Payout => {
  const id = core.newId('po')
  const booked = bookBalanceChange(core, {
    type: 'payout',
    reportingCategory: 'payout',
    amount: -amount,
    fee: 0,
    currency,
    source: id,
    description: 'STRIPE PAYOUT',
    method: 'bank',
  })
  const payout: Stripe.Payout = {
    id,
    object: 'payout',
    amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: arrivesAt,
    automatic: true,
    balance_transaction: booked.id,
    created: core.seconds(),
    currency,
    description: 'STRIPE PAYOUT',
    destination: bankAccountId,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: {},
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'completed',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'in_transit',
    trace_id: { status: 'pending', value: null },
    type: 'bank_account',
  }
  core.state.insert('payout', payout, undefined, core.account)
  core.at(payout.arrival_date, 'payout_arrives', id)
  core.emit('payout.created', payout)
  return payout
}

/** The day of arrival: the bank takes the money, or the test account that it went to sends it back. */
export const payoutArrives = (core: Core, payout: Stripe.Payout): Stripe.Payout => {
  if (payout.status !== 'in_transit') return payout
  const secrets = core.state.findHidden<BankAccountSecrets>('bank_account', idOf(payout.destination) ?? '')
  if (secrets?.failureCode !== undefined) return failPayout(core, payout, secrets.failureCode)
  return inItsAccount(core, payout, () => {
    const paid: Stripe.Payout = {
      ...payout,
      status: 'paid',
      trace_id: { status: 'supported', value: payout.id.slice(-9) },
    }
    core.state.update('payout', paid)
    core.emit('payout.paid', paid)
    return paid
  })
}

const failureMessages: Readonly<Record<string, string>> = {
  account_closed: 'The bank account has been closed.',
  insufficient_funds: 'Your Stripe account has insufficient funds to cover the payout.',
  no_account:
    'The bank account details on file are probably incorrect. No bank account could be located with those details.',
}

/**
 * The bank sends a payout back, also one that had arrived: the balance has the amount again, and nothing more is paid out
 * until there is another bank account. Transfers to the account stay possible.
 */
export const failPayout = (core: Core, payout: Stripe.Payout, failureCode = 'account_closed'): Stripe.Payout => {
  if (payout.status !== 'in_transit' && payout.status !== 'paid')
    throw invalidRequest(`${payout.id} is ${payout.status}: it cannot fail.`)
  return inItsAccount(core, payout, () => {
    const booked = bookBalanceChange(core, {
      type: 'payout_failure',
      reportingCategory: 'payout_reversal',
      amount: payout.amount,
      fee: 0,
      currency: payout.currency,
      source: payout.id,
      description: 'STRIPE PAYOUT FAILURE',
      method: 'bank',
    })
    const failed: Stripe.Payout = {
      ...payout,
      status: 'failed',
      failure_balance_transaction: booked.id,
      failure_code: failureCode,
      failure_message: failureMessages[failureCode] ?? 'The payout failed.',
    }
    core.state.update('payout', failed)
    core.emit('payout.failed', failed)
    disableBankAccount(core)
    return failed
  })
}

const disableBankAccount = (core: Core): void => {
  const account = connectedAccount(core, core.account)
  if (!account?.external_accounts) return
  const data = account.external_accounts.data.map((bank) => ({ ...bank, status: 'errored' }) as Stripe.BankAccount)
  for (const bank of data) core.state.update('bank_account', bank)
  changeAccount(core, account, {
    external_accounts: { ...account.external_accounts, data },
    // Owed, and yet no reason to stop what comes in.
    requirements: { ...due(['external_account']), past_due: [] },
  })
}

const inItsAccount = (core: Core, payout: Stripe.Payout, work: () => Stripe.Payout): Stripe.Payout =>
  core.within(core.state.accountOf('payout', payout.id), work)

const retrieve = ({ core, id }: Call): Stripe.Payout => required(core, 'payout', id, 'payout')

const list = ({ core, parameters }: Call): object => {
  const { destination, status } = parameters as Record<string, string | undefined>
  return listPage(core, 'payout', '/v1/payouts', parameters, { destination, status })
}

export const payoutRoutes: readonly Route[] = [
  {
    operationId: 'GetPayouts',
    method: 'GET',
    path: '/v1/payouts',
    serves: ['created', 'destination', 'status'],
    connected: true,
    run: list,
  },
  {
    operationId: 'GetPayoutsPayout',
    method: 'GET',
    path: '/v1/payouts/{}',
    serves: [],
    connected: true,
    run: retrieve,
  },
]
