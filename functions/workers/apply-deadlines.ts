import { deadlineMessageSchema } from '../../shared/contract/messages.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { applyDeadlineInTime } from '../../shared/workflows/apply-deadline.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'DEADLINES_QUEUE_URL')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store, queue: openQueue(config.DEADLINES_QUEUE_URL) }

export const handler = worker(
  deadlineMessageSchema,
  async ({ aggregate }) => {
    log('info', 'deadline', { aggregate, outcome: await applyDeadlineInTime(deps, aggregate) })
  },
  { recordFailure: failureRecorder(store, 'deadlines', running.now) },
)
