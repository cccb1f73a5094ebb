import { createHash } from 'node:crypto'
import pMap from 'p-map'
import type { PlanMessage } from '../contract/messages.ts'
import { skeleton } from '../domain/handle-name.ts'
import { newSummary } from '../domain/plan-summary.ts'
import { type RiskFacts, riskFactsOf } from '../domain/plan-risk.ts'
import { groupOf, project } from '../domain/projection.ts'
import type { ProtectedLook } from '../domain/protected-names.ts'
import type { GateFacts } from '../domain/release-gate.ts'
import type { ReleasePlan } from '../domain/release-plan.ts'
import { dueUnder } from '../domain/release-policy.ts'
import type { Assess, Assessment } from '../domain/release.ts'
import { scheduleLine, type ScheduleLine } from '../domain/schedule.ts'
import type { WithDemand } from '../domain/watch.ts'
import type { Queue } from '../gateways/queue.ts'
import { partObjectKey, type Schedules } from '../gateways/schedules.ts'
import type { Store } from '../store/client.ts'
import type { PageKey } from '../store/pages.ts'
import { claimWriting, keepPart, loadPart, loadParts, loadPlan, type PlanPart } from '../store/plans.ts'
import { loadLooks, readSegmentPage, type SurveyedHandle } from '../store/segments.ts'
import { loadDemand } from '../store/watches.ts'

/**
 * Segments of the handles table that are read at the same time. One worker reads and appraises 1,500,000 handles in some
 * minutes, a thousand a page. More segments would be faster in AWS; the local engine reads the whole table for each page of
 * a segment.
 */
export const planSegments = 1

export type PartSize = {
  readonly pages: number
  /** Items a page at most; absent: what 1 MB holds. */
  readonly itemsPerPage?: number | undefined
}

/** Some 40,000 handles: a fraction of a worker's time limit, and lines that fit its memory. */
export const partSize: PartSize = { pages: 32 }

export type PlanPartDeps = {
  readonly store: Store
  readonly schedules: Schedules
  readonly queue: Queue
  readonly partSize: PartSize
  /** Gate and appraisal of a name, as the release asks them. */
  readonly assess: (name: string, display: string, facts: GateFacts & WithDemand) => Assessment
}

/** A line of a part, with what the ranking of the whole needs and the schedule does not show. */
export type PartLine = ScheduleLine & { readonly risk: RiskFacts | null }

/**
 * Reads one part of one segment, keeps what it found, and queues what follows: the next part, or the writing once every
 * segment has come to its end. A message that comes again finds its part kept and only queues what follows.
 */
export const planPart = async (
  deps: PlanPartDeps,
  message: Extract<PlanMessage, { readonly step: 'read' }>,
): Promise<void> => {
  const { planId, segment, part, after } = message
  const plan = await loadPlan(deps.store, planId)
  if (plan === null || plan.state.status !== 'computing') return
  const kept =
    (await loadPart(deps.store, planId, segment, part)) ??
    (await keepPart(deps.store, planId, await readPart(deps, plan.state, { segment, part, after })))
  if (kept.next !== null) {
    const next: PlanMessage = { step: 'read', planId, segment, part: part + 1, after: kept.next }
    await deps.queue.sendAll([next])
    return
  }
  const isLast = isRead(await loadParts(deps.store, planId), plan.state.segments)
  if (isLast && (await claimWriting(deps.store, planId, segment))) {
    const write: PlanMessage = { step: 'write', planId }
    await deps.queue.sendAll([write])
  }
}

/** Whether the last part of every segment is kept. */
export const isRead = (parts: readonly PlanPart[], segments: number): boolean =>
  new Set(parts.filter(({ next }) => next === null).map(({ segment }) => segment)).size === segments

const readPart = async (
  deps: PlanPartDeps,
  plan: ReleasePlan,
  from: { readonly segment: number; readonly part: number; readonly after: PageKey | undefined },
): Promise<PlanPart> => {
  const summary = newSummary()
  const lines: PartLine[] = []
  const names = new Set<string>()
  let handles = 0
  let after = from.after
  const { pages, itemsPerPage } = deps.partSize
  for (let page = 0; page < pages; page += 1) {
    const read = await readSegmentPage(deps.store, { number: from.segment, of: plan.segments, after, itemsPerPage })
    handles += read.handles.length
    for (const name of read.looks.flatMap(namesOf)) names.add(name)
    for (const line of await survey(deps, plan, read.handles, summary)) lines.push(line)
    after = read.next
    if (after === undefined) break
  }
  lines.sort((a, b) => (a.handle < b.handle ? -1 : 1))
  const [linesKey, namesKey] = await pMap(
    [lines.map((line) => `${JSON.stringify(line)}\n`).join(''), [...names].map((name) => `${name}\n`).join('')],
    async (text) => {
      if (text === '') return null
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
      const key = partObjectKey(plan.id, from.segment, from.part, digest)
      await deps.schedules.write(key, text)
      return key
    },
  )
  return {
    segment: from.segment,
    part: from.part,
    next: after ?? null,
    linesKey: linesKey ?? null,
    namesKey: namesKey ?? null,
    handles,
    lines: lines.length,
    summary: summary.close(),
  }
}

const namesOf = ({ handle, marks }: ProtectedLook): string[] => [
  ...(handle === undefined ? [] : [handle]),
  ...marks.map(({ name }) => name),
]

/** Adds the handles of a page up, and returns the lines of those that the clock decides on. */
const survey = async (
  { store, assess }: PlanPartDeps,
  plan: ReleasePlan,
  handles: readonly SurveyedHandle[],
  summary: ReturnType<typeof newSummary>,
): Promise<PartLine[]> => {
  const { policy, inForce, asOf } = plan
  const asked = handles.filter((one) => mayBeDecided(one, plan)).map(({ handle }) => handle.name)
  const [looks, demand] = await Promise.all([loadLooks(store, asked.map(skeleton)), loadDemand(store, asked)])
  const reservedNames = new Set(policy.reservedNames)
  const lines: PartLine[] = []
  for (const { handle, hasAddress } of handles) {
    const { name, display } = handle
    const facts = { reservedNames, look: looks.get(skeleton(name)), demand: demand.get(name) }
    const assessHandle: Assess = (overruled) => assess(name, display, { ...facts, overruled: new Set(overruled) })
    const projection = project(handle, policy, assessHandle, asOf, hasAddress)
    const standing = inForce === null ? null : project(handle, inForce, passOver, asOf, hasAddress).standing
    const group = groupOf(handle)
    summary.add(group, projection, standing)
    const line = scheduleLine(name, projection)
    if (line === null) continue
    const { end } = projection
    const event = end !== null && end !== 'unreachable' ? end.event : null
    const risk = event?.type === 'handle_released' ? riskFactsOf(handle, group, event, asOf, hasAddress) : null
    lines.push({ ...line, risk })
  }
  return lines
}

/** Where a handle stands does not depend on what gate and appraisal would say of it. */
const passOver: Assess = () => ({ pass: false, code: '', reason: '' })

/** Whether the clock may come to ask the gate: what protects the looks of every other handle need not be read. */
const mayBeDecided = ({ handle }: SurveyedHandle, { policy, asOf }: ReleasePlan): boolean => {
  const { status, holder, legalHold } = handle
  if (legalHold !== undefined) return false
  if (status === 'dormant' || (status === 'reserved' && handle.overruled !== undefined)) return true
  if (status !== 'active' || holder === null) return false
  const due = dueUnder(holder, policy)
  return due !== null && due.dueAt <= asOf
}
