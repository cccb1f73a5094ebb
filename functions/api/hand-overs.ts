import { handOverRoutes } from '../../shared/contract/routes/hand-overs.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { completeHandOver, failHandOver, getHandOver } from '../../shared/workflows/hand-overs.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = api(handOverRoutes, {
  getHandOver: ({ params }) => getHandOver(store, params.orderId),
  completeHandOver: ({ params, caller }) => completeHandOver(deps, params.orderId, caller.id),
  failHandOver: ({ params, body, caller }) => failHandOver(deps, params.orderId, body.reason, caller.id),
})
