import type Stripe from 'stripe'
import type { Core } from '../core.ts'
import { listPage, required, type Call, type Route } from '../route.ts'

const retrieve = ({ core, id }: Call): Stripe.Charge => required(core, 'charge', id, 'charge')

const list = ({ core, parameters }: Call): object => {
  const { payment_intent, transfer_group } = parameters as Record<string, string | undefined>
  return listPage(core, 'charge', '/v1/charges', parameters, { payment_intent, transfer_group })
}

/** Changes a charge and keeps it. */
export const changeCharge = (core: Core, charge: Stripe.Charge, changes: Partial<Stripe.Charge>): Stripe.Charge => {
  const changed: Stripe.Charge = { ...charge, ...changes }
  core.state.update('charge', changed)
  return changed
}

export const chargeRoutes: readonly Route[] = [
  {
    operationId: 'GetCharges',
    method: 'GET',
    path: '/v1/charges',
    serves: ['created', 'payment_intent', 'transfer_group'],
    connected: true,
    run: list,
  },
  {
    operationId: 'GetChargesCharge',
    method: 'GET',
    path: '/v1/charges/{}',
    serves: [],
    connected: true,
    run: retrieve,
  },
]
