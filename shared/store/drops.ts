import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DeleteCommandInput,
  DeleteCommand,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  TransactWriteCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { entryIdOf, type Drop } from '../domain/drop.ts'
import { dayMs } from '../domain/terms.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'
import { type CommitContext, CommitUnavailable } from './commit.ts'
import type { Item } from './items.ts'
import { type Page, type PageKey, type PageKeyTest, pageKeyTest, type PageOf, pageOf } from './pages.ts'

/**
 * Beside a drop lie its entries, one an account a handle: plain items, written once or taken back. The list of them is
 * sealed by its hash in the drop's journal. Eight partitions take a drop's entries, by the first character of their ids, so
 * that walking the partitions in order lists the ids in order.
 */
export type Entry = {
  readonly entryId: string
  readonly handle: string
  readonly accountId: string
  readonly answers: readonly string[]
  readonly enteredAt: string
}

const shards = ['0123', '4567', '89AB', 'CDEF', 'GHJK', 'MNPQ', 'RSTV', 'WXYZ'] as const
const shardPartition = (dropId: string, shard: number) => `D#${dropId}#${shard}`
const shardOfEntry = (entryId: string) => shards.findIndex((letters) => letters.includes(entryId.charAt(4)))
const entrySortKey = (handle: string, entryId: string) => `E#${handle}#${entryId}`
const entryKey = (dropId: string, handle: string, entryId: string) => ({
  pk: shardPartition(dropId, shardOfEntry(entryId)),
  sk: entrySortKey(handle, entryId),
})

/** Which handles of a drop an account has entered for: holds it to its limit. */
const accountKey = (drop: Drop, accountId: string) => {
  const alias = entryIdOf(drop, '', accountId)
  return { pk: shardPartition(drop.id, shardOfEntry(alias)), sk: `C#${alias}` }
}

/** Whoever wants to draw again has so long after the end; then the entries, with their answers, are gone. */
export const entriesKeptDays = 400

const expiresAt = ({ closesAt }: Drop): number => Math.floor((Date.parse(closesAt) + entriesKeptDays * dayMs) / 1000)

/**
 * The secret seed. Its key names its commitment, so that whoever made a drop twice, after a lost answer, finds the seed
 * that the drop is committed to. Only the worker that draws may read it.
 */
const seedKey = ({ id, commitment }: Pick<Drop, 'id' | 'commitment'>) => ({ pk: `X#${id}`, sk: `seed#${commitment}` })

export const keepSeed = async (
  store: EscrowStore,
  drop: Pick<Drop, 'id' | 'commitment'>,
  seed: string,
): Promise<void> => {
  await store.db.send(new PutCommand({ TableName: store.escrowTable, Item: { ...seedKey(drop), seed } }))
}

/** @throws where the seed is gone: the drop cannot be drawn as it was promised */
export const readSeed = async (store: EscrowStore, drop: Pick<Drop, 'id' | 'commitment'>): Promise<string> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: seedKey(drop), ConsistentRead: true }),
  )
  const seed: unknown = Item?.['seed']
  if (typeof seed !== 'string') throw new Error(`the seed of ${drop.id} is not there`)
  return seed
}

const readEntry = (item: Item): Entry => {
  const { pk: _pk, sk: _sk, expiresAt: _e, ...entry } = item
  return entry as Entry
}

/** One strongly consistent read. Null: there is no such entry. */
export const loadEntry = async (
  store: EscrowStore,
  dropId: string,
  handle: string,
  entryId: string,
): Promise<Entry | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: entryKey(dropId, handle, entryId), ConsistentRead: true }),
  )
  return Item === undefined ? null : readEntry(Item)
}

/** The entries of one account, by handle: one question to a hundred handles. */
export const loadEntriesOf = async (store: EscrowStore, drop: Drop, accountId: string): Promise<readonly Entry[]> => {
  const keys = drop.lots.map(({ handle }) => entryKey(drop.id, handle, entryIdOf(drop, handle, accountId)))
  const entries: Entry[] = []
  for await (const item of getItems(store.db, store.escrowTable, keys)) entries.push(readEntry(item))
  return entries.toSorted((a, b) => (a.handle < b.handle ? -1 : 1))
}

type TransactItem = {
  readonly Put?: PutCommandInput
  readonly Delete?: DeleteCommandInput
  readonly Update?: UpdateCommandInput & { readonly UpdateExpression: string }
}

/**
 * Writes an entry if the account has none for this handle. `there`: it has; `limit`: it has entered for as many as it may.
 * One conditional put where the drop sets no limit of its own, else one transaction with what the account has entered for.
 * @throws CommitUnavailable where the same account's requests stayed contended
 */
export const enterDrop = async (
  store: EscrowStore,
  context: Pick<CommitContext, 'random' | 'pause'>,
  drop: Drop,
  entry: Entry,
): Promise<'written' | 'there' | 'limit'> => {
  const TableName = store.escrowTable
  const put = {
    TableName,
    Item: { ...entryKey(drop.id, entry.handle, entry.entryId), ...entry, expiresAt: expiresAt(drop) },
    ConditionExpression: 'attribute_not_exists(pk)',
  }
  if (drop.entriesPerAccountMax >= drop.lots.length) return onlyIf(store, new PutCommand(put), 'there')
  const count: TransactItem = {
    Update: {
      TableName,
      Key: accountKey(drop, entry.accountId),
      UpdateExpression: 'ADD handles :handles SET expiresAt = :expires',
      ConditionExpression: 'attribute_not_exists(handles) OR (size(handles) < :max AND NOT contains(handles, :handle))',
      ExpressionAttributeValues: {
        ':handles': new Set([entry.handle]),
        ':handle': entry.handle,
        ':max': drop.entriesPerAccountMax,
        ':expires': expiresAt(drop),
      },
    },
  }
  const codes = await transact(store, context, [{ Put: put }, count])
  if (codes === null) return 'written'
  return codes[0] === 'ConditionalCheckFailed' ? 'there' : 'limit'
}

/** Takes an entry back, if it is there. */
export const withdrawEntry = async (
  store: EscrowStore,
  context: Pick<CommitContext, 'random' | 'pause'>,
  drop: Drop,
  entry: Pick<Entry, 'handle' | 'entryId' | 'accountId'>,
): Promise<'written' | 'gone'> => {
  const TableName = store.escrowTable
  const remove = {
    TableName,
    Key: entryKey(drop.id, entry.handle, entry.entryId),
    ConditionExpression: 'attribute_exists(pk)',
  }
  if (drop.entriesPerAccountMax >= drop.lots.length) return onlyIf(store, new DeleteCommand(remove), 'gone')
  const count: TransactItem = {
    Update: {
      TableName,
      Key: accountKey(drop, entry.accountId),
      UpdateExpression: 'DELETE handles :handles',
      ExpressionAttributeValues: { ':handles': new Set([entry.handle]) },
    },
  }
  return (await transact(store, context, [{ Delete: remove }, count])) === null ? 'written' : 'gone'
}

const onlyIf = async <T>(
  store: EscrowStore,
  command: PutCommand | DeleteCommand,
  refused: T,
): Promise<'written' | T> => {
  try {
    await (command instanceof PutCommand ? store.db.send(command) : store.db.send(command))
    return 'written'
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return refused
    throw error
  }
}

const triesMax = 8

/** Null: written; else why each item was refused. */
const transact = async (
  store: EscrowStore,
  context: Pick<CommitContext, 'random' | 'pause'>,
  TransactItems: TransactItem[],
): Promise<readonly (string | undefined)[] | null> => {
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    try {
      await store.db.send(new TransactWriteCommand({ TransactItems }))
      return null
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code)
      if (codes.includes('ConditionalCheckFailed')) return codes
      await context.pause(context.random() * Math.min(20 * 2 ** attempt, 500))
    }
  }
  throw new CommitUnavailable('the entry stayed contended')
}

/** The ids of a handle's entries, strongly consistent: all partitions at once, each page after page. */
export const readEntryIds = async (store: EscrowStore, dropId: string, handle: string): Promise<string[]> => {
  const prefix = entrySortKey(handle, '')
  const ofShards = await Promise.all(
    shards.map(async (_, shard) => {
      const ids: string[] = []
      let after: PageKey | undefined
      do {
        const answer = await store.db.send(
          new QueryCommand({
            TableName: store.escrowTable,
            KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
            ExpressionAttributeValues: { ':pk': shardPartition(dropId, shard), ':prefix': prefix },
            ProjectionExpression: 'sk',
            ConsistentRead: true,
            ExclusiveStartKey: after,
          }),
        )
        for (const item of answer.Items ?? []) ids.push(String(item['sk']).slice(prefix.length))
        after = answer.LastEvaluatedKey
      } while (after !== undefined)
      return ids
    }),
  )
  return ofShards.flat()
}

export const entryPageKey = (dropId: string, handle: string): PageKeyTest =>
  pageKeyTest({ pk: new RegExp(`^D#${dropId}#[0-7]$`), sk: new RegExp(`^E#${handle}#app_[0-9A-Z]{26}$`) })

/** A page of a handle's entries in ascending order of their ids: at most one question to each partition. */
export const queryEntries = async (
  store: EscrowStore,
  dropId: string,
  handle: string,
  page: Page,
): Promise<PageOf<Entry>> => {
  const items: Entry[] = []
  let after = page.after
  const first = after === undefined ? 0 : Number(after['pk']?.slice(-1))
  for (let shard = first; shard < shards.length; shard += 1) {
    const read = pageOf<Item>(
      await store.db.send(
        new QueryCommand({
          TableName: store.escrowTable,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': shardPartition(dropId, shard), ':prefix': entrySortKey(handle, '') },
          Limit: page.limit - items.length,
          ExclusiveStartKey: after,
        }),
      ),
    )
    items.push(...read.items.map(readEntry))
    if (read.next !== undefined) return { items, next: read.next }
    after = undefined
    const last = read.items.at(-1)
    if (items.length >= page.limit && last !== undefined && shard + 1 < shards.length) {
      return { items, next: { pk: String(last['pk']), sk: String(last['sk']) } }
    }
  }
  return { items, next: undefined }
}

export type DropCard = { readonly id: string; readonly title: string; readonly createdAt: string }
const listPartition = 'D#list'

/** Puts an announced drop into the list of drops; twice is the same. */
export const listDrop = async (store: EscrowStore, { id, title, createdAt }: Drop): Promise<void> => {
  await store.db.send(
    new PutCommand({
      TableName: store.escrowTable,
      Item: { pk: listPartition, sk: `${createdAt} ${id}`, id, title, createdAt },
    }),
  )
}

export const dropListKey: PageKeyTest = pageKeyTest({ pk: listPartition, sk: /^\S+ drp_[0-9A-Z]{26}$/ })

/** Announced drops, newest first. */
export const queryDrops = async (store: EscrowStore, page: Page): Promise<PageOf<DropCard>> =>
  pageOf(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': listPartition },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
