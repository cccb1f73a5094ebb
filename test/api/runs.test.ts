import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type * as z from 'zod'
import type { Fault } from '../../local/faults.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import type { runSchema } from '../../shared/contract/operator-resources.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { checkedFetch } from './contract-check.ts'
import { type Account, checkRefused, type Market, startMarket, value } from './market.ts'

type Run = z.infer<typeof runSchema>

let market: Market
let operator: Client
beforeAll(async () => {
  market = await startMarket()
  operator = createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('operator'),
    fetch: checkedFetch,
  })
})
afterEach(() => market.system.door.clearFaults())
afterAll(() => market.stop())

const runs = async (limit = 20) => value(await operator.listRuns({ query: { limit } })).items
const newest = async (): Promise<Run> => {
  const [run] = await runs(1)
  if (run === undefined) throw new Error('there is no run')
  return run
}
const again = async ({ id }: Run): Promise<Run> => value(await operator.getRun({ params: { runId: id } }))
const statusOf = async (handle: string) => value(await operator.getHandle({ params: { handle } })).status

/** The sum that a complete run's `found` must be. */
const accounted = (run: Run): number =>
  run.released + run.reserved + run.noticesWanted + run.unreachable + run.letBe + run.notDue + run.failed

let names = 0
/** Accounts that are released at the next sweep, under names of their own. */
const due = (count: number): Account[] =>
  Array.from({ length: count }, () => {
    names += 1
    return market.suspended(`runner_${String(names).padStart(4, '0')}`)
  })

const importAll = async (...accounts: Account[]) => {
  const done = await market.importFeed(accounts)
  expect(done).toMatchObject({ status: 'complete', created: accounts.length })
}

/** Time passes until every message that failed has come back, `times` times. */
const comeBack = async (times: number) => {
  for (let at = 0; at < times; at += 1) await market.system.clock.move(6 * 60_000 + 1_000, { settle: true })
}

const inject = (fault: Omit<Fault, 'function'>) =>
  market.system.door.inject({ function: 'workers-release-handles', ...fault })

test('a sweep that finds nothing is no run', async () => {
  await market.sweep()
  expect(await runs()).toEqual([])
})

test('a run tells what was found where, and what became of each handle', async () => {
  await importAll(...due(40), market.suspended('admin'), market.account('went_quiet', 400), market.account('here', 10))
  await market.sweep()
  const run = await newest()
  expect(run).toMatchObject({
    state: 'complete',
    startedBy: 'schedule',
    found: 42,
    queued: 42,
    messages: { queued: 1, done: 1 },
    released: 40,
    reserved: 1,
    reservedBy: { reserved_name: 1 },
    noticesWanted: 1,
    noticesBegun: 1,
    failed: 0,
    secondsLeft: null,
  })
  expect(accounted(run)).toBe(run.found)
  expect(run.foundBy.map(({ queue, found }) => [queue, found])).toEqual([
    ['ordinary', 1],
    ['suspended', 41],
  ])
  for (const { found, shards } of run.foundBy) expect(shards.reduce((sum, count) => sum + count, 0)).toBe(found)
  // The journal says which run it was.
  const { entries } = value(await operator.listJournal({ params: { aggregateId: 'handle:admin' } }))
  expect(entries.at(-1)?.by).toBe(`system:${run.id}`)
})

test.each<{ name: string; fault: Omit<Fault, 'kind' | 'function'> }>([
  { name: 'after the first of its writes', fault: { operation: 'BatchExecuteStatement', when: 'after' } },
  { name: 'before its last write', fault: { operation: 'BatchExecuteStatement', when: 'before', nth: 3 } },
  { name: 'before its result is kept', fault: { operation: 'PutItem', when: 'before' } },
  { name: 'after its result is kept', fault: { operation: 'PutItem', when: 'after' } },
])('a worker that dies $name leaves a run whose numbers add up', async ({ fault }) => {
  await importAll(...due(60))
  const died = inject({ kind: 'kill', ...fault })
  await market.sweep()
  expect(died.hits).toBe(1)
  const before = await newest()
  expect(before).toMatchObject({ found: 60, queued: 60 })
  await comeBack(1)
  expect(await again(before)).toMatchObject({
    state: 'complete',
    found: 60,
    released: 60,
    notDue: 0,
    failed: 0,
    messages: { queued: 1, done: 1 },
  })
})

test('notices count for the run that asked for them, though they were given while its worker was away', async () => {
  await importAll(...Array.from({ length: 5 }, (_, at) => market.account(`long_gone_${at}`, 400)))
  const died = inject({ kind: 'kill', operation: 'PutItem', when: 'before' })
  await market.sweep()
  expect(died.hits).toBe(1)
  const { entries } = value(await operator.listJournal({ params: { aggregateId: 'handle:long_gone_0' } }))
  expect(entries.at(-1)?.events.map(({ type }) => type)).toEqual(['notice_given'])
  const before = await newest()
  await comeBack(1)
  expect(await again(before)).toMatchObject({
    state: 'complete',
    found: 5,
    noticesWanted: 5,
    noticesBegun: 5,
    notDue: 0,
  })
})

test('a run in which no worker gets an answer out is working until an hour has passed in silence', async () => {
  await importAll(...due(3))
  const dying = inject({ kind: 'kill', times: Number.POSITIVE_INFINITY })
  await market.sweep()
  const run = await newest()
  expect(run).toMatchObject({ state: 'working', found: 3, messages: { queued: 1, done: 0 }, perSecond: null })
  await market.system.clock.move(59 * 60_000, { settle: true })
  expect(await again(run)).toMatchObject({ state: 'working' })
  await market.system.clock.move(2 * 60_000, { settle: true })
  expect(await again(run)).toMatchObject({ state: 'stalled' })
  dying.remove()
  await market.system.settle()
})

test('messages that come twice count once, at the same time or later', async () => {
  await importAll(...due(30))
  // The queue took the messages, and its answer was lost: they are sent again.
  const lost = market.system.door.inject({
    kind: 'cut',
    when: 'after',
    function: 'schedules-sweep-handles',
    operation: 'SendMessageBatch',
  })
  const writes = () => market.system.door.counts.of('workers-release-handles').writeUnits
  const begun = writes()
  await market.sweep()
  expect(lost.hits).toBe(1)
  const run = await newest()
  expect(run).toMatchObject({ state: 'complete', found: 30, released: 30, messages: { queued: 1, done: 1 } })
  // Thirty handles, and the result twice: the second is refused, which costs a unit.
  expect(writes() - begun).toBeLessThanOrEqual(32)
  const before = await market.items()
  const message = { names: ['runner_0001'], run: { id: run.id, number: 0 } }
  market.system.queues.send('releases', JSON.stringify(message))
  await market.checkItems(before)
  expect(await again(run)).toEqual(run)
})

/** Spoils a handle so that no decision on it is possible. */
const spoil = async (name: string, what: 'holder' | 'entry'): Promise<() => Promise<void>> => {
  const { db, handlesTable } = market.store
  const loaded = await loadHandle(market.store, name)
  if (loaded === null) throw new Error(`there is no ${name}`)
  const { aggregate: _, ...entry } = loaded.entry
  const set = async (value: unknown) => {
    await db.send(
      new UpdateCommand({
        TableName: handlesTable,
        Key: { pk: `H#${name}`, sk: 'handle' },
        UpdateExpression: 'SET #what = :value',
        ExpressionAttributeNames: { '#what': what },
        ExpressionAttributeValues: { ':value': value },
      }),
    )
  }
  await set('spoiled')
  return () => set(what === 'holder' ? loaded.state.holder : entry)
}

test('a poison name holds up no other of its message: it is named with its reason, and done once it is mended', async () => {
  const accounts = due(20)
  await importAll(...accounts)
  const [first, second] = accounts.map(({ handle }) => handle)
  if (first === undefined || second === undefined) throw new Error('there are no accounts')
  const mends = [await spoil(first, 'holder'), await spoil(second, 'entry')]
  await market.sweep()
  const run = await newest()
  expect(run).toMatchObject({ state: 'working', found: 20, released: 18, failed: 2 })
  expect(run.failures.map(({ name, error }) => `${name} ${error}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
    `${first} TypeError`,
    `${second} TypeError`,
  ])
  await comeBack(5)
  expect(await again(run)).toMatchObject({ state: 'complete', found: 20, released: 18, failed: 2 })
  const letters = value(await operator.listDeadLetters({ params: { queue: 'releases' }, query: { limit: 100 } })).items
  const letter = letters.find(({ body }) => body.includes(run.id))
  expect(letter?.failure).toMatchObject({ error: 'NamesFailed', receives: 5 })
  expect(letter?.failure?.message).toContain('2 of 20 names')
  for (const name of [first, second]) expect(letter?.failure?.message).toContain(name)

  for (const mend of mends) await mend()
  value(await operator.redriveDeadLetters({ params: { queue: 'releases' } }))
  await market.system.idle()
  expect([await statusOf(first), await statusOf(second)]).toEqual(['released', 'released'])
  const mended = await again(run)
  expect(mended).toMatchObject({ state: 'complete', found: 20, failed: 0, failures: [] })
  expect(accounted(mended)).toBe(20)
  await market.system.settle()
})

test('a message that fails as a whole counts as failed until it is done', async () => {
  await importAll(...due(10))
  // Handles and demand are read at once; the client asks for each five times.
  const broken = inject({ kind: '500', operation: 'BatchGetItem', times: 10 })
  await market.sweep()
  const run = await newest()
  expect(run).toMatchObject({ state: 'working', found: 10, released: 0, failed: 10, messages: { queued: 1, done: 1 } })
  expect(broken.hits).toBeGreaterThanOrEqual(5)
  await comeBack(1)
  expect(await again(run)).toMatchObject({ state: 'complete', found: 10, released: 10, failed: 0 })
})

test('an operator starts a sweep; the same key gives the same run', async () => {
  await importAll(...due(5))
  const begun = value(await operator.startRun({ idempotencyKey: 'now-please' }))
  const repeated = value(await operator.startRun({ idempotencyKey: 'now-please' }))
  expect([begun.startedBy, repeated.id]).toEqual(['operator', begun.id])
  await market.system.idle()
  expect(await again(begun)).toMatchObject({ state: 'complete', found: 5, released: 5 })
  const nothingLeft = value(await operator.startRun({ idempotencyKey: 'once-more' }))
  await market.system.idle()
  expect(await again(nothingLeft)).toMatchObject({ state: 'complete', found: 0, messages: { queued: 0, done: 0 } })
  expect((await newest()).id).toBe(nothingLeft.id)
})

test('a request whose event was lost begins when it is repeated', async () => {
  await importAll(...due(2))
  market.system.door.inject({ kind: '500', function: 'api-runs', operation: 'PutEvents', times: 10 })
  const lost = await operator.startRun({ idempotencyKey: 'lost-event' })
  expect(lost.ok).toBe(false)
  expect((await newest()).state).toBe('requested')
  market.system.door.clearFaults()
  const run = value(await operator.startRun({ idempotencyKey: 'lost-event' }))
  await market.system.idle()
  expect(await again(run)).toMatchObject({ state: 'complete', released: 2 })
  expect((await runs()).filter(({ id }) => id === run.id)).toHaveLength(1)
})

test('an event of the schedule that comes twice is one run', async () => {
  await importAll(...due(4))
  const event = { id: 'one-event', 'detail-type': 'Scheduled Event', detail: {} }
  await Promise.all([1, 2].map(() => market.system.functions.invoke('schedules-sweep-handles', event)))
  await market.system.idle()
  expect(await newest()).toMatchObject({ found: 4, queued: 4, released: 4, messages: { queued: 1, done: 1 } })
})

test('a sweep that breaks off is told as stalled, and the next one finds what it left', async () => {
  await importAll(...due(6))
  market.system.door.inject({ kind: 'kill', function: 'schedules-sweep-handles', operation: 'SendMessageBatch' })
  await market.sweep()
  const run = await newest()
  expect(run).toMatchObject({ state: 'sweeping', found: 6, queued: 0 })
  await market.system.clock.move(16 * 60_000, { settle: true })
  expect(await again(run)).toMatchObject({ state: 'stalled', queued: 0 })
  expect(await newest()).toMatchObject({ state: 'complete', found: 6, released: 6 })
})

test('the terminal follows a run to its end and prints it', async () => {
  await importAll(...due(7))
  const command = async (...options: string[]) =>
    promisify(execFile)(process.execPath, ['local/runs-cli.ts', '--url', market.system.url, ...options], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { ...process.env, OPERATOR_TOKEN: await market.system.token('operator') },
    })
  const { stdout } = await command('--start', '--json')
  const run = JSON.parse(stdout) as Run
  expect(run).toEqual(await newest())
  expect(run).toMatchObject({ state: 'complete', found: 7, released: 7 })
  expect((await command('--run', run.id)).stdout).toContain('found 7 (suspended 7)\nreleased 7, reserved 0\n')
})

test('runs are listed newest first, page by page', async () => {
  const all = await runs()
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = value(await operator.listRuns({ query: { limit: 3, ...(cursor && { cursor }) } }))
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && seen.length < all.length)
  expect(seen.slice(0, all.length)).toEqual(all.map(({ id }) => id))
  const times = all.map(({ createdAt }) => createdAt)
  expect(times).toEqual(times.toSorted().toReversed())
  const token = await market.system.token('operator')
  await checkRefused(market, 'not_found', 'GET', `/v1/operator/runs/run_${'0'.repeat(26)}`, { token })
  await checkRefused(market, 'cursor_invalid', 'GET', '/v1/operator/runs?cursor=e30', { token })
})
