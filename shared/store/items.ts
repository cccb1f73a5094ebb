import { createHash } from 'node:crypto'
import {
  handleAggregate,
  lookAggregate,
  orderAggregate,
  planAggregate,
  policyAggregate,
  type VersionedHandle,
  type VersionedLook,
  type VersionedOrder,
  type VersionedPlan,
  type VersionedPolicy,
} from '../domain/aggregate.ts'
import { dueFrom, type DueQueue } from '../domain/handle-due.ts'
import type { Handle, HandleEvent } from '../domain/handle.ts'
import type { Entry } from '../domain/journal.ts'
import { type Order, orderDueAt, type OrderEvent } from '../domain/order.ts'
import type { LookEvent, ProtectedLook } from '../domain/protected-names.ts'
import type { PlanEvent, ReleasePlan } from '../domain/release-plan.ts'
import type { PolicyEvent, PublishedPolicy } from '../domain/release-policy.ts'
import type { Terms } from '../domain/terms.ts'

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

export const handleKey = (name: string) => ({ pk: `H#${name}`, sk: 'handle' })
export const policyKey = { pk: 'P#release', sk: 'policy' } as const
export const planKey = (id: string) => ({ pk: `P#${id}`, sk: 'plan' })
export const orderKey = (id: string) => ({ pk: `O#${id}`, sk: 'order' })
export const lookKey = (skeleton: string) => ({ pk: `K#${skeleton}`, sk: 'skeleton' })
export const journalKey = (aggregate: string, seq: number) => ({
  pk: `J#${aggregate}`,
  sk: String(seq).padStart(8, '0'),
})

/** The shard that an id falls into: the same for ever, and evenly spread. */
export const shardOf = (id: string, shards: number): string =>
  String((createHash('sha1').update(id).digest()[0] ?? 0) % shards).padStart(2, '0')

export const shardNames = (shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => String(shard).padStart(2, '0'))

/** Shelves in the order in which a search without a prefix walks them. */
export const shelves: readonly string[] = '0123456789_abcdefghijklmnopqrstuvwxyz'.split('')

/** A name for sale stands on the shelf of its first character. A prefix search reads one shelf, in order. */
export const shelfOf = (name: string): string => name.slice(0, 1)

export type StoredEntry = Omit<Entry, 'aggregate'>

export const storeEntry = ({ aggregate: _, ...entry }: Entry): StoredEntry => entry

/**
 * The newest entry as it travels on its handle's item: the appraisal of a release is there already, as the state's own, and
 * twice it would make the item larger than one write unit.
 */
const storeHandleEntry = ({ state, entry }: VersionedHandle): Item => ({
  ...storeEntry(entry),
  events: entry.events.map((event) =>
    event.type === 'handle_released' && event.appraisal === state.appraisal ? withoutAppraisal(event) : event,
  ),
})

const withoutAppraisal = ({ appraisal: _, ...event }: Extract<HandleEvent, { type: 'handle_released' }>) => event

/** The newest entry of an aggregate, whole, from the aggregate's own item. */
export const entryOnItem = (aggregate: string, { entry, appraisal }: Item): Entry => {
  const stored = entry as StoredEntry
  const events = stored.events.map((event) =>
    event.type === 'handle_released' && !Object.hasOwn(event, 'appraisal') ? { ...event, appraisal } : event,
  )
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
    entry: storeHandleEntry(handle),
    ...(due === null ? {} : { dueFrom: due.from }),
    ...(state.listing === undefined ? {} : { shelf: shelfOf(state.name), shelfKey: state.name }),
    ...(state.holder?.orderId === undefined
      ? {}
      : { acquiredBy: state.holder.accountId, acquiredAt: state.holder.createdAt }),
  }
}

export const policyItem = ({ state, entry }: VersionedPolicy): Item => ({
  ...policyKey,
  ...state,
  entry: storeEntry(entry),
})

export const planItem = ({ state, entry }: VersionedPlan): Item => ({
  ...planKey(state.id),
  ...state,
  entry: storeEntry(entry),
})

export const orderItem = (order: VersionedOrder, terms: Terms): Item => {
  const { state } = order
  const dueAt = orderDueAt(state, terms)
  return {
    ...orderKey(state.id),
    ...state,
    entry: storeEntry(order.entry),
    ...(dueAt === null ? {} : { dueShard: shardOf(state.id, orderDueShards), dueAt }),
    ...(state.status === 'settled' && state.settledAt !== undefined
      ? { saleMonth: state.settledAt.slice(0, 7), soldAt: state.settledAt }
      : {}),
  }
}

export const lookItem = ({ state, entry }: VersionedLook): Item => ({
  ...lookKey(state.skeleton),
  ...state,
  entry: storeEntry(entry),
})

// Reading trusts the store: nothing but `commit` writes these items, and the audit re-computes each from its journal.

export const readHandle = (item: Item): VersionedHandle & { readonly contact: Contact | undefined } => {
  const { pk: _pk, sk: _sk, contact, entry: _e, dueShard: _d, dueFrom: _a, shelf: _s, shelfKey: _k, ...rest } = item
  const { acquiredBy: _b, acquiredAt: _t, ...fields } = rest
  const state = fields as unknown as Handle
  return {
    state,
    entry: entryOnItem(handleAggregate(state.name), item) as Entry<HandleEvent>,
    contact: (contact as Contact | null | undefined) ?? undefined,
  }
}

export const readOrder = (item: Item): VersionedOrder => {
  const { pk: _pk, sk: _sk, entry: _e, dueShard: _d, dueAt: _a, saleMonth: _m, soldAt: _s, ...fields } = item
  const state = fields as unknown as Order
  return {
    state,
    entry: entryOnItem(orderAggregate(state.id), item) as Entry<OrderEvent>,
  }
}

export const readPolicy = (item: Item): VersionedPolicy => {
  const { pk: _pk, sk: _sk, entry: _e, ...state } = item
  return {
    state: state as unknown as PublishedPolicy,
    entry: entryOnItem(policyAggregate, item) as Entry<PolicyEvent>,
  }
}

export const readPlan = (item: Item): VersionedPlan => {
  const { pk: _pk, sk: _sk, entry: _e, ...fields } = item
  const state = fields as unknown as ReleasePlan
  return {
    state,
    entry: entryOnItem(planAggregate(state.id), item) as Entry<PlanEvent>,
  }
}

export const readLook = (item: Item): VersionedLook => {
  const { pk: _pk, sk: _sk, entry: _e, ...fields } = item
  const state = fields as unknown as ProtectedLook
  return {
    state,
    entry: entryOnItem(lookAggregate(state.skeleton), item) as Entry<LookEvent>,
  }
}
