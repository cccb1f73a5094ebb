import { afterAll, beforeAll, expect, it } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { stockMarket } from '../../local/stock.ts'
import { planSegments } from '../../shared/workflows/plan-part.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { type Market, startMarket } from '../cases/market.ts'
import { callsTo, costOf, units } from './counted.ts'

/** What a plan costs: it reads the whole handles table once, at half a unit for 4 KB, and what protects the looks of what is due. */

let market: Market
beforeAll(async () => {
  market = await startMarket({ stocked: false })
  // Of half of these the holders have been away: they are due, and not released yet.
  await stockMarket(market.system, { lines: 400 })
})
afterAll(() => market.stop())

/** Bytes of an item as DynamoDB counts them, nearly: names and values, without the quotes of JSON. */
const bytesOf = (item: unknown): number => Buffer.byteLength(JSON.stringify(item).replaceAll('"', ''))

it('a plan reads the table once and eventually consistent, asks half a unit for a handle that is due, and writes no handle', async () => {
  const { system, store } = market
  let tableBytes = 0
  for await (const item of scanTable(store.db, store.handlesTable)) tableBytes += bytesOf(item)
  const client = createClient({
    baseUrl: system.url,
    token: await system.token('acct_operator', { groups: ['operator'] }),
  })
  let planId = ''
  const cost = await costOf(market, async () => {
    const begun = await client.planRelease({ body: { basedOn: 1 }, idempotencyKey: 'cost' })
    if (!begun.ok) throw new Error(begun.problem.detail)
    planId = begun.value.id
  })
  const plan = await client.getReleasePlan({ params: { planId } })
  const lines = plan.ok ? (plan.value.schedule?.lines ?? 0) : 0
  expect(lines).toBeGreaterThan(50)
  const calls = (name: string): number => cost.calls[name] ?? 0
  expect(calls('dynamodb:Scan')).toBe(planSegments)
  // One question a hundred looks, one a hundred names for their demand, and at least one of each a page.
  expect(calls('dynamodb:BatchGetItem')).toBeLessThanOrEqual(2 * (planSegments + lines / 100))
  // The plan and its place in the list, each part, the result and the seal; and each segment that comes to its end as one of
  // the last asks whether it is for it to have the schedule written: four workers at most.
  const asking = calls('dynamodb:PutItem') - 2 - planSegments - 2
  expect(asking).toBeGreaterThanOrEqual(1)
  expect(asking).toBeLessThanOrEqual(4)
  expect(calls('dynamodb:UpdateItem') + calls('dynamodb:TransactWriteItems')).toBe(0)
  expect(Object.keys(callsTo(cost, 'sqs'))).toEqual(['sqs:SendMessageBatch'])
  // The segments, ten to a request; the writing, once.
  expect(calls('sqs:SendMessageBatch')).toBe(Math.ceil(planSegments / 10) + 1)
  // A page at the end of each segment is rounded up; parts and plans are read whole, some units each.
  const scanned = tableBytes / 4096 / 2 + planSegments / 2
  const looks = lines / 2
  const demand = lines / 2
  const bookkeeping = 20 * planSegments
  expect(cost.readUnits).toBeLessThanOrEqual(scanned + looks + demand + bookkeeping)
  expect(units(cost).indexWriteUnits).toBe(0)
  // A part's counts and the whole's result take a unit a KB.
  expect(cost.writeUnits).toBeLessThanOrEqual(20 + 6 * planSegments)
})
