import type * as z from 'zod'
import type {
  askedPricesSchema,
  CampaignDraft,
  campaignSchema,
  privateOfferSchema,
  prospectUploadSchema,
} from '../contract/campaign.ts'
import { derivedId } from '../contract/ids.ts'
import { advance, type VersionedOf } from '../domain/aggregate.ts'
import { type Campaign, decideAddProspects, decideClose, type Upload } from '../domain/campaign.ts'
import { checkTemplate } from '../domain/campaign-template.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { addressHash } from '../domain/prospect.ts'
import { type ProspectFile, readProspectFile } from '../domain/prospect-file.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { Caller } from '../runtime/caller.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import { load } from '../store/aggregates.ts'
import {
  campaignPageKey,
  listCampaign,
  loadOffersInTurn,
  loadOffersOfHandle,
  loadProspects,
  loadRejects,
  loadSomeProspects,
  offerPageKey,
  putUpload,
  queryCampaigns,
  queryOffers,
  type StoredReject,
  suppressedAmong,
} from '../store/campaigns.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { noteDevice } from './links.ts'
import { countOffers, viewCampaign, viewPrivateOffer } from './offer-views.ts'

type CampaignView = z.input<typeof campaignSchema>
type UploadView = z.input<typeof prospectUploadSchema>
type Page = { readonly limit: number; readonly cursor?: string | undefined }
type PageView<T> = { items: T[]; nextCursor: string | null }
type Deps = CommitDeps<Store>

const unknownCampaign = (id: string) => refuse('not_found', `There is no campaign ${id}`, 'campaignId')

/** Drafts a campaign. The same key and body give the same campaign. */
export const createCampaign = async (
  deps: Deps,
  request: { readonly draft: CampaignDraft; readonly idempotencyKey: string; readonly requestHash: string },
  operator: Caller,
): Promise<Result<CampaignView>> => {
  const { requestHash } = request
  const operatorId = operator.id
  const id = derivedId('cmp', operatorId, request.idempotencyKey)
  const checked = checkDraft(request.draft)
  if (!checked.ok) return checked
  // What the operator's own accounts are known by, when one of them wants to buy.
  await noteDevice(deps, operator, null)
  return committing<Result<CampaignView>>(deps, async () => {
    const known = await load(deps.store, 'campaign', id)
    if (known !== null) {
      return {
        changes: [],
        answer:
          known.state.requestHash === requestHash
            ? ok(viewCampaign(known.state, null))
            : refuse('idempotency_key_reused', `This key made ${id} with another body`, 'Idempotency-Key'),
      }
    }
    const at = instant(deps.now())
    await listCampaign(deps.store, { id, createdAt: at })
    const created = { type: 'campaign_created', ...checked.value, operatorId, currency: 'USD', requestHash } as const
    const after = advance('campaign', id, null, [created], at, { kind: 'operator', id: operatorId })
    return { changes: [{ kind: 'campaign', before: null, after }], answer: ok(viewCampaign(after.state, null)) }
  })
}

const checkDraft = (draft: CampaignDraft): Result<CampaignDraft> => {
  const template = checkTemplate(draft.template)
  if (!template.ok) return template
  if ('rule' in draft.handles) return ok(draft)
  const names = new Set<string>()
  for (const [index, input] of draft.handles.list.entries()) {
    const name = checkHandle(input, `handles.list.${index}`)
    if (!name.ok) return name
    names.add(name.value)
  }
  return ok({ ...draft, handles: { list: [...names] } })
}

export const getCampaign = async (store: EscrowStore, id: string): Promise<Result<CampaignView>> => {
  const campaign = await load(store, 'campaign', id)
  return campaign === null ? unknownCampaign(id) : ok(await viewCounted(store, campaign.state))
}

const viewCounted = async (store: EscrowStore, campaign: Campaign): Promise<CampaignView> => {
  if (campaign.startedAt === undefined) return viewCampaign(campaign, null)
  const offers = await loadOffersInTurn(store, campaign.id)
  return viewCampaign(campaign, countOffers(offers.map(({ state }) => state)))
}

export const listCampaigns = async (store: EscrowStore, page: Page): Promise<Result<PageView<CampaignView>>> => {
  const scope = 'campaigns'
  const after = decodeCursor(scope, page.cursor, campaignPageKey)
  if (!after.ok) return after
  const { items, next } = await queryCampaigns(store, { limit: page.limit, after: after.value })
  return ok({
    items: items.map(({ state }) => viewCampaign(state, null)),
    nextCursor: encodeCursor(scope, next),
  })
}

/**
 * Takes the rows of a file that are fit to be written to, and names the others. The rows are kept before the campaign takes
 * the upload, so that an upload that is taken has all of its rows; the same key and file give the same answer.
 */
export const addProspects = async (
  deps: Deps,
  campaignId: string,
  request: { readonly csv: string; readonly idempotencyKey: string; readonly requestHash: string },
  operatorId: string,
): Promise<Result<UploadView>> => {
  const keyHash = derivedId('upl', campaignId, request.idempotencyKey)
  const uploadId = derivedId('upl', campaignId, request.idempotencyKey, request.requestHash)
  return committing<Result<UploadView>>(deps, async () => {
    const before = await load(deps.store, 'campaign', campaignId)
    if (before === null) return { changes: [], answer: unknownCampaign(campaignId) }
    const earlier = before.state.uploads.find(({ id }) => id === uploadId)
    if (earlier !== undefined) {
      const rejected = await loadRejects(deps.store, campaignId, uploadId)
      return { changes: [], answer: ok(viewUpload(campaignId, earlier.accepted, rejected ?? [])) }
    }
    const file = await readFile(deps, before, request.csv)
    if (!file.ok) return { changes: [], answer: file }
    const { prospects, rejected } = file.value
    const upload: Upload = { id: uploadId, keyHash, accepted: prospects.length, rejected: rejected.length }
    const decided = decideAddProspects(before.state, upload)
    if (!decided.ok) return { changes: [], answer: decided }
    await putUpload(deps.store, campaignId, uploadId, file.value, deps.now())
    const operator = { kind: 'operator', id: operatorId } as const
    const after = advance('campaign', campaignId, before, decided.value, instant(deps.now()), operator)
    return {
      changes: [{ kind: 'campaign', before, after }],
      answer: ok(viewUpload(campaignId, prospects.length, rejected)),
    }
  })
}

const viewUpload = (campaignId: string, accepted: number, rejected: readonly StoredReject[]): UploadView => ({
  campaignId,
  accepted,
  rejected: rejected.map((reject) => reject as UploadView['rejected'][number]),
})

const readFile = async (
  deps: Deps,
  { state: campaign }: VersionedOf<'campaign'>,
  csv: string,
): Promise<Result<ProspectFile>> => {
  const taken = new Set(campaign.uploads.map(({ id }) => id))
  const known = new Set<string>()
  for (const [ref, { email }] of await loadProspects(deps.store, campaign.id)) {
    if (taken.has(ref.slice(0, ref.indexOf('#')))) known.add(addressHash(email))
  }
  const file = readProspectFile(csv, {
    today: instant(deps.now()).slice(0, 10),
    handles: 'list' in campaign.handles ? new Set(campaign.handles.list) : null,
    known,
  })
  return file.ok ? ok(await withoutUnsubscribed(deps.store, file.value)) : file
}

const withoutUnsubscribed = async (
  store: EscrowStore,
  { prospects, rejected }: ProspectFile,
): Promise<ProspectFile> => {
  const suppressed = await suppressedAmong(
    store,
    prospects.map(({ email }) => addressHash(email)),
  )
  if (suppressed.size === 0) return { prospects, rejected }
  const kept = prospects.filter(({ email }) => !suppressed.has(addressHash(email)))
  const refused = prospects.filter((prospect) => !kept.includes(prospect))
  return {
    prospects: kept,
    rejected: [
      ...rejected,
      ...refused.map(({ line }) => ({
        line,
        code: 'prospect_unsubscribed',
        field: 'email',
        reason: 'email: this address wants no more offers',
      })),
    ].toSorted((a, b) => a.line - b.line),
  }
}

/** Ends a campaign. What nobody has accepted is taken back by the event road. */
export const closeCampaign = async (
  deps: Deps,
  id: string,
  reason: string,
  operatorId: string,
): Promise<Result<CampaignView>> => {
  const closed = await committing<Result<Campaign>>(deps, async () => {
    const before = await load(deps.store, 'campaign', id)
    if (before === null) return { changes: [], answer: unknownCampaign(id) }
    const decided = decideClose(before.state, reason)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before.state) }
    const operator = { kind: 'operator', id: operatorId } as const
    const after = advance('campaign', id, before, decided.value, instant(deps.now()), operator)
    return { changes: [{ kind: 'campaign', before, after }], answer: ok(after.state) }
  })
  return closed.ok ? ok(await viewCounted(deps.store, closed.value)) : closed
}

export const listOffers = async (
  store: EscrowStore,
  campaignId: string,
  page: Page,
): Promise<Result<PageView<z.input<typeof privateOfferSchema>>>> => {
  const scope = `offers ${campaignId}`
  const after = decodeCursor(scope, page.cursor, offerPageKey(campaignId))
  if (!after.ok) return after
  if ((await load(store, 'campaign', campaignId)) === null) return unknownCampaign(campaignId)
  const { items, next } = await queryOffers(store, campaignId, { limit: page.limit, after: after.value })
  const prospects = await loadSomeProspects(
    store,
    campaignId,
    items.map(({ state }) => state.prospect),
  )
  return ok({
    items: items.map(({ state }) => viewPrivateOffer(state, prospects.get(state.prospect) ?? null)),
    nextCursor: encodeCursor(scope, next),
  })
}

/** Every price that prospects were asked for a handle, oldest first: from the offers themselves, which are their journals. */
export const listAskedPrices = async (
  store: EscrowStore,
  input: string,
): Promise<Result<z.input<typeof askedPricesSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const offers = await loadOffersOfHandle(store, name.value)
  const prices = offers.flatMap(({ state: { id, campaignId, currency, asked } }) =>
    asked.map(({ priceMinor, at, reason }) => ({
      offerId: id,
      campaignId,
      price: { amountMinor: priceMinor, currency },
      at,
      reason: reason ?? null,
    })),
  )
  return ok({ handle: name.value, prices: prices.toSorted((a, b) => (a.at < b.at ? -1 : 1)) })
}
