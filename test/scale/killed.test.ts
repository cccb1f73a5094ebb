import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedDay } from '../../local/stock.ts'
import { startSystem } from '../../local/system.ts'
import type { Composition } from './accounts.ts'
import { expectationsOf } from './expectations.ts'
import { liveAndDie, momentWords, randomMoment } from './killing.ts'
import { loadAccounts } from './load.ts'
import { openEngineStore, reconcile } from './reconcile.ts'
import { seededRandom } from './seeded-random.ts'

const composition: Composition = { accounts: 3_500, dueShare: 0.8, warnedShare: 0.2, reservedShare: 0.2, now: feedDay }
const kills = 10
/** A run is repeated with KILL_SEED, which the test prints. */
const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)

let dataDir: string
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'handle-killed-'))
  await loadAccounts(dataDir, composition)
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

test(
  'killed at ten moments of a sweep, the runtime completes it: each due handle is released or reserved once, no other is touched',
  { timeout: 400_000 },
  async () => {
    const random = seededRandom(seed)
    const expected = await expectationsOf(composition)
    const moments = Array.from({ length: kills }, () => randomMoment(random, 20))
    console.log(`KILL_SEED=${seed}: ${moments.map(momentWords).join('; ')}`)
    for (const moment of moments) await liveAndDie(dataDir, moment)

    const system = await startSystem({ dataDir, schedulesRun: false })
    try {
      const lastStart = new Date(system.clock.now()).toISOString()
      // What a killed sweep had not queued yet is found by the next one, a quarter of an hour later.
      await system.clock.move(15 * 60_000)
      await system.settle()

      let releasedLast = 0
      const found = await reconcile(openEngineStore(system), (outcome) => {
        expected.check(outcome)
        const [decision] = outcome.decisions
        if (decision?.event.type === 'handle_released' && decision.at >= lastStart) releasedLast += 1
      })
      expect(expected.faultsOf(found)).toEqual([])
      // The kills fell into the sweep's work: some of it was done before the last one, and some after.
      console.log(`released before the last kill: ${found.released - releasedLast}, after it: ${releasedLast}`)
      expect(releasedLast).toBeGreaterThan(0)
      expect(releasedLast).toBeLessThan(found.released)
      expect(system.queues.peek('releases-dead')).toEqual([])
      expect(system.queues.peek('outbox-failures')).toEqual([])
    } finally {
      await system.stop()
    }
  },
)
