import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { log } from '../../shared/runtime/log.ts'
import { sweepHandles } from '../../shared/workflows/sweep.ts'

const config = readConfig('HANDLES_TABLE', 'RELEASES_QUEUE_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE })
const queue = openQueue(config.RELEASES_QUEUE_URL)

export const handler = async (): Promise<void> => {
  const found = await sweepHandles(store, queue, new Date().toISOString())
  log('info', 'handles_due', { found })
}
