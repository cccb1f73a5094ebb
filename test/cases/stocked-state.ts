import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suspendedLines } from '../../local/stock.ts'
import { startSystem, type System, type SystemOptions } from '../../local/system.ts'
import { createClient } from '../../shared/contract/client.ts'

/** How the cases run a system: nothing happens by itself, on a day when the handles of the feed are due. */
export const caseOptions = {
  schedulesRun: false,
  clockNotBefore: Date.parse('2026-11-23T00:00:00Z'),
} as const satisfies SystemOptions

/** So many that a search page of 100 is full of what was released of them. */
const accounts = 140

/**
 * The folder of a system that was stocked on the product's own road (an operator imports lines of the feed, the schedule
 * finds what is due, workers release it) and then stopped: to be copied. It is made once in a run of the suites, whose
 * temporary files are its own (`global-setup.ts`).
 */
export const stockedState = async (options: Pick<SystemOptions, 'synth'>): Promise<string> => {
  const key = createHash('sha256').update(JSON.stringify(options)).digest('hex')
  const made = join(tmpdir(), `stocked-${key.slice(0, 16)}`)
  if (existsSync(made)) return made
  const dataDir = mkdtempSync(join(tmpdir(), 'stocking-'))
  const system = await startSystem({ dataDir, ...caseOptions, ...options })
  try {
    await stock(system)
  } finally {
    await system.stop()
  }
  // Its ports are another system's by now.
  rmSync(join(dataDir, 'ports.json'))
  try {
    renameSync(dataDir, made)
  } catch (error) {
    // The other worker was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error
    rmSync(dataDir, { recursive: true })
  }
  return made
}

const stock = async (system: System): Promise<void> => {
  const operator = createClient({
    baseUrl: system.url,
    token: () => system.token('acct_operator', { groups: ['operator'] }),
  })
  const begun = await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: 'stock' })
  if (!begun.ok) throw new Error(begun.problem.detail)
  const put = await fetch(begun.value.uploadUrl, { method: 'PUT', body: await suspendedLines(accounts) })
  if (!put.ok) throw new Error(`the upload was answered ${put.status}`)
  await system.idle()
  // The schedules fire as the clock passes their times.
  await system.clock.move(15 * 60_000, { settle: true })
}
