import { catalogueRoutes } from '../../shared/contract/routes/catalogue.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { getHandle, listSales, searchListings } from '../../shared/workflows/catalogue.ts'
import { cachedPolicy, getPolicy, listPolicies } from '../../shared/workflows/policies.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const policy = cachedPolicy(store, () => Date.now())

export const handler = api(catalogueRoutes, {
  searchListings: ({ query }) => searchListings(store, query),
  getHandle: ({ params }) => getHandle(store, policy, params.handle),
  listSales: ({ query }) => listSales(store, { ...query, month: query.month ?? new Date().toISOString().slice(0, 7) }),
  listPolicies: () => listPolicies(store),
  getPolicy: ({ params }) => getPolicy(store, params.version),
})
