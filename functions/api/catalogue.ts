import { policyInForce } from '../../shared/domain/policy.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { getHandle, listSales, searchListings } from '../../shared/workflows/catalogue.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })

export const handler = api({
  searchListings: ({ query }) => searchListings(store, query),
  getHandle: ({ params }) => getHandle(store, policyInForce, params.handle),
  listSales: ({ query }) => listSales(store, { ...query, month: query.month ?? new Date().toISOString().slice(0, 7) }),
})
