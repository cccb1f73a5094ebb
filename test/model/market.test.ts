import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clockActs, marketActs, type Memory, newMemory } from './acts.ts'
import { checkLaws } from './laws.ts'
import { auctionActs, dropActs, offerActs } from './sale-acts.ts'
import { negotiationActs } from './negotiation-acts.ts'
import { openTables } from './tables.ts'
import { openWorld } from './world.ts'

/** More by name: `npm run soak:market`. */
const steps = Number(process.env['MODEL_STEPS'] ?? 100_000)

const names = { handlesTable: 'handles', escrowTable: 'escrow', shelvesTable: 'shelves' }

const acts = [
  ...clockActs,
  ...clockActs,
  ...clockActs,
  ...marketActs,
  ...auctionActs,
  ...dropActs,
  ...offerActs,
  ...negotiationActs,
]

test(
  'whatever is done, in whatever order: one buyer a handle, no price below its rule, no bid lost, no cent lost',
  { timeout: 3_600_000 },
  async () => {
    let taken = 0
    const lawful = fc.asyncProperty(fc.commands([...acts], { maxCommands: 400, size: 'max' }), async (commands) => {
      const memory: Memory = newMemory()
      const world = openWorld({ db: openTables(names), ...names }, 'h')
      await fc.asyncModelRun(() => ({ model: memory, real: world }), commands)
      taken += memory.steps
      await checkLaws(world, memory)
    })
    while (taken < steps) await fc.assert(lawful, { numRuns: 20 })
    expect(taken).toBeGreaterThanOrEqual(steps)
  },
)
