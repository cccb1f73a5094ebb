import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'
import { type Page, type PageKey, pageKeyTest, pageOf } from './pages.ts'

/**
 * A run is one sweep of due handles and the work that it queued: a head, and one item for each message with its result, in
 * one partition. The progress is their sum; no counter is shared. A second partition lists the runs by time.
 */
export type RunHead = {
  readonly id: string
  /** The schedule, or the operator who asked for it. */
  readonly startedBy: string
  readonly createdAt: string
  /** Set when the sweep began: it begins once, however often it is asked to. */
  readonly begunAt?: string | undefined
  /** Handles found so far, by queue of the clock and shard of the index. */
  readonly found: Readonly<Record<string, readonly number[]>>
  /** Handles and messages queued so far. */
  readonly queued: number
  readonly messages: number
  /** Set when every shard has been swept and everything found is queued. */
  readonly sweptAt?: string | undefined
}

/** What became of the handles of one message, each counted once: the counts' sum is `names`. */
export type RunResult = {
  readonly number: number
  readonly names: number
  readonly released: number
  /** By the gate's code. */
  readonly reserved: Readonly<Record<string, number>>
  readonly noticed: number
  /** Of those noticed, the ones whose time of grace began with it. */
  readonly begun: number
  readonly unreachable: number
  readonly letBe: number
  readonly notDue: number
  readonly failed: number
  /** Names that failed, each with its reason, where the rest of the message was done; some of them, if they are many. */
  readonly failures: readonly NameFailure[]
  /** How often the message had been received. */
  readonly receives: number
  readonly at: string
}

export type NameFailure = { readonly name: string; readonly error: string; readonly message: string }

/** A sweep's newest figures, as the head keeps them. */
export type SweepProgress = Pick<RunHead, 'found' | 'queued' | 'messages' | 'sweptAt'>

const keptDays = 90

const runPartition = (id: string) => `R#${id}`
const headKey = (id: string) => ({ pk: runPartition(id), sk: 'run' })
const resultKey = (id: string, number: number) => ({
  pk: runPartition(id),
  sk: `M#${String(number).padStart(6, '0')}`,
})
/** Runs of one instant keep apart by their ids. */
const listKey = (head: RunHead) => ({ pk: 'R#list', sk: `${head.createdAt} ${head.id}` })

const expiresAt = (createdAt: string): number => Math.floor(Date.parse(createdAt) / 1000) + keptDays * 86_400

/**
 * Writes a run's head and lists it; null where it stands already, with the one that stands, which is listed again: a crash
 * between the two is repaired by the next try.
 */
export const createRun = async (store: EscrowStore, head: RunHead): Promise<RunHead | null> => {
  const existing = await putHead(store, head)
  const { id, createdAt } = existing ?? head
  await store.db.send(
    new PutCommand({
      TableName: store.escrowTable,
      Item: { ...listKey(existing ?? head), runId: id, expiresAt: expiresAt(createdAt) },
    }),
  )
  return existing
}

const putHead = async (store: EscrowStore, head: RunHead): Promise<RunHead | null> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...headKey(head.id), ...head, expiresAt: expiresAt(head.createdAt) },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
    return null
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return loadHead(store, head.id)
  }
}

const loadHead = async (store: EscrowStore, id: string): Promise<RunHead> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: headKey(id), ConsistentRead: true }),
  )
  if (Item === undefined) throw new Error(`run ${id} vanished`)
  return Item as unknown as RunHead
}

/** Takes a run that was asked for in hand; false where it is in somebody's hands already, or there is no such run. */
export const beginRun = async (store: EscrowStore, id: string, begunAt: string): Promise<boolean> => {
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.escrowTable,
        Key: headKey(id),
        UpdateExpression: 'SET begunAt = :begunAt',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(begunAt)',
        ExpressionAttributeValues: { ':begunAt': begunAt },
      }),
    )
    return true
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return false
  }
}

/** Only the one sweep that began the run writes its figures, so each writing replaces the one before. */
export const recordSweep = async (store: EscrowStore, id: string, progress: SweepProgress): Promise<void> => {
  const fields = Object.entries(progress).filter(([, value]) => value !== undefined)
  await store.db.send(
    new UpdateCommand({
      TableName: store.escrowTable,
      Key: headKey(id),
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
    }),
  )
}

/** The result of one message so far; null: none yet. */
export const loadResult = async (store: EscrowStore, id: string, number: number): Promise<RunResult | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: resultKey(id, number), ConsistentRead: true }),
  )
  return Item === undefined ? null : (Item as unknown as RunResult)
}

/**
 * Writes a message's result. One in which nothing failed stays, whatever comes after it; one with failures gives way to
 * the next delivery's.
 */
export const recordResult = async (store: EscrowStore, id: string, result: RunResult): Promise<void> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...resultKey(id, result.number), ...result, expiresAt: expiresAt(result.at) },
        ConditionExpression: 'attribute_not_exists(pk) OR #failed > :none',
        ExpressionAttributeNames: { '#failed': 'failed' },
        ExpressionAttributeValues: { ':none': 0 },
      }),
    )
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

export type LoadedRun = { readonly head: RunHead; readonly results: readonly RunResult[] }

/** A run's head and the results so far; null: no such run. */
export const loadRun = async (store: EscrowStore, id: string): Promise<LoadedRun | null> => {
  const results: RunResult[] = []
  let head: RunHead | null = null
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': runPartition(id) },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    )
    for (const item of answer.Items ?? []) {
      if (item['sk'] === headKey(id).sk) head = item as unknown as RunHead
      else results.push(item as unknown as RunResult)
    }
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
  return head === null ? null : { head, results }
}

/** A place in the list of runs. */
export const runPageKey = pageKeyTest({ pk: 'R#list', sk: /^\S+ run_\w+$/ })

/** Ids of runs, newest first: one page. */
export const queryRuns = async (
  store: EscrowStore,
  page: Page,
): Promise<{ ids: string[]; next: PageKey | undefined }> => {
  const { items, next } = pageOf<{ runId: string }>(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'R#list' },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  return { ids: items.map(({ runId }) => runId), next }
}
