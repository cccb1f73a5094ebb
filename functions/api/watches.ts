import { watchPages, watchRoutes } from '../../shared/contract/routes/watches.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { readAlertSecret } from '../../shared/gateways/secret.ts'
import { alertPage } from '../../shared/runtime/alert-page.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { once } from '../../shared/runtime/once.ts'
import { withPages } from '../../shared/runtime/pages.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { readAlertLink, useAlertLink } from '../../shared/workflows/alert-links.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { listWatches, stopWatching, watchHandle } from '../../shared/workflows/watches.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'ALERT_SECRET_ARN')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
}

const alertSecret = once(() => readAlertSecret(config.ALERT_SECRET_ARN))
const linkDeps = async () => ({ ...deps, alertSecret: await alertSecret() })

const answer = api(watchRoutes, {
  watchHandle: ({ params, body, caller }) => watchHandle(deps, caller, { ...params, ...body }),
  stopWatching: ({ params, caller }) => stopWatching(deps, caller.id, params.handle),
  listWatches: ({ caller }) => listWatches(store, caller.id),
})

/** What users do with watches, and the page behind the links of alerts. */
export const handler = withPages(
  watchPages,
  {
    showAlertLink: async (token) => alertPage('ask', readAlertLink(await linkDeps(), token)),
    useAlertLink: async (token) => alertPage('done', await useAlertLink(await linkDeps(), token)),
  },
  answer,
)
