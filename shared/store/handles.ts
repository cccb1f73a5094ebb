import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedHandle, VersionedLook } from '../domain/aggregate.ts'
import { type Card, cardOf } from '../domain/card.ts'
import type { Handle } from '../domain/handle.ts'
import { skeleton } from '../domain/handle-name.ts'
import { guardOf, type ProtectedLook, type Protection } from '../domain/protected-names.ts'
import type { Standing } from '../domain/standing.ts'
import { getItems } from './batch-get.ts'
import type { CardPage, Stretch } from './shelves.ts'
import type { HandlesStore } from './client.ts'
import { load } from './aggregates.ts'
import { type Contact, handleKey, lookKey, readAggregate, readHandle, standingKey } from './items.ts'
import { type Page, type PageKeyTest, pageKeyTest, type PageOf, queryNewest } from './pages.ts'

export type LoadedHandle = VersionedHandle & { readonly contact: Contact | undefined }

/** One strongly consistent read: 1 unit. Null: we have never heard of this handle. */
export const loadHandle = async (store: HandlesStore, name: string): Promise<LoadedHandle | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.handlesTable, Key: handleKey(name), ConsistentRead: true }),
  )
  return Item === undefined ? null : readHandle(Item)
}

/** One eventually consistent read for pages that people look at: half a unit. */
export const viewHandle = async (store: HandlesStore, name: string): Promise<LoadedHandle | null> => {
  const { Item } = await store.db.send(new GetCommand({ TableName: store.handlesTable, Key: handleKey(name) }))
  return Item === undefined ? null : readHandle(Item)
}

/**
 * Many handles, and which of these skeletons are protected looks, in batches of 100 keys. One item that cannot be read fails
 * all, or is left out: whoever loads that handle by itself then meets the fault.
 */
export const loadHandles = async (
  store: HandlesStore,
  names: readonly string[],
  skeletons: readonly string[] = [],
  unreadable: 'fails' | 'is left out' = 'fails',
): Promise<{ handles: Map<string, LoadedHandle>; looks: Map<string, ProtectedLook> }> => {
  const keys = [...new Set(names)].map(handleKey)
  for (const skeleton of new Set(skeletons)) keys.push(lookKey(skeleton))
  const handles = new Map<string, LoadedHandle>()
  const looks = new Map<string, ProtectedLook>()
  for await (const item of getItems(store.db, store.handlesTable, keys)) {
    if (item['sk'] === lookKey('').sk) {
      const { state } = readAggregate('look', item)
      looks.set(state.skeleton, state)
    } else {
      try {
        const handle = readHandle(item)
        handles.set(handle.state.name, handle)
      } catch (error) {
        if (unreadable === 'fails') throw error
      }
    }
  }
  return { handles, looks }
}

/** A handle with what protects its name. */
export type HandleForSale = LoadedHandle & {
  readonly guard: Protection | null
  readonly look?: ProtectedLook | undefined
}

/** A handle, what protects its name, and the standing of whoever wants it, in one request: 3 units. */
export const loadPurchase = async (
  store: HandlesStore,
  name: string,
  accountId: string,
): Promise<{ readonly handle: HandleForSale | null; readonly standing: Standing | null }> => {
  const shape = skeleton(name)
  const keys = [handleKey(name), lookKey(shape), standingKey(accountId)]
  let handle: LoadedHandle | null = null
  let look: ProtectedLook | undefined
  let standing: Standing | null = null
  for await (const item of getItems(store.db, store.handlesTable, keys)) {
    if (item['sk'] === lookKey('').sk) look = readAggregate('look', item).state
    else if (item['sk'] === standingKey('').sk) standing = readAggregate('standing', item).state
    else handle = readHandle(item)
  }
  const guarded = handle === null ? null : { ...handle, guard: guardOf(name, look, handle.state.overruled) }
  return { handle: guarded, standing }
}

/** A handle and what protects its name, in one request: 2 units. Null: no such handle. */
export const loadForSale = async (store: HandlesStore, name: string): Promise<HandleForSale | null> => {
  const shape = skeleton(name)
  const { handles, looks } = await loadHandles(store, [name], [shape])
  const handle = handles.get(name)
  const look = looks.get(shape)
  return handle === undefined ? null : { ...handle, guard: guardOf(name, look, handle.state.overruled), look }
}

/** One strongly consistent read: 1 unit. Null: nothing ever protected these looks. */
export const loadLook = (store: HandlesStore, skeleton: string): Promise<VersionedLook | null> =>
  load(store, 'look', skeleton)

/**
 * Of these names, those that are for sale, in no order: one eventually consistent BatchGetItem, half a unit a name whether
 * there is such a handle or not. At most 100.
 */
export const viewCards = async (store: HandlesStore, names: readonly string[]): Promise<Card[]> => {
  const cards: Card[] = []
  for await (const item of getItems(store.db, store.handlesTable, names.map(handleKey), false)) {
    const card = cardOf(readHandle(item).state)
    if (card !== null) cards.push(card)
  }
  return cards
}

const handlePageKey = { pk: /^H#./, sk: 'handle' }

export const holderPageKey = (acquiredBy: string): PageKeyTest =>
  pageKeyTest({ ...handlePageKey, acquiredBy, acquiredAt: /./ })

/** Names on one shelf (first character) in alphabetical order, from the sparse index `byShelf`. */
export const queryNames = async (store: HandlesStore, shelf: string, stretch: Stretch): Promise<CardPage> => {
  const { from, to, after } = stretch
  const answer = await store.db.send(
    new QueryCommand({
      TableName: store.handlesTable,
      IndexName: 'byShelf',
      KeyConditionExpression: 'shelf = :shelf AND shelfKey BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':shelf': shelf, ':from': from, ':to': to },
      ScanIndexForward: !stretch.backwards,
      Limit: stretch.limit,
      ExclusiveStartKey: after === undefined ? undefined : { ...handleKey(after), shelf, shelfKey: after },
    }),
  )
  const items = (answer.Items ?? []) as Pick<Handle, 'name' | 'display' | 'listing' | 'appraisal'>[]
  return {
    rows: items.map((item) => ({ key: item.name, card: cardOf(item) })),
    more: answer.LastEvaluatedKey !== undefined,
  }
}

/** Handles that an account acquired here, newest first, from the sparse index `byHolder`. */
export const queryHolder = (
  store: HandlesStore,
  accountId: string,
  page: Page,
): Promise<PageOf<{ name: string; display: string; status: string; acquiredAt: string }>> =>
  queryNewest(store.db, { table: store.handlesTable, index: 'byHolder', key: 'acquiredBy', is: accountId }, page)
