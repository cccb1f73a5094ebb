import { afterAll, beforeAll, expect, it } from 'vitest'
import { namesPerMessage } from '../../shared/contract/messages.ts'
import { linesPerChunk } from '../../shared/workflows/split-feed.ts'
import { createClient } from '../../shared/contract/client.ts'
import { type Market, startMarket } from '../cases/market.ts'
import { callsTo, costOf, units } from './counted.ts'

/** What a feed and a sweep cost for each handle: what is a fraction of a unit here is dollars at a million and a half. */

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

/** Accounts that were suspended years ago: each is due for release, and none has a protected name. */
const feedOf = (count: number): string =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      accountId: `acct_cost_${index}`,
      handle: `cost_${String(index).padStart(4, '0')}`,
      class: 'ordinary',
      createdAt: '2014-02-16T00:00:00.000Z',
      lastActiveAt: '2016-02-16T00:00:00.000Z',
      suspendedAt: '2016-02-17T00:00:00.000Z',
      followers: 10,
      email: `holder${index}@example.com`,
      locale: 'en',
    }),
  ).join('\n')

const upload = async (key: string, feed: string): Promise<void> => {
  const operator = createClient({
    baseUrl: market.system.url,
    token: await market.system.token('acct_operator', { groups: ['operator'] }),
  })
  const created = await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: key })
  if (!created.ok) throw new Error(created.problem.detail ?? created.problem.title)
  const put = await fetch(created.value.uploadUrl, { method: 'PUT', body: feed })
  expect(put.status).toBe(200)
}

const sweep = (): void => {
  const name = market.system.schedules.names.find((one) => one.endsWith('sweep-handles'))
  if (name === undefined) throw new Error('nothing sweeps handles')
  market.system.schedules.fire(name)
}

/** One message of the releases queue. */
const handles = namesPerMessage

/** A run's head and its place in the list, the message's result, and the sweep's end. */
const runWrites = 4

it('an import costs one write unit and a twenty-fifth of a call a line, and files nothing', async () => {
  const cost = await costOf(market, () => upload('cost', feedOf(handles)))
  const chunks = Math.ceil(handles / linesPerChunk)
  expect(callsTo(cost, 'dynamodb')).toEqual({
    'dynamodb:BatchGetItem': handles / 100,
    'dynamodb:BatchExecuteStatement': handles / 25,
    // The import itself, and each chunk's result.
    'dynamodb:PutItem': 1 + chunks,
    'dynamodb:Query': 1,
    'dynamodb:UpdateItem': 1,
  })
  expect(callsTo(cost, 'sqs')).toEqual({ 'sqs:SendMessageBatch': chunks })
  expect(callsTo(cost, 'events')).toEqual({})
  expect(units(cost)).toMatchObject({ indexReadUnits: 0, writeUnits: handles + 2 + chunks, indexWriteUnits: handles })
  expect(cost.readUnits).toBeLessThanOrEqual(handles + 2)
})

it('the same feed again writes none of its handles', async () => {
  const cost = await costOf(market, () => upload('cost-again', feedOf(handles)))
  expect(cost.calls['dynamodb:BatchExecuteStatement'] ?? 0).toBe(0)
  expect(units(cost)).toMatchObject({ writeUnits: 3, indexWriteUnits: 0 })
})

it('release, appraisal and listing cost at most 4 write units a handle with indexes and archive, 0.01 for the run, and 0.01 calls to SQS', async () => {
  const cost = await costOf(market, () => {
    sweep()
    return Promise.resolve()
  })
  // The item and the entry it replaced; out of byDue and into byShelf.
  expect(cost.writeUnits).toBe(2 * handles + runWrites)
  expect(cost.indexWriteUnits).toBe(2 * handles)
  // What the run's progress costs beside that.
  expect(runWrites / handles).toBeLessThanOrEqual(0.01)
  // The handle and its skeleton; and half a unit each time that the demand for it is asked for: by the appraisal, and by the
  // stream's worker, which publishes what somebody watches.
  expect(cost.readUnits / handles).toBeLessThanOrEqual(3)
  expect(cost.calls['dynamodb:BatchExecuteStatement']).toBe(handles / 25)
  expect(cost.calls['dynamodb:PutItem']).toBe(runWrites - 1)
  expect(cost.calls['dynamodb:UpdateItem']).toBe(1)
  // Of each message one send; the event source receives it once and deletes it once.
  const sends = Object.values(callsTo(cost, 'sqs')).reduce((sum, times) => sum + times, 0)
  expect((sends + 2) / handles).toBeLessThanOrEqual(0.01)
  expect(callsTo(cost, 'events')).toEqual({})
})
