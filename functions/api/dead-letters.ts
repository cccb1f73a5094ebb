import { deadLetterRoutes } from '../../shared/contract/routes/dead-letters.ts'
import { openDeadLetters } from '../../shared/gateways/dead-letters.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { listDeadLetterQueues, listDeadLetters, redriveDeadLetters } from '../../shared/workflows/dead-letters.ts'

const config = readConfig(
  'ESCROW_TABLE',
  'FEEDS_QUEUE_URL',
  'FEEDS_DEAD_QUEUE_URL',
  'CHUNKS_QUEUE_URL',
  'CHUNKS_DEAD_QUEUE_URL',
  'RELEASES_QUEUE_URL',
  'RELEASES_DEAD_QUEUE_URL',
  'DEADLINES_QUEUE_URL',
  'DEADLINES_DEAD_QUEUE_URL',
  'PAYMENTS_QUEUE_URL',
  'PAYMENTS_DEAD_QUEUE_URL',
  'EFFECTS_QUEUE_URL',
  'EFFECTS_DEAD_QUEUE_URL',
  'NOTICES_QUEUE_URL',
  'NOTICES_DEAD_QUEUE_URL',
  'MAIL_EVENTS_QUEUE_URL',
  'MAIL_EVENTS_DEAD_QUEUE_URL',
  'PLANS_QUEUE_URL',
  'PLANS_DEAD_QUEUE_URL',
  'ALERTS_QUEUE_URL',
  'ALERTS_DEAD_QUEUE_URL',
  'OUTBOX_FAILURES_QUEUE_URL',
  'SHELF_FAILURES_QUEUE_URL',
)
const deps = {
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  queues: {
    feeds: openDeadLetters(config.FEEDS_DEAD_QUEUE_URL, config.FEEDS_QUEUE_URL),
    chunks: openDeadLetters(config.CHUNKS_DEAD_QUEUE_URL, config.CHUNKS_QUEUE_URL),
    releases: openDeadLetters(config.RELEASES_DEAD_QUEUE_URL, config.RELEASES_QUEUE_URL),
    deadlines: openDeadLetters(config.DEADLINES_DEAD_QUEUE_URL, config.DEADLINES_QUEUE_URL),
    payments: openDeadLetters(config.PAYMENTS_DEAD_QUEUE_URL, config.PAYMENTS_QUEUE_URL),
    effects: openDeadLetters(config.EFFECTS_DEAD_QUEUE_URL, config.EFFECTS_QUEUE_URL),
    notices: openDeadLetters(config.NOTICES_DEAD_QUEUE_URL, config.NOTICES_QUEUE_URL),
    'mail-events': openDeadLetters(config.MAIL_EVENTS_DEAD_QUEUE_URL, config.MAIL_EVENTS_QUEUE_URL),
    plans: openDeadLetters(config.PLANS_DEAD_QUEUE_URL, config.PLANS_QUEUE_URL),
    alerts: openDeadLetters(config.ALERTS_DEAD_QUEUE_URL, config.ALERTS_QUEUE_URL),
    'outbox-failures': openDeadLetters(config.OUTBOX_FAILURES_QUEUE_URL, null),
    'shelf-failures': openDeadLetters(config.SHELF_FAILURES_QUEUE_URL, null),
  },
}

export const handler = api(deadLetterRoutes, {
  listDeadLetterQueues: () => listDeadLetterQueues(deps),
  listDeadLetters: ({ params, query }) => listDeadLetters(deps, params.queue, query.limit),
  redriveDeadLetters: ({ params }) => redriveDeadLetters(deps, params.queue),
})
