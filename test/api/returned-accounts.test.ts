import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../cases/store.ts'
import { assess } from '../../shared/domain/assess.ts'
import { releaseHandles } from '../../shared/workflows/release-handles.ts'
import { type Account, checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

const statusOf = async (handle: string) =>
  value(await (await market.client('alice')).getHandle({ params: { handle } })).status

const reportActivity = async ({ handle, accountId }: Account) => {
  const answer = await market.send('POST', '/v1/platform/activity', {
    token: await market.system.token('platform'),
    body: { handle, accountId, activeAt: new Date(market.system.clock.now()).toISOString() },
  })
  expect(answer.status).toBe(200)
  return answer.body
}

/** The platform lifts the suspension and sees the account again. */
const comeBack = async ({ suspendedAt: _, ...account }: Account) => {
  const lastActiveAt = new Date(market.system.clock.now()).toISOString()
  expect(await market.importFeed([{ ...account, lastActiveAt }])).toMatchObject({ updated: 1 })
}

test('an account that comes back between the sweep and the worker keeps its handle; its neighbour is released', async () => {
  const back = market.suspended('comes_back')
  await market.importFeed([back, market.suspended('stays_away')])
  // The worker's environment dies at its first call, so its message waits and is delivered again.
  const crash = market.system.door.inject({ kind: 'kill', when: 'before', function: 'workers-release-handles' })
  await market.sweep()
  expect(crash.hits).toBe(1)
  expect(await market.system.idle()).toEqual({ retrying: 1 })
  expect([await statusOf('comes_back'), await statusOf('stays_away')]).toEqual(['active', 'active'])

  await comeBack(back)
  const told = value(await (await market.client('alice')).getHandle({ params: { handle: 'comes_back' } }))
  expect(told.status).toBe('active')
  expect(Date.parse(told.next?.by ?? '')).toBeGreaterThan(market.system.clock.now() + 364 * dayMs)
  await market.system.settle()
  expect([await statusOf('comes_back'), await statusOf('stays_away')]).toEqual(['active', 'released'])
})

test('an account that comes back between the worker’s read and its write keeps its handle', async () => {
  const back = market.suspended('just_in_time')
  await market.importFeed([back, market.suspended('never_again')])
  const store = openStore(market.system)
  let reports = 0
  store.db.middlewareStack.add(
    (next) => async (args) => {
      // Whichever request it is that carries the release.
      if (
        reports === 0 &&
        /just_in_time.*handle_released|handle_released.*just_in_time/.test(JSON.stringify(args.input))
      ) {
        reports += 1
        await comeBack(back)
      }
      return next(args)
    },
    { step: 'initialize' },
  )
  const deps = { ...running, store, assess, now: () => market.system.clock.now() }
  const counted = await releaseHandles(deps, ['just_in_time', 'never_again'])
  store.db.destroy()
  expect(reports).toBe(1)
  expect(counted).toEqual([{ kind: 'notDue' }, { kind: 'released' }])
  expect([await statusOf('just_in_time'), await statusOf('never_again')]).toEqual(['active', 'released'])
})

test('a name in the queue is a hint: what is not due, not active or not known is left alone', async () => {
  await market.importFeed([
    market.account('hint_active', 364),
    market.account('hint_due', 366),
    market.account('hint_verified', 1_000, { class: 'verified' }),
    market.account('hint_memorial', 3_000, { class: 'memorial', createdAt: '2000-01-01T00:00:00.000Z' }),
    market.account('hint_suspend', 10, { suspendedAt: new Date(market.system.clock.now() - 89 * dayMs).toISOString() }),
    market.suspended('admin'),
  ])
  await market.sweep()
  expect([await statusOf('hint_due'), await statusOf('admin')]).toEqual(['dormant', 'reserved'])
  const before = await market.items()
  const names = ['hint_active', 'hint_due', 'hint_verified', 'hint_memorial', 'hint_suspend', 'admin', 'unknown_name']
  market.system.queues.send('releases', JSON.stringify({ names: [...names, 'No Handle', '', '__proto__'] }))
  await market.checkItems(before)
  expect(await statusOf('hint_active')).toBe('active')
})

test('the same names queued many times are released once', async () => {
  await market.importFeed([market.suspended('many_times')])
  for (let at = 0; at < 20; at += 1) {
    market.system.queues.send('releases', JSON.stringify({ names: ['many_times', 'many_times'] }))
  }
  await market.system.settle()
  const { entries } = value(
    await (await market.client('operator')).listJournal({ params: { aggregateId: 'handle:many_times' } }),
  )
  expect(entries.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
    'handle_imported',
    'handle_released',
  ])
})

test('an account that comes back after the release is told that the handle is not active any more', async () => {
  const late = market.suspended('one_day_late')
  await market.importFeed([late])
  await market.sweep()
  const before = await market.items()
  await checkRefused(market, 'handle_not_active', 'POST', '/v1/platform/activity', {
    token: await market.system.token('platform'),
    body: {
      handle: 'one_day_late',
      accountId: late.accountId,
      activeAt: new Date(market.system.clock.now()).toISOString(),
    },
  })
  await market.checkItems(before)
})

test('activity that is told late, out of order or twice moves the release once', async () => {
  const account = market.account('two_reports', 300)
  await market.importFeed([account])
  await reportActivity(account)
  const before = await market.items()
  const token = await market.system.token('platform')
  for (const days of [1, 200, 299]) {
    const activeAt = new Date(market.system.clock.now() - days * dayMs).toISOString()
    const body = { handle: 'two_reports', accountId: account.accountId, activeAt }
    expect((await market.send('POST', '/v1/platform/activity', { token, body })).status).toBe(200)
  }
  await market.checkItems(before)
})
