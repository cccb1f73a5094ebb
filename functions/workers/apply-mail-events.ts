import { mailEventMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'

const config = readConfig('ESCROW_TABLE')
const store = openStore({ escrowTable: config.ESCROW_TABLE })

/** What SES tells of mail that did not arrive. Mail that names no notice in its tags is not ours to act on. */
export const handler = worker(
  mailEventMessageSchema,
  ({ 'detail-type': type, detail }) => {
    log('info', 'mail_event_ignored', { type, messageId: detail.mail.messageId })
    return Promise.resolve()
  },
  { recordFailure: failureRecorder(store, 'mail-events', () => Date.now()) },
)
