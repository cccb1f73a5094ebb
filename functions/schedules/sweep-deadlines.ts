import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { log } from '../../shared/runtime/log.ts'
import { sweepDeadlines } from '../../shared/workflows/sweep-deadlines.ts'

const config = readConfig('ESCROW_TABLE', 'DEADLINES_QUEUE_URL')
const store = openStore({ escrowTable: config.ESCROW_TABLE })
const queue = openQueue(config.DEADLINES_QUEUE_URL)

export const handler = async (): Promise<void> => {
  const found = await sweepDeadlines(store, queue, Date.now())
  log('info', 'deadlines_due', { found })
}
