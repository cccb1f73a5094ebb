import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { createClient } from '../shared/contract/client.ts'
import type { System } from './system.ts'

/** The day on which the feed was drawn: who has been away since then is judged by that day, or a later one. */
export const feedDay = Date.parse('2026-11-23T12:00:00Z')

export const feedFile = join(import.meta.dirname, '..', 'data', 'accounts.ndjson.gz')

export interface StockResult {
  readonly imported: number
  readonly rejected: number
}

/**
 * Stocks an empty market from lines of the account feed, on the product's own roads: an operator's import, then the sweep
 * that finds what is due. Doing it again changes nothing.
 */
export async function stockMarket(
  system: System,
  options: { lines: number; onStep?: (step: string) => void },
): Promise<StockResult> {
  const step = options.onStep ?? (() => {})
  const client = createClient({ baseUrl: system.url, token: await system.token('operator') })
  const begun = await client.createImport({ body: { format: 'ndjson' }, idempotencyKey: `stock-${options.lines}` })
  if (!begun.ok) throw new Error(`the import was refused: ${begun.problem.detail ?? begun.problem.title}`)
  step(`importing ${options.lines} accounts`)
  const upload = await fetch(begun.value.uploadUrl, { method: 'PUT', body: await marketLines(options.lines) })
  if (!upload.ok) throw new Error(`the upload was refused: ${await upload.text()}`)
  await system.idle()
  const imported = await client.getImport({ params: { importId: begun.value.import.id } })
  if (!imported.ok) throw new Error(`the import cannot be read: ${imported.problem.title}`)
  const { status, created, updated, unchanged, rejected, failure } = imported.value
  if (status !== 'complete') throw new Error(`the import is ${status}: ${failure ?? 'see the logs of the workers'}`)
  step('releasing what was suspended long ago, and telling the holders of what is inactive')
  system.schedules.fire('sweep-handles')
  await system.idle()
  return { imported: created + updated + unchanged, rejected }
}

/** The first lines of the feed. */
export const firstLines = (count: number): Promise<string> => linesOf(count, () => true)

/**
 * Lines of the feed of which half are of suspended accounts: these are released without notice, so that a market has
 * something to sell on its first day, while the inactive rest gets its time of grace.
 */
export const marketLines = async (count: number): Promise<string> => {
  const suspended = await suspendedLines(Math.floor(count / 2))
  return suspended + (await linesOf(Math.ceil(count / 2), (line) => !isSuspended(line)))
}

/** Lines of the feed of suspended accounts alone: all of these are released at once, and nobody is written to. */
export const suspendedLines = (count: number): Promise<string> => linesOf(count, isSuspended)

const isSuspended = (line: string): boolean => line.includes('"suspendedAt"')

const linesOf = async (count: number, isWanted: (line: string) => boolean): Promise<string> => {
  const source = createReadStream(feedFile)
  const lines = createInterface({ input: source.pipe(createGunzip()), crlfDelay: Number.POSITIVE_INFINITY })
  const kept: string[] = []
  for await (const line of lines) {
    if (kept.length === count) break
    if (isWanted(line)) kept.push(line)
  }
  source.destroy()
  return `${kept.join('\n')}\n`
}
