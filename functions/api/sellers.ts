import { sellerRoutes } from '../../shared/contract/routes/sellers.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { callersPatience } from '../../shared/gateways/stripe.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { exportStatement } from '../../shared/workflows/seller-statement.ts'
import { beginOnboarding, getSeller, getSellerOf, getSellerYear } from '../../shared/workflows/sellers.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL', 'PUBLIC_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  publicUrl: config.PUBLIC_URL,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
  screening: noScreening,
  sellerAccounts: once(async () => {
    const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
    return openSellerAccounts({ secretKey, apiUrl: config.STRIPE_API_URL, patience: callersPatience })
  }),
}

export const handler = api(sellerRoutes, {
  beginOnboarding: ({ body, caller }) => beginOnboarding(deps, caller, body.country),
  getSeller: ({ caller }) => getSeller(store, caller.id),
  getSellerStatement: ({ query, caller }) => exportStatement(deps, caller.id, query),
  getSellerYear: ({ query, caller }) => getSellerYear(deps, caller.id, query.year),
  getSellerOf: ({ params }) => getSellerOf(store, params.accountId),
})
