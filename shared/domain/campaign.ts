import type { Currency } from '../contract/money.ts'
import type { CampaignDraft, HandleRule } from '../contract/campaign.ts'
import { ok, refuse, type Result } from './result.ts'
import { assertBorn, type Machine, possibleEvents, rowOf } from './transitions.ts'

export type CampaignStatus = 'draft' | 'running' | 'closed'

/** An upload of prospects: the rows that were taken. Names and addresses lie beside the journal. */
export type Upload = {
  /** Derived from key and body, so that an upload with another body keeps its rows elsewhere. */
  readonly id: string
  /** Derived from the Idempotency-Key alone. */
  readonly keyHash: string
  readonly accepted: number
  readonly rejected: number
}

/** A handle of a started campaign, with the price that every one of its prospects is asked. */
export type OfferedHandle = { readonly handle: string; readonly display: string; readonly priceMinor: number }

/** What an operator asked for. */
export type CampaignRequest = CampaignDraft & {
  readonly operatorId: string
  readonly currency: Currency
  /** Hash of the request that made it: the same Idempotency-Key with another body is told apart by it. */
  readonly requestHash: string
}

/** Private offers of some handles to some prospects. Instants are RFC 3339 UTC. */
export type Campaign = CampaignRequest & {
  readonly id: string
  readonly status: CampaignStatus
  readonly createdAt: string
  readonly updatedAt: string
  readonly uploads: readonly Upload[]
  /** Resolved when the campaign started, once. */
  readonly offered: readonly OfferedHandle[]
  readonly startedAt?: string | undefined
  readonly closedAt?: string | undefined
  readonly closeReason?: string | undefined
}

export type CampaignEvent =
  | ({ readonly type: 'campaign_created' } & CampaignRequest)
  | ({ readonly type: 'prospects_added' } & Upload)
  | { readonly type: 'campaign_started'; readonly offered: readonly OfferedHandle[] }
  | { readonly type: 'campaign_closed'; readonly reason: string }

/** The life of a campaign. */
export const campaignMachine: Machine<CampaignStatus, CampaignEvent['type']> = {
  name: 'campaign',
  states: { draft: 'resting', running: 'resting', closed: 'final' },
  transitions: [
    { from: null, on: 'campaign_created', to: 'draft', by: ['operator'] },
    { from: 'draft', on: 'prospects_added', to: 'draft', by: ['operator'] },
    { from: 'draft', on: 'campaign_started', to: 'running', by: ['operator'] },
    { from: 'draft', on: 'campaign_closed', to: 'closed', by: ['operator'] },
    { from: 'running', on: 'campaign_closed', to: 'closed', by: ['operator'] },
  ],
}

/** Prospects of one campaign: their offers are read together, and a person must be able to answer them. */
export const prospectsPerCampaignMax = 500
/** Uploads of one campaign; each is a request of 64 KB at most. */
export const uploadsPerCampaignMax = 20

export const prospectCount = ({ uploads }: Pick<Campaign, 'uploads'>): number =>
  uploads.reduce((sum, { accepted }) => sum + accepted, 0)

/** Folds one event, which happened at `at`, into the campaign; an illegal one is an impossible state and throws. */
export const evolveCampaign = (id: string, campaign: Campaign | null, event: CampaignEvent, at: string): Campaign => {
  const row = rowOf(campaignMachine, id, campaign, event)
  if (event.type === 'campaign_created') {
    const { type: _, ...request } = event
    return { id, ...request, status: row.to, createdAt: at, updatedAt: at, uploads: [], offered: [] }
  }
  assertBorn(id, campaign, event)
  const moved = { ...campaign, status: row.to, updatedAt: at }
  switch (event.type) {
    case 'prospects_added': {
      const { type: _, ...upload } = event
      return { ...moved, uploads: [...campaign.uploads, upload] }
    }
    case 'campaign_started':
      return { ...moved, offered: event.offered, startedAt: at }
    case 'campaign_closed':
      return { ...moved, closedAt: at, closeReason: event.reason }
  }
}

type Decision = Result<readonly CampaignEvent[]>

const notAllowed = (campaign: Campaign, on: CampaignEvent['type']) =>
  refuse('transition_not_allowed', `${on} is not possible while the campaign is ${campaign.status}`, undefined, {
    status: campaign.status,
    possible: possibleEvents(campaignMachine, campaign.status),
  })

/** Takes the rows of one upload. The same upload again changes nothing. */
export const decideAddProspects = (campaign: Campaign, upload: Upload): Decision => {
  const earlier = campaign.uploads.find(({ keyHash }) => keyHash === upload.keyHash)
  if (earlier !== undefined) {
    return earlier.id === upload.id
      ? ok([])
      : refuse('idempotency_key_reused', 'This key uploaded other prospects', 'Idempotency-Key')
  }
  if (campaign.status !== 'draft') return notAllowed(campaign, 'prospects_added')
  if (campaign.uploads.length >= uploadsPerCampaignMax) {
    return refuse('campaign_full', `A campaign takes ${uploadsPerCampaignMax} uploads`, 'csv')
  }
  const room = prospectsPerCampaignMax - prospectCount(campaign)
  if (upload.accepted > room) {
    return refuse('campaign_full', `A campaign has ${prospectsPerCampaignMax} prospects at most`, 'csv', { room })
  }
  return ok([{ type: 'prospects_added', ...upload }])
}

/** Starts it with these handles and prices. A campaign that runs keeps those it started with. */
export const decideStart = (campaign: Campaign, offered: readonly OfferedHandle[]): Decision => {
  if (campaign.status === 'running') return ok([])
  if (campaign.status !== 'draft') return notAllowed(campaign, 'campaign_started')
  if (prospectCount(campaign) === 0) return refuse('campaign_empty', 'The campaign has no prospects', 'prospects')
  if (offered.length === 0) return refuse('campaign_empty', 'No handle that can be sold fits the rule', 'handles')
  return ok([{ type: 'campaign_started', offered }])
}

/** Ends it; what was accepted stays. Closing a closed one changes nothing. */
export const decideClose = (campaign: Campaign, reason: string): Decision =>
  campaign.status === 'closed' ? ok([]) : ok([{ type: 'campaign_closed', reason }])

/** A handle that a rule looks at: what the search indexes say of it. */
export type RuleFacts = {
  readonly name: string
  readonly tier: string
  readonly priceMinor: number
}

/** Whether a handle fits a rule, words apart, which cost more to tell. */
export const fitsRule = (
  { tier, lengthMin, lengthMax, priceMin, priceMax, prefix, digits }: HandleRule,
  facts: RuleFacts,
): boolean => {
  const { length } = facts.name
  return (
    (tier === undefined || facts.tier === tier) &&
    (lengthMin === undefined || length >= lengthMin) &&
    (lengthMax === undefined || length <= lengthMax) &&
    (priceMin === undefined || facts.priceMinor >= priceMin) &&
    (priceMax === undefined || facts.priceMinor <= priceMax) &&
    (prefix === undefined || facts.name.startsWith(prefix)) &&
    (digits !== false || !/[0-9]/.test(facts.name))
  )
}

/**
 * Which prospect is offered which handle: the one that its row names, otherwise the handles in turn, in the order of the
 * rows. Two prospects of one handle stand in the order of their rows.
 */
export const matchProspects = <P extends { readonly handle?: string | undefined }>(
  offered: readonly OfferedHandle[],
  prospects: readonly P[],
): readonly { readonly prospect: P; readonly offered: OfferedHandle }[] => {
  const byName = new Map(offered.map((one) => [one.handle, one]))
  let turn = 0
  return prospects.flatMap((prospect) => {
    const named = prospect.handle === undefined ? undefined : byName.get(prospect.handle)
    if (prospect.handle !== undefined) return named === undefined ? [] : [{ prospect, offered: named }]
    const next = offered[turn % offered.length]
    turn += 1
    return next === undefined ? [] : [{ prospect, offered: next }]
  })
}
