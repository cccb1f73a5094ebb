import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { systemActor } from '../domain/actors.ts'
import { advance } from '../domain/aggregate.ts'
import { type NearName, nearIndex } from '../domain/near-names.ts'
import { namesAtRiskMax, newRanking, riskReasons, riskScore } from '../domain/plan-risk.ts'
import { newSummary } from '../domain/plan-summary.ts'
import { brandNames } from '../domain/protected-brands.ts'
import { decideComputed } from '../domain/release-plan.ts'
import { newSeal, type Seal } from '../domain/schedule.ts'
import { scheduleObjectKey, type Schedules } from '../gateways/schedules.ts'
import type { Store } from '../store/client.ts'
import { loadParts, loadPlan, type NameAtRisk, type PlanPart, putResult } from '../store/plans.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { isRead, type PartLine } from './plan-part.ts'

export type PlanScheduleDeps = CommitDeps<Store> & { readonly schedules: Schedules }

/**
 * Writes the schedule of a plan whose every segment was read: merges the sorted parts as they stream in, seals the lines,
 * and ranks the names at risk on the way. Parts are fixed, so doing it again gives the same object, seal and result.
 * Returns the seal; null: there was nothing to do.
 */
export const writeSchedule = async (deps: PlanScheduleDeps, planId: string): Promise<Seal | null> => {
  const plan = await loadPlan(deps.store, planId)
  if (plan === null || plan.state.status !== 'computing') return null
  const parts = await loadParts(deps.store, planId)
  if (!isRead(parts, plan.state.segments)) return null

  const near = nearIndex(await protectedNames(deps.schedules, parts))
  const seal = newSeal()
  const ranking = newRanking<NameAtRisk>(namesAtRiskMax)
  const sealed = async function* () {
    for await (const { risk, ...line } of merged(deps.schedules, parts)) {
      if (risk !== null) ranking.add(atRisk(risk, line.earliestAt, near))
      yield seal.add(line)
    }
  }
  const gzip = createGzip()
  const source = Readable.from(pieces(sealed()), { objectMode: false })
  source.on('error', (error) => gzip.destroy(error))
  await deps.schedules.writeStream(scheduleObjectKey(planId), source.pipe(gzip))

  const computed = seal.close()
  const summary = newSummary()
  for (const part of parts) summary.addAll(part.summary)
  const handles = parts.reduce((sum, part) => sum + part.handles, 0)
  await putResult(deps.store, planId, { handles, summary: summary.close(), atRisk: ranking.close() })
  return committing<Seal | null>(deps, async () => {
    const before = await loadPlan(deps.store, planId)
    const events = before === null ? [] : decideComputed(before.state, computed)
    if (before === null || events.length === 0) return { changes: [], answer: null }
    const after = advance('plan', planId, before, events, instant(deps.now()), systemActor)
    return { changes: [{ kind: 'plan', before, after }], answer: computed }
  })
}

const atRisk = (facts: NonNullable<PartLine['risk']>, earliestAt: string, near: NearName): NameAtRisk => {
  const reasons = riskReasons(facts, near(facts.name))
  const { name, group, priceMinor } = facts
  return { name, score: riskScore(reasons), group, earliestAt, priceMinor, reasons }
}

/** The shipped brands, and every name that the parts came across. */
const protectedNames = async (schedules: Schedules, parts: readonly PlanPart[]): Promise<Set<string>> => {
  const names = new Set(brandNames)
  for (const { namesKey } of parts) {
    if (namesKey === null) continue
    for await (const name of linesOf(schedules, namesKey)) names.add(name)
  }
  return names
}

async function* linesOf(schedules: Schedules, key: string): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of schedules.readPieces(key)) {
    const lines = (rest + piece.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

/** The lines of every part in the order of their handles; of each part one piece is in memory. */
async function* merged(schedules: Schedules, parts: readonly PlanPart[]): AsyncGenerator<PartLine> {
  const heads = []
  for (const { linesKey } of parts) {
    if (linesKey === null) continue
    const lines = linesOf(schedules, linesKey)
    const line = await nextLine(lines)
    if (line !== null) heads.push({ lines, line })
  }
  // In order; the head that was read from is put where its next line belongs.
  heads.sort((a, b) => (a.line.handle < b.line.handle ? -1 : 1))
  for (;;) {
    const [first] = heads
    if (first === undefined) return
    yield first.line
    const line = await nextLine(first.lines)
    heads.shift()
    if (line === null) continue
    const at = heads.findIndex((head) => head.line.handle > line.handle)
    heads.splice(at === -1 ? heads.length : at, 0, { lines: first.lines, line })
  }
}

const nextLine = async (lines: AsyncGenerator<string>): Promise<PartLine | null> => {
  const { value, done } = await lines.next()
  return done === true ? null : (JSON.parse(value) as PartLine)
}

const pieceCharacters = 64 * 1024

/** Lines put together: a stream of single ones would cost more than what is in them. */
async function* pieces(lines: AsyncGenerator<string>): AsyncGenerator<Buffer> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < pieceCharacters) continue
    yield Buffer.from(piece)
    piece = ''
  }
  if (piece !== '') yield Buffer.from(piece)
}
