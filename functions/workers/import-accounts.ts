import { chunkMessageSchema } from '../../shared/contract/messages.ts'
import { openFeeds } from '../../shared/gateways/feeds.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { importAccounts } from '../../shared/workflows/import-accounts.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'FEEDS_BUCKET')
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  feeds: openFeeds(config.FEEDS_BUCKET),
}

export const handler = worker(
  chunkMessageSchema,
  async (message) => {
    await importAccounts(deps, message)
    log('info', 'chunk_imported', { importId: message.importId, chunk: message.chunk })
  },
  { recordFailure: failureRecorder(deps.store, 'chunks', running.now) },
)
