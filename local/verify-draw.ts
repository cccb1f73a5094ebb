import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type * as z from 'zod'
import { type Answer, type Client, createClient } from '../shared/contract/client.ts'
import { dropSchema } from '../shared/contract/drop.ts'
import { commitmentOf, drawOrder, listHashOf } from '../shared/domain/draw.ts'

/** `npm run verify:draw`: draws a drop again from what is public, and compares. */

const help = `Usage: npm run verify:draw -- drp_… [options]
       npm run verify:draw -- <file>     a drop and its entries as --save wrote them
  --url <address>   the API (http://127.0.0.1:7400)
  --save <file>     keeps what was downloaded, for whoever verifies without the API
  --json            one JSON object`

type Drop = z.output<typeof dropSchema>

/** What anybody can download of a drawn drop: the drop, and the entry ids of each handle. */
export type DrawRecord = {
  readonly drop: Drop
  readonly entries: Readonly<Record<string, readonly string[]>>
}

export type DrawReport = {
  readonly drop: string
  readonly handles: number
  readonly entries: number
  /** Whatever is not as it must be; empty: the draw is the one that was committed to. */
  readonly differences: readonly string[]
}

const valueOf = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}

/** Everything public of a drop. @throws where it is not drawn yet */
export const downloadDraw = async (client: Client, dropId: string): Promise<DrawRecord> => {
  const params = { dropId }
  const drop = valueOf(await client.getDrop({ params }))
  const entries: Record<string, string[]> = {}
  for (const { handle, listSha256 } of drop.lots) {
    if (listSha256 === null) continue
    const ids: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { handle, limit: 100, ...(cursor === undefined ? {} : { cursor }) }
      const page = valueOf(await client.listDropEntries({ params, query }))
      ids.push(...page.items.map(({ entryId }) => entryId))
      cursor = page.nextCursor
    }
    entries[handle] = ids
  }
  return { drop, entries }
}

/**
 * Draws again: the seed is the one committed to, each list is the one sealed, the order is what seed and list give, and
 * whoever is offered a handle stands at the place of the order that the round says. Of applications the order is the
 * operators' word; only that it names entries of the sealed list can be checked.
 */
export const verifyDraw = ({ drop, entries }: DrawRecord): DrawReport => {
  const differences: string[] = []
  const { seed } = drop
  let count = 0
  if (seed === null) differences.push('the seed is not published')
  else if (commitmentOf(seed) !== drop.commitment) differences.push('the seed is not the one that was committed to')
  for (const lot of drop.lots) {
    if (lot.listSha256 === null || seed === null) continue
    const differs = (words: string): void => void differences.push(`${lot.handle}: ${words}`)
    const ids = entries[lot.handle] ?? []
    count += ids.length
    if (ids.length !== lot.entries) differs(`${ids.length} entries are listed, and ${lot.entries} were sealed`)
    if (listHashOf(ids) !== lot.listSha256) differs('the list of entries is not the one that was sealed')
    const order = lot.order ?? []
    if (drop.method === 'draw') {
      const drawn = drawOrder(seed, drop.id, lot.handle, ids).slice(0, drop.roundsMax)
      if (drawn.join() !== order.join()) differs(`the draw serves ${drawn.join(', ')}, and not ${order.join(', ')}`)
    } else if (order.some((id) => !ids.includes(id))) differs('an accepted application is not among the entries')
    if (lot.offeredTo !== null && order[lot.round - 1] !== lot.offeredTo) {
      differs(`round ${lot.round} belongs to ${order[lot.round - 1] ?? 'nobody'}, and not to ${lot.offeredTo}`)
    }
  }
  return { drop: drop.id, handles: drop.lots.length, entries: count, differences }
}

const readRecord = (file: string): DrawRecord => {
  const { drop, entries } = JSON.parse(readFileSync(file, 'utf8')) as DrawRecord
  return { drop: dropSchema.parse(drop), entries }
}

const print = ({ drop, handles, entries, differences }: DrawReport): void => {
  console.log(`${drop}: ${handles} handles, ${entries} entries`)
  for (const difference of differences) console.log(`DIFFERENCE ${difference}`)
  console.log(
    differences.length === 0 ? 'The draw is the one that was committed to.' : `${differences.length} differences.`,
  )
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:7400' },
      save: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [wanted] = positionals
  if (values.help || wanted === undefined) {
    console.log(help)
    process.exitCode = values.help ? 0 : 2
  } else {
    try {
      const record = existsSync(wanted)
        ? readRecord(wanted)
        : await downloadDraw(createClient({ baseUrl: values.url }), wanted)
      if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(record))
      const report = verifyDraw(record)
      if (values.json) console.log(JSON.stringify(report))
      else print(report)
      if (report.differences.length > 0) process.exitCode = 1
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 2
    }
  }
}
