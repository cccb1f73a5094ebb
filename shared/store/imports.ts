import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'
import type { PageKey } from './pages.ts'

/**
 * An import is one item and one item a chunk, in one partition. A chunk's item is its result: written whole when the chunk
 * is done, so doing it again gives the same item. The progress is their sum; no counter is shared.
 */
export type ImportHead = {
  readonly id: string
  readonly format: 'ndjson' | 'csv'
  readonly compression: 'none' | 'gzip'
  readonly operatorId: string
  readonly requestHash: string
  readonly createdAt: string
  /** Set when the feed has been split. */
  readonly chunks?: number | undefined
  readonly lines?: number | undefined
  readonly failure?: string | undefined
}

export type Reject = {
  readonly line: number
  readonly code: string
  readonly field?: string | undefined
  readonly reason: string
}

export type ChunkResult = {
  readonly chunk: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly rejects: readonly Reject[]
}

const headKey = (id: string) => ({ pk: `I#${id}`, sk: 'import' })
const chunkKey = (id: string, chunk: number) => ({ pk: `I#${id}`, sk: `C#${String(chunk).padStart(6, '0')}` })

/** Creates the import; null where it stands already, with the one that stands. */
export const createImport = async (store: EscrowStore, head: ImportHead): Promise<ImportHead | null> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...headKey(head.id), ...head },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
    return null
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return loadHead(store, head.id)
  }
}

const loadHead = async (store: EscrowStore, id: string): Promise<ImportHead> => {
  const loaded = await loadImport(store, id)
  if (loaded === null) throw new Error(`import ${id} vanished`)
  return loaded.head
}

/** The split's outcome: how many chunks and lines, or why the file cannot be read at all. */
export const recordSplit = async (
  store: EscrowStore,
  id: string,
  outcome: { readonly chunks: number; readonly lines: number; readonly failure?: string | undefined },
): Promise<void> => {
  await store.db.send(
    new UpdateCommand({
      TableName: store.escrowTable,
      Key: headKey(id),
      UpdateExpression:
        outcome.failure === undefined
          ? 'SET chunks = :chunks, #lines = :lines'
          : 'SET chunks = :chunks, #lines = :lines, failure = :failure',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#lines': 'lines' },
      ExpressionAttributeValues: {
        ':chunks': outcome.chunks,
        ':lines': outcome.lines,
        ...(outcome.failure === undefined ? {} : { ':failure': outcome.failure }),
      },
    }),
  )
}

/**
 * Writes a chunk's result once. A message that is delivered again finds the first result and leaves it: what was created
 * then would count as unchanged now.
 */
export const recordChunk = async (store: EscrowStore, id: string, result: ChunkResult): Promise<void> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...chunkKey(id, result.chunk), ...result },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
  }
}

/** The head and every chunk's result so far; null: no such import. */
export const loadImport = async (
  store: EscrowStore,
  id: string,
): Promise<{ readonly head: ImportHead; readonly done: readonly ChunkResult[] } | null> => {
  const items = await queryAll(store, id)
  const head = items.find((item) => item['sk'] === 'import')
  if (head === undefined) return null
  return {
    head: head as unknown as ImportHead,
    done: items.filter((item) => item !== head) as unknown as ChunkResult[],
  }
}

const queryAll = async (store: EscrowStore, id: string): Promise<Record<string, unknown>[]> => {
  const items: Record<string, unknown>[] = []
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': headKey(id).pk },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    )
    items.push(...(answer.Items ?? []))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
  return items
}
