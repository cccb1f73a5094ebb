import { accountLinkRoutes } from './resources/account-links.ts'
import { accountRoutes } from './resources/accounts.ts'
import { balanceRoutes } from './resources/balance.ts'
import { balanceTransactionRoutes } from './resources/balance-transactions.ts'
import { chargeRoutes } from './resources/charges.ts'
import { checkoutSessionRoutes } from './resources/checkout-sessions.ts'
import { disputeRoutes } from './resources/disputes.ts'
import { eventRoutes } from './resources/events.ts'
import { paymentIntentRoutes } from './resources/payment-intents.ts'
import { payoutRoutes } from './resources/payouts.ts'
import { refundRoutes } from './resources/refunds.ts'
import { transferReversalRoutes } from './resources/transfer-reversals.ts'
import { transferRoutes } from './resources/transfers.ts'
import type { Route } from './route.ts'

/** Every operation that this server serves. A new resource is a file in `resources/` and a line here. */
export const routes: readonly Route[] = [
  ...accountLinkRoutes,
  ...accountRoutes,
  ...balanceRoutes,
  ...balanceTransactionRoutes,
  ...chargeRoutes,
  ...checkoutSessionRoutes,
  ...disputeRoutes,
  ...eventRoutes,
  ...paymentIntentRoutes,
  ...payoutRoutes,
  ...refundRoutes,
  ...transferReversalRoutes,
  ...transferRoutes,
]
