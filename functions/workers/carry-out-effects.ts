import { effectMessageSchema } from '../../shared/contract/messages.ts'
import { parseAggregate } from '../../shared/domain/aggregate.ts'
import { type EffectEventType, effects } from '../../shared/domain/effects.ts'
import { openAuthorisations } from '../../shared/gateways/authorisations.ts'
import { openChargebacks } from '../../shared/gateways/chargebacks.ts'
import { openEvidenceFiles } from '../../shared/gateways/evidence.ts'
import { openPayments } from '../../shared/gateways/payments.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { openTransfers } from '../../shared/gateways/transfers.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { carryOutEffect } from '../../shared/workflows/carry-out-effect.ts'

const config = readConfig(
  'HANDLES_TABLE',
  'ESCROW_TABLE',
  'STRIPE_SECRET_ARN',
  'STRIPE_API_URL',
  'PUBLIC_URL',
  'EVIDENCE_BUCKET',
)
const stripe = once(async () => {
  const { secretKey } = await readStripeSecret(config.STRIPE_SECRET_ARN)
  return { secretKey, apiUrl: config.STRIPE_API_URL }
})
const deps = {
  ...running,
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  publicUrl: config.PUBLIC_URL,
  payments: once(async () => openPayments(await stripe())),
  screening: noScreening,
  sellerAccounts: once(async () => openSellerAccounts(await stripe())),
  transfers: once(async () => openTransfers(await stripe())),
  files: openEvidenceFiles(config.EVIDENCE_BUCKET),
  chargebacks: once(async () => openChargebacks(await stripe())),
  authorisations: once(async () => openAuthorisations(await stripe())),
}

export const handler = worker(
  effectMessageSchema,
  async ({ 'detail-type': type, detail }) => {
    if (!Object.hasOwn(effects, type)) throw new Error(`no effect belongs to ${type}`)
    const { aggregate } = detail
    const named = parseAggregate(aggregate)
    if (named === null) throw new Error(`${aggregate} is no aggregate`)
    await carryOutEffect(deps, type as EffectEventType, named.id)
    log('info', 'effect_carried_out', { type, aggregate })
  },
  { recordFailure: failureRecorder(deps.store, 'effects', running.now) },
)
