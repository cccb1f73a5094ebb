import pMap from 'p-map'
import type * as z from 'zod'
import { derivedId } from '../contract/ids.ts'
import { runRequested } from '../contract/messages.ts'
import { receivesMax } from '../contract/queues.ts'
import type { runSchema } from '../contract/operator-resources.ts'
import { dueQueues } from '../domain/handle-due.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { EventBus } from '../gateways/events.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore } from '../store/client.ts'
import { createRun, type LoadedRun, loadRun, queryRuns, type RunHead, runPageKey } from '../store/runs.ts'
import { instant } from './committing.ts'
import { noneYet, sum } from './release-message.ts'

export type RunsDeps = { readonly store: EscrowStore; readonly bus: EventBus; readonly now: () => number }

type Run = z.infer<typeof runSchema>

/**
 * Asks for a sweep: the run is written, then the bus starts the function that sweeps, which may work for minutes. The same
 * key gives the same run; one that has not begun is asked for again, and begins once.
 */
export const startRun = async (
  deps: RunsDeps,
  request: { readonly operatorId: string; readonly idempotencyKey: string },
): Promise<Result<Run>> => {
  const head: RunHead = {
    id: derivedId('run', request.operatorId, request.idempotencyKey),
    startedBy: request.operatorId,
    createdAt: instant(deps.now()),
    found: {},
    queued: 0,
    messages: 0,
  }
  const existing = await createRun(deps.store, head)
  const { id, begunAt, createdAt } = existing ?? head
  if (begunAt === undefined) {
    await deps.bus.publish([{ detailType: runRequested, detail: { runId: id }, at: createdAt }])
  }
  return getRun(deps, id)
}

export const getRun = async ({ store, now }: Omit<RunsDeps, 'bus'>, id: string): Promise<Result<Run>> => {
  const loaded = await loadRun(store, id)
  return loaded === null ? refuse('not_found', `There is no run ${id}`, 'runId') : ok(viewRun(loaded, now()))
}

/** Runs of one page that are summed up at the same time. */
const loadsAtOnce = 4

export const listRuns = async (
  { store, now }: Omit<RunsDeps, 'bus'>,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: Run[]; nextCursor: string | null }>> => {
  const after = decodeCursor('runs', page.cursor, runPageKey)
  if (!after.ok) return after
  const { ids, next } = await queryRuns(store, { limit: page.limit, after: after.value })
  const runs = await pMap(ids, (id) => loadRun(store, id), { concurrency: loadsAtOnce })
  const at = now()
  return ok({
    items: runs.flatMap((loaded) => (loaded === null ? [] : [viewRun(loaded, at)])),
    nextCursor: encodeCursor('runs', next),
  })
}

/** The sweep's own time limit is 14 minutes; what has not ended by then has broken off. */
const sweepMsMax = 15 * 60_000

/** A message is received five times within half an hour; what has not ended after an hour does not end by itself. */
const silenceMsMax = 60 * 60_000

const failuresShownMax = 20

const viewRun = ({ head, results }: LoadedRun, now: number): Run => {
  const { names: handled, ...figures } = results.reduce(sum, noneYet)
  const total = (counts: readonly number[]) => counts.reduce((left, right) => left + right, 0)
  const foundBy = dueQueues.flatMap((queue) => {
    const shards = head.found[queue]
    return shards === undefined ? [] : [{ queue, found: total(shards), shards: [...shards] }]
  })
  const lastAt = Math.max(
    ...[head.sweptAt, ...results.map(({ at }) => at)].flatMap((at) => (at ? [Date.parse(at)] : [])),
  )
  const state = stateOf({ head, results }, lastAt, now)
  const seconds = (lastAt - Date.parse(head.begunAt ?? head.createdAt)) / 1000
  const perSecond = handled > 0 && seconds > 0 ? Math.round((10 * handled) / seconds) / 10 : null
  return {
    id: head.id,
    state,
    startedBy: head.startedBy,
    createdAt: head.createdAt,
    sweptAt: head.sweptAt ?? null,
    found: total(foundBy.map(({ found }) => found)),
    foundBy,
    queued: head.queued,
    messages: { queued: head.messages, done: results.length },
    released: figures.released,
    reserved: total(Object.values(figures.reserved)),
    reservedBy: figures.reserved,
    noticesWanted: figures.noticed,
    noticesBegun: figures.begun,
    unreachable: figures.unreachable,
    letBe: figures.letBe,
    notDue: figures.notDue,
    failed: figures.failed,
    failures: figures.failures.slice(0, failuresShownMax),
    perSecond,
    secondsLeft: state === 'working' && perSecond ? Math.ceil((head.queued - handled) / perSecond) : null,
  }
}

const stateOf = ({ head, results }: LoadedRun, lastAt: number, now: number): Run['state'] => {
  if (head.sweptAt === undefined) {
    const since = now - Date.parse(head.begunAt ?? head.createdAt)
    if (since > sweepMsMax) return 'stalled'
    return head.begunAt === undefined ? 'requested' : 'sweeping'
  }
  // A message that failed comes again until it is put aside.
  const ended = results.filter(({ failed, receives }) => failed === 0 || receives >= receivesMax)
  if (ended.length >= head.messages) return 'complete'
  return now - lastAt > silenceMsMax ? 'stalled' : 'working'
}
