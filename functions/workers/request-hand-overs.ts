import { effectMessageSchema } from '../../shared/contract/messages.ts'
import { parseAggregate } from '../../shared/domain/aggregate.ts'
import { openOutbound } from '../../shared/gateways/outbound.ts'
import { readPlatformSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { requestHandOver } from '../../shared/workflows/hand-overs.ts'

const config = readConfig('ESCROW_TABLE', 'PLATFORM_SECRET_ARN', 'PLATFORM_WEBHOOK_URL', 'LOOPBACK_ORIGIN')
const store = openStore({ escrowTable: config.ESCROW_TABLE })
const outbound = once(async () => {
  // An order may still wait for the platform where the deployment no longer lets it hand over: keep the URL till then.
  if (config.PLATFORM_WEBHOOK_URL === undefined) throw new Error('platformWebhookUrl is not set')
  return openOutbound({
    url: config.PLATFORM_WEBHOOK_URL,
    secret: await readPlatformSecret(config.PLATFORM_SECRET_ARN),
    loopbackOrigin: config.LOOPBACK_ORIGIN,
    now: running.now,
  })
})

export const handler = worker(
  effectMessageSchema,
  async ({ detail: { aggregate } }) => {
    const named = parseAggregate(aggregate)
    if (named?.kind !== 'order') throw new Error(`${aggregate} is no order`)
    const asked = await requestHandOver({ ...running, store, outbound }, named.id)
    log('info', asked ? 'hand_over_requested' : 'hand_over_not_wanted', { aggregate })
  },
  { recordFailure: failureRecorder(store, 'hand-overs', running.now) },
)
