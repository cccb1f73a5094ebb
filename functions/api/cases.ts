import { caseRoutes } from '../../shared/contract/routes/cases.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { decideOnCase, getAccountStanding, liftSuspension, listCases } from '../../shared/workflows/cases.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = api(caseRoutes, {
  listCases: ({ query }) => listCases(store, query),
  decideCase: ({ params, body, caller }) => decideOnCase(deps, params.caseId, body, caller.id),
  getAccountStanding: ({ params }) => getAccountStanding(store, params.accountId),
  liftSuspension: ({ params, body, caller }) => liftSuspension(deps, params.accountId, body.reason, caller.id),
})
