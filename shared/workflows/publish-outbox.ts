import type { DynamoDBRecord } from 'aws-lambda'
import { noticeEventType } from '../domain/effects.ts'
import type { Entry } from '../domain/journal.ts'
import type { DomainEvent, EventBus } from '../gateways/events.ts'
import type { EscrowStore } from '../store/client.ts'
import { fileEntries } from '../store/journal.ts'
import { readOutboxRecord } from '../store/outbox.ts'

export type OutboxDeps = { readonly store: EscrowStore; readonly bus: EventBus }

/** Every event of an order is published; of a handle's those that want an effect: a million events cost a dollar. */
const isPublished = (detailType: string): boolean => detailType.startsWith('order.') || detailType === noticeEventType

/**
 * One batch of stream records: files each entry that was replaced, publishes each event that came. Both may happen twice
 * and have one effect. Returns the sequence number of the first record that could not be done: the stream comes back to it.
 */
export const publishOutbox = async (
  deps: OutboxDeps,
  records: readonly DynamoDBRecord[],
): Promise<{ readonly failedAt: string; readonly error: unknown } | null> => {
  const replaced: Entry[] = []
  const events: DomainEvent[] = []
  let failure: { readonly failedAt: string; readonly error: unknown } | null = null
  for (const record of records) {
    try {
      const read = readOutboxRecord(record)
      if (read.replaced !== null) replaced.push(read.replaced)
      if (read.appended !== null) events.push(...publishedOf(read.appended))
    } catch (error) {
      failure = { failedAt: record.dynamodb?.SequenceNumber ?? '', error }
      break
    }
  }
  await fileEntries(deps.store, replaced)
  await deps.bus.publish(events)
  return failure
}

const publishedOf = (entry: Entry): DomainEvent[] => {
  const kind = entry.aggregate.slice(0, entry.aggregate.indexOf(':'))
  return entry.events
    .map((event) => ({
      detailType: `${kind}.${event.type}`,
      detail: { aggregate: entry.aggregate, seq: entry.seq, event },
      at: entry.at,
    }))
    .filter(({ detailType }) => isPublished(detailType))
}
