import { derivedId } from '../../shared/contract/ids.ts'
import { runRequestedSchema } from '../../shared/contract/messages.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { log } from '../../shared/runtime/log.ts'
import { sweepHandles, type SweepStart } from '../../shared/workflows/sweep.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'RELEASES_QUEUE_URL')
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  queue: openQueue(config.RELEASES_QUEUE_URL),
}

/** Started by the schedule, by an operator's request, or by hand without an event. An event that comes twice is one run. */
export const handler = async (event: { readonly id?: unknown } = {}): Promise<void> => {
  const start = startOf(event)
  log('info', 'handles_due', { ...start, found: await sweepHandles(deps, start) })
}

const startOf = (event: { readonly id?: unknown }): SweepStart => {
  const requested = runRequestedSchema.safeParse(event)
  if (requested.success) return { runId: requested.data.detail.runId, startedBy: 'operator' }
  const { id } = event
  return { runId: derivedId('run', typeof id === 'string' ? id : String(deps.now())), startedBy: 'schedule' }
}
