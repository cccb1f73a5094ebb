import { tradingRoutes } from '../../shared/contract/routes/trading.ts'
import { ok } from '../../shared/domain/result.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { acceptInspection, cancelOrder } from '../../shared/workflows/order-acts.ts'
import { chooseReplacement, getSale, listSales } from '../../shared/workflows/my-sales.ts'
import { viewSale } from '../../shared/workflows/trading-views.ts'
import { viewOrder } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = api(tradingRoutes, {
  cancelOrder: async ({ params, caller }) => {
    const order = await cancelOrder(deps, params.orderId, caller.id)
    return order.ok ? ok(viewOrder(order.value)) : order
  },
  acceptInspection: async ({ params, caller }) => {
    const order = await acceptInspection(deps, params.orderId, caller.id)
    return order.ok ? ok(viewOrder(order.value)) : order
  },
  listMySales: async ({ query, caller }) => {
    const page = await listSales(store, caller.id, query)
    return page.ok ? ok({ ...page.value, items: page.value.items.map(viewSale) }) : page
  },
  getMySale: async ({ params, caller }) => {
    const order = await getSale(store, params.orderId, caller.id)
    return order.ok ? ok(viewSale(order.value)) : order
  },
  chooseReplacement: async ({ params, body, caller }) => {
    const order = await chooseReplacement(deps, { ...params, ...body, sellerId: caller.id })
    return order.ok ? ok(viewSale(order.value)) : order
  },
})
