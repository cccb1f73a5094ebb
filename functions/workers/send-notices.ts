import { noticeMessageSchema } from '../../shared/contract/messages.ts'
import { openEventBus } from '../../shared/gateways/events.ts'
import { openMail } from '../../shared/gateways/mail.ts'
import { readKeepSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { sendNotice } from '../../shared/workflows/send-notice.ts'

const config = readConfig(
  'HANDLES_TABLE',
  'ESCROW_TABLE',
  'EVENT_BUS',
  'MAIL_FROM',
  'MAIL_CONFIGURATION_SET',
  'KEEP_SECRET_ARN',
  'PUBLIC_URL',
)
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE }),
  bus: openEventBus(config.EVENT_BUS),
  mail: openMail({ from: config.MAIL_FROM, configurationSet: config.MAIL_CONFIGURATION_SET }),
  publicUrl: config.PUBLIC_URL,
}
const keepSecret = once(() => readKeepSecret(config.KEEP_SECRET_ARN))

const failures = openStore({ escrowTable: config.ESCROW_TABLE })

export const handler = worker(
  noticeMessageSchema,
  async ({ detail: { aggregate, event } }) => {
    const wanted = { handle: aggregate.replace(/^handle:/, ''), attempt: event.attempt, releaseAt: event.releaseAt }
    const outcome = await sendNotice({ ...deps, keepSecret: await keepSecret() }, wanted)
    log('info', 'notice', { handle: wanted.handle, attempt: wanted.attempt, outcome })
  },
  { recordFailure: failureRecorder(failures, 'notices', running.now) },
)
