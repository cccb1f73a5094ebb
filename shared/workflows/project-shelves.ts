import type { DynamoDBRecord } from 'aws-lambda'
import { type ListedBid, listedBids } from '../domain/own-bids.ts'
import {
  auctionRows,
  dropRows,
  sameRow,
  type SaleRow,
  type ShelfRow,
  shelfRows,
  type WordsOf,
} from '../domain/shelf-rows.ts'
import type { StreamFailure } from '../runtime/stream-worker.ts'
import { listBids } from '../store/bid-lists.ts'
import type { EscrowStore, ShelvesStore } from '../store/client.ts'
import { readStateRecord, type StateRecord } from '../store/outbox.ts'
import { writeRows } from '../store/shelves.ts'

export type ProjectDeps = { readonly store: ShelvesStore & EscrowStore; readonly wordsOf: WordsOf }

type Row = ShelfRow | SaleRow

/**
 * One batch of stream records of handles, auctions or drops: brings the rows of each from what they were before its first record
 * to what they are after its last, and lists each bid for its bidder. The same batch again, whole or in parts one after
 * another, ends at the same rows, since rows are a function of the state, and of an account's bids the newest is put last.
 * Returns the first record that could not be read: the stream comes back to it.
 */
export const projectShelves = async (
  { store, wordsOf }: ProjectDeps,
  records: readonly DynamoDBRecord[],
): Promise<StreamFailure> => {
  const changes = new Map<string, { readonly first: StateRecord; readonly last: StateRecord }>()
  const bids: ListedBid[] = []
  let failure: StreamFailure = null
  for (const record of records) {
    try {
      const read = readStateRecord(record)
      if (read.kind === 'auction' && read.after !== null) bids.push(...listedBids(read.before, read.after))
      changes.set(read.aggregate, { first: changes.get(read.aggregate)?.first ?? read, last: read })
    } catch (error) {
      failure = { failedAt: record.dynamodb?.SequenceNumber ?? '', error }
      break
    }
  }
  const puts: Row[] = []
  const deletes: Row[] = []
  for (const { first, last } of changes.values()) {
    const old = rowsOf(first, 'before', wordsOf)
    const wanted = rowsOf(last, 'after', wordsOf)
    puts.push(...wanted.filter((row) => !old.some((other) => sameRow(other, row))))
    deletes.push(...old.filter(({ pk, sk }) => !wanted.some((other) => other.pk === pk && other.sk === sk)))
  }
  await Promise.all([writeRows(store, puts, deletes), listBids(store, bids)])
  return failure
}

const rowsOf = (record: StateRecord, side: 'before' | 'after', wordsOf: WordsOf): readonly Row[] => {
  if (record[side] === null) return []
  switch (record.kind) {
    case 'handle':
      return shelfRows(record[side], wordsOf)
    case 'auction':
      return auctionRows(record[side])
    case 'drop':
      return dropRows(record[side])
  }
}
