import { feedMessageSchema } from '../../shared/contract/messages.ts'
import { importIdSchema } from '../../shared/contract/ids.ts'
import { openFeeds } from '../../shared/gateways/feeds.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { splitFeed } from '../../shared/workflows/split-feed.ts'

const config = readConfig('ESCROW_TABLE', 'FEEDS_BUCKET', 'CHUNKS_QUEUE_URL')
const deps = {
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  feeds: openFeeds(config.FEEDS_BUCKET),
  chunks: openQueue(config.CHUNKS_QUEUE_URL),
}

export const handler = worker(
  feedMessageSchema,
  async (message) => {
    if (!('Records' in message)) return
    for (const { s3 } of message.Records) {
      const importId = importIdSchema.parse(s3.object.key.replace(/^feeds\//, ''))
      await splitFeed(deps, importId)
      log('info', 'feed_split', { importId })
    }
  },
  { recordFailure: failureRecorder(deps.store, 'feeds', () => Date.now()) },
)
