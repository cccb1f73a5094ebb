import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { feedDay } from '../../local/stock.ts'
import { startSystem } from '../../local/system.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import type { Composition } from '../scale/accounts.ts'
import { loadAccounts } from '../scale/load.ts'
import { openEngineStore, reconcile } from '../scale/reconcile.ts'
import { printTable, withBar } from './bench.ts'
import { billOf, meter, type Used } from './bill.ts'
import { rounded } from './statistics.ts'

export type RoadStep = {
  readonly step: string
  readonly seconds: number
  readonly writeUnitsPerHandle: number
  readonly readUnitsPerHandle: number
  readonly sqsRequestsPerThousand: number
  readonly mailsPerHandle: number
  readonly dollarsPerMillion: number
}

export type RoadResult = {
  readonly accounts: number
  readonly released: number
  readonly reserved: number
  readonly steps: readonly RoadStep[]
  readonly writeUnitsPerHandle: number
  readonly dollarsPerMillion: number
  readonly dollarsPerMillionWithoutMail: number
  readonly faults: readonly string[]
}

const dayMs = 86_400_000

/**
 * The whole road of ordinary accounts under the shipped policy: inactive long enough, three notices by mail, the time of
 * grace, the release. The clock is moved from step to step; each step is metered by itself.
 */
export const noticeRoad = async (accounts: number): Promise<RoadResult> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'handle-road-'))
  const composition: Composition = { accounts, dueShare: 1, wholeRoad: true, now: feedDay }
  try {
    await loadAccounts(dataDir, composition)
    const system = await startSystem({ dataDir, schedulesRun: false, clockNotBefore: feedDay })
    try {
      const rule = shippedPolicy.rules.ordinary
      if (rule === null) throw new Error('ordinary accounts have no rule')
      const { notices, noticeSpacingDays, graceDays } = rule
      const lastDays = graceDays - (notices - 1) * noticeSpacingDays
      const waits = [0, ...Array.from({ length: notices - 1 }, () => noticeSpacingDays), lastDays]
      const steps: RoadStep[] = []
      const all: Used[] = []
      await withBar('steps', waits.length, async (advance) => {
        for (const [index, days] of waits.entries()) {
          const used = meter(system)
          const begun = performance.now()
          if (days === 0) system.schedules.fire('sweep-handles')
          else await system.clock.move(days * dayMs + 60_000)
          await system.settle()
          const step = index < notices ? `notice ${index + 1}` : 'release'
          all.push(used())
          steps.push(stepOf(step, (performance.now() - begun) / 1000, all.at(-1), accounts))
          advance()
        }
      })
      const { audit, released, reservedByCode, repeated } = await reconcile(openEngineStore(system))
      const reserved = Object.values(reservedByCode).reduce((sum, count) => sum + count, 0)
      const faults = audit.faults.slice(0, 10).map(({ aggregate, fault }) => `${aggregate}: ${fault}`)
      if (released + reserved !== accounts) faults.push(`${released} released and ${reserved} reserved of ${accounts}`)
      if (repeated.length > 0) faults.push(`${repeated.length} were released more than once`)
      const dollars = (used: Used, part: 'total' | 'mails') => (billOf(used)[part] / accounts) * 1_000_000
      const total = all.reduce((sum, used) => sum + dollars(used, 'total'), 0)
      const mails = all.reduce((sum, used) => sum + dollars(used, 'mails'), 0)
      return {
        accounts,
        released,
        reserved,
        steps,
        writeUnitsPerHandle: rounded(steps.reduce((sum, { writeUnitsPerHandle }) => sum + writeUnitsPerHandle, 0)),
        dollarsPerMillion: rounded(total),
        dollarsPerMillionWithoutMail: rounded(total - mails),
        faults,
      }
    } finally {
      await system.stop()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const stepOf = (step: string, seconds: number, used: Used | undefined, accounts: number): RoadStep => {
  if (used === undefined) throw new Error(`${step} was not metered`)
  const { counts, sqsRequests, mails } = used
  return {
    step,
    seconds: rounded(seconds),
    writeUnitsPerHandle: rounded((counts.writeUnits + counts.indexWriteUnits) / accounts),
    readUnitsPerHandle: rounded((counts.readUnits + counts.indexReadUnits) / accounts),
    sqsRequestsPerThousand: rounded((sqsRequests / accounts) * 1_000),
    mailsPerHandle: rounded(mails / accounts),
    dollarsPerMillion: rounded((billOf(used).total / accounts) * 1_000_000),
  }
}

/** For people: a row a step. */
export const printRoad = (result: RoadResult): void => {
  const { accounts, released, reserved, steps, faults } = result
  console.log(`  ${accounts} inactive accounts: ${released} handles released, ${reserved} reserved`)
  printTable(
    ['step', 'seconds', 'write units', 'read units', 'SQS per 1,000', 'mails', '$ a million'],
    [
      ...steps.map((step) => Object.values(step)),
      ['together', '', result.writeUnitsPerHandle, '', '', '', result.dollarsPerMillion],
      ['without mail', '', '', '', '', '', result.dollarsPerMillionWithoutMail],
    ],
  )
  for (const fault of faults) console.log(`  NOT AS PLANNED: ${fault}`)
}
