import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { availableAfterDays } from '../fees.ts'
import { listPage, required, type Call, type Route } from '../route.ts'

export interface BalanceChange {
  type: Stripe.BalanceTransaction.Type
  reportingCategory: string
  /** Minor units; negative when money leaves. */
  amount: number
  fee: number
  currency: string
  source: string
  description: string | null
  /** The payment method behind it, which decides when the money is available. */
  method: string
  /** When it is available (seconds), where another transaction decides that. */
  availableOn?: number
}

/** Books one change of the balance of the account at work and returns it: `net` = `amount` - `fee`. */
export const bookBalanceChange = (core: Core, change: BalanceChange): Stripe.BalanceTransaction => {
  const created = core.seconds()
  const available = Math.max(
    created,
    change.availableOn ?? (change.amount > 0 ? created + availableAfterDays(change.method) * 86_400 : created),
  )
  const booked: Stripe.BalanceTransaction = {
    id: core.newId('txn'),
    object: 'balance_transaction',
    amount: change.amount,
    available_on: available,
    balance_type: 'payments',
    created,
    currency: change.currency,
    description: change.description,
    exchange_rate: null,
    fee: change.fee,
    fee_details:
      change.fee === 0
        ? []
        : [
            {
              amount: change.fee,
              application: null,
              currency: change.currency,
              description: change.type === 'adjustment' ? 'Dispute fee' : 'Stripe processing fees',
              type: 'stripe_fee',
            },
          ],
    net: change.amount - change.fee,
    reporting_category: change.reportingCategory,
    source: change.source,
    status: available > created ? 'pending' : 'available',
    type: change.type,
  }
  core.state.insert('balance_transaction', booked, undefined, core.account)
  return booked
}

/** The same with the status of this moment: money becomes available without an event. */
export const asOfNow = (core: Core, booked: Stripe.BalanceTransaction): Stripe.BalanceTransaction => ({
  ...booked,
  status: booked.available_on > core.seconds() ? 'pending' : 'available',
})

const retrieve = ({ core, id }: Call): Stripe.BalanceTransaction =>
  asOfNow(core, required(core, 'balance_transaction', id))

const list = ({ core, parameters }: Call): object => {
  const { source, type, currency } = parameters as Record<string, string | undefined>
  const page = listPage(core, 'balance_transaction', '/v1/balance_transactions', parameters, { source, type, currency })
  return { ...page, data: page.data.map((booked) => asOfNow(core, booked)) }
}

export const balanceTransactionRoutes: readonly Route[] = [
  {
    operationId: 'GetBalanceTransactions',
    method: 'GET',
    path: '/v1/balance_transactions',
    serves: ['created', 'currency', 'source', 'type'],
    connected: true,
    run: list,
  },
  {
    operationId: 'GetBalanceTransactionsId',
    method: 'GET',
    path: '/v1/balance_transactions/{}',
    serves: [],
    connected: true,
    run: retrieve,
  },
]
