import { accountRoutes } from './routes/accounts.ts'
import { authorisationRoutes } from './routes/authorisations.ts'
import { caseRoutes } from './routes/cases.ts'
import { campaignRoutes } from './routes/campaigns.ts'
import { auctionRoutes } from './routes/auctions.ts'
import { bookRoutes } from './routes/books.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { checkoutRoutes } from './routes/checkout.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { handOverRoutes } from './routes/hand-overs.ts'
import { disputeRoutes } from './routes/disputes.ts'
import { keepRoutes } from './routes/keep.ts'
import { discoveryRoutes } from './routes/discovery.ts'
import { offerRoutes } from './routes/offers.ts'
import { operatorRoutes } from './routes/operator.ts'
import { privateOfferRoutes } from './routes/private-offers.ts'
import { purchaseRoutes } from './routes/purchases.ts'
import { releasePlanRoutes } from './routes/release-plans.ts'
import { referenceRoutes } from './routes/reference.ts'
import { saleRecordRoutes } from './routes/sale-records.ts'
import { runRoutes } from './routes/runs.ts'
import { sellerRoutes } from './routes/sellers.ts'
import { webhookRoutes } from './routes/stripe-webhook.ts'
import { dropRoutes } from './routes/drops.ts'
import { tradingRoutes } from './routes/trading.ts'
import { listingRoutes } from './routes/listings.ts'
import { watchRoutes } from './routes/watches.ts'

/** The table: gateway routes, OpenAPI, the typed client and the role tests read it; a function reads its group alone. */
export const routes = {
  ...catalogueRoutes,
  ...discoveryRoutes,
  ...purchaseRoutes,
  ...checkoutRoutes,
  ...tradingRoutes,
  ...listingRoutes,
  ...auctionRoutes,
  ...accountRoutes,
  ...handOverRoutes,
  ...keepRoutes,
  ...operatorRoutes,
  ...deadLetterRoutes,
  ...releasePlanRoutes,
  ...runRoutes,
  ...bookRoutes,
  ...watchRoutes,
  ...authorisationRoutes,
  ...caseRoutes,
  ...disputeRoutes,
  ...saleRecordRoutes,
  ...dropRoutes,
  ...campaignRoutes,
  ...privateOfferRoutes,
  ...sellerRoutes,
  ...offerRoutes,
  ...webhookRoutes,
  ...referenceRoutes,
} as const

export type OperationId = keyof typeof routes
