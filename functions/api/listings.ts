import { listingRoutes } from '../../shared/contract/routes/listings.ts'
import { usd } from '../../shared/contract/money.ts'
import { assess, saleBook } from '../../shared/domain/assess.ts'
import { ok } from '../../shared/domain/result.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { noTax } from '../../shared/gateways/tax.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { instant } from '../../shared/workflows/committing.ts'
import { closeListing, openListing } from '../../shared/workflows/listings.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { recentSales } from '../../shared/workflows/recent-sales.ts'
import { quoteWithTax } from '../../shared/workflows/quotes.ts'
import { viewHandle } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const policy = cachedPolicy(store, running.now)
const sales = recentSales({ ...running, store }, saleBook)
const deps = { ...running, store, policy, humanity: claimedHumanity, secondFactor: claimedSecondFactor, assess, sales }

export const handler = api(listingRoutes, {
  openListing: async ({ params, body, caller }) => {
    // Asked first: a tax that cannot be told must not leave a listing behind.
    const quote = await quoteWithTax(noTax, body.price, caller.id)
    const listed = await openListing(deps, caller, params.handle, body.price)
    return listed.ok ? ok({ handle: viewHandle(listed.value, await policy(), instant(deps.now())), quote }) : listed
  },
  closeListing: async ({ params, caller }) => {
    const closed = await closeListing(deps, caller.id, params.handle)
    return closed.ok ? ok(viewHandle(closed.value, await policy(), instant(deps.now()))) : closed
  },
  getQuote: async ({ query }) => ok(await quoteWithTax(noTax, usd(query.amountMinor))),
})
