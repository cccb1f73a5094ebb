import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { feedDay } from '../../local/stock.ts'
import { startSystem, type System } from '../../local/system.ts'
import { createClient } from '../../shared/contract/client.ts'
import { queryNames } from '../../shared/store/handles.ts'
import { handleKey } from '../../shared/store/items.ts'
import type { Composition } from '../scale/accounts.ts'
import { loadAccounts } from '../scale/load.ts'
import type { ReleaseForecast } from '../scale/forecast.ts'
import { openEngineStore, type Reconciliation, reconcile } from '../scale/reconcile.ts'
import { printTable, withBar } from './bench.ts'
import { type Bill, billOf, meter, type Used } from './bill.ts'
import { type Hottest, newHotPartitions } from './hot-partitions.ts'
import { openRawEngine, rawPuts, type RawItem, rawUpdates } from './raw-engine.ts'
import { rounded } from './statistics.ts'

const environmentsMax = 4
/** As many calls at once as the release workers make: four environments of four requests each. */
const rawConcurrency = 16
const rawCount = 4_000
/** A reserved handle enters no shelf: its item, leaving `byDue`, and the entry that it replaced. */
export const reservedWriteUnits = 3
/** 1,500,000 in 15 minutes. */
const fullSpeedPerSecond = 1_500_000 / 900

export type ScaleOptions = {
  readonly accounts: number
  readonly dueShare: number
  readonly iam: boolean
  /** Whether the engine's own rate is measured too. */
  readonly raw: boolean
  /** Told when a phase begins. */
  readonly onPhase: (name: string) => void
}

export type ScaleResult = {
  readonly accounts: number
  readonly planned: number
  readonly released: number
  readonly refusedByReason: Readonly<Record<string, number>>
  readonly secondsByPhase: Readonly<Record<string, number>>
  readonly handlesPerSecond: number
  readonly rawUpdatesPerSecond: number
  readonly ratioToRaw: number
  readonly heapPeakMbByFunction: Readonly<Record<string, number>>
  readonly sqsRequestsPerThousand: number
  /** Of a released handle with its index writes and its archive; a reserved one takes `reservedWriteUnits`. */
  readonly writeUnitsPerHandle: number
  /** Rows of the search, each a unit. */
  readonly searchUnitsPerHandle: number
  /** What the run's own records take, which grow with the messages and not with the handles. */
  readonly runWriteUnitsPerThousand: number
  readonly hottestPartition: { readonly measured: Hottest; readonly atFullSpeed: Hottest }
  readonly dollarsByLine: Bill
  readonly dollars: number
  /** Whatever is not as planned; empty, or the run has failed. */
  readonly faults: readonly string[]
}

/**
 * The main job at any size, on the product's own road: a platform's accounts, loaded in bulk; the operator's plan of what
 * the policy releases; the sweep, fired on the running local system, until nothing is under way; then both tables read whole and compared
 * with the plan to the handle.
 */
export const releaseAtScale = async (options: ScaleOptions): Promise<ScaleResult> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-scale-'))
  try {
    return await measure(dataDir, options)
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const measure = async (
  dataDir: string,
  { accounts, dueShare, iam, raw: wantsRaw, onPhase }: ScaleOptions,
): Promise<ScaleResult> => {
  const secondsByPhase: Record<string, number> = {}
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now()
    onPhase(name)
    const result = await work()
    secondsByPhase[name] = rounded((performance.now() - begun) / 1000)
    return result
  }
  const composition: Composition = { accounts, dueShare, now: feedDay }
  await phase('load', () => loadAccounts(dataDir, composition))
  const system = await phase('start', () =>
    startSystem({
      dataDir,
      schedulesRun: false,
      clockNotBefore: feedDay,
      environmentsMax,
      switches: { iam, faults: false },
    }),
  )
  try {
    const planned = await phase('plan', () => planOf(system, accounts))
    const used = await phase('release', () => sweepUntilQuiet(system, accounts - planned.notDue))
    const hot = newHotPartitions()
    const found = await phase('reconcile', () => reconcile(openEngineStore(system), hot.add))
    const raw = wantsRaw ? await phase('raw', () => rawUpdatesOf(system)) : Number.NaN
    return resultOf({ accounts, planned, used, found, secondsByPhase, raw, hottest: hot.report(fullSpeedPerSecond) })
  } finally {
    await system.stop()
  }
}

/** What the operator's own plan of the policy in force says, by API; resolves when it is computed. */
const planOf = async (system: System, accounts: number): Promise<ReleaseForecast> => {
  const operator = createClient({ baseUrl: system.url, token: () => system.token('operator') })
  const begun = await operator.planRelease({
    body: { basedOn: 1, sellThroughBasisPoints: {} },
    idempotencyKey: `bench-${accounts}`,
  })
  if (!begun.ok) throw new Error(`the plan was refused: ${begun.problem.detail ?? begun.problem.title}`)
  await system.idle()
  const plan = await operator.getReleasePlan({ params: { planId: begun.value.id } })
  if (!plan.ok || plan.value.result === null) throw new Error('the plan is not computed: see the logs of its worker')
  const { byRule, byGateCode, handles } = plan.value.result.counts
  const released = byRule.reduce((sum, { releasedNow }) => sum + releasedNow, 0)
  const reservedByCode = Object.fromEntries(byGateCode.flatMap(({ code, now }) => (now > 0 ? [[code, now]] : [])))
  const reserved = Object.values(reservedByCode).reduce((sum, count) => sum + count, 0)
  return { released, reservedByCode, notDue: handles - released - reserved }
}

/** One sweep; resolves when every handle is released or reserved, listed, and its journal filed. */
const sweepUntilQuiet = async (system: System, due: number): Promise<Used> => {
  const used = meter(system)
  await withBar('handles', due, async (advance) => {
    const stop = system.logs.subscribe(({ line }) => {
      const [, released, reserved] = /"released":(\d+),"reserved":(\d+)/.exec(line) ?? []
      if (released !== undefined) advance(Number(released) + Number(reserved))
    })
    system.schedules.fire('sweep-handles')
    const { retrying } = await system.idle()
    stop()
    if (retrying > 0) throw new Error(`${retrying} messages failed: see the logs of the workers`)
  })
  return used()
}

/** `UpdateItem` of copies of a released handle on a table without indexes and stream: the engine at its best. */
const rawUpdatesOf = async (system: System): Promise<number> => {
  const engine = openRawEngine(system)
  try {
    const table = await engine.plainTable('bench-plain')
    const item = await sampleItem(system)
    await rawPuts(engine, table, item, rawCount, rawConcurrency)
    return (await rawUpdates(engine, table, item, rawCount, rawConcurrency)).perSecond
  } finally {
    engine.close()
  }
}

/** A handle as a release leaves it. */
const sampleItem = async (system: System): Promise<RawItem> => {
  const store = openEngineStore(system)
  const { rows } = await queryNames(store, 'm', { from: 'm', to: 'm~', backwards: false, limit: 1 })
  const [first] = rows
  if (first === undefined) throw new Error('no handle on the shelf m')
  const { Item } = await store.db.send(
    new GetItemCommand({
      TableName: store.handlesTable,
      Key: Object.fromEntries(Object.entries(handleKey(first.key)).map(([name, value]) => [name, { S: value }])),
    }),
  )
  if (Item === undefined) throw new Error('the index names a handle that is not there')
  return Item
}

const resultOf = (run: {
  readonly accounts: number
  readonly planned: ReleaseForecast
  readonly used: Used
  readonly found: Reconciliation
  readonly secondsByPhase: Readonly<Record<string, number>>
  readonly raw: number
  readonly hottest: ScaleResult['hottestPartition']
}): ScaleResult => {
  const { accounts, planned, used, found, secondsByPhase, raw, hottest } = run
  const reserved = Object.values(found.reservedByCode).reduce((sum, count) => sum + count, 0)
  const handles = found.released + reserved
  const handlesPerSecond = handles / (secondsByPhase['release'] ?? Number.NaN)
  const { writeUnits, indexWriteUnits, calls } = used.counts
  // Handles and filed entries go in batches; single items are the run's.
  const runUnits = (calls['dynamodb:PutItem'] ?? 0) + (calls['dynamodb:UpdateItem'] ?? 0)
  const handleUnits = writeUnits + indexWriteUnits - runUnits
  const bill = billOf(used)
  return {
    accounts,
    planned: planned.released,
    released: found.released,
    refusedByReason: { ...found.reservedByCode, ...(planned.notDue > 0 ? { not_due: found.untouched } : {}) },
    secondsByPhase,
    handlesPerSecond: rounded(handlesPerSecond),
    rawUpdatesPerSecond: raw,
    ratioToRaw: rounded(handlesPerSecond / raw),
    heapPeakMbByFunction: Object.fromEntries(
      Object.entries(used.usage)
        .filter(([, { invocations }]) => invocations > 0)
        .map(([label, { heapPeakMb }]) => [label, Math.round(heapPeakMb)]),
    ),
    sqsRequestsPerThousand: rounded((used.sqsRequests / handles) * 1_000),
    writeUnitsPerHandle: (handleUnits - reserved * reservedWriteUnits) / found.released,
    searchUnitsPerHandle: rounded(used.search.writeUnits / found.released),
    runWriteUnitsPerThousand: rounded((runUnits / handles) * 1_000),
    hottestPartition: hottest,
    dollarsByLine: Object.fromEntries(Object.entries(bill).map(([line, dollars]) => [line, rounded(dollars)])) as Bill,
    dollars: rounded(bill.total),
    faults: faultsOf(planned, found),
  }
}

/** What is not as planned, to the handle. */
const faultsOf = (planned: ReleaseForecast, found: Reconciliation): string[] => {
  const faults = found.audit.faults.slice(0, 10).map(({ aggregate, fault }) => `${aggregate}: ${fault}`)
  const compare = (what: string, wanted: number, is: number) => {
    if (wanted !== is) faults.push(`${what}: ${wanted} planned, ${is} found`)
  }
  compare('released', planned.released, found.released)
  compare('not due', planned.notDue, found.untouched)
  for (const code of new Set([...Object.keys(planned.reservedByCode), ...Object.keys(found.reservedByCode)])) {
    compare(`reserved as ${code}`, planned.reservedByCode[code] ?? 0, found.reservedByCode[code] ?? 0)
  }
  for (const name of found.repeated.slice(0, 10)) faults.push(`${name} was released more than once`)
  return faults
}

/** For people: each figure beside what is aimed at. */
export const printResult = (result: ScaleResult): void => {
  const { hottestPartition: hot } = result
  const million = (result.dollars / (result.released / 1_000_000)).toFixed(2)
  const shareOf = ({ partition, share }: Hottest) => `${partition}, ${(share * 100).toFixed(1)} % of all`
  printTable(
    ['figure', 'is', 'aim'],
    [
      ['accounts', result.accounts, ''],
      ['planned to be released', result.planned, ''],
      ['released', result.released, 'as planned'],
      ...Object.entries(result.refusedByReason).map(([reason, count]) => [`not released: ${reason}`, count, '']),
      ...Object.entries(result.secondsByPhase).map(([name, seconds]) => [`seconds, ${name}`, seconds, '']),
      ['handles a second, with archive', result.handlesPerSecond, '1,667'],
      ['raw UpdateItem a second', result.rawUpdatesPerSecond, ''],
      ['ratio to raw', result.ratioToRaw, '0.5'],
      ...Object.entries(result.heapPeakMbByFunction).map(([label, mb]) => [`heap peak MB, ${label}`, mb, '']),
      ['SQS requests per 1,000 handles', result.sqsRequestsPerThousand, '10'],
      ['write units a released handle, indexes and archive', result.writeUnitsPerHandle.toFixed(3), '4'],
      ['… and rows of the search', result.searchUnitsPerHandle, ''],
      ['write units of the run itself, per 1,000 handles', result.runWriteUnitsPerThousand, ''],
      [`hottest partition, measured (${shareOf(hot.measured)})`, Math.round(hot.measured.perSecond), ''],
      [`… at 1,667 handles a second (${shareOf(hot.atFullSpeed)})`, Math.round(hot.atFullSpeed.perSecond), '1,000'],
      ...Object.entries(result.dollarsByLine).map(([line, dollars]) => [`dollars, ${line}`, dollars, '']),
      ['dollars per million released', million, ''],
    ],
  )
  for (const fault of result.faults) console.log(`  NOT AS PLANNED: ${fault}`)
}
