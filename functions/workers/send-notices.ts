import { noticeMessageSchema } from '../../shared/contract/messages.ts'
import { openEventBus } from '../../shared/gateways/events.ts'
import { openMail } from '../../shared/gateways/mail.ts'
import { readKeepSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { batchWorker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { sendNotices } from '../../shared/workflows/send-notices.ts'

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

export const handler = batchWorker(
  noticeMessageSchema,
  async (messages) => {
    const wanted = messages.map(({ detail: { aggregate, event } }) => ({
      handle: aggregate.replace(/^handle:/, ''),
      attempt: event.attempt,
      releaseAt: event.releaseAt,
    }))
    const outcomes = await sendNotices({ ...deps, keepSecret: await keepSecret() }, wanted)
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') log('info', 'notice', { ...wanted[index], outcome: outcome.value })
    })
    return outcomes
  },
  { recordFailure: failureRecorder(failures, 'notices', running.now) },
)
