import { purchaseRoutes } from '../../shared/contract/routes/purchases.ts'
import { ok } from '../../shared/domain/result.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { openStore } from '../../shared/store/client.ts'
import { getOrder, listOrders } from '../../shared/workflows/orders.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { placeOrder } from '../../shared/workflows/place-order.ts'
import { viewOrder } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  policy: cachedPolicy(store, running.now),
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
  screening: noScreening,
}

export const handler = api(purchaseRoutes, {
  placeOrder: async ({ body, caller, idempotencyKey, requestHash }) => {
    const order = await placeOrder(deps, { buyer: caller, ...body, idempotencyKey, requestHash })
    return order.ok ? ok(viewOrder(order.value)) : order
  },
  listOrders: async ({ query, caller }) => {
    const page = await listOrders(store, caller.id, query)
    return page.ok ? ok({ ...page.value, items: page.value.items.map((order) => viewOrder(order)) }) : page
  },
  getOrder: async ({ params, caller }) => {
    const order = await getOrder(store, params.orderId, caller.id)
    return order.ok ? ok(viewOrder(order.value)) : order
  },
})
