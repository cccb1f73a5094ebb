import { openEventBus } from '../../shared/gateways/events.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { streamWorker } from '../../shared/runtime/stream-worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { publishOutbox } from '../../shared/workflows/publish-outbox.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'EVENT_BUS')
const deps = {
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  bus: openEventBus(config.EVENT_BUS),
}

export const handler = streamWorker(
  (records) => publishOutbox(deps, records),
  failureRecorder(deps.store, 'outbox-failures', () => Date.now()),
)
