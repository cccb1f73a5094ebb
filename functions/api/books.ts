import { bookRoutes } from '../../shared/contract/routes/books.ts'
import { openEventBus } from '../../shared/gateways/events.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import {
  getReconciliation,
  getTrialBalance,
  listReconciliations,
  startReconciliation,
} from '../../shared/workflows/reconciliations.ts'

const config = readConfig('ESCROW_TABLE', 'EVENT_BUS')
const store = openStore({ escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store, bus: openEventBus(config.EVENT_BUS) }

export const handler = api(bookRoutes, {
  getTrialBalance: () => getTrialBalance(store),
  startReconciliation: ({ caller, idempotencyKey, requestHash, body }) =>
    startReconciliation(deps, { operatorId: caller.id, idempotencyKey, requestHash, from: body.from }),
  listReconciliations: ({ query }) => listReconciliations(deps, query),
  getReconciliation: ({ params }) => getReconciliation(deps, params.reconciliationId),
})
