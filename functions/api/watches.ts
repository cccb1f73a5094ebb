import { watchRoutes } from '../../shared/contract/routes/watches.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { listWatches, stopWatching, watchHandle } from '../../shared/workflows/watches.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
}

export const handler = api(watchRoutes, {
  watchHandle: ({ params, body, caller }) => watchHandle(deps, caller, { ...params, ...body }),
  stopWatching: ({ params, caller }) => stopWatching(deps, caller.id, params.handle),
  listWatches: ({ caller }) => listWatches(store, caller.id),
})
