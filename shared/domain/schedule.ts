import { createHash } from 'node:crypto'
import type { Money } from '../contract/money.ts'
import { canonicalJson } from './journal.ts'
import type { Projection } from './projection.ts'
import type { RuleName } from './release-policy.ts'

/**
 * One line of a plan's schedule: a handle that the clock releases or reserves, the instant at which it was due, and the
 * earliest at which that can be.
 */
export type ScheduleLine = {
  readonly handle: string
  readonly rule: RuleName
  readonly dueAt: string
  readonly earliestAt: string
  readonly outcome: 'release' | 'reserve'
  /** The gate's, where it is reserved. */
  readonly code: string | null
  readonly askingPrice: Money | null
}

/** The line of a handle whose projection comes to a decision; null for every other. */
export const scheduleLine = (handle: string, { end }: Projection): ScheduleLine | null => {
  if (end === null || end === 'unreachable') return null
  const { at: earliestAt, event } = end
  const { rule, dueAt } = event
  const line = { handle, rule, dueAt, earliestAt }
  return event.type === 'handle_reserved'
    ? { ...line, outcome: 'reserve', code: event.code, askingPrice: null }
    : {
        ...line,
        outcome: 'release',
        code: null,
        askingPrice: { amountMinor: event.priceMinor, currency: event.currency },
      }
}

/** A line as it is hashed and stored: canonical JSON, which ends the line. */
export const lineText = (line: ScheduleLine): string => `${canonicalJson(line)}\n`

/** What seals a schedule: the SHA-256 of its lines in the order of their handles, as hex: `zcat … | sha256sum`. */
export type Seal = {
  readonly lines: number
  readonly sha256: string
  readonly firstReleaseAt: string | null
}

/**
 * Seals lines as they come.
 * @throws where a line does not come after the one before it
 */
export const newSeal = () => {
  const hash = createHash('sha256')
  let lines = 0
  let last = ''
  let firstReleaseAt: string | null = null
  return {
    add: (line: ScheduleLine): string => {
      const { handle, outcome, earliestAt } = line
      if (handle <= last) throw new Error(`${handle} comes after ${last} in the schedule`)
      last = handle
      lines += 1
      if (outcome === 'release' && (firstReleaseAt === null || earliestAt < firstReleaseAt)) firstReleaseAt = earliestAt
      const text = lineText(line)
      hash.update(text)
      return text
    },
    close: (): Seal => ({ lines, sha256: hash.digest('hex'), firstReleaseAt }),
  }
}
