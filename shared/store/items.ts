import { createHash } from 'node:crypto'
import {
  aggregateName,
  type EventOf,
  handleAggregate,
  type Kind,
  policyId,
  type StateOf,
  type VersionedHandle,
  type VersionedOf,
  type VersionedOrder,
} from '../domain/aggregate.ts'
import { auctionDueAt } from '../domain/auction.ts'
import type { Chargeback } from '../domain/chargeback.ts'
import { type Dispute, disputeDueAt, isReviewed } from '../domain/dispute.ts'
import { dropDueAt } from '../domain/drop.ts'
import { dueFrom, type DueQueue } from '../domain/handle-due.ts'
import type { HandleEvent } from '../domain/handle.ts'
import { groupOf, isToldToHolder, type Negotiation, type OfferGroup, offerRank } from '../domain/negotiation.ts'
import { negotiationDueAt } from '../domain/negotiation-machine.ts'
import type { Entry } from '../domain/journal.ts'
import { type Order, orderDueAt } from '../domain/order.ts'
import { reminderDueAt } from '../domain/reminder.ts'
import { offerDueAt } from '../domain/private-offer-machine.ts'

/**
 * How aggregates lie in their tables. An item is the state's fields, the newest journal entry (`entry`, without the
 * aggregate's id, which the key tells), and the attributes that put it into the sparse indexes. A handle's item stays
 * below 1 KB, so that each write costs one unit.
 */
export type Item = Readonly<Record<string, unknown>>

export type Contact = { readonly email: string; readonly locale: string }

/**
 * Sweeps read `byDue` shard by shard; 16 shards a queue keep each partition below 1,000 writes a second at 10,000 a
 * second.
 */
export const handleDueShards = 16
export const orderDueShards = 4

/** The shard of `byDue` in which open cases stand. */
export const casesShard = 'cases'

/** The shard of `byDue` in which disputes stand that wait for an operator. */
export const disputesShard = 'disputes'

/** The shard of `byDue` in which chargebacks stand that the bank has not decided. */
export const chargebacksShard = 'chargebacks'

/** Where the aggregates of a kind lie: the beginning of the partition key, which the id follows, and the sort key. */
type Place = {
  readonly table: 'handles' | 'escrow'
  readonly prefix: string
  readonly sk: string
  /** What its items have for indexes alone, under names that are a state's own in other kinds. */
  readonly indexedBy?: readonly string[]
}

/** What an aggregate's item has beside its state and its entry; no state has fields of these names. */
const attributeNames = [
  'pk',
  'sk',
  'entry',
  'contact',
  'dueShard',
  'dueAt',
  'dueFrom',
  'shelf',
  'shelfKey',
  'acquiredBy',
  'acquiredAt',
  'saleMonth',
  'sellerKey',
  'soldAt',
] as const

type Shape<K extends Kind> = Place & {
  readonly idOf: (state: StateOf<K>) => string
  /** Puts the item into the sparse indexes. */
  readonly attributes?: (state: StateOf<K>) => Item
}

const handlePlace = { table: 'handles', prefix: 'H#', sk: 'handle' } as const satisfies Place
const orderPlace = { table: 'escrow', prefix: 'O#', sk: 'order' } as const satisfies Place
const lookPlace = { table: 'handles', prefix: 'K#', sk: 'skeleton' } as const satisfies Place
const policyPlace = { table: 'handles', prefix: 'P#', sk: 'policy' } as const satisfies Place
const dropPlace = { table: 'escrow', prefix: 'D#', sk: 'drop' } as const satisfies Place
const reminderPlace = { table: 'escrow', prefix: 'N#', sk: 'reminder' } as const satisfies Place
const planPlace = { table: 'escrow', prefix: 'P#', sk: 'plan' } as const satisfies Place
const auctionPlace = { table: 'escrow', prefix: 'A#', sk: 'auction' } as const satisfies Place
const casePlace = { table: 'escrow', prefix: 'U#', sk: 'case' } as const satisfies Place
const standingPlace = { table: 'handles', prefix: 'B#', sk: 'standing' } as const satisfies Place
const campaignPlace = { table: 'escrow', prefix: 'C#', sk: 'campaign' } as const satisfies Place
const sellerPlace = { table: 'escrow', prefix: 'S#', sk: 'seller' } as const satisfies Place
const chargebackPlace = { table: 'escrow', prefix: 'T#', sk: 'chargeback' } as const satisfies Place
const disputePlace = { table: 'escrow', prefix: 'Q#', sk: 'dispute' } as const satisfies Place
const offerPlace = { table: 'escrow', prefix: 'V#', sk: 'private_offer' } as const satisfies Place
const negotiationPlace = {
  table: 'escrow',
  prefix: 'M#',
  sk: 'negotiation',
  indexedBy: ['buyerId', 'createdAt', 'offersTo', 'offerRank'],
} as const satisfies Place
const offerRulesPlace = { table: 'escrow', prefix: 'G#', sk: 'offer_rules' } as const satisfies Place

/** The table of kinds. Keys of one table differ in prefix or sort key. */
const tableOfKinds = (): { readonly [K in Kind]: Shape<K> } => ({
  handle: { ...handlePlace, idOf: (handle) => handle.name },
  order: { ...orderPlace, idOf: (order) => order.id, attributes: (order) => orderAttributes(order) },
  look: { ...lookPlace, idOf: (look) => look.skeleton },
  policy: { ...policyPlace, idOf: () => policyId },
  plan: { ...planPlace, idOf: (plan) => plan.id },
  reminder: {
    ...reminderPlace,
    idOf: (reminder) => reminder.handle,
    attributes: (reminder) => dueAttributes(reminder.handle, reminderDueAt(reminder)),
  },
  drop: { ...dropPlace, idOf: (drop) => drop.id, attributes: (drop) => dueAttributes(drop.id, dropDueAt(drop)) },
  auction: {
    ...auctionPlace,
    idOf: (auction) => auction.id,
    attributes: (auction) => dueAttributes(auction.id, auctionDueAt(auction)),
  },
  standing: { ...standingPlace, idOf: (standing) => standing.accountId },
  case: {
    ...casePlace,
    idOf: (one) => one.id,
    // An open case waits for a person: in a shard of its own, which no sweep of the clock reads.
    attributes: ({ status, openedAt }) => (status === 'open' ? { dueShard: casesShard, dueAt: openedAt } : {}),
  },
  seller: { ...sellerPlace, idOf: (seller) => seller.accountId },
  dispute: { ...disputePlace, idOf: (dispute) => dispute.id, attributes: (dispute) => disputeAttributes(dispute) },
  chargeback: {
    ...chargebackPlace,
    idOf: (chargeback) => chargeback.id,
    attributes: (one) => chargebackAttributes(one),
  },
  campaign: { ...campaignPlace, idOf: (campaign) => campaign.id },
  private_offer: {
    ...offerPlace,
    idOf: (offer) => offer.id,
    attributes: (offer) => dueAttributes(offer.id, offerDueAt(offer)),
  },
  negotiation: {
    ...negotiationPlace,
    idOf: (negotiation) => negotiation.id,
    attributes: (negotiation) => negotiationAttributes(negotiation),
  },
  offer_rules: { ...offerRulesPlace, idOf: (rules) => rules.handle },
})

/** Pure, so that a bundle which only reads handles and orders does not hold it. */
export const kinds = /* @__PURE__ */ tableOfKinds()

const keyIn =
  ({ prefix, sk }: Place) =>
  (id: string) => ({ pk: `${prefix}${id}`, sk })

/** The key of an aggregate's item. */
export const aggregateKey = (kind: Kind, id: string) => keyIn(kinds[kind])(id)

export const handleKey = /* @__PURE__ */ keyIn(handlePlace)
export const orderKey = /* @__PURE__ */ keyIn(orderPlace)
export const lookKey = /* @__PURE__ */ keyIn(lookPlace)
export const planKey = /* @__PURE__ */ keyIn(planPlace)
export const standingKey = /* @__PURE__ */ keyIn(standingPlace)
export const policyKey = /* @__PURE__ */ keyIn(policyPlace)(policyId)
export const journalKey = (aggregate: string, seq: number) => ({
  pk: `J#${aggregate}`,
  sk: String(seq).padStart(8, '0'),
})

/** The name of the aggregate whose item lies at this key; null for keys of other things (journal, imports, events). */
export const aggregateAt = ({ pk, sk }: Item): string | null => {
  const key = String(pk)
  for (const [kind, place] of Object.entries(kinds) as [Kind, Place][]) {
    if (sk === place.sk && key.startsWith(place.prefix)) return aggregateName(kind, key.slice(place.prefix.length))
  }
  return null
}

/** The shard that an id falls into: the same for ever, and evenly spread. */
export const shardOf = (id: string, shards: number): string =>
  String((createHash('sha1').update(id).digest()[0] ?? 0) % shards).padStart(2, '0')

export const shardNames = (shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => String(shard).padStart(2, '0'))

/** A name for sale stands on the shelf of its first character. A prefix search reads one shelf, in order. */
export const shelfOf = (name: string): string => name.slice(0, 1)

export type StoredEntry = Omit<Entry, 'aggregate'>

export const storeEntry = ({ aggregate: _, ...entry }: Entry): StoredEntry => entry

/** What the state of a released handle tells already; told twice it would make the item larger than one write unit. */
const toldByState = (state: StateOf<'handle'>): Item => ({
  ...state.release,
  ...(state.listing === undefined
    ? {}
    : {
        priceMinor: state.listing.priceMinor,
        currency: state.listing.currency,
        rightsDays: state.listing.rightsDays,
        firstRefusalDays: state.listing.firstRefusalDays,
        prospectsDays: state.listing.prospectsDays,
        quarantineDays: state.listing.quarantineDays,
        ...(state.listing.decay !== undefined && { decay: state.listing.decay }),
      }),
  appraisal: state.appraisal,
})

/** The newest entry as it travels on its handle's item: a release without what the state says, word for word, as well. */
const packHandleEntry = ({ state, entry }: VersionedHandle): StoredEntry => {
  const told = toldByState(state)
  const packed = (event: HandleEvent) =>
    event.type === 'handle_released'
      ? (Object.fromEntries(
          Object.entries(event).filter(([name, value]) => !(Object.hasOwn(told, name) && told[name] === value)),
        ) as HandleEvent)
      : event
  return { ...storeEntry(entry), events: entry.events.map(packed) }
}

/** The newest entry of an aggregate, whole, from the aggregate's own item. */
export const entryOnItem = (aggregate: string, item: Item): Entry => {
  const stored = item['entry'] as StoredEntry
  if (!aggregate.startsWith(handleAggregate(''))) return { aggregate, ...stored }
  const told = toldByState(item as unknown as StateOf<'handle'>)
  const events = stored.events.map((event) => (event.type === 'handle_released' ? { ...told, ...event } : event))
  return { aggregate, ...stored, events }
}

/** One shard of one queue of the clock, as `byDue` of the handles names it: `ordinary#07`. */
export const dueShardOf = (queue: DueQueue, shard: string): string => `${queue}#${shard}`

export const handleItem = (handle: VersionedHandle, contact: Contact | undefined): Item => {
  const { state } = handle
  const due = dueFrom(state)
  return {
    ...handleKey(state.name),
    ...state,
    // These two are there whatever the state, so that a release takes one attribute away (`dueFrom`): docs/adr/0007.
    contact: contact ?? null,
    dueShard: due === null ? 'none' : dueShardOf(due.queue, shardOf(state.name, handleDueShards)),
    entry: packHandleEntry(handle),
    ...(due === null ? {} : { dueFrom: due.from }),
    ...(state.listing === undefined || state.listing.unlisted === true
      ? {}
      : { shelf: shelfOf(state.name), shelfKey: state.name }),
    ...(state.holder?.orderId === undefined
      ? {}
      : { acquiredBy: state.holder.accountId, acquiredAt: state.holder.createdAt }),
  }
}

/** What a user sells, or is asked for, as `bySeller` of the escrow table finds it: orders and negotiations apart. */
export const sellerKeyOf = (kind: 'order' | 'offer', accountId: string): string => `${kind}#${accountId}`

/** An item's place in `byDue` of the escrow table: when the clock looks at it; null: never. */
export const dueAttributes = (id: string, dueAt: string | null): Item =>
  dueAt === null ? {} : { dueShard: shardOf(id, orderDueShards), dueAt }

/** The clock waits for the seller's answer; after it, and until the end, the dispute stands where operators look. */
const disputeAttributes = (dispute: Dispute): Item =>
  isReviewed(dispute)
    ? { dueShard: disputesShard, dueAt: dispute.openedAt }
    : dueAttributes(dispute.id, disputeDueAt(dispute))

/** Until the bank has decided a chargeback stands where operators look, by the day that the bank wants an answer. */
const chargebackAttributes = ({ closedAt, respondBy, madeAt }: Chargeback): Item =>
  closedAt === undefined ? { dueShard: chargebacksShard, dueAt: respondBy ?? madeAt } : {}

const orderAttributes = (order: Order): Item => ({
  ...dueAttributes(order.id, orderDueAt(order)),
  ...(order.sellerId !== undefined && { sellerKey: sellerKeyOf('order', order.sellerId) }),
  ...(order.status === 'settled' && order.settledAt !== undefined
    ? { saleMonth: order.settledAt.slice(0, 7), soldAt: order.settledAt }
    : {}),
})

/** The list of offers that an account made: in `byParty`, beside the orders of accounts, whose ids have no spaces. */
export const offersMadeKey = (group: OfferGroup, proposerId: string): string => `offer ${group} ${proposerId}`

/** The list of offers that an account received, in `byRank`. */
export const offersReceivedKey = (group: OfferGroup, holderId: string): string => `${group} ${holderId}`

/** Open offers stand by their rank, the others by when they last moved. */
const negotiationAttributes = (negotiation: Negotiation): Item => {
  const { id, proposerId, holderId, madeAt, updatedAt } = negotiation
  const group = groupOf(negotiation)
  return {
    ...dueAttributes(id, negotiationDueAt(negotiation)),
    buyerId: offersMadeKey(group, proposerId),
    createdAt: madeAt,
    ...(isToldToHolder(negotiation)
      ? {
          offersTo: offersReceivedKey(group, holderId),
          offerRank: group === 'open' ? offerRank(negotiation) : updatedAt,
        }
      : {}),
  }
}

/** The item of an aggregate of any kind but the handle, whose item has a contact too. */
export const aggregateItem = <K extends Exclude<Kind, 'handle'>>(kind: K, { state, entry }: VersionedOf<K>): Item => {
  const shape: Shape<K> = kinds[kind]
  return {
    ...aggregateKey(kind, shape.idOf(state)),
    ...state,
    entry: storeEntry(entry),
    ...shape.attributes?.(state),
  }
}

// Reading trusts the store: nothing but `commit` writes these items, and the audit re-computes each from its journal.

const readAt = <K extends Kind>(kind: K, { prefix, indexedBy = [] }: Place, item: Item): VersionedOf<K> => {
  const beside: readonly string[] = [...attributeNames, ...indexedBy]
  const state = Object.fromEntries(
    Object.entries(item).filter(([name]) => !beside.includes(name)),
  ) as unknown as StateOf<K>
  const id = String(item['pk']).slice(prefix.length)
  return { state, entry: entryOnItem(aggregateName(kind, id), item) as Entry<EventOf<K>> }
}

/** An aggregate of this kind from its item. */
export const readAggregate = <K extends Kind>(kind: K, item: Item): VersionedOf<K> => readAt(kind, kinds[kind], item)

// These two by their own places: what only reads needs nothing of how items of other kinds are made.

export const readHandle = (item: Item): VersionedHandle & { readonly contact: Contact | undefined } => ({
  ...readAt('handle', handlePlace, item),
  contact: (item['contact'] as Contact | null | undefined) ?? undefined,
})

export const readOrder = (item: Item): VersionedOrder => readAt('order', orderPlace, item)
