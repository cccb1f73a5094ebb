import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalJson } from '../../shared/domain/journal.ts'
import type { ShelvesStore, Store } from '../../shared/store/client.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { startStore, type TestStore } from '../store/engine.ts'
import { clockActs, marketActs, newMemory } from './acts.ts'
import { auctionActs, dropActs, offerActs } from './sale-acts.ts'
import { negotiationActs } from './negotiation-acts.ts'
import { openTables } from './tables.ts'
import { openWorld } from './world.ts'

const acts = [...clockActs, ...marketActs, ...auctionActs, ...dropActs, ...offerActs, ...negotiationActs]

/** Everything a market left behind, but what the stream archives. */
const itemsOf = async (store: Store & ShelvesStore): Promise<string[]> => {
  const found: string[] = []
  for (const table of [store.handlesTable, store.escrowTable]) {
    for await (const item of scanTable(store.db, table)) {
      if (!String(item['pk']).startsWith('J#')) found.push(canonicalJson(plain(item)))
    }
  }
  return found.toSorted()
}

/** Sets as sorted lists: an engine gives them in an order of its own. */
const plain = (value: unknown): unknown => {
  if (value instanceof Set) return [...value].map(String).toSorted()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

let engine: TestStore
beforeAll(async () => {
  engine = await startStore()
})
afterAll(() => engine.stop())

test('the tables in memory are as the engine: the same acts, one after another, leave the same items', async () => {
  const many = fc.array(fc.oneof(...acts), { minLength: 600, maxLength: 600 })
  const [sampled = []] = fc.sample(many, { numRuns: 1, seed: 20_261_124 })
  const chosen = sampled.filter(({ races }) => !races)
  const names = { handlesTable: 'handles', escrowTable: 'escrow', shelvesTable: 'shelves' }
  const memory = { db: openTables(names), ...names }
  const steps: number[] = []
  for (const store of [memory, engine]) {
    const model = newMemory()
    await fc.asyncModelRun(() => ({ model, real: openWorld(store, 'h') }), chosen)
    steps.push(model.steps)
  }
  expect(steps[0]).toBe(steps[1])
  expect(steps[0]).toBeGreaterThan(100)
  expect(await itemsOf(engine)).toEqual(await itemsOf(memory))
})
