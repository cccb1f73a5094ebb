import { deadlineMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { applyDeadline } from '../../shared/workflows/apply-deadline.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = worker(
  deadlineMessageSchema,
  async ({ orderId }) => {
    log('info', 'deadline', { orderId, outcome: await applyDeadline(deps, orderId) })
  },
  { recordFailure: failureRecorder(store, 'deadlines', running.now) },
)
