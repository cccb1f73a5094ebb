import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import type { StateOf } from '../domain/aggregate.ts'
import type { Entry } from '../domain/journal.ts'
import { aggregateAt, entryOnItem, type Item, readAggregate, readHandle } from './items.ts'

/** What one stream record tells: the entry that was replaced, to be filed, and the one that came, to be published. */
export type OutboxRecord = {
  readonly replaced: Entry | null
  readonly appended: Entry | null
  /** Of an order: the sale that placed it. */
  readonly saleId?: string
  /** Of an order between users. */
  readonly sellerId?: string
}

const image = (raw: unknown): Item | null =>
  raw === undefined || raw === null ? null : unmarshall(raw as Parameters<typeof unmarshall>[0])

/**
 * Reads a stream record of either table. Items that are no aggregates (filed entries, imports) give nothing.
 * @throws where an aggregate's item carries no entry: such a record is poison and goes to the dead-letter queue.
 */
export const readOutboxRecord = (record: DynamoDBRecord): OutboxRecord => {
  const after = image(record.dynamodb?.NewImage)
  const before = image(record.dynamodb?.OldImage)
  const aggregate = after === null ? null : aggregateAt(after)
  if (after === null || aggregate === null) return { replaced: null, appended: null }
  const appended = entryOf(aggregate, after)
  const replaced = before === null ? null : entryOf(aggregate, before)
  const { saleId, sellerId } = after
  return {
    appended,
    ...(typeof saleId === 'string' && { saleId }),
    ...(typeof sellerId === 'string' && aggregate.startsWith('order:') && { sellerId }),
    // `commit` filed an entry that moved money by itself.
    replaced: replaced === null || replaced.hash === appended.hash || replaced.postings.length > 0 ? null : replaced,
  }
}

const entryOf = (aggregate: string, item: Item): Entry => {
  const { entry } = item
  if (typeof entry !== 'object' || entry === null) throw new Error(`${aggregate} carries no journal entry`)
  return entryOnItem(aggregate, item)
}

/** What one stream record says of an aggregate that a search finds: its state before and after; null: there was none. */
export type StateRecord = {
  readonly [K in SearchedKind]: {
    readonly kind: K
    readonly before: StateOf<K> | null
    readonly after: StateOf<K> | null
  }
}[SearchedKind]

const searchedKinds = ['handle', 'auction', 'drop'] as const
export type SearchedKind = (typeof searchedKinds)[number]

/**
 * Reads a stream record of an item that a search finds; `aggregate` names it.
 * @throws where it is of no such kind: such a record is poison.
 */
export const readStateRecord = (record: DynamoDBRecord): StateRecord & { readonly aggregate: string } => {
  const after = image(record.dynamodb?.NewImage)
  const before = image(record.dynamodb?.OldImage)
  const aggregate = aggregateAt(after ?? before ?? {})
  const kind = searchedKinds.find((one) => aggregate?.startsWith(`${one}:`) === true)
  if (aggregate === null || kind === undefined) throw new Error('a record of nothing that a search finds')
  const stateOf = (item: Item | null) => {
    if (item === null) return null
    return kind === 'handle' ? readHandle(item).state : readAggregate(kind, item).state
  }
  return { aggregate, kind, before: stateOf(before), after: stateOf(after) } as StateRecord & { aggregate: string }
}
