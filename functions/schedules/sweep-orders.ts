import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { log } from '../../shared/runtime/log.ts'
import { sweepOrders } from '../../shared/workflows/sweep.ts'

const config = readConfig('ESCROW_TABLE', 'DEADLINES_QUEUE_URL')
const store = openStore({ escrowTable: config.ESCROW_TABLE })
const queue = openQueue(config.DEADLINES_QUEUE_URL)

export const handler = async (): Promise<void> => {
  const found = await sweepOrders(store, queue, new Date().toISOString())
  log('info', 'orders_due', { found })
}
