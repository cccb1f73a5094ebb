import { randomBytes } from 'node:crypto'
import { dropRoutes } from '../../shared/contract/routes/drops.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { enterDrop, listMyEntries, withdrawFromDrop } from '../../shared/workflows/drop-entries.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import {
  cancelDrop,
  createDrop,
  getDrop,
  listApplications,
  listDrops,
  listEntries,
  reviewApplication,
} from '../../shared/workflows/drops.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'DEADLINES_QUEUE_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  queue: openQueue(config.DEADLINES_QUEUE_URL),
  randomBytes,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
}

export const handler = api(dropRoutes, {
  listDrops: ({ query }) => listDrops(store, query),
  getDrop: ({ params }) => getDrop(store, params.dropId),
  listDropEntries: ({ params, query }) => listEntries(store, params.dropId, query),
  enterDrop: ({ params, body, caller }) => enterDrop(deps, params.dropId, body, caller),
  withdrawFromDrop: ({ params, body, caller }) => withdrawFromDrop(deps, params.dropId, body.handle, caller.id),
  listMyEntries: ({ params, caller }) => listMyEntries(store, params.dropId, caller.id),
  createDrop: (request) => createDrop(deps, request, request.caller.id),
  cancelDrop: ({ params, body, caller }) => cancelDrop(deps, params.dropId, body.reason, caller.id),
  listApplications: ({ params, query }) => listApplications(store, params.dropId, query),
  reviewApplication: ({ params, body, caller }) =>
    reviewApplication(deps, params.dropId, params.entryId, body, caller.id),
})
