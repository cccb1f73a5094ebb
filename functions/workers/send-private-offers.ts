import { offerMessageSchema } from '../../shared/contract/messages.ts'
import { openMail } from '../../shared/gateways/mail.ts'
import { readOfferSecret } from '../../shared/gateways/secret.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'
import { running } from '../../shared/runtime/running.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { planOffers, withdrawOffers } from '../../shared/workflows/plan-offers.ts'
import { sendOfferMail } from '../../shared/workflows/send-offer-mail.ts'

const config = readConfig(
  'HANDLES_TABLE',
  'ESCROW_TABLE',
  'MAIL_FROM',
  'MAIL_CONFIGURATION_SET',
  'OFFER_SECRET_ARN',
  'PUBLIC_URL',
)
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = {
  ...running,
  store,
  mail: openMail({ from: config.MAIL_FROM, configurationSet: config.MAIL_CONFIGURATION_SET }),
  publicUrl: config.PUBLIC_URL,
}
const offerSecret = once(() => readOfferSecret(config.OFFER_SECRET_ARN))

export const handler = worker(
  offerMessageSchema,
  async (message) => {
    const { aggregate } = message.detail
    const id = aggregate.slice(aggregate.indexOf(':') + 1)
    switch (message['detail-type']) {
      case 'campaign.campaign_started':
        log('info', 'campaign', { id, outcome: await planOffers(deps, id) })
        return
      case 'campaign.campaign_closed':
        await withdrawOffers(deps, id)
        log('info', 'campaign', { id, outcome: 'withdrawn' })
        return
      case 'private_offer.mail_wanted': {
        const { number } = message.detail.event
        const outcome = await sendOfferMail({ ...deps, offerSecret: await offerSecret() }, id, number)
        log('info', 'offer_mail', { id, number, outcome })
        return
      }
    }
  },
  { recordFailure: failureRecorder(store, 'private-offers', running.now) },
)
