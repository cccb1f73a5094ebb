import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DeleteCommandInput,
  type PutCommandInput,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { type DemandCounts, isBackorder, type Watch, watchesPerAccountMax } from '../domain/watch.ts'
import { getItems } from './batch-get.ts'
import type { HandlesStore } from './client.ts'
import type { CommitContext } from './commit.ts'
import { CommitUnavailable } from './commit.ts'
import type { Item } from './items.ts'
import { type Page, pageOf, type PageOf } from './pages.ts'

/**
 * Watches are no aggregates: nothing is decided by them, so they have no journal. A name's watches lie in one partition,
 * backorders before plain watches, so that they are told in this order; beside them its demand is counted. What an
 * account watches lies on one item of its own, which also holds it to its limit.
 */
const partitionOf = (handle: string) => `W#${handle}`
const watchKey = ({ handle, accountId, maxPriceMinor }: Pick<Watch, 'handle' | 'accountId' | 'maxPriceMinor'>) => ({
  pk: partitionOf(handle),
  sk: `${isBackorder({ maxPriceMinor }) ? 'B' : 'W'}#${accountId}`,
})
const demandKey = (handle: string) => ({ pk: partitionOf(handle), sk: 'demand' })
const accountKey = (accountId: string) => ({ pk: `U#${accountId}`, sk: 'watches' })

const setOf = (watch: Pick<Watch, 'maxPriceMinor'>) => (isBackorder(watch) ? 'backorders' : 'watches')

/** Sets are not empty in DynamoDB: a watch that was told of nothing has no such attribute. */
const watchItem = ({ told, ...watch }: Watch): Item => ({
  ...watchKey(watch),
  ...watch,
  ...(told.size === 0 ? {} : { told }),
})

const readWatch = (item: Item): Watch => {
  const { pk: _pk, sk: _sk, told, ...watch } = item
  return { ...watch, told: (told as ReadonlySet<string> | undefined) ?? new Set<string>() } as Watch
}

/** Strongly consistent: 2 units. Null: the account does not watch the handle. */
export const loadWatch = async (store: HandlesStore, handle: string, accountId: string): Promise<Watch | null> => {
  const keys = [undefined, 0].map((maxPriceMinor) => watchKey({ handle, accountId, maxPriceMinor }))
  for await (const item of getItems(store.db, store.handlesTable, keys)) return readWatch(item)
  return null
}

/**
 * Everything that an account watches, by name: one read of its item, and one for each watch; eventually consistent unless
 * told otherwise.
 */
export const loadWatches = async (
  store: HandlesStore,
  accountId: string,
  consistent = false,
): Promise<readonly Watch[]> => {
  const kept: Item[] = []
  for await (const item of getItems(store.db, store.handlesTable, [accountKey(accountId)], consistent)) kept.push(item)
  const names = (attribute: 'watches' | 'backorders') => [
    ...((kept[0]?.[attribute] as ReadonlySet<string> | undefined) ?? []),
  ]
  const keys = [
    ...names('watches').map((handle) => watchKey({ handle, accountId, maxPriceMinor: undefined })),
    ...names('backorders').map((handle) => watchKey({ handle, accountId, maxPriceMinor: 0 })),
  ]
  const watches: Watch[] = []
  for await (const item of getItems(store.db, store.handlesTable, keys, consistent)) watches.push(readWatch(item))
  return watches.toSorted((a, b) => (a.handle < b.handle ? -1 : 1))
}

export type WatchWritten = 'written' | 'limit' | 'moved'

/** A contended name's counter is tried this often before the caller is told to come back. */
const triesMax = 8

/**
 * Makes, changes or ends (`after` null) a watch. Where the account's list and the name's demand change with it, all three
 * are one transaction; else it is one conditional update. `limit`: the account watches as many handles as it may; `moved`: the
 * watch is not as it was read.
 * @throws CommitUnavailable where the transaction stayed contended
 */
export const writeWatch = async (
  store: HandlesStore,
  context: Pick<CommitContext, 'random' | 'pause'>,
  before: Watch | null,
  after: Watch | null,
): Promise<WatchWritten> => {
  if (before !== null && after !== null && setOf(before) === setOf(after)) {
    return updateUnchanged(store, before, after)
  }
  const request = transactionOf(store, before, after)
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    try {
      await store.db.send(new TransactWriteCommand({ TransactItems: request }))
      return 'written'
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code)
      if (codes.includes('ConditionalCheckFailed')) {
        // The account's list comes first: where it alone refused a new watch, the account has as many as it may.
        const isFull = before === null && codes[0] === 'ConditionalCheckFailed' && codes[1] !== 'ConditionalCheckFailed'
        return isFull ? 'limit' : 'moved'
      }
      await context.pause(context.random() * Math.min(20 * 2 ** attempt, 500))
    }
  }
  throw new CommitUnavailable('the watch stayed contended')
}

type TransactItem = {
  readonly Put?: PutCommandInput
  readonly Update?: UpdateCommandInput & { readonly UpdateExpression: string }
  readonly Delete?: DeleteCommandInput
}

const transactionOf = (store: HandlesStore, before: Watch | null, after: Watch | null): TransactItem[] => {
  const TableName = store.handlesTable
  const watch = after ?? before
  if (watch === null) throw new Error('nothing becomes nothing')
  const name = new Set([watch.handle])
  const count = (after === null ? 0 : 1) - (before === null ? 0 : 1)
  const adds = after === null ? [] : [setOf(after)]
  const deletes = before === null ? [] : [setOf(before)]
  const account: TransactItem = {
    Update: {
      TableName,
      Key: accountKey(watch.accountId),
      UpdateExpression:
        `ADD #count :count${adds.map((set) => `, #${set} :name`).join('')}` +
        (deletes.length === 0 ? '' : ` DELETE ${deletes.map((set) => `#${set} :name`).join(', ')}`),
      ConditionExpression:
        before === null
          ? '(attribute_not_exists(#count) OR #count < :max) AND NOT contains(#watches, :text) AND NOT contains(#backorders, :text)'
          : `contains(#${setOf(before)}, :text)`,
      ExpressionAttributeNames: {
        '#count': 'count',
        ...(before === null
          ? { '#watches': 'watches', '#backorders': 'backorders' }
          : Object.fromEntries([...adds, ...deletes].map((set) => [`#${set}`, set]))),
      },
      ExpressionAttributeValues: {
        ':count': count,
        ':name': name,
        ':text': watch.handle,
        ...(before === null ? { ':max': watchesPerAccountMax } : {}),
      },
    },
  }
  const counts = [...new Set([...adds, ...deletes])]
  const demand: TransactItem = {
    Update: {
      TableName,
      Key: demandKey(watch.handle),
      UpdateExpression: `ADD ${counts.map((set) => `#${set} :${set}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(counts.map((set) => [`#${set}`, set])),
      ExpressionAttributeValues: Object.fromEntries(
        counts.map((set) => [`:${set}`, (adds.includes(set) ? 1 : 0) - (deletes.includes(set) ? 1 : 0)]),
      ),
    },
  }
  return [
    account,
    ...(before === null ? [] : [{ Delete: { TableName, Key: watchKey(before), ...unchanged(before) } }]),
    ...(after === null
      ? []
      : [{ Put: { TableName, Item: watchItem(after), ConditionExpression: 'attribute_not_exists(pk)' } }]),
    demand,
  ]
}

const unchanged = ({ updatedAt }: Watch) => ({
  ConditionExpression: '#updated = :updated',
  ExpressionAttributeNames: { '#updated': 'updatedAt' },
  ExpressionAttributeValues: { ':updated': updatedAt },
})

/** What the account was told of stays as it is: somebody may be telling it at this moment. */
const updateUnchanged = async (store: HandlesStore, before: Watch, after: Watch): Promise<WatchWritten> => {
  const { updatedAt, maxPriceMinor, email } = after
  const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = unchanged(before)
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.handlesTable,
        Key: watchKey(before),
        UpdateExpression: [
          'SET #updated = :now',
          ...(maxPriceMinor === undefined ? [] : [', maxPriceMinor = :max']),
          email === undefined ? ' REMOVE email' : ', email = :email',
        ].join(''),
        ConditionExpression,
        ExpressionAttributeNames,
        ExpressionAttributeValues: {
          ...ExpressionAttributeValues,
          ':now': updatedAt,
          ...(maxPriceMinor === undefined ? {} : { ':max': maxPriceMinor }),
          ...(email === undefined ? {} : { ':email': email }),
        },
      }),
    )
    return 'written'
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'moved'
    throw error
  }
}

/**
 * The demand for these names, eventually consistent: half a unit each, 100 to a request. A name that nobody ever watched
 * is not there.
 */
export const loadDemand = async (
  store: HandlesStore,
  handles: readonly string[],
): Promise<ReadonlyMap<string, DemandCounts>> => {
  const demand = new Map<string, DemandCounts>()
  for await (const item of getItems(store.db, store.handlesTable, [...new Set(handles)].map(demandKey), false)) {
    const { pk, watches = 0, backorders = 0, offers = 0 } = item as Partial<DemandCounts> & { readonly pk: string }
    demand.set(pk.slice(partitionOf('').length), { watches, backorders, offers })
  }
  return demand
}

/** Watches of one handle, backorders first, from a key on: one request. */
export const queryWatches = async (store: HandlesStore, handle: string, page: Page): Promise<PageOf<Watch>> => {
  const { items, next } = pageOf<Item>(
    await store.db.send(
      new QueryCommand({
        TableName: store.handlesTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':pk': partitionOf(handle), ':first': 'B#', ':last': 'X' },
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  return { items: items.map(readWatch), next }
}

/**
 * Marks on a watch that its account was told of a cause; `renews` forgets the causes before, of an earlier time on the
 * market. A watch that was ended in the meantime stays ended.
 */
export const markTold = async (store: HandlesStore, watch: Watch, cause: string, renews: boolean): Promise<void> => {
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.handlesTable,
        Key: watchKey(watch),
        UpdateExpression: renews ? 'SET told = :told' : 'ADD told :told',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':told': new Set([cause]) },
      }),
    )
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** One more account has made an offer for a handle. */
export const addOfferDemand = async (store: HandlesStore, handle: string): Promise<void> => {
  await store.db.send(
    new UpdateCommand({
      TableName: store.handlesTable,
      Key: demandKey(handle),
      UpdateExpression: 'ADD #offers :one',
      ExpressionAttributeNames: { '#offers': 'offers' },
      ExpressionAttributeValues: { ':one': 1 },
    }),
  )
}
