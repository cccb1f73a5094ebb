import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import type { Entry } from '../domain/journal.ts'
import type { Handle } from '../domain/handle.ts'
import { aggregateAt, entryOnItem, type Item, readHandle } from './items.ts'

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

/** What one stream record says of a handle: its state before and after; null: there was none. */
export type HandleRecord = { readonly name: string; readonly before: Handle | null; readonly after: Handle | null }

/**
 * Reads a stream record of a handle's item.
 * @throws where an image is no handle: such a record is poison.
 */
export const readHandleRecord = (record: DynamoDBRecord): HandleRecord => {
  const stateOf = (raw: unknown): Handle | null => {
    const item = image(raw)
    return item === null ? null : readHandle(item).state
  }
  const before = stateOf(record.dynamodb?.OldImage)
  const after = stateOf(record.dynamodb?.NewImage)
  const { name } = after ?? before ?? {}
  if (name === undefined) throw new Error('a record without a handle')
  return { name, before, after }
}
