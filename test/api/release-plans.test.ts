import { gunzipSync, gzipSync } from 'node:zlib'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { marketLines } from '../../local/stock.ts'
import { verifyPlan } from '../../local/verify-plan.ts'
import { assess } from '../../shared/domain/assess.ts'
import { skeleton } from '../../shared/domain/handle-name.ts'
import type { Handle } from '../../shared/domain/handle.ts'
import { project } from '../../shared/domain/projection.ts'
import { type ReleasePolicy, shippedPolicy } from '../../shared/domain/release-policy.ts'
import { lineText, newSeal, scheduleLine, type ScheduleLine, type Seal } from '../../shared/domain/schedule.ts'
import { derivedId } from '../../shared/contract/ids.ts'
import type { PlanMessage } from '../../shared/contract/messages.ts'
import { openSchedules, scheduleObjectKey } from '../../shared/gateways/schedules.ts'
import { running } from '../../shared/runtime/running.ts'
import { planPart, planSegments } from '../../shared/workflows/plan-part.ts'
import { writeSchedule } from '../../shared/workflows/plan-schedule.ts'
import { loadPlan } from '../../shared/store/plans.ts'
import type { ProtectedLook } from '../../shared/domain/protected-names.ts'
import { aggregateAt, readAggregate, readHandle } from '../../shared/store/items.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => market.system.door.clearFaults())
afterAll(() => market.stop())

const { version: _, publishedAt: _at, ...shipped } = shippedPolicy
const ordinary = shipped.rules.ordinary ?? never()
function never(): never {
  throw new Error('the shipped policy releases ordinary accounts')
}

const operator = () => market.client('operator')
const nobody = () => market.client('alice')

let keys = 0
const nextKey = () => `plan-${(keys += 1)}`

const versionInForce = async () => value(await (await nobody()).listPolicies({})).policies[0]?.version ?? 0

/** Asks for a plan and waits until it is computed. */
const plan = async (policy?: Partial<typeof shipped>) => {
  const body = {
    basedOn: await versionInForce(),
    ...(policy === undefined ? {} : { policy: { ...shipped, ...policy } }),
  }
  const { id } = value(await (await operator()).planRelease({ body, idempotencyKey: nextKey() }))
  await market.system.settle()
  return planned(id)
}

const planned = async (id: string) => {
  const found = value(await (await operator()).getReleasePlan({ params: { planId: id } }))
  if (found.result === null || found.schedule === null) throw new Error(`${id} is ${found.status}`)
  return { ...found, result: found.result, schedule: found.schedule }
}

const publish = async (planId: string) => value(await (await operator()).publishReleasePlan({ params: { planId } }))

const linesOf = async (planId: string): Promise<ScheduleLine[]> => {
  const { url } = value(await (await operator()).getPlanSchedule({ params: { planId } }))
  const text = gunzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).toString()
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ScheduleLine)
}

/** Every handle and protected look of the table, read past the API. */
const survey = async () => {
  const handles = new Map<string, Handle>()
  const addressed = new Set<string>()
  const looks = new Map<string, ProtectedLook>()
  for await (const item of scanTable(market.store.db, market.store.handlesTable)) {
    const aggregate = aggregateAt(item) ?? ''
    if (aggregate.startsWith('look:')) {
      const { state } = readAggregate('look', item)
      looks.set(state.skeleton, state)
    }
    if (!aggregate.startsWith('handle:')) continue
    const { state, contact } = readHandle(item)
    handles.set(state.name, state)
    if (contact !== undefined) addressed.add(state.name)
  }
  return { handles, looks, addressed }
}

/** The seal that the domain gives for the table as it is, without segments, parts and merging. */
const expectedSeal = async (policy: ReleasePolicy, asOf: string): Promise<Seal> => {
  const { handles, looks, addressed } = await survey()
  const reservedNames = new Set(policy.reservedNames)
  const seal = newSeal()
  for (const [name, handle] of [...handles].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const ask = (overruled: readonly string[]) =>
      assess(name, handle.display, { reservedNames, look: looks.get(skeleton(name)), overruled: new Set(overruled) })
    const line = scheduleLine(name, project(handle, policy, ask, asOf, addressed.has(name)))
    if (line !== null) seal.add(line)
  }
  return seal.close()
}

const sealOf = async (id: string): Promise<Seal | undefined> => (await loadPlan(market.store, id))?.state.seal

describe('a plan of some hundred accounts', () => {
  test('is what the sweeps then do, name by name, and changes nothing by itself', async () => {
    await market.importFeed(await marketLines(200))
    await market.sweep()
    await market.system.clock.move(15 * dayMs, { settle: true })
    // Others become known while the first are in their time of grace.
    await market.importFeed(await marketLines(400))
    await market.importFeed([
      market.suspended('new_and_gone'),
      market.suspended('support'),
      market.suspended('in_dispute'),
      market.suspended('lanternf1sh'),
      market.account('sleeping', 400),
      market.account('asleep_verified', 1200, { class: 'verified' }),
      market.account('minister', 2500, { class: 'government' }),
      market.account('wide_awake', 3),
    ])
    const client = await operator()
    value(await client.placeLegalHold({ params: { handle: 'in_dispute' }, body: { reason: 'a letter' } }))
    const names = [{ name: 'lanternfish' }]
    value(await client.importProtectedNames({ body: { source: 'tmch', names } }))
    const items = await itemsBesidePlans()
    const before = await survey()

    const { id, asOf, result, schedule } = await plan()
    expect(await itemsBesidePlans()).toEqual(items)
    expect(await sealOf(id)).toEqual(await expectedSeal(shippedPolicy, asOf))

    const lines = await linesOf(id)
    expect(lines).toHaveLength(schedule.lines)
    expect(lines.map(({ handle }) => handle)).toEqual(lines.map(({ handle }) => handle).toSorted())
    expect(lines.length).toBeGreaterThan(100)
    expect(lines.map(({ handle }) => handle)).not.toContain('in_dispute')
    const looksLike = lines.find(({ handle }) => handle === 'lanternf1sh')
    expect(looksLike).toMatchObject({ outcome: 'reserve', code: 'confusable_with_protected' })

    // The very next sweep.
    await market.sweep()
    const swept = await survey()
    const now = lines.filter(({ earliestAt }) => earliestAt === asOf)
    const decided = [...swept.handles.values()].filter(
      ({ name, status }) =>
        status !== before.handles.get(name)?.status && (status === 'released' || status === 'reserved'),
    )
    expect(decided.map(outcomeOf).toSorted()).toEqual(now.map(scheduledOutcome).toSorted())
    const noticed = [...swept.handles.values()].filter(
      ({ name, status }) => status === 'dormant' && before.handles.get(name)?.status === 'active',
    )
    const toNotice = lines.filter(
      ({ handle, earliestAt }) => earliestAt > asOf && before.handles.get(handle)?.status === 'active',
    )
    expect(noticed.map(({ name }) => name).toSorted()).toEqual(toNotice.map(({ handle }) => handle).toSorted())

    const sum = (of: (row: (typeof result.counts.byRule)[number]) => number) =>
      result.counts.byRule.reduce((total, row) => total + of(row), 0)
    expect(result.counts.handles).toBe(before.handles.size)
    expect(sum((row) => row.releasedNow + row.reservedNow) + dueInGrace(now, before.handles)).toBe(decided.length)
    expect(sum((row) => row.noticed.handles)).toBe(noticed.length)
    expect(sum((row) => row.legalHold)).toBe(1)
    expect(sum((row) => row.noRule)).toBe([...before.handles.values()].filter(isNeverDue).length)
    const everything = sum(
      (row) =>
        row.releasedNow +
        row.reservedNow +
        row.noticed.handles +
        row.inGrace.handles +
        row.graceEnded +
        row.unreachable +
        row.notDue +
        row.noRule +
        row.legalHold,
    )
    expect(everything + result.counts.outside).toBe(result.counts.handles)
    expect(result.comparison).toBeNull()

    // And every sweep after it: nobody earlier than the schedule says, nobody else, and nobody left.
    for (let day = 0; day < 110; day += 2) await market.system.clock.move(2 * dayMs, { settle: true })
    const after = await survey()
    for (const line of lines) {
      const handle = after.handles.get(line.handle)
      expect(handle === undefined ? null : outcomeOf(handle)).toBe(scheduledOutcome(line))
      expect((handle?.listing?.openedAt ?? line.earliestAt) >= line.earliestAt).toBe(true)
    }
    const listed = new Set(lines.map(({ handle }) => handle))
    const slipped = [...after.handles.values()].filter(
      ({ name, status, release }) =>
        !listed.has(name) && status !== before.handles.get(name)?.status && (release?.dueAt ?? asOf) < asOf,
    )
    expect(slipped).toEqual([])
    await market.checkInvariants()
  }, 240_000)
})

/** What a plan leaves behind is a partition of its own, a place in the list, and entries of its journal. */
const itemsBesidePlans = async (): Promise<string[]> =>
  (await market.items('P#pln_')).filter((item) => !/"pk":"(P#list|J#plan:)/.test(item))

const outcomeOf = ({ name, status, reserved, listing }: Handle): string =>
  `${name} ${status === 'reserved' ? `reserve ${reserved?.code}` : `${status} ${listing?.priceMinor}`}`
const scheduledOutcome = ({ handle, outcome, code, askingPrice }: ScheduleLine): string =>
  `${handle} ${outcome === 'reserve' ? `reserve ${code}` : `released ${askingPrice?.amountMinor}`}`
const dueInGrace = (lines: readonly ScheduleLine[], before: ReadonlyMap<string, Handle>): number =>
  lines.filter(({ handle }) => before.get(handle)?.status === 'dormant').length
const isNeverDue = ({ status, holder }: Handle): boolean =>
  status === 'active' && (holder?.class === 'government' || holder?.class === 'memorial')

describe('a request', () => {
  test('with a draft that contradicts itself is refused with the field at fault, and writes nothing', async () => {
    const before = await market.items()
    const token = await market.system.token('operator')
    const basedOn = await versionInForce()
    const wrong = [
      [{ ...shipped, noticeAttemptsMax: 2 }, 'policy_invalid', 'policy.noticeAttemptsMax'],
      [
        { ...shipped, rules: { ...shipped.rules, ordinary: { ...ordinary, graceDays: 10 } } },
        'policy_invalid',
        'policy.rules.ordinary.graceDays',
      ],
      [{ ...shipped, unreachable: 'sell' }, 'validation_failed', 'policy.unreachable'],
    ] as const
    for (const [policy, code, field] of wrong) {
      const headers = { 'idempotency-key': nextKey() }
      const body = { basedOn, policy }
      const problem = await checkRefused(market, code, 'POST', '/v1/operator/release-plans', { token, headers, body })
      expect(problem.field).toBe(field)
    }
    await checkRefused(market, 'policy_changed', 'POST', '/v1/operator/release-plans', {
      token,
      headers: { 'idempotency-key': nextKey() },
      body: { basedOn: basedOn + 1 },
    })
    await market.checkItems(before)
  })

  test('that is repeated is the same plan; another body under its key is refused; two at once are two plans', async () => {
    const client = await operator()
    const body = { basedOn: await versionInForce() }
    const [first, again, other] = await Promise.all(
      ['twice', 'twice', 'once'].map(async (idempotencyKey) =>
        value(await client.planRelease({ body, idempotencyKey })),
      ),
    )
    expect(again?.id).toBe(first?.id)
    expect(other?.id).not.toBe(first?.id)
    await market.system.settle()
    for (const id of [first?.id, other?.id]) {
      const { asOf, status } = await planned(id ?? '')
      expect(status).toBe('computed')
      expect(await sealOf(id ?? '')).toEqual(await expectedSeal(shippedPolicy, asOf))
    }
    const refused = await client.planRelease({
      body: { ...body, sellThroughBasisPoints: { rare: 300 } },
      idempotencyKey: 'twice',
    })
    expect(refused).toMatchObject({ ok: false, problem: { code: 'idempotency_key_reused' } })
    // Newest first, a page at a time.
    const one = value(await client.listReleasePlans({ query: { limit: 1 } }))
    const two = value(await client.listReleasePlans({ query: { limit: 1, cursor: one.nextCursor ?? '' } }))
    expect(new Set([one, two].map(({ items }) => items[0]?.id))).toEqual(new Set([first?.id, other?.id]))
    expect((one.items[0]?.asOf ?? '') > (two.items[0]?.asOf ?? '')).toBe(true)
  })
})

describe('a worker that dies', () => {
  // A market of its own, where no sweep finds anything to do in the hours that the redeliveries take.
  let shared: Market
  beforeAll(async () => {
    shared = market
    market = await startMarket()
    const asleep = Array.from({ length: 40 }, (_, index) => market.account(`asleep_${index}`, 500 + index))
    await market.importFeed([
      ...asleep,
      market.account('wide_awake', 3),
      market.account('minister', 2500, { class: 'government' }),
    ])
    await market.sweep()
  })
  afterAll(async () => {
    await market.stop()
    market = shared
  })

  const moments = [
    { when: 'before', operation: 'Scan', nth: planSegments },
    { when: 'after', operation: 'PutObject', nth: 2 },
    { when: 'before', operation: 'PutItem', nth: planSegments },
    { when: 'after', operation: 'PutItem', nth: 1 },
    { when: 'before', operation: 'SendMessageBatch', nth: 1 },
    { when: 'after', operation: 'SendMessageBatch', nth: 1 },
    { when: 'before', operation: 'GetObject', nth: 1 },
    // After the parts: who has the schedule written, the result, the seal.
    { when: 'after', operation: 'PutItem', nth: planSegments + 1 },
    { when: 'after', operation: 'PutItem', nth: planSegments + 2 },
    { when: 'after', operation: 'PutItem', nth: planSegments + 3 },
  ] as const
  test.each(moments)('$when its $operation (number $nth) leaves a plan with the same hash', async (moment) => {
    const died = market.system.door.inject({ kind: 'kill', function: 'workers-plan-release', ...moment })
    const { id, asOf, status } = await plan()
    expect([died.hits, status]).toEqual([1, 'computed'])
    expect(await sealOf(id)).toEqual(await expectedSeal(shippedPolicy, asOf))
    expect((await linesOf(id)).length).toBe(40)
  })
})

describe('many small parts', () => {
  /** The same tables and objects, and a queue whose messages come in the order that `pick` says, some of them twice. */
  const work = async (id: string, itemsPerPage: number, pick: (waiting: number) => number) => {
    const bucket = market.system.plan.buckets.find(({ name }) => name.includes('schedules'))?.name ?? ''
    const schedules = openSchedules(bucket, { ...market.system.aws, forcePathStyle: true })
    const waiting: PlanMessage[] = Array.from({ length: planSegments }, (_, segment) => ({
      step: 'read',
      planId: id,
      segment,
      part: 0,
    }))
    const sendAll = (bodies: readonly unknown[]) => Promise.resolve(void waiting.push(...(bodies as PlanMessage[])))
    const sendLater = () => Promise.reject(new Error('a plan sends at once'))
    const queue = { sendAll, sendLater, sendInOrder: () => Promise.reject(new Error('a plan has no order')) }
    const deps = { ...running, now: () => market.system.clock.now(), store: market.store, schedules, queue, assess }
    let delivered = 0
    for (; waiting.length > 0; delivered += 1) {
      const [message] = waiting.splice(pick(waiting.length), 1)
      if (message === undefined) break
      if (delivered % 5 === 0 && delivered < 200) waiting.push(message)
      if (message.step === 'write') await writeSchedule(deps, id)
      else await planPart({ ...deps, partSize: { pages: 1, itemsPerPage } }, message)
    }
    return delivered
  }

  test('give the same schedule, in whatever order and however often their messages come', async () => {
    const client = await operator()
    for (const [itemsPerPage, pick] of [
      [8, () => 0],
      [12, (waiting: number) => waiting - 1],
      [20, (waiting: number) => Math.floor(waiting / 2)],
    ] as const) {
      // The plan is begun, and its messages never come: this test delivers its own.
      market.system.door.inject({
        kind: '500',
        function: 'api-release-plans',
        operation: 'SendMessageBatch',
        times: 99,
      })
      const idempotencyKey = nextKey()
      const body = { basedOn: await versionInForce() }
      await client.planRelease({ body, idempotencyKey })
      market.system.door.clearFaults()
      const id = derivedId('pln', 'operator', idempotencyKey)
      expect(await sealOf(id)).toBeUndefined()
      expect(await work(id, itemsPerPage, pick)).toBeGreaterThan(planSegments * 2)
      const { asOf, result } = await planned(id)
      expect(await sealOf(id)).toEqual(await expectedSeal(shippedPolicy, asOf))
      expect(result.counts.handles).toBe((await survey()).handles.size)
    }
  })
})

describe('publishing', () => {
  test('a plan that is not computed is refused, and nobody but operators sees one that is not published', async () => {
    const client = await operator()
    market.system.door.inject({ kind: '500', function: 'workers-plan-release', operation: 'Scan', times: 16 })
    const body = { basedOn: await versionInForce() }
    const { id } = value(await client.planRelease({ body, idempotencyKey: nextKey() }))
    const params = { planId: id }
    expect(await client.publishReleasePlan({ params })).toMatchObject({ problem: { code: 'plan_not_ready' } })
    expect(await client.getPlanSchedule({ params })).toMatchObject({ problem: { code: 'plan_not_ready' } })
    market.system.door.clearFaults()
    await market.system.settle()
    const everybody = await nobody()
    expect(await everybody.getPublishedPlan({ params })).toMatchObject({ problem: { code: 'not_found' } })
    expect(await everybody.getPublishedSchedule({ params })).toMatchObject({ problem: { code: 'not_found' } })
    expect(value(await everybody.listPublishedPlans({})).items).toEqual([])
  })

  test('makes a draft the policy in force and seals the schedule, once; what the draft changes is told before', async () => {
    await market.importFeed([market.account('half_a_year', 250), market.suspended('long_suspended')])
    const draft = { rules: { ...shipped.rules, ordinary: { ...ordinary, afterDays: 200 }, suspended: null } }
    const { id, schedule, policyVersion, result } = await plan(draft)
    expect(policyVersion).toBeNull()
    const compared = result.comparison?.find(({ rule }) => rule === 'ordinary')
    expect(compared?.noticed.onlyPlanned).toBeGreaterThanOrEqual(1)
    expect(result.comparison?.find(({ rule }) => rule === 'suspended')).toMatchObject({
      released: { both: 0, onlyPlanned: 0, onlyInForce: expect.any(Number) as number },
    })

    const [first, second] = await Promise.all([publish(id), publish(id)])
    expect(second).toEqual(first)
    expect(await publish(id)).toEqual(first)
    expect(first).toMatchObject({ policyVersion: 2, handles: schedule.lines, sha256: schedule.sha256 })
    // The entry that was replaced last is on its way to the archive.
    await market.system.idle()
    const client = await operator()
    const entriesOf = async (aggregateId: string) =>
      value(await client.listJournal({ params: { aggregateId } })).entries
    expect((await entriesOf(`plan:${id}`)).map(({ events, by }) => [events[0]?.type, by])).toEqual([
      ['plan_requested', 'operator:operator'],
      ['plan_computed', 'system'],
      ['plan_published', 'operator:operator'],
    ])
    expect((await entriesOf(`plan:${id}`)).at(-1)?.events[0]).toMatchObject({
      sha256: schedule.sha256,
      lines: schedule.lines,
    })
    expect(await entriesOf('policy:release')).toHaveLength(1)
    expect(value(await client.listPolicies({})).policies[0]).toMatchObject({ version: 2, rules: draft.rules })
    expect(value(await (await nobody()).listPublishedPlans({})).items.map((item) => item.id)).toEqual([id])
    await market.checkInvariants()
  })

  test('the schedule is sealed until the first instant at which it releases a handle', async () => {
    const [published] = value(await (await nobody()).listPublishedPlans({})).items
    if (published === undefined) throw new Error('no plan is published')
    const params = { planId: published.id }
    const refused = await (await nobody()).getPublishedSchedule({ params })
    expect(refused).toMatchObject({
      ok: false,
      problem: { code: 'schedule_sealed', facts: { opensAt: published.opensAt } },
    })
    const opensMs = Date.parse(published.opensAt)
    await market.system.clock.move(opensMs - market.system.clock.now() - 60_000, { settle: true })
    expect(await (await nobody()).getPublishedSchedule({ params })).toMatchObject({ ok: false })
    await market.system.clock.move(60_001, { settle: true })
    expect(value(await (await nobody()).getPublishedSchedule({ params })).sha256).toBe(published.sha256)
  })

  test('is refused where somebody published another policy meanwhile, of a draft and of the policy in force', async () => {
    const [ofDraft, ofInForce] = [await plan({ noticeAttemptsMax: 8 }), await plan()]
    const client = await operator()
    const body = { basedOn: await versionInForce(), ...shipped, noticeAttemptsMax: 7 }
    value(await client.publishPolicy({ body, idempotencyKey: 'meanwhile' }))
    for (const { id } of [ofDraft, ofInForce]) {
      const refused = await client.publishReleasePlan({ params: { planId: id } })
      expect(refused).toMatchObject({
        ok: false,
        problem: { code: 'policy_changed', facts: { version: body.basedOn + 1 } },
      })
      expect((await planned(id)).status).toBe('computed')
    }
  })
})

describe('a verification', () => {
  const verify = async (planId: string, how: 'routes' | 'tables' | 'everybody') =>
    verifyPlan(
      {
        client: how === 'everybody' ? await nobody() : await operator(),
        isOperator: how !== 'everybody',
        tables: how === 'tables' ? market.store : undefined,
      },
      planId,
    )

  test('finds no difference after the sweep, and tells what came otherwise for a reason', async () => {
    await market.importFeed([
      market.suspended('goes_as_planned'),
      market.suspended('marked_later'),
      market.suspended('held_later'),
      market.account('comes_back', 800),
    ])
    const { id } = await plan()
    await publish(id)
    const client = await operator()
    const names = [{ name: 'marked_later' }]
    value(await client.importProtectedNames({ body: { source: 'tmch', names } }))
    value(await client.placeLegalHold({ params: { handle: 'held_later' }, body: { reason: 'a letter' } }))
    await market.importFeed([market.suspended('known_later')])
    await market.sweep()
    const activeAt = new Date(market.system.clock.now()).toISOString()
    const comesBack = (await survey()).handles.get('comes_back')?.holder?.accountId ?? ''
    const platform = await market.client('platform')
    value(await platform.reportActivity({ body: { handle: 'comes_back', accountId: comesBack, activeAt } }))
    await market.system.settle()
    for (const how of ['routes', 'tables'] as const) {
      const report = await verify(id, how)
      expect(report.differences).toEqual([])
      expect(report).toMatchObject({ journalRead: true, untold: 0, planned: { kept: 2 } })
      expect(report.explained).toEqual({
        'was to be released and is reserved: its name has become protected': 1,
        'was released and is not on the schedule: handle_imported after the plan': 1,
      })
    }
    const everybodys = await verify(id, 'everybody')
    expect(everybodys).toMatchObject({ journalRead: false, untold: 3, differences: [] })
  })

  test('names what slipped in or out, and finds that the schedule was changed', async () => {
    await market.importFeed([
      market.suspended('struck_off'),
      market.suspended('stays_on'),
      market.account('wide_eyed', 3),
    ])
    const { id } = await plan()
    await publish(id)
    await market.sweep()
    const changed = (await linesOf(id)).filter(({ handle }) => handle !== 'struck_off')
    const [stays] = changed.filter(({ handle }) => handle === 'stays_on')
    if (stays === undefined) throw new Error('the schedule lacks a handle')
    const lines = [...changed, { ...stays, handle: 'wide_eyed' }, { ...stays, handle: 'zzz_never_was' }]
    const bucket = market.system.plan.buckets.find(({ name }) => name.includes('schedules'))?.name
    const s3 = new S3Client({ ...market.system.aws, forcePathStyle: true })
    const Body = gzipSync(lines.map(lineText).join(''))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: scheduleObjectKey(id), Body }))
    s3.destroy()
    for (const how of ['routes', 'tables'] as const) {
      const [first, ...rest] = (await verify(id, how)).differences
      expect(first).toContain('the schedule was changed')
      expect(rest.toSorted()).toEqual([
        'struck_off was released and is not on the schedule',
        'wide_eyed is on the schedule, and nothing has happened to it since the plan',
        'zzz_never_was is on the schedule, and there is no such handle',
      ])
    }
  })
})
