import { partyMailMessageSchema } from '../../shared/contract/messages.ts'
import { openMail } from '../../shared/gateways/mail.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { sendAuctionMails } from '../../shared/workflows/send-auction-mails.ts'
import { sendPartyMails } from '../../shared/workflows/send-party-mails.ts'

const config = readConfig(
  'HANDLES_TABLE',
  'ESCROW_TABLE',
  'MAIL_FROM',
  'MAIL_CONFIGURATION_SET',
  'PARTY_MAILS_QUEUE_URL',
)
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  // The queue tries again: only its messages know whether the mail may have gone out.
  mail: openMail({ from: config.MAIL_FROM, configurationSet: config.MAIL_CONFIGURATION_SET, attemptsMax: 1 }),
  queue: openQueue(config.PARTY_MAILS_QUEUE_URL),
}

export const handler = worker(
  partyMailMessageSchema,
  async (message) => {
    const { aggregate, seq, event } = message.detail
    const [kind, id = ''] = aggregate.split(':')
    const of = kind === 'order' ? 'order' : 'negotiation'
    const sent =
      kind === 'auction'
        ? await sendAuctionMails(deps, message)
        : await sendPartyMails(deps, { kind: of, id, seq, about: event.type })
    log('info', 'parties_written_to', { id, about: event.type, sent })
  },
  { recordFailure: failureRecorder(store, 'party-mails', running.now) },
)
