import { catalogueRoutes } from '../../shared/contract/routes/catalogue.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { getHandle } from '../../shared/workflows/catalogue.ts'
import { instant } from '../../shared/workflows/committing.ts'
import { searchListings } from '../../shared/workflows/search-listings.ts'
import { exportSales, listSales } from '../../shared/workflows/sales.ts'
import { cachedPolicy, getPolicy, listPolicies } from '../../shared/workflows/policies.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'SHELVES_TABLE')
const store = openStore({
  handlesTable: config.HANDLES_TABLE,
  escrowTable: config.ESCROW_TABLE,
  shelvesTable: config.SHELVES_TABLE,
})
const now = () => Date.now()
const thisMonth = (): string => instant(now()).slice(0, 7)
const policy = cachedPolicy(store, now)

export const handler = api(catalogueRoutes, {
  searchListings: ({ query }) => searchListings({ store, now }, query),
  getHandle: ({ params }) => getHandle(store, policy, params.handle, instant(now())),
  listSales: ({ query }) => listSales(store, { ...query, month: query.month ?? thisMonth() }),
  exportSales: ({ query }) => exportSales(store, { ...query, month: query.month ?? thisMonth() }),
  listPolicies: () => listPolicies(store),
  getPolicy: ({ params }) => getPolicy(store, params.version),
})
