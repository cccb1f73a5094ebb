import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import type { Entry } from '../domain/journal.ts'
import type { Auction } from '../domain/auction.ts'
import type { Handle } from '../domain/handle.ts'
import { aggregateAt, entryOnItem, type Item, readAggregate, readHandle } from './items.ts'

/** What one stream record tells: the entry that was replaced, to be filed, and the one that came, to be published. */
export type OutboxRecord = {
  readonly replaced: Entry | null
  readonly appended: Entry | null
  /** Of an order: the sale that placed it. */
  readonly saleId?: string
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
  const { saleId } = after
  return {
    appended,
    ...(typeof saleId === 'string' && { saleId }),
    // `commit` filed an entry that moved money by itself.
    replaced: replaced === null || replaced.hash === appended.hash || replaced.postings.length > 0 ? null : replaced,
  }
}

const entryOf = (aggregate: string, item: Item): Entry => {
  const { entry } = item
  if (typeof entry !== 'object' || entry === null) throw new Error(`${aggregate} carries no journal entry`)
  return entryOnItem(aggregate, item)
}

/** What one stream record says of a handle or an auction: its state before and after; null: there was none. */
export type StateRecord =
  | { readonly kind: 'handle'; readonly before: Handle | null; readonly after: Handle | null }
  | { readonly kind: 'auction'; readonly before: Auction | null; readonly after: Auction | null }

/**
 * Reads a stream record of a handle's or an auction's item; `aggregate` names it.
 * @throws where an image is neither: such a record is poison.
 */
export const readStateRecord = (record: DynamoDBRecord): StateRecord & { readonly aggregate: string } => {
  const after = image(record.dynamodb?.NewImage)
  const before = image(record.dynamodb?.OldImage)
  const aggregate = aggregateAt(after ?? before ?? {})
  const stateOf = <T>(item: Item | null, read: (item: Item) => { readonly state: T }): T | null =>
    item === null ? null : read(item).state
  if (aggregate?.startsWith('handle:') === true) {
    return { aggregate, kind: 'handle', before: stateOf(before, readHandle), after: stateOf(after, readHandle) }
  }
  if (aggregate?.startsWith('auction:') !== true) throw new Error('a record of neither a handle nor an auction')
  const readAuction = (item: Item) => readAggregate('auction', item)
  return { aggregate, kind: 'auction', before: stateOf(before, readAuction), after: stateOf(after, readAuction) }
}
