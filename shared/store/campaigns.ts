import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedOf } from '../domain/aggregate.ts'
import type { Prospect } from '../domain/prospect.ts'
import { getItems } from './batch-get.ts'
import { putFixedItems } from './batch-write.ts'
import type { EscrowStore } from './client.ts'
import { aggregateKey, type Item, readAggregate } from './items.ts'
import { type Page, type PageKey, pageKeyTest, pageOf, type PageOf } from './pages.ts'

/**
 * Beside a campaign lie, in its partition, its prospects (the only place of their names and addresses), what each upload
 * said of its rows, and the offers by handle and turn. A partition a handle lists the offers that were ever made of it, and
 * one an address says that it wants no more mail. All but the prospects are hints or facts that hold no person's name.
 */

/** Names and addresses are forgotten this long after their upload, by the table's own clock. */
const prospectKeptDays = 365

const listPartition = 'C#list'
const campaignPartition = (id: string) => aggregateKey('campaign', id).pk
const prospectKey = (campaignId: string, prospect: string) => ({
  pk: campaignPartition(campaignId),
  sk: `prospect#${prospect}`,
})
const uploadKey = (campaignId: string, uploadId: string) => ({
  pk: campaignPartition(campaignId),
  sk: `upload#${uploadId}`,
})
const turnPrefix = (handle?: string) => (handle === undefined ? 'offer#' : `offer#${handle}#`)
const turnKey = (campaignId: string, handle: string, turn: number) => ({
  pk: campaignPartition(campaignId),
  sk: `${turnPrefix(handle)}${String(turn).padStart(4, '0')}`,
})
const askedPartition = (handle: string) => `Q#${handle}`
const suppressionKey = (addressHash: string) => ({ pk: `X#${addressHash}`, sk: 'suppression' })

/** A prospect's place in its campaign: the upload that brought it, and its number there. */
export const prospectRef = (uploadId: string, number: number): string =>
  `${uploadId}#${String(number).padStart(4, '0')}`

/** Makes a campaign findable by its time, before it is committed: a place in the list is only a hint. */
export const listCampaign = async (
  store: EscrowStore,
  campaign: { readonly id: string; readonly createdAt: string },
) => {
  const Item = { pk: listPartition, sk: `${campaign.createdAt} ${campaign.id}`, campaignId: campaign.id }
  await store.db.send(new PutCommand({ TableName: store.escrowTable, Item }))
}

export const campaignPageKey = pageKeyTest({ pk: listPartition, sk: /^[0-9TZ:.-]{24} cmp_[0-9A-Z]{26}$/ })

/** A page of campaigns, newest first. */
export const queryCampaigns = async (store: EscrowStore, page: Page): Promise<PageOf<VersionedOf<'campaign'>>> => {
  const listed = pageOf<{ campaignId: string }>(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :list',
        ExpressionAttributeValues: { ':list': listPartition },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  const found = new Map<string, VersionedOf<'campaign'>>()
  const keys = listed.items.map(({ campaignId }) => aggregateKey('campaign', campaignId))
  for await (const item of getItems(store.db, store.escrowTable, keys, false)) {
    const campaign = readAggregate('campaign', item)
    found.set(campaign.state.id, campaign)
  }
  const items = listed.items.flatMap(({ campaignId }) => found.get(campaignId) ?? [])
  return { items, next: listed.next }
}

export type StoredReject = {
  readonly line: number
  readonly code: string
  readonly field: string | null
  readonly reason: string
}

/**
 * Keeps the rows of one upload and what was said of the others. Written before the campaign takes the upload: keys and
 * contents are fixed by it, and those of an upload that no campaign took are read by nobody and go with time.
 */
export const putUpload = async (
  store: EscrowStore,
  campaignId: string,
  uploadId: string,
  rows: { readonly prospects: readonly Prospect[]; readonly rejected: readonly StoredReject[] },
  nowMs: number,
): Promise<void> => {
  const expiresAt = Math.floor(nowMs / 1000) + prospectKeptDays * 86_400
  await putFixedItems(store.db, store.escrowTable, [
    { ...uploadKey(campaignId, uploadId), rejected: rows.rejected, expiresAt },
    ...rows.prospects.map((prospect, number) => ({
      ...prospectKey(campaignId, prospectRef(uploadId, number)),
      ...prospect,
      expiresAt,
    })),
  ])
}

/** What an upload said of the rows that were not taken; null: forgotten. */
export const loadRejects = async (
  store: EscrowStore,
  campaignId: string,
  uploadId: string,
): Promise<readonly StoredReject[] | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: uploadKey(campaignId, uploadId), ConsistentRead: true }),
  )
  return Item === undefined ? null : (Item['rejected'] as readonly StoredReject[])
}

/** Every prospect of a campaign by its place, those of uploads that were not taken as well. */
export const loadProspects = async (store: EscrowStore, campaignId: string): Promise<ReadonlyMap<string, Prospect>> => {
  const found = new Map<string, Prospect>()
  for await (const item of itemsOf(store, campaignPartition(campaignId), 'prospect#')) {
    found.set(String(item['sk']).slice('prospect#'.length), readProspectItem(item))
  }
  return found
}

/** One prospect; null: forgotten. */
export const loadProspect = async (store: EscrowStore, campaignId: string, ref: string): Promise<Prospect | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: prospectKey(campaignId, ref), ConsistentRead: true }),
  )
  return Item === undefined ? null : readProspectItem(Item)
}

/** Some prospects of one campaign by their places; those that were forgotten are not there. */
export const loadSomeProspects = async (
  store: EscrowStore,
  campaignId: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, Prospect>> => {
  const found = new Map<string, Prospect>()
  const keys = [...new Set(refs)].map((ref) => prospectKey(campaignId, ref))
  for await (const item of getItems(store.db, store.escrowTable, keys, false)) {
    found.set(String(item['sk']).slice('prospect#'.length), readProspectItem(item))
  }
  return found
}

const readProspectItem = (item: Item): Prospect => {
  const { pk: _pk, sk: _sk, expiresAt: _e, ...prospect } = item
  return prospect as unknown as Prospect
}

export type Turn = { readonly offerId: string; readonly handle: string; readonly turn: number }

/** Makes offers findable by campaign and handle. Fixed by the campaign's start, so writing them again writes the same. */
export const putTurns = (store: EscrowStore, campaignId: string, turns: readonly Turn[]): Promise<void> =>
  putFixedItems(
    store.db,
    store.escrowTable,
    turns.flatMap(({ offerId, handle, turn }) => [
      { ...turnKey(campaignId, handle, turn), offerId },
      { pk: askedPartition(handle), sk: offerId, offerId },
    ]),
  )

/** The offers of a campaign, or of one of its handles, in the order of their turns. */
export const loadOffersInTurn = async (
  store: EscrowStore,
  campaignId: string,
  handle?: string,
): Promise<readonly VersionedOf<'private_offer'>[]> => {
  const ids: string[] = []
  for await (const item of itemsOf(store, campaignPartition(campaignId), turnPrefix(handle))) {
    ids.push(String(item['offerId']))
  }
  return loadOffers(store, ids)
}

/** A page of a campaign's offers, by handle and turn. */
export const queryOffers = async (
  store: EscrowStore,
  campaignId: string,
  page: Page,
): Promise<PageOf<VersionedOf<'private_offer'>>> => {
  const listed = pageOf<{ offerId: string }>(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': campaignPartition(campaignId), ':prefix': turnPrefix() },
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  const items = await loadOffers(
    store,
    listed.items.map(({ offerId }) => offerId),
  )
  return { items, next: listed.next }
}

export const offerPageKey = (campaignId: string) =>
  pageKeyTest({ pk: campaignPartition(campaignId), sk: /^offer#[0-9a-z_]{1,15}#\d{4}$/ })

/** How many offers of one handle are looked at for the log of its prices. */
export const askedOffersMax = 1_000

/** The offers that were ever planned of a handle, by any campaign. */
export const loadOffersOfHandle = async (
  store: EscrowStore,
  handle: string,
): Promise<readonly VersionedOf<'private_offer'>[]> => {
  const ids: string[] = []
  for await (const item of itemsOf(store, askedPartition(handle), 'pof_')) {
    ids.push(String(item['offerId']))
    if (ids.length === askedOffersMax) break
  }
  return loadOffers(store, ids)
}

const loadOffers = async (
  store: EscrowStore,
  ids: readonly string[],
): Promise<readonly VersionedOf<'private_offer'>[]> => {
  const found = new Map<string, VersionedOf<'private_offer'>>()
  const keys = ids.map((id) => aggregateKey('private_offer', id))
  for await (const item of getItems(store.db, store.escrowTable, keys)) {
    const offer = readAggregate('private_offer', item)
    found.set(offer.state.id, offer)
  }
  return ids.flatMap((id) => found.get(id) ?? [])
}

async function* itemsOf(store: EscrowStore, pk: string, prefix: string): AsyncGenerator<Item> {
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    )
    yield* answer.Items ?? []
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}

export type SuppressionCause = 'unsubscribed' | 'complaint' | 'bounced'

/** This address gets no more mail from any campaign. The first cause stays. */
export const suppressAddress = async (
  store: EscrowStore,
  suppression: {
    readonly addressHash: string
    readonly cause: SuppressionCause
    readonly offerId: string
    readonly at: string
  },
): Promise<void> => {
  const { addressHash, ...facts } = suppression
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...suppressionKey(addressHash), ...facts },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** Which of these addresses want no mail. */
export const suppressedAmong = async (
  store: EscrowStore,
  addressHashes: readonly string[],
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  const keys = [...new Set(addressHashes)].map(suppressionKey)
  for await (const item of getItems(store.db, store.escrowTable, keys)) found.add(String(item['pk']).slice(2))
  return found
}
