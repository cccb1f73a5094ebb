import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { soak } from './soak.ts'

let dataDir: string
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'handle-soak-'))
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

test('case 30: a sweep with crashes, duplicates, partial failures, and holders who sign in half-way releases each due handle once', async () => {
  // The same at a platform's size: npm run soak:release -- --accounts 1500000
  const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000)
  const report = await soak({ dataDir, accounts: 3_000, seed, say: (line) => console.log(line) })
  console.log(JSON.stringify(report))
  expect(report.faults).toEqual([])
  expect(report.released + report.reserved).toBeGreaterThan(0)
  expect(report.kept).toBeGreaterThan(0)
  expect(report.tooLate).toBeGreaterThan(0)
  expect(report.messagesDoubled).toBeGreaterThan(0)
  expect(report.faultsStruck).toBeGreaterThan(5)
})
