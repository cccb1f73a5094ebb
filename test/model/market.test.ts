import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { marketActs, newMemory } from './acts.ts'
import { openTables } from './tables.ts'
import { openWorld } from './world.ts'

/** More by name: `MODEL_STEPS=1000000 npm test -- test/model`. */
const steps = Number(process.env['MODEL_STEPS'] ?? 100_000)

const names = { handlesTable: 'handles', escrowTable: 'escrow', shelvesTable: 'shelves' }

test(
  'whatever is done, in whatever order, each handle has one buyer and no cent is lost',
  { timeout: 1_200_000 },
  async () => {
    let taken = 0
    const commands = fc.commands([...marketActs], { maxCommands: 600, size: 'max' })
    const lawful = fc.asyncProperty(commands, async (acts) => {
      const memory = newMemory()
      const store = { db: openTables(names), ...names }
      const world = openWorld(store, 'h')
      await fc.asyncModelRun(() => ({ model: memory, real: world }), acts)
      taken += memory.steps
      const report = await auditTables(store)
      expect(report.faults).toEqual([])
      expect(report.ledgerSumMinor).toBe(0)
    })
    while (taken < steps) await fc.assert(lawful, { numRuns: 20 })
    expect(taken).toBeGreaterThanOrEqual(steps)
  },
)
