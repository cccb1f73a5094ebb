import { createHash } from 'node:crypto'
import {
  handleAggregate,
  lookAggregate,
  orderAggregate,
  type VersionedHandle,
  type VersionedLook,
  type VersionedOrder,
} from '../domain/aggregate.ts'
import { type Handle, handleDueAt, type HandleEvent } from '../domain/handle.ts'
import type { Entry } from '../domain/journal.ts'
import { type Order, orderDueAt, type OrderEvent } from '../domain/order.ts'
import type { LookEvent, ProtectedLook } from '../domain/protected-names.ts'
import type { Policy } from '../domain/policy.ts'

/**
 * How aggregates lie in their tables. An item is the state's fields, the newest journal entry (`entry`, without the
 * aggregate's id, which the key tells), and the attributes that put it into the sparse indexes. A handle's item stays
 * below 1 KB, so that each write costs one unit.
 */
export type Item = Readonly<Record<string, unknown>>

export type Contact = { readonly email: string; readonly locale: string }

/** Sweeps read `byDue` shard by shard; 16 shards keep each partition below 1,000 writes a second at 10,000 a second. */
export const handleDueShards = 16
export const orderDueShards = 4

export const handleKey = (name: string) => ({ pk: `H#${name}`, sk: 'handle' })
export const orderKey = (id: string) => ({ pk: `O#${id}`, sk: 'order' })
export const lookKey = (skeleton: string) => ({ pk: `K#${skeleton}`, sk: 'skeleton' })
export const journalKey = (aggregate: string, seq: number) => ({
  pk: `J#${aggregate}`,
  sk: String(seq).padStart(8, '0'),
})

const shardOf = (id: string, shards: number): string =>
  String((createHash('sha1').update(id).digest()[0] ?? 0) % shards).padStart(2, '0')

export const shardNames = (shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => String(shard).padStart(2, '0'))

/** Shelves in the order in which a search without a prefix walks them. */
export const shelves: readonly string[] = '0123456789_abcdefghijklmnopqrstuvwxyz'.split('')

/** A name for sale stands on the shelf of its first character. A prefix search reads one shelf, in order. */
export const shelfOf = (name: string): string => name.slice(0, 1)

export type StoredEntry = Omit<Entry, 'aggregate'>

export const storeEntry = ({ aggregate: _, ...entry }: Entry): StoredEntry => entry

export const handleItem = (handle: VersionedHandle, contact: Contact | undefined, policy: Policy): Item => {
  const { state } = handle
  const dueAt = handleDueAt(state, policy)
  return {
    ...handleKey(state.name),
    ...state,
    // These two are there whatever the state, so that a release takes one attribute away (`dueAt`): docs/adr/0007.
    contact: contact ?? null,
    dueShard: shardOf(state.name, handleDueShards),
    entry: storeEntry(handle.entry),
    ...(dueAt === null ? {} : { dueAt }),
    ...(state.listing === undefined ? {} : { shelf: shelfOf(state.name), shelfKey: state.name }),
    ...(state.holder?.orderId === undefined
      ? {}
      : { acquiredBy: state.holder.accountId, acquiredAt: state.holder.createdAt }),
  }
}

export const orderItem = (order: VersionedOrder, policy: Policy): Item => {
  const { state } = order
  const dueAt = orderDueAt(state, policy)
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
  const { pk: _pk, sk: _sk, contact, entry, dueShard: _d, dueAt: _a, shelf: _s, shelfKey: _k, ...rest } = item
  const { acquiredBy: _b, acquiredAt: _t, ...fields } = rest
  const state = fields as unknown as Handle
  return {
    state,
    entry: { aggregate: handleAggregate(state.name), ...(entry as StoredEntry) } as Entry<HandleEvent>,
    contact: (contact as Contact | null | undefined) ?? undefined,
  }
}

export const readOrder = (item: Item): VersionedOrder => {
  const { pk: _pk, sk: _sk, entry, dueShard: _d, dueAt: _a, saleMonth: _m, soldAt: _s, ...fields } = item
  const state = fields as unknown as Order
  return {
    state,
    entry: { aggregate: orderAggregate(state.id), ...(entry as StoredEntry) } as Entry<OrderEvent>,
  }
}

export const readLook = (item: Item): VersionedLook => {
  const { pk: _pk, sk: _sk, entry, ...fields } = item
  const state = fields as unknown as ProtectedLook
  return {
    state,
    entry: { aggregate: lookAggregate(state.skeleton), ...(entry as StoredEntry) } as Entry<LookEvent>,
  }
}
