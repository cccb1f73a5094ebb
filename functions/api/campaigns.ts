import { campaignRoutes } from '../../shared/contract/routes/campaigns.ts'
import type { PrivateOffer } from '../../shared/domain/private-offer.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { loadProspect } from '../../shared/store/campaigns.ts'
import { openStore } from '../../shared/store/client.ts'
import {
  addProspects,
  closeCampaign,
  createCampaign,
  getCampaign,
  listAskedPrices,
  listCampaigns,
  listOffers,
} from '../../shared/workflows/campaigns.ts'
import { answerOffer, withdrawOffer } from '../../shared/workflows/offer-acts.ts'
import { viewPrivateOffer } from '../../shared/workflows/offer-views.ts'
import { startCampaign } from '../../shared/workflows/start-campaign.ts'
import { wordCounter } from '../../shared/workflows/word-count.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'SHELVES_TABLE')
const store = openStore({
  handlesTable: config.HANDLES_TABLE,
  escrowTable: config.ESCROW_TABLE,
  shelvesTable: config.SHELVES_TABLE,
})
const deps = { ...running, store, wordsOf: wordCounter }

const view = async (acted: Promise<Result<PrivateOffer>>) => {
  const offer = await acted
  return offer.ok
    ? ok(viewPrivateOffer(offer.value, await loadProspect(store, offer.value.campaignId, offer.value.prospect)))
    : offer
}

export const handler = api(campaignRoutes, {
  createCampaign: ({ body: draft, caller, ...request }) => createCampaign(deps, { ...request, draft }, caller),
  listCampaigns: ({ query }) => listCampaigns(store, query),
  getCampaign: ({ params }) => getCampaign(store, params.campaignId),
  addProspects: ({ params, body, caller, ...request }) =>
    addProspects(deps, params.campaignId, { ...request, csv: body.csv }, caller.id),
  startCampaign: ({ params, caller }) => startCampaign(deps, params.campaignId, caller.id),
  closeCampaign: ({ params, body, caller }) => closeCampaign(deps, params.campaignId, body.reason, caller.id),
  listOffers: ({ params, query }) => listOffers(store, params.campaignId, query),
  answerOffer: ({ params, body: { answer, price, reason }, caller }) =>
    view(answerOffer(deps, params.offerId, { answer, priceMinor: price?.amountMinor, reason }, caller.id)),
  withdrawOffer: ({ params, body, caller }) => view(withdrawOffer(deps, params.offerId, body.reason, caller.id)),
  listAskedPrices: ({ params }) => listAskedPrices(store, params.handle),
})
