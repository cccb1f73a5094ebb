import { createGunzip } from 'node:zlib'
import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { feedFields, feedLineBytesMax } from '../domain/feed-line.ts'
import { chunkObjectKey, feedKey, type Feeds } from '../gateways/feeds.ts'
import type { Queue } from '../gateways/queue.ts'
import { log } from '../runtime/log.ts'
import type { ChunkMessage } from '../contract/messages.ts'
import type { EscrowStore } from '../store/client.ts'
import { loadImport, recordSplit } from '../store/imports.ts'

/** Lines a chunk: its rejects fit one item even if every line is wrong, and its work fits a worker's time many times over. */
export const linesPerChunk = 1000

export type SplitDeps = { readonly store: EscrowStore; readonly feeds: Feeds; readonly chunks: Queue }

/** A row as chunks hold it: its line number in the feed, a tab, and the JSON (or what stood there instead). */
type Row = { readonly line: number; readonly text: string }

/**
 * Splits an uploaded feed into chunk objects and one message each. A crash half-way is repaired by the queue's next
 * delivery: chunks have fixed numbers and contents, and a chunk's result is kept once. A file that cannot be read to its
 * end (not gzip, no CSV header) fails as a whole, with the reason on the import; chunks before the fault stay imported.
 */
export const splitFeed = async (deps: SplitDeps, importId: string): Promise<void> => {
  const loaded = await loadImport(deps.store, importId)
  if (loaded === null) {
    log('warn', 'feed_without_import', { importId })
    return
  }
  const { format, compression, operatorId } = loaded.head
  const raw = await deps.feeds.read(feedKey(importId))
  let chunk = 0
  let lines = 0
  let rows: Row[] = []
  const flush = async () => {
    if (rows.length === 0) return
    const text = rows.map((row) => `${row.line}\t${row.text}`).join('\n')
    await deps.feeds.write(chunkObjectKey(importId, chunk), text)
    const message: ChunkMessage = { importId, operatorId, chunk }
    await deps.chunks.sendAll([message])
    chunk += 1
    rows = []
  }
  try {
    const plain = compression === 'gzip' ? raw.pipe(createGunzip()) : raw
    raw.on('error', (error) => plain.destroy(error))
    for await (const row of format === 'csv' ? csvRows(plain) : ndjsonRows(plain)) {
      rows.push(row)
      lines += 1
      if (rows.length === linesPerChunk) await flush()
    }
    await flush()
  } catch (error) {
    if (!isFileFault(error)) throw error
    await flush()
    await recordSplit(deps.store, importId, { chunks: chunk, lines, failure: error.message })
    return
  }
  await recordSplit(deps.store, importId, { chunks: chunk, lines })
}

class FileFault extends Error {
  override readonly name = 'FileFault'
}

/** Faults of the file itself; everything else (S3, SQS) is tried again. */
const isFileFault = (error: unknown): error is Error =>
  error instanceof FileFault || (error instanceof Error && String((error as { code?: unknown }).code).startsWith('Z_'))

/** Lines by LF or CRLF; a last line without a break counts, an empty rest does not. An over-long line is cut, and refused later. */
async function* ndjsonRows(stream: Readable): AsyncGenerator<Row> {
  let rest = Buffer.alloc(0)
  let line = 0
  for await (const piece of stream) {
    rest = Buffer.concat([rest, piece as Buffer])
    let start = 0
    for (let end = rest.indexOf(10, start); end !== -1; end = rest.indexOf(10, start)) {
      line += 1
      yield { line, text: lineText(rest.subarray(start, end)) }
      start = end + 1
    }
    rest = rest.subarray(start)
    // What is past the limit is not kept: the line is refused whatever follows.
    if (rest.length > 4 * feedLineBytesMax) rest = rest.subarray(0, 2 * feedLineBytesMax)
  }
  if (rest.length > 0) yield { line: line + 1, text: lineText(rest) }
}

const lineText = (bytes: Buffer): string =>
  bytes
    .subarray(0, feedLineBytesMax + 1)
    .toString('utf8')
    .replace(/\r$/, '')

const required = new Set(feedFields.filter((field) => field !== 'suspendedAt'))

/** CSV with a header of the feed's field names, in any order; an empty cell is an absent field. */
async function* csvRows(stream: Readable): AsyncGenerator<Row> {
  const parser = stream.pipe(
    parse({
      info: true,
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: 4 * feedLineBytesMax,
    }),
  )
  stream.on('error', (error) => parser.destroy(error))
  let header: string[] | null = null
  try {
    for await (const parsed of parser) {
      const { record, info } = parsed as { record: string[]; info: { lines: number } }
      if (header === null) {
        header = record
        const lacking = [...required].filter((field) => !record.includes(field))
        if (lacking.length > 0) throw new FileFault(`the CSV header lacks ${lacking.join(', ')}`)
        continue
      }
      yield { line: info.lines, text: csvJson(header, record) }
    }
  } catch (error) {
    if (error instanceof Error && String((error as { code?: unknown }).code).startsWith('CSV_')) {
      throw new FileFault(error.message)
    }
    throw error
  }
  if (header === null) throw new FileFault('the CSV has no header')
}

const csvJson = (header: readonly string[], record: readonly string[]): string => {
  // A row of another width is not guessed at: as an array it is refused as no object.
  if (record.length !== header.length) return JSON.stringify(record)
  const fields: Record<string, unknown> = {}
  header.forEach((field, index) => {
    const cell = record[index] ?? ''
    if (cell !== '') fields[field] = field === 'followers' && /^-?\d{1,15}$/.test(cell) ? Number(cell) : cell
  })
  return JSON.stringify(fields)
}
