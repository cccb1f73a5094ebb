import { alertMessageSchema } from '../../shared/contract/messages.ts'
import { pageOfMessage } from '../../shared/domain/alert.ts'
import { openEventBus } from '../../shared/gateways/events.ts'
import { openMail } from '../../shared/gateways/mail.ts'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readAlertSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { sendAlerts } from '../../shared/workflows/send-alerts.ts'

const config = readConfig(
  'HANDLES_TABLE',
  'ESCROW_TABLE',
  'EVENT_BUS',
  'MAIL_FROM',
  'MAIL_CONFIGURATION_SET',
  'ALERTS_QUEUE_URL',
  'ALERT_SECRET_ARN',
  'PUBLIC_URL',
)
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  bus: openEventBus(config.EVENT_BUS),
  mail: openMail({ from: config.MAIL_FROM, configurationSet: config.MAIL_CONFIGURATION_SET }),
  queue: openQueue(config.ALERTS_QUEUE_URL),
  publicUrl: config.PUBLIC_URL,
}
const alertSecret = once(() => readAlertSecret(config.ALERT_SECRET_ARN))

export const handler = worker(
  alertMessageSchema,
  async (message) => {
    const page = pageOfMessage(message)
    if (page === null) return
    const told = await sendAlerts({ ...deps, alertSecret: await alertSecret() }, page)
    log('info', 'watchers_told', { handle: page.handle, cause: page.cause.kind, told })
  },
  { recordFailure: failureRecorder(deps.store, 'alerts', running.now) },
)
