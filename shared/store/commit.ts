import { createHash } from 'node:crypto'
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { BatchExecuteStatementCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import pMap from 'p-map'
import type { Kind, VersionedOf } from '../domain/aggregate.ts'
import type { Entry } from '../domain/journal.ts'
import type { EscrowStore, HandlesStore } from './client.ts'
import {
  aggregateItem,
  type Contact,
  handleItem,
  type Item,
  journalKey,
  kinds,
  storeEntry,
  type StoredEntry,
} from './items.ts'

/** One aggregate's step: `before` as it was loaded (null: it must not exist yet), `after` as the domain decided. */
export type Change = {
  readonly [K in Kind]: {
    readonly kind: K
    readonly before: VersionedOf<K> | null
    readonly after: VersionedOf<K>
    /** Of a handle: whom its notices go to. Every change of one says it again. */
    readonly contact?: K extends 'handle' ? Contact | undefined : never
  }
}[Kind]

/** The tables that a function was given: what lies in another is not in its reach. */
export type CommitStore = Pick<HandlesStore, 'db'> & Partial<HandlesStore & EscrowStore>

export type CommitContext = {
  /** Uniform in [0, 1): jitter between the tries of a contended transaction. */
  readonly random: () => number
  readonly pause: (ms: number) => Promise<void>
}

/**
 * `committed`, or `conflict`: somebody else moved first; `existing[i]` is the item that stands at change i where its
 * condition failed. The caller loads again and decides again.
 */
export type CommitResult =
  | { readonly committed: true }
  | { readonly committed: false; readonly existing: readonly (Item | undefined)[] }

/** A contended transaction is tried this often before the caller is told to come back (503). */
export const conflictTriesMax = 8

export class CommitUnavailable extends Error {
  override readonly name = 'CommitUnavailable'
}

/**
 * The only way state changes. Writes each aggregate's new state together with its newest journal entry under a check of
 * the version before, all or nothing: one conditional `PutItem` for one aggregate, one `TransactWriteItems` for more.
 *
 * The entry travels on the aggregate's own item; the entry it replaces goes to the archive by the table's stream
 * (`publish-outbox`), except where it moved money: that one is filed in this very transaction, so the ledger never waits
 * for the stream. Reference: docs/adr/0003.
 *
 * Unknown outcomes are safe: a repeat carries the same token, and after the token's ten minutes the condition fails on our
 * own entry, which is recognised by its hash.
 *
 * @throws CommitUnavailable after `conflictTriesMax` contended tries; the client's own errors when DynamoDB is out of reach.
 */
export const commit = async (
  store: CommitStore,
  context: CommitContext,
  changes: readonly [Change, ...Change[]],
): Promise<CommitResult> => {
  const puts = changes.map((change) => putOf(store, change))
  const filed = changes.flatMap((change) => filedEntries(store, change.before?.entry))
  const [only] = puts
  if (only !== undefined && puts.length === 1 && filed.length === 0) {
    try {
      await store.db.send(new PutCommand(only))
      return { committed: true }
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
      return settle(changes, [error.Item === undefined ? undefined : unmarshall(error.Item)])
    }
  }
  const request = {
    TransactItems: [...puts, ...filed].map((Put) => ({ Put })),
    ClientRequestToken: tokenOf(changes),
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store.db.send(new TransactWriteCommand(request))
      return { committed: true }
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const reasons = error.CancellationReasons ?? []
      if (reasons.some((reason) => reason.Code === 'ConditionalCheckFailed')) {
        return settle(
          changes,
          changes.map((_, index) => existingItem(reasons[index]?.Item)),
        )
      }
      const contended = reasons.some((reason) => contendedCodes.has(reason.Code ?? ''))
      if (!contended) throw error
      if (attempt === conflictTriesMax)
        throw new CommitUnavailable('the transaction stayed contended', { cause: error })
      await context.pause(context.random() * Math.min(20 * 2 ** attempt, 500))
    }
  }
}

const statementsPerRequest = 25
const requestsAtOnce = 4

/**
 * Many changes of one aggregate each, every one by itself: for each what `commit` does for it alone, under the same
 * condition and at the same units, but 25 to a request. A change that its statement did not make (somebody moved first,
 * throttling, a repeat of our own lost answer) is committed alone, which tells what stands there. One that fails even so is
 * answered as not committed, and holds up no other: whoever decides it again meets the fault.
 * Reference: docs/adr/0007.
 *
 * @throws where DynamoDB refuses a request as a whole; and where two changes are of one aggregate
 */
export const commitAll = async (
  store: CommitStore,
  context: CommitContext,
  changes: readonly Change[],
): Promise<readonly CommitResult[]> => {
  const results: CommitResult[] = []
  const alone: number[] = []
  const batched: { readonly index: number; readonly statement: Statement }[] = []
  changes.forEach((change, index) => {
    const statement = statementOf(store, change)
    if (statement === null) alone.push(index)
    else batched.push({ index, statement })
  })
  const requests = Array.from({ length: Math.ceil(batched.length / statementsPerRequest) }, (_, request) =>
    batched.slice(request * statementsPerRequest, (request + 1) * statementsPerRequest),
  )
  await pMap(
    requests,
    async (request) => {
      const { Responses = [] } = await store.db.send(
        new BatchExecuteStatementCommand({ Statements: request.map(({ statement }) => statement) }),
      )
      request.forEach(({ index }, at) => {
        const response = Responses[at]
        if (response !== undefined && response.Error === undefined) results[index] = { committed: true }
        else alone.push(index)
      })
    },
    { concurrency: requestsAtOnce },
  )
  await pMap(
    alone,
    async (index) => {
      const change = changes[index]
      if (change !== undefined) results[index] = await commit(store, context, [change]).catch(() => notCommitted)
    },
    { concurrency: statementsPerRequest },
  )
  return results
}

const notCommitted: CommitResult = { committed: false, existing: [undefined] }

type Statement = { readonly Statement: string; readonly Parameters: unknown[] }

/**
 * The change as one PartiQL statement that leaves the very item which `putOf` would put. Null where an entry is filed with
 * it, or where more than one attribute goes: DynamoDB and the local engine have no common way to write that.
 */
const statementOf = (store: CommitStore, change: Change): Statement | null => {
  const { TableName, Item } = putOf(store, change)
  const { pk, sk, ...rest } = Item
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined)
  const names = fields.map(([name]) => name)
  const values = fields.map(([, value]) => value)
  const { before } = change
  if (before === null) {
    return {
      Statement: `INSERT INTO "${TableName}" VALUE {${['pk', 'sk', ...names].map((name) => `'${name}': ?`).join(', ')}}`,
      Parameters: [pk, sk, ...values],
    }
  }
  const removed = removedNames(itemOf(change, 'before'), Item)
  if (removed.length > 1 || before.entry.postings.length > 0) return null
  return {
    Statement: [
      `UPDATE "${TableName}" SET ${names.map((name) => `"${name}"=?`).join(', ')}`,
      ...removed.map((name) => `REMOVE "${name}"`),
      'WHERE "pk"=? AND "sk"=? AND "entry"."hash"=?',
    ].join(' '),
    Parameters: [...values, pk, sk, before.entry.hash],
  }
}

/** The item of one side of a change. The contact is in every handle's item. */
const itemOf = (change: Change, side: 'before' | 'after'): Item => {
  const versioned = change[side]
  if (versioned === null) return {}
  return change.kind === 'handle'
    ? handleItem(versioned as VersionedOf<'handle'>, side === 'after' ? change.contact : undefined)
    : aggregateItem(change.kind, versioned as VersionedOf<typeof change.kind>)
}

const removedNames = (before: Item, after: Item): string[] =>
  Object.keys(before).filter((name) => before[name] !== undefined && after[name] === undefined)

const contendedCodes = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

// lib-dynamodb leaves the items of cancellation reasons as attribute values in some versions and plain in others.
const existingItem = (item: unknown): Item | undefined => {
  if (item === undefined || item === null) return undefined
  const { pk } = item as { pk?: unknown }
  return typeof pk === 'string' ? (item as Item) : unmarshall(item as Parameters<typeof unmarshall>[0])
}

const putOf = (store: CommitStore, change: Change) => {
  const { before } = change
  return {
    TableName: kinds[change.kind].table === 'escrow' ? escrowTableOf(store) : handlesTableOf(store),
    Item: itemOf(change, 'after'),
    ...(before === null
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'entry.#hash = :hash',
          ExpressionAttributeNames: { '#hash': 'hash' },
          ExpressionAttributeValues: { ':hash': before.entry.hash },
        }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

const filedEntries = (store: CommitStore, replaced: Entry | undefined) =>
  replaced === undefined || replaced.postings.length === 0
    ? []
    : [
        {
          TableName: escrowTableOf(store),
          Item: { ...journalKey(replaced.aggregate, replaced.seq), ...storeEntry(replaced) },
        },
      ]

const handlesTableOf = (store: CommitStore): string => {
  if (store.handlesTable === undefined) throw new Error('this function was not given the handles table')
  return store.handlesTable
}

const escrowTableOf = (store: CommitStore): string => {
  if (store.escrowTable === undefined) throw new Error('this function was not given the escrow table')
  return store.escrowTable
}

const tokenOf = (changes: readonly Change[]): string =>
  createHash('sha256')
    .update(changes.map((change) => change.after.entry.hash).join(' '))
    .digest('base64url')
    .slice(0, 36)

/**
 * A condition that failed on our own write, which came through after all: each item stands where this commit put it, or
 * has gone on from there. One entry that is like ours is not enough, since two commits may place the very same order.
 */
const settle = (changes: readonly Change[], existing: readonly (Item | undefined)[]): CommitResult => {
  const standing = changes.map((_, index) => existing[index]?.['entry'] as StoredEntry | undefined)
  const isOurs = changes.map(({ after }, index) => standing[index]?.hash === after.entry.hash)
  const isBeyond = changes.map(({ after }, index) => (standing[index]?.seq ?? 0) > after.entry.seq)
  const ours = isOurs.some(Boolean) && isOurs.every((same, index) => same || isBeyond[index])
  return ours ? { committed: true } : { committed: false, existing }
}
