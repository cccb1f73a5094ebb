import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../shared/contract/client.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
let alice: Client
beforeAll(async () => {
  market = await startMarket()
  const forSale = [
    'river_',
    'rivers',
    'riverhq',
    'the_river',
    'riverbank',
    'rivet',
    'bluerivergreen',
    'stone',
    'zebra',
    'qxzvw',
  ]
  await market.importFeed([market.account('river', 1), ...forSale.map((handle) => market.suspended(handle))])
  await market.sweep()
  alice = await market.client('alice')
})
afterAll(() => market.stop())

const similarTo = async (handle: string, limit?: number) =>
  value(await alice.findSimilarNames({ params: { handle }, query: limit === undefined ? {} : { limit } })).items

test('of a name that is taken, those for sale that are like it, each with why', async () => {
  const found = await similarTo('River')
  const why = new Map(found.map((one) => [one.handle, one.why.map(({ code }) => code)]))
  expect(why.get('river_')).toContain('underscore')
  expect(why.get('rivers')?.[0]).toBe('plural')
  expect(why.get('riverhq')?.[0]).toBe('affix')
  expect(why.get('the_river')).toEqual(['same_word'])
  expect(why.get('bluerivergreen')).toEqual(['same_word'])
  expect(why.get('rivet')).toContain('same_beginning')
  expect(why.has('river')).toBe(false)
  expect(why.has('qxzvw')).toBe(false)
  expect(found.map(({ handle }) => handle).slice(0, 3)).toEqual(['river_', 'rivers', 'riverhq'])
  for (const one of found) expect(one.why.every(({ words }) => words.length > 10)).toBe(true)
})

test('of a name nobody has heard of', async () => {
  const found = await similarTo('riverstone')
  expect(found.map(({ handle }) => handle)).toEqual(expect.arrayContaining(['stone', 'the_river']))
})

test('as many as are asked for, and what is no handle is refused', async () => {
  expect(await similarTo('river', 2)).toHaveLength(2)
  await checkRefused(market, 'handle_character', 'GET', '/v1/handles/ri%20ver/similar')
  await checkRefused(market, 'validation_failed', 'GET', '/v1/handles/river/similar?limit=51')
})

test('it reads once what small changes make, and two short pages a shelf: the same at every size', async () => {
  await similarTo('riverstone')
  market.system.door.counts.reset()
  await similarTo('riverstone')
  const { calls, readUnits, indexReadUnits } = market.system.door.counts.total(['api-discovery'])
  // The names beside it, those as long and as dear, and both of its words.
  expect(calls).toEqual({ 'dynamodb:BatchGetItem': 1, 'dynamodb:Query': 8 })
  expect(readUnits + indexReadUnits).toBeLessThanOrEqual(30)
})
