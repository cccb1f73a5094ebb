import { effectMessageSchema } from '../../shared/contract/messages.ts'
import { type EffectEventType, effects } from '../../shared/domain/effects.ts'
import { openPayments } from '../../shared/gateways/payments.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { carryOutEffect } from '../../shared/workflows/carry-out-effect.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL', 'PUBLIC_URL')
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  publicUrl: config.PUBLIC_URL,
}
const payments = once(async () => {
  const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
  return openPayments({ secretKey, apiUrl: config.STRIPE_API_URL })
})

export const handler = worker(
  effectMessageSchema,
  async ({ 'detail-type': type, detail }) => {
    if (!Object.hasOwn(effects, type)) throw new Error(`no effect belongs to ${type}`)
    const orderId = detail.aggregate.replace(/^order:/, '')
    await carryOutEffect({ ...deps, payments: await payments() }, type as EffectEventType, orderId)
    log('info', 'effect_carried_out', { type, orderId })
  },
  { recordFailure: failureRecorder(deps.store, 'effects', running.now) },
)
