import { privateOfferPages, privateOfferRoutes } from '../../shared/contract/routes/private-offers.ts'
import type { PrivateOffer } from '../../shared/domain/private-offer.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { readOfferSecret } from '../../shared/gateways/secret.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { actOfForm, offerPage, unsubscribePage } from '../../shared/runtime/offer-page.ts'
import { once } from '../../shared/runtime/once.ts'
import { withPages } from '../../shared/runtime/pages.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import {
  acceptOffer,
  askForTerms,
  counterOffer,
  declineOffer,
  openOffer,
  readUnsubscribeLink,
  unsubscribe,
} from '../../shared/workflows/offer-links.ts'
import { viewOfferForProspect } from '../../shared/workflows/offer-views.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { viewOrder } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'OFFER_SECRET_ARN')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const offerSecret = once(() => readOfferSecret(config.OFFER_SECRET_ARN))
const deps = async () => ({ ...running, store, offerSecret: await offerSecret() })
const rules = { policy: cachedPolicy(store, running.now), humanity: claimedHumanity, secondFactor: claimedSecondFactor }
const { terms } = running

const view = async (acted: Promise<Result<PrivateOffer>>) => {
  const offer = await acted
  return offer.ok ? ok(viewOfferForProspect(offer.value, terms)) : offer
}
const done = async (acted: Promise<Result<unknown>>) => {
  const result = await acted
  return result.ok ? ok({ done: true as const }) : result
}

const answer = api(privateOfferRoutes, {
  getPrivateOffer: async ({ params }) => view(openOffer(await deps(), params.token)),
  askForTerms: async ({ params }) => view(askForTerms(await deps(), params.token)),
  counterOffer: async ({ params, body }) => view(counterOffer(await deps(), params.token, body.price)),
  declineOffer: async ({ params }) => done(declineOffer(await deps(), params.token)),
  unsubscribe: async ({ params }) => done(unsubscribe(await deps(), params.token)),
  acceptOffer: async ({ params, body, caller }) => {
    const accepted = await acceptOffer({ ...(await deps()), ...rules }, params.token, body.price, caller)
    if (!accepted.ok) return accepted
    const { offer, order } = accepted.value
    return ok({ offer: viewOfferForProspect(offer, terms), order: order === null ? null : viewOrder(order) })
  },
})

/** The link of a private offer: pages for people, and the same for apps, where a prospect signs in to accept. */
export const handler = withPages(
  privateOfferPages,
  {
    showOffer: async (token) => offerPage('shown', await view(openOffer(await deps(), token))),
    answerOfferPage: async (token, event) => {
      const act = actOfForm(event)
      switch (act.kind) {
        case 'counter':
          return offerPage('countered', await view(counterOffer(await deps(), token, act.price)))
        case 'decline':
          return offerPage('declined', await view(declineOffer(await deps(), token)))
        case 'terms':
          return offerPage('terms', await view(askForTerms(await deps(), token)))
        case 'none':
          return offerPage('shown', act.refused)
      }
    },
    showUnsubscribe: async (token) => unsubscribePage('ask', readUnsubscribeLink(await deps(), token)),
    unsubscribePage: async (token) => unsubscribePage('done', await unsubscribe(await deps(), token)),
  },
  answer,
)
