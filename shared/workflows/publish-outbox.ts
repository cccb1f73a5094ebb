import type { DynamoDBRecord } from 'aws-lambda'
import { alertEventTypes, reminderEventType } from '../domain/alert.ts'
import {
  effectEventTypes,
  negotiationEventTypes,
  noticeEventType,
  offerEventTypes,
  toldEventTypes,
} from '../domain/effects.ts'
import { offerMailTypes } from '../domain/offer-party-mail.ts'
import { auctionMailTypes } from '../domain/auction-mail.ts'
import type { Entry } from '../domain/journal.ts'
import type { DomainEvent, EventBus } from '../gateways/events.ts'
import type { HandlesStore, Store } from '../store/client.ts'
import { fileEntries } from '../store/journal.ts'
import { type OutboxRecord, readOutboxRecord } from '../store/outbox.ts'
import { loadDemand } from '../store/watches.ts'

export type OutboxDeps = { readonly store: Store; readonly bus: EventBus }

const alertTypes = new Set(alertEventTypes)
const publishedTypes = new Set<string>([
  ...alertEventTypes,
  ...effectEventTypes,
  ...offerEventTypes,
  ...negotiationEventTypes,
  ...toldEventTypes,
  ...offerMailTypes,
  ...auctionMailTypes,
  noticeEventType,
  reminderEventType,
])

/** Every event of an order is published; of a handle's those that want an effect or an alert: a million cost a dollar. */
const isPublished = (detailType: string): boolean => detailType.startsWith('order.') || publishedTypes.has(detailType)

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
      if (read.appended !== null) events.push(...publishedOf(read.appended, read))
    } catch (error) {
      failure = { failedAt: record.dynamodb?.SequenceNumber ?? '', error }
      break
    }
  }
  const [, published] = await Promise.all([fileEntries(deps.store, replaced), withoutUnwatched(deps.store, events)])
  await deps.bus.publish(published)
  return failure
}

/**
 * Leaves out what only watchers would be told of, where nobody watches: half a read unit for each such handle, and the
 * millions that nobody waits for are not published.
 */
const withoutUnwatched = async (store: HandlesStore, events: readonly DomainEvent[]): Promise<DomainEvent[]> => {
  const nameOf = ({ detail }: DomainEvent) =>
    String((detail as { readonly aggregate: string }).aggregate).replace(/^handle:/, '')
  const asked = events.filter(({ detailType }) => alertTypes.has(detailType)).map(nameOf)
  if (asked.length === 0) return [...events]
  const demand = await loadDemand(store, asked)
  return events.filter((event) => {
    const { watches = 0, backorders = 0 } = demand.get(nameOf(event)) ?? {}
    return !alertTypes.has(event.detailType) || watches + backorders > 0
  })
}

const publishedOf = (entry: Entry, { saleId, sellerId }: Pick<OutboxRecord, 'saleId' | 'sellerId'>): DomainEvent[] => {
  const kind = entry.aggregate.slice(0, entry.aggregate.indexOf(':'))
  const told = {
    aggregate: entry.aggregate,
    seq: entry.seq,
    ...(saleId !== undefined && { saleId }),
    ...(sellerId !== undefined && { sellerId }),
  }
  return entry.events
    .map((event) => ({ detailType: `${kind}.${event.type}`, detail: { ...told, event }, at: entry.at }))
    .filter(({ detailType }) => isPublished(detailType))
}
