import type { DynamoDBRecord } from 'aws-lambda'
import type { Handle } from '../domain/handle.ts'
import { sameRow, type ShelfRow, shelfRows, type WordsOf } from '../domain/shelf-rows.ts'
import type { ShelvesStore } from '../store/client.ts'
import { readHandleRecord } from '../store/outbox.ts'
import { writeRows } from '../store/shelves.ts'

export type ProjectDeps = { readonly store: ShelvesStore; readonly wordsOf: WordsOf }

type Change = { readonly before: Handle | null; readonly after: Handle | null }

/**
 * One batch of stream records of the handles: brings each handle's rows from what they were before its first record to
 * what they are after its last. The same batch again, or a part of it, ends at the same rows, since rows are a function of
 * the state. Returns the sequence number of the first record that could not be read: the stream comes back to it.
 */
export const projectShelves = async (
  { store, wordsOf }: ProjectDeps,
  records: readonly DynamoDBRecord[],
): Promise<{ readonly failedAt: string; readonly error: unknown } | null> => {
  const changes = new Map<string, Change>()
  let failure: { readonly failedAt: string; readonly error: unknown } | null = null
  for (const record of records) {
    try {
      const { name, before, after } = readHandleRecord(record)
      changes.set(name, { before: changes.has(name) ? (changes.get(name)?.before ?? null) : before, after })
    } catch (error) {
      failure = { failedAt: record.dynamodb?.SequenceNumber ?? '', error }
      break
    }
  }
  const puts: ShelfRow[] = []
  const deletes: ShelfRow[] = []
  for (const { before, after } of changes.values()) {
    const old = before === null ? [] : shelfRows(before, wordsOf)
    const wanted = after === null ? [] : shelfRows(after, wordsOf)
    puts.push(...wanted.filter((row) => !old.some((other) => sameRow(other, row))))
    deletes.push(...old.filter(({ pk, sk }) => !wanted.some((other) => other.pk === pk && other.sk === sk)))
  }
  await writeRows(store, puts, deletes)
  return failure
}
