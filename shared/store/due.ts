import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Item } from './items.ts'
import type { PageKey } from './pages.ts'

/** A table's sparse index `byDue` and its sort key: an order's deadline, or the instant that a handle's rule counts from. */
export type DueIndex = { readonly table: string; readonly sortKey: 'dueAt' | 'dueFrom' }

/**
 * The items in one shard of `byDue` up to an instant, oldest first, page by page (1 MB of index each): their keys alone.
 * Eventually consistent: a key is a hint, and whoever acts on it reads the item again.
 */
export async function* dueItems(
  db: DynamoDBDocumentClient,
  { table, sortKey }: DueIndex,
  shard: string,
  until: string,
): AsyncGenerator<Item[]> {
  let after: PageKey | undefined
  do {
    const answer = await db.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'byDue',
        KeyConditionExpression: `dueShard = :shard AND ${sortKey} <= :until`,
        ExpressionAttributeValues: { ':shard': shard, ':until': until },
        ExclusiveStartKey: after,
      }),
    )
    yield answer.Items ?? []
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
}

/** The ids alone: what follows the prefix of the key. */
export async function* dueIds(...question: Parameters<typeof dueItems>): AsyncGenerator<string[]> {
  for await (const page of dueItems(...question)) yield page.map(({ pk }) => String(pk).slice(2))
}

/** Ids taken from each shard at a time: of 16 shards they fill one message of the sweep. */
const idsPerTurn = 32

/**
 * The ids of many shards, a few of each in turn, and of a page not in the order of names, which is the order of equal
 * instants. Whoever acts on them in this order writes to all partitions of the indexes evenly; shard after shard or letter
 * after letter, a single partition would take every write of the sweep.
 */
export async function* dueIdsInTurn(
  db: DynamoDBDocumentClient,
  index: DueIndex,
  shards: readonly string[],
  until: string,
): AsyncGenerator<string[]> {
  let open = shards.map((shard) => ({ pages: dueIds(db, index, shard, until), page: [] as string[], at: 0 }))
  while (open.length > 0) {
    const turn: string[] = []
    const ended = new Set<(typeof open)[number]>()
    for (const shard of open) {
      if (shard.at >= shard.page.length) {
        const next = await shard.pages.next()
        if (next.done === true) ended.add(shard)
        shard.page = next.done === true ? [] : scattered(next.value)
        shard.at = 0
      }
      turn.push(...shard.page.slice(shard.at, shard.at + idsPerTurn))
      shard.at += idsPerTurn
    }
    open = open.filter((shard) => !ended.has(shard))
    yield turn
  }
}

/** The same ids, neighbours far apart: each step goes over two thirds of them, and meets every one once. */
const scattered = (ids: readonly string[]): string[] => {
  const { length } = ids
  let step = Math.max(1, Math.floor(length * 0.618))
  while (greatestCommonDivisor(step, length) > 1) step += 1
  return ids.map((_, index) => ids[(index * step) % length] ?? '')
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))
