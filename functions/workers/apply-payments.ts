import { paymentMessageSchema } from '../../shared/contract/messages.ts'
import { openAuthorisations } from '../../shared/gateways/authorisations.ts'
import { openPayments } from '../../shared/gateways/payments.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { applyPayment } from '../../shared/workflows/apply-payment.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'STRIPE_SECRET_ARN', 'STRIPE_API_URL')
const secret = once(() => readStripeSecret(config.STRIPE_SECRET_ARN))
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  payments: once(async () => openPayments({ ...(await secret()), apiUrl: config.STRIPE_API_URL })),
  authorisations: once(async () => openAuthorisations({ ...(await secret()), apiUrl: config.STRIPE_API_URL })),
  sellerAccounts: once(async () => openSellerAccounts({ ...(await secret()), apiUrl: config.STRIPE_API_URL })),
  livemode: async () => /^[sr]k_live_/.test((await secret()).secretKey),
}

export const handler = worker(
  paymentMessageSchema,
  async (message) => {
    await applyPayment(deps, message)
    const orderId = message.kind === 'checkout' ? message.orderId : undefined
    log('info', 'payment_applied', { eventId: message.eventId, type: message.type, orderId })
  },
  { fifo: true, recordFailure: failureRecorder(deps.store, 'payments', running.now) },
)
