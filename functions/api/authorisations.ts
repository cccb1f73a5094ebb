import { authorisationRoutes } from '../../shared/contract/routes/authorisations.ts'
import { ok } from '../../shared/domain/result.ts'
import { openAuthorisations } from '../../shared/gateways/authorisations.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { callersPatience } from '../../shared/gateways/stripe.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { load } from '../../shared/store/aggregates.ts'
import { openStore } from '../../shared/store/client.ts'
import { cancelAuthorisation, openAuthorisation } from '../../shared/workflows/authorisations.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { viewStanding } from '../../shared/workflows/standing.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL', 'PUBLIC_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  publicUrl: config.PUBLIC_URL,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
  authorisations: once(async () => {
    const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
    return openAuthorisations({ secretKey, apiUrl: config.STRIPE_API_URL, patience: callersPatience })
  }),
}

export const handler = api(authorisationRoutes, {
  openAuthorisation: ({ body, caller, idempotencyKey }) => openAuthorisation(deps, caller, { ...body, idempotencyKey }),
  cancelAuthorisation: ({ params, caller }) => cancelAuthorisation(deps, caller.id, params.authorisationId),
  getStanding: async ({ caller }) => ok(viewStanding((await load(store, 'standing', caller.id))?.state ?? null)),
})
