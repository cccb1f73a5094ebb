import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import pMap from 'p-map'
import type * as z from 'zod'
import { type Answer, type Client, createClient } from '../shared/contract/client.ts'
import type { publishedPlanSchema } from '../shared/contract/release-plan.ts'
import { aggregateName } from '../shared/domain/aggregate.ts'
import type { HandleEvent } from '../shared/domain/handle.ts'
import { chainFaults, type Entry } from '../shared/domain/journal.ts'
import { checkListed, checkUnlisted, happeningOf, type Observed, type Verdict } from '../shared/domain/plan-check.ts'
import type { PlanEvent } from '../shared/domain/release-plan.ts'
import type { ScheduleLine } from '../shared/domain/schedule.ts'
import type { Store } from '../shared/store/client.ts'
import { observeHandles } from '../shared/workflows/observe-handles.ts'
import { openDeployedTables, openInstanceTables } from './tables.ts'

/** `npm run verify:plan`: whether a published schedule is what was sealed, and the release what was scheduled. */

const help = `Usage: npm run verify:plan -- --plan pln_… [options]
  --plan <id>              a published plan
  --url <address>          the API (http://127.0.0.1:7400)
  --token <token>          an operator's: reads the journal, and the schedule before it is public
  --token-file <file>      the same from a file (.local/state/tokens/operator, where it exists)
  --data-dir <folder>      reads the tables of the local instance there, not handle by handle
  --handles-table <name>   reads deployed tables; region and credentials as the AWS CLI finds them
  --escrow-table <name>
  --json                   one JSON object
By routes it asks for every name of the schedule: about a hundred a second. For a large release read the tables.`

type Published = z.output<typeof publishedPlanSchema>

export type PlanReport = {
  readonly plan: Published
  /** Names of the schedule by what became of them. */
  readonly planned: Readonly<Record<string, number>>
  /** What came otherwise for a reason that came after the plan, counted by it. */
  readonly explained: Readonly<Record<string, number>>
  /** What only an operator can tell, counted. */
  readonly untold: number
  /** Only an operator may read it. */
  readonly journalRead: boolean
  /** Whatever differs without a reason, the schedule itself first; empty: the release is the plan. */
  readonly differences: readonly string[]
}

export type PlanSources = {
  readonly client: Client
  /** Whether the client is an operator's. */
  readonly isOperator: boolean
  /** Read instead of the routes. */
  readonly tables?: Store | undefined
}

/**
 * Downloads the schedule, compares its hash with the published one and with the journal's, and every name with what
 * happened.
 * @throws where the plan is not published, or its schedule still sealed to everybody but operators
 */
export const verifyPlan = async (sources: PlanSources, planId: string): Promise<PlanReport> => {
  const { client, isOperator } = sources
  const params = { planId }
  const plan = valueOf(await client.getPublishedPlan({ params }))
  const link = valueOf(
    await (isOperator ? client.getPlanSchedule({ params }) : client.getPublishedSchedule({ params })),
  )
  const tally = newTally()
  const schedule = await download(link.url).catch((error: unknown) => {
    throw new Error(`the schedule cannot be read: ${error instanceof Error ? error.message : ''}`, { cause: error })
  })
  if (schedule.sha256 !== plan.sha256 || schedule.lines.size !== plan.handles) {
    tally.differs(
      `the schedule was changed: ${schedule.lines.size} names with the hash ${schedule.sha256}, ` +
        `where ${plan.handles} with ${plan.sha256} were published`,
    )
  }
  if (isOperator) for (const fault of await journalFaults(client, plan)) tally.differs(fault)
  if (sources.tables === undefined) await checkByRoutes(sources, plan, schedule.lines, tally)
  else await checkByTables(sources.tables, plan, schedule.lines, tally)
  return { plan, journalRead: isOperator, ...tally.close() }
}

const newTally = () => {
  const planned: Record<string, number> = {}
  const explained: Record<string, number> = {}
  const differences: string[] = []
  let untold = 0
  return {
    differs: (words: string): void => void differences.push(words),
    add: (name: string, verdict: Verdict): void => {
      switch (verdict.kind) {
        case 'planned':
          if (verdict.as !== 'not_concerned') planned[verdict.as] = (planned[verdict.as] ?? 0) + 1
          break
        case 'explained':
          explained[verdict.words] = (explained[verdict.words] ?? 0) + 1
          break
        case 'untold':
          untold += 1
          break
        case 'differs':
          differences.push(`${name} ${verdict.words}`)
      }
    },
    close: () => ({ planned, explained, untold, differences }),
  }
}

type Tally = ReturnType<typeof newTally>
type Lines = ReadonlyMap<string, ScheduleLine>

const download = async (url: string): Promise<{ readonly sha256: string; readonly lines: Lines }> => {
  const response = await fetch(url)
  if (!response.ok || response.body === null) throw new Error(`the schedule's link was answered ${response.status}`)
  const hash = createHash('sha256')
  const lines = new Map<string, ScheduleLine>()
  await pipeline(Readable.fromWeb(response.body), createGunzip(), async (plain: AsyncIterable<Buffer>) => {
    let rest = ''
    for await (const piece of plain) {
      hash.update(piece)
      const texts = (rest + piece.toString('latin1')).split('\n')
      rest = texts.pop() ?? ''
      for (const text of texts) {
        const line = JSON.parse(text) as ScheduleLine
        lines.set(line.handle, line)
      }
    }
  })
  return { sha256: hash.digest('hex'), lines }
}

/** The journal of the plan is whole, and what was published stands in it. */
const journalFaults = async (client: Client, plan: Published): Promise<string[]> => {
  const aggregateId = aggregateName('plan', plan.id)
  const entries = valueOf(await client.listJournal({ params: { aggregateId } }))
    .entries as unknown as Entry<PlanEvent>[]
  const faults = chainFaults(entries).map(({ seq, fault }) => `the journal of ${plan.id}, entry ${seq}: ${fault}`)
  const sealed = entries.flatMap(({ events }) => events).find(({ type }) => type === 'plan_published')
  if (sealed?.type !== 'plan_published') return [...faults, 'the journal does not know that it was published']
  const same =
    sealed.sha256 === plan.sha256 &&
    sealed.lines === plan.handles &&
    sealed.policyVersion === plan.policyVersion &&
    sealed.asOf === plan.asOf
  return same ? faults : [...faults, 'what is published is not what the journal says']
}

const checkByTables = async (tables: Store, plan: Published, lines: Lines, tally: Tally): Promise<void> => {
  const missing = new Set(lines.keys())
  for await (const { name, ...observed } of observeHandles(tables, plan.asOf)) {
    missing.delete(name)
    const line = lines.get(name)
    tally.add(name, line === undefined ? checkUnlisted(plan, observed, null) : checkListed(line, observed))
  }
  for (const name of missing) {
    const line = lines.get(name)
    if (line !== undefined) tally.add(name, checkListed(line, null))
  }
}

const requestsAtOnce = 8

/**
 * By routes: each name of the schedule, and each name on sale or sold since the plan that is not on it. Public routes tell
 * who is released, reserved or in grace; the operator's journal why a name is active, or was released unplanned. What was
 * reserved without being on the schedule no route lists: it came to nobody.
 */
const checkByRoutes = async (
  { client, isOperator }: PlanSources,
  plan: Published,
  lines: Lines,
  tally: Tally,
): Promise<void> => {
  const journal = async (name: string): Promise<Observed['since']> => {
    if (!isOperator) return null
    const answer = await client.listJournal({ params: { aggregateId: `handle:${name}` } })
    return (valueOf(answer).entries as unknown as Entry<HandleEvent>[])
      .filter(({ at }) => at >= plan.asOf)
      .flatMap(({ events }) => events.map(happeningOf))
  }
  const observe = async (name: string) => {
    const answer = await client.getHandle({ params: { handle: name } })
    if (!answer.ok && answer.problem.code === 'not_found') return null
    const { status, legalHold, release } = valueOf(answer)
    return { status, legalHold, release }
  }
  await pMap(
    lines.values(),
    async (line) => {
      const seen = await observe(line.handle)
      const verdict = checkListed(line, seen === null ? null : { ...seen, since: null })
      const isTold = verdict.kind !== 'untold' || seen === null || !isOperator
      tally.add(line.handle, isTold ? verdict : checkListed(line, { ...seen, since: await journal(line.handle) }))
    },
    { concurrency: requestsAtOnce },
  )
  await pMap(
    await unlistedNames(client, plan, lines),
    async (name) => {
      const seen = await observe(name)
      // A handle that was sold no longer tells by which policy it was released.
      const mayBe = seen?.release?.policyVersion === plan.policyVersion || seen?.release === null
      const since = mayBe ? await journal(name) : null
      tally.add(name, checkUnlisted(plan, { since }, seen?.release ?? null))
    },
    { concurrency: requestsAtOnce },
  )
}

/** Names on sale, or sold since the plan, that are not on the schedule. */
const unlistedNames = async (client: Client, plan: Published, lines: Lines): Promise<Set<string>> => {
  const names = new Set<string>()
  const add = (items: readonly { readonly handle: string }[]) => {
    for (const { handle } of items) if (!lines.has(handle)) names.add(handle)
  }
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = valueOf(await client.searchListings({ query: { limit: 100, ...(cursor && { cursor }) } }))
    add(page.items)
    cursor = page.nextCursor
  }
  for (const month of monthsSince(plan.publishedAt)) {
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = valueOf(await client.listSales({ query: { month, limit: 100, ...(cursor && { cursor }) } }))
      add(page.items)
      cursor = page.nextCursor
    }
  }
  return names
}

/** Sales are looked for this long after a plan; whoever verifies later reads the tables. */
const monthsMax = 24

/** A market's own clock may be ahead of ours, so months to come are asked for too. */
const monthsSince = (instant: string): string[] => {
  const start = new Date(instant)
  return Array.from({ length: monthsMax }, (_, later) =>
    new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + later)).toISOString().slice(0, 7),
  )
}

const valueOf = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}

const differencesShownMax = 50

const print = ({ plan, planned, explained, untold, journalRead, differences }: PlanReport): void => {
  console.log(`${plan.id}: ${plan.handles} names as of ${plan.asOf}, by version ${plan.policyVersion} of the policy`)
  console.log(`hash ${plan.sha256}; the journal ${journalRead ? 'was read' : 'was not read: it asks for a token'}`)
  for (const [as, names] of Object.entries(planned)) console.log(`  ${names} ${as.replace('_', ' ')}`)
  for (const [why, names] of Object.entries(explained)) console.log(`  ${names} ${why}`)
  if (untold > 0) console.log(`  ${untold} cannot be told without an operator's token`)
  for (const difference of differences.slice(0, differencesShownMax)) console.log(`DIFFERENCE ${difference}`)
  if (differences.length > differencesShownMax) console.log(`… and ${differences.length - differencesShownMax} more`)
  console.log(differences.length === 0 ? 'No difference.' : `${differences.length} differences.`)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      plan: { type: 'string' },
      url: { type: 'string', default: 'http://127.0.0.1:7400' },
      token: { type: 'string' },
      'token-file': { type: 'string', default: join('.local', 'state', 'tokens', 'operator') },
      'data-dir': { type: 'string' },
      'handles-table': { type: 'string' },
      'escrow-table': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { plan, url, 'data-dir': dataDir, 'handles-table': handlesTable, 'escrow-table': escrowTable } = values
  const file = values['token-file']
  const token = values.token ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined)
  if (values.help || plan === undefined || (handlesTable === undefined) !== (escrowTable === undefined)) {
    console.log(help)
    process.exitCode = values.help ? 0 : 2
  } else {
    try {
      const tables =
        handlesTable !== undefined && escrowTable !== undefined
          ? openDeployedTables(handlesTable, escrowTable)
          : dataDir === undefined
            ? undefined
            : await openInstanceTables(dataDir)
      const client = createClient({ baseUrl: url, ...(token === undefined ? {} : { token }) })
      const report = await verifyPlan({ client, isOperator: token !== undefined, tables }, plan)
      tables?.close()
      if (values.json) console.log(JSON.stringify(report))
      else print(report)
      if (report.differences.length > 0) process.exitCode = 1
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 2
    }
  }
}
