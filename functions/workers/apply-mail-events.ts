import { mailEventMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { applyMailEvent } from '../../shared/workflows/apply-mail-event.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store }

export const handler = worker(
  mailEventMessageSchema,
  async (message) => {
    const outcome = await applyMailEvent(deps, message)
    const { type, messageId, tags } = message
    const facts = { type, messageId, outcome, handle: tags['handle']?.[0], offer: tags['offer']?.[0] }
    log(outcome === 'complaint' ? 'warn' : 'info', 'mail_event', facts)
  },
  { recordFailure: failureRecorder(store, 'mail-events', running.now) },
)
