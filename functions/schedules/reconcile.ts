import { derivedId } from '../../shared/contract/ids.ts'
import { reconciliationRequestedSchema } from '../../shared/contract/messages.ts'
import { openBalance } from '../../shared/gateways/balance.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { reconcile } from '../../shared/workflows/reconcile.ts'

const config = readConfig('ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL')
const deps = {
  ...running,
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  balance: once(async () => {
    const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
    return openBalance({ secretKey, apiUrl: config.STRIPE_API_URL })
  }),
}

/** Started by the schedule, by an operator's request, or by hand without an event. An event that comes twice is one report. */
export const handler = async (event: { readonly id?: unknown } = {}): Promise<void> => {
  const requested = reconciliationRequestedSchema.safeParse(event)
  const { id } = event
  const result = await reconcile(
    deps,
    requested.success
      ? { id: requested.data.detail.reconciliationId, startedBy: 'operator' }
      : { id: derivedId('rec', typeof id === 'string' ? id : String(deps.now())), startedBy: 'schedule' },
  )
  log('info', 'reconciled', { begun: result !== null, from: result?.from, to: result?.to })
}
