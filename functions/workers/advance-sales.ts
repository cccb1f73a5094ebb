import { effectMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { advanceSale } from '../../shared/workflows/advance-sale.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = worker(
  effectMessageSchema,
  async ({ detail }) => {
    const orderId = detail.aggregate.replace(/^order:/, '')
    const saleId = await advanceSale(deps, orderId)
    if (saleId !== null) log('info', 'sale_advanced', { orderId, saleId })
  },
  { recordFailure: failureRecorder(store, 'sale-orders', running.now) },
)
