import { checkoutRoutes } from '../../shared/contract/routes/checkout.ts'
import { openPayments } from '../../shared/gateways/payments.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { callersPatience } from '../../shared/gateways/stripe.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { once } from '../../shared/runtime/once.ts'
import { openCheckout } from '../../shared/workflows/open-checkout.ts'

const config = readConfig('ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL', 'PUBLIC_URL')
const store = openStore({ escrowTable: config.ESCROW_TABLE })
const deps = { store, publicUrl: config.PUBLIC_URL, now: running.now }
const payments = once(async () => {
  const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
  return openPayments({ secretKey, apiUrl: config.STRIPE_API_URL, patience: callersPatience })
})

export const handler = api(checkoutRoutes, {
  openCheckout: async ({ params, caller }) =>
    openCheckout({ ...deps, payments: await payments() }, params.orderId, caller.id),
})
