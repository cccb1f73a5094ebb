import { randomBytes } from 'node:crypto'
import { offerRoutes } from '../../shared/contract/routes/offers.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { claimedHumanity } from '../../shared/gateways/humanity.ts'
import { noScreening } from '../../shared/gateways/screening.ts'
import { claimedSecondFactor } from '../../shared/gateways/second-factor.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { listOffers } from '../../shared/workflows/list-offers.ts'
import { makeOffer } from '../../shared/workflows/make-offer.ts'
import {
  acceptOffer,
  blockBuyer,
  counterOffer,
  declineOffer,
  getOffer,
  reportOffer,
  type SeenOffer,
  withdrawOffer,
} from '../../shared/workflows/negotiation-acts.ts'
import { viewNegotiation, viewSettings } from '../../shared/workflows/negotiation-views.ts'
import { changeOfferSettings, getOfferSettings, type SettingsSeen } from '../../shared/workflows/offer-settings.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const secret = () => randomBytes(16).toString('base64url')
const policy = cachedPolicy(store, running.now)
const deps = {
  ...running,
  store,
  secret,
  policy,
  humanity: claimedHumanity,
  secondFactor: claimedSecondFactor,
  screening: noScreening,
}

const viewOf = ({ negotiation, side }: SeenOffer) =>
  viewNegotiation(negotiation, side, new Date(running.now()).toISOString())

const view = async (answered: Promise<Result<SeenOffer>>) => {
  const seen = await answered
  return seen.ok ? ok(viewOf(seen.value)) : seen
}

const settings = async (answered: Promise<Result<SettingsSeen>>) => {
  const seen = await answered
  return seen.ok ? ok(viewSettings(seen.value.handle, seen.value.rules)) : seen
}

export const handler = api(offerRoutes, {
  makeOffer: async ({ body, caller: buyer, idempotencyKey, requestHash }) => {
    const made = await makeOffer(deps, { ...body, buyer, idempotencyKey, requestHash })
    return made.ok ? ok(viewOf({ negotiation: made.value, side: 'buyer' })) : made
  },
  listNegotiations: async ({ query, caller }) => {
    const page = await listOffers(store, caller.id, query)
    return page.ok ? ok({ items: page.value.items.map(viewOf), nextCursor: page.value.nextCursor }) : page
  },
  getNegotiation: ({ params, caller }) => view(getOffer(store, params.offerId, caller.id)),
  counterNegotiation: ({ params, body, caller }) => view(counterOffer(deps, params.offerId, caller, body)),
  acceptNegotiation: ({ params, body, caller }) => view(acceptOffer(deps, params.offerId, caller, body)),
  declineNegotiation: ({ params, body, caller }) => view(declineOffer(deps, params.offerId, caller.id, body)),
  withdrawNegotiation: ({ params, body, caller }) => view(withdrawOffer(deps, params.offerId, caller.id, body)),
  reportNegotiation: ({ params, body, caller }) => view(reportOffer(deps, params.offerId, caller.id, body.reason)),
  blockBuyer: ({ params, caller }) => view(blockBuyer(deps, params.offerId, caller.id)),
  getOfferSettings: ({ params, caller }) => settings(getOfferSettings(deps, params.handle, caller.id)),
  changeOfferSettings: ({ params, body, caller }) => settings(changeOfferSettings(deps, params.handle, caller, body)),
})
