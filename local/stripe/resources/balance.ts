import type Stripe from 'stripe'
import type { Call, Route } from '../route.ts'

/** Funds by currency: pending until the balance transaction's `available_on`. The platform's own money stays. */
const balance = ({ core }: Call): Stripe.Balance => {
  const sums = core.state.balances(core.seconds(), core.account)
  const rows = sums.length > 0 ? sums : [{ currency: 'usd', available: 0, pending: 0 }]
  const amounts = (name: 'available' | 'pending') =>
    rows.map((row) => ({ amount: row[name], currency: row.currency, source_types: { card: row[name] } }))
  return { object: 'balance', available: amounts('available'), livemode: false, pending: amounts('pending') }
}

export const balanceRoutes: readonly Route[] = [
  { operationId: 'GetBalance', method: 'GET', path: '/v1/balance', serves: [], connected: true, run: balance },
]
