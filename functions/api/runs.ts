import { runRoutes } from '../../shared/contract/routes/runs.ts'
import { openEventBus } from '../../shared/gateways/events.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { getRun, listRuns, startRun } from '../../shared/workflows/runs.ts'

const config = readConfig('ESCROW_TABLE', 'EVENT_BUS')
const deps = {
  ...running,
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  bus: openEventBus(config.EVENT_BUS),
}

export const handler = api(runRoutes, {
  startRun: ({ caller, idempotencyKey }) => startRun(deps, { operatorId: caller.id, idempotencyKey }),
  listRuns: ({ query }) => listRuns(deps, query),
  getRun: ({ params }) => getRun(deps, params.runId),
})
