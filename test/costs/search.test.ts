import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { feedDay } from '../../local/stock.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import { assess } from '../../shared/domain/assess.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { decideDue } from '../../shared/domain/release.ts'
import type { Search } from '../../shared/domain/search.ts'
import { shelfRows } from '../../shared/domain/shelf-rows.ts'
import { type Market, startMarket } from '../cases/market.ts'
import { placeOrder, statusOf } from '../cases/purchase.ts'
import { generateAccounts } from '../scale/accounts.ts'
import { historyOf } from '../scale/history.ts'
import { costOf, searchCostOf, units } from './counted.ts'

/** What the search costs: rows for each handle that is released and sold, and units for each page that is read. */

/** 1,500,000 in 15 minutes. */
const releasesPerSecond = 1_500_000 / 900
const partitionWritesMax = 1_000

/** Handles for sale as the accounts of the sample feed leave them. */
const released = async (accounts: number): Promise<VersionedHandle[]> => {
  const handles: VersionedHandle[] = []
  const at = new Date(feedDay).toISOString()
  for await (const account of generateAccounts({ accounts, dueShare: 1, now: feedDay })) {
    const { handle } = historyOf(account, feedDay)
    const { name, display } = handle.state
    const decided = decideDue(handle.state, shippedPolicy, () => assess(name, display, {}), at)
    if (!decided.ok || decided.value.every(({ type }) => type !== 'handle_released')) continue
    handles.push(advanceHandle(name, handle, decided.value, at, systemActor))
  }
  return handles
}

describe('the rows of the sample feed', () => {
  let rows: string[]
  let handles: number
  beforeAll(async () => {
    const all = await released(100_000)
    handles = all.length
    rows = all.flatMap(({ state }) => shelfRows(state, wordsInForce).map(({ pk }) => pk))
  }, 180_000)

  it('a released handle has at most 2.5 rows on average, each a write unit', () => {
    expect(handles).toBeGreaterThan(93_000)
    expect(rows.length / handles).toBeLessThanOrEqual(2.5)
    expect(rows.length / handles).toBeGreaterThan(2)
  })

  it('no shelf takes more than 1,000 writes a second when 1,667 handles a second are released', () => {
    const counts = new Map<string, number>()
    for (const pk of rows) counts.set(pk, (counts.get(pk) ?? 0) + 1)
    const perSecond = (count: number) => (count / handles) * releasesPerSecond
    const hot = [...counts].filter(([, count]) => perSecond(count) > partitionWritesMax / 2)
    // Not even half of it. The hottest is that of the cheapest handles of twelve characters.
    expect(hot).toEqual([])
  })
})

describe('on the market', () => {
  let market: Market
  beforeAll(async () => {
    market = await startMarket()
  }, 120_000)
  afterAll(() => market.stop())

  it('an order that is placed and cancelled writes each row of its handle twice at most, and reads nothing', async () => {
    const cost = await searchCostOf(market, async () => {
      const order = await placeOrder(market, 'alice')
      await market.buyer('alice').cancelOrder({ params: { orderId: order.id } })
      expect(await statusOf(market, order)).toBe('cancelled')
    })
    // One row by price and length, and one a word; those of a wide appraisal have one more by tier and one by its end.
    expect(cost.writeUnits).toBeLessThanOrEqual(2 * 7)
    expect(units(cost)).toMatchObject({ readUnits: 0, indexReadUnits: 0, indexWriteUnits: 0 })
    expect(Object.keys(cost.calls)).toEqual(cost.writeUnits === 0 ? [] : ['dynamodb:BatchWriteItem'])
  })

  const page = (query: Search) => () => market.buyer('reader').searchListings({ query: { ...query, limit: 20 } })

  it.each<[string, Search, number]>([
    ['by word', { word: 'river' }, 0.5],
    ['by first letters', { prefix: 'a' }, 1],
    ['by what ends first', { sort: 'ending' }, 2],
    // A small market is sparse: a page walks several bands, each of half a unit a length.
    ['by length', { length: 6 }, 6],
    ['by tier and length', { tier: 'notable', length: 6 }, 2],
    ['by price', { sort: 'price' }, 32],
    ['the dearest', { sort: '-price' }, 32],
    ['by tier', { tier: 'common' }, 32],
    ['rarely found', { status: 'held', sort: 'price' }, 32],
  ])('a page %s', async (_, query, unitsMax) => {
    const cost = await costOf(market, page(query))
    expect(cost.readUnits + cost.indexReadUnits).toBeLessThanOrEqual(unitsMax)
    expect(units(cost)).toMatchObject({ writeUnits: 0, indexWriteUnits: 0 })
    expect(Object.keys(cost.calls)).toEqual(['dynamodb:Query'])
    expect(cost.calls['dynamodb:Query']).toBeLessThanOrEqual(64)
  })
})
