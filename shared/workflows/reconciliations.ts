import pMap from 'p-map'
import type * as z from 'zod'
import type { reconciliationSchema, trialBalanceSchema } from '../contract/book-resources.ts'
import { derivedId } from '../contract/ids.ts'
import { reconciliationRequested } from '../contract/messages.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { EventBus } from '../gateways/events.ts'
import { decodeCursor, encodeCursor } from '../runtime/cursor.ts'
import type { EscrowStore } from '../store/client.ts'
import {
  createReconciliation,
  loadReconciliation,
  newestComplete,
  queryReconciliations,
  reconciliationPageKey,
  spanDaysMax,
  type ReconciliationResult,
  type StoredReconciliation,
} from '../store/reconciliations.ts'
import { instant } from './committing.ts'

export type ReconciliationsDeps = { readonly store: EscrowStore; readonly bus: EventBus; readonly now: () => number }

type View = z.input<typeof reconciliationSchema>

/**
 * Asks for a reconciliation: its report is written, then the bus starts the function that compares, which may work for
 * minutes. The same key gives the same report; one that has not begun is asked for again, and begins once.
 */
export const startReconciliation = async (
  deps: ReconciliationsDeps,
  request: {
    readonly operatorId: string
    readonly idempotencyKey: string
    readonly requestHash: string
    readonly from: string | undefined
  },
): Promise<Result<View>> => {
  const { operatorId, idempotencyKey, requestHash, from } = request
  const now = deps.now()
  if (from !== undefined && !(Date.parse(from) < now && Date.parse(from) >= now - spanDaysMax * 86_400_000))
    return refuse('validation_failed', `from: an instant of the last ${spanDaysMax} days`, 'from')
  const standing = await createReconciliation(deps.store, {
    id: derivedId('rec', operatorId, idempotencyKey),
    startedBy: operatorId,
    createdAt: instant(now),
    requestHash,
    ...(from !== undefined && { wantedFrom: from }),
  })
  if (standing.requestHash !== requestHash)
    return refuse('idempotency_key_reused', 'This key asked for another span', 'Idempotency-Key')
  const { id, begunAt, createdAt } = standing
  if (begunAt === undefined)
    await deps.bus.publish([{ detailType: reconciliationRequested, detail: { reconciliationId: id }, at: createdAt }])
  return getReconciliation(deps, id)
}

export const getReconciliation = async (
  { store, now }: Omit<ReconciliationsDeps, 'bus'>,
  id: string,
): Promise<Result<View>> => {
  const report = await loadReconciliation(store, id)
  return report === null
    ? refuse('not_found', `There is no reconciliation ${id}`, 'reconciliationId')
    : ok(viewOf(report, now()))
}

/** Reports of one page that are read at the same time. */
const loadsAtOnce = 4

export const listReconciliations = async (
  { store, now }: Omit<ReconciliationsDeps, 'bus'>,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Result<{ items: View[]; nextCursor: string | null }>> => {
  const after = decodeCursor('reconciliations', page.cursor, reconciliationPageKey)
  if (!after.ok) return after
  const { ids, next } = await queryReconciliations(store, { limit: page.limit, after: after.value })
  const reports = await pMap(ids, (id) => loadReconciliation(store, id), { concurrency: loadsAtOnce })
  const at = now()
  return ok({
    items: reports.flatMap((report) => (report === null ? [] : [viewOf(report, at)])),
    nextCursor: encodeCursor('reconciliations', next),
  })
}

/** The newest one; there is none before the first reconciliation came to its end. */
export const getTrialBalance = async (store: EscrowStore): Promise<Result<z.input<typeof trialBalanceSchema>>> => {
  const report = await newestComplete(store)
  if (report === null) return refuse('not_found', 'No reconciliation is complete yet: ask for one')
  const { completedAt, trialBalance, unbalancedOrders, unbalancedOrderCount } = report.result
  return ok({
    ...trialBalance,
    at: completedAt,
    reconciliationId: report.id,
    unbalancedOrders: [...unbalancedOrders],
    unbalancedOrderCount,
  } as z.input<typeof trialBalanceSchema>)
}

/** The function that compares is stopped after 15 minutes; what has not ended by then has broken off. */
const workMsMax = 15 * 60_000

const stateOf = ({ begunAt, createdAt, result }: StoredReconciliation, now: number): View['state'] => {
  if (result !== undefined) return 'complete'
  if (now - Date.parse(begunAt ?? createdAt) > workMsMax) return 'stalled'
  return begunAt === undefined ? 'requested' : 'working'
}

const agrees = ({ differenceCount, unbalancedOrderCount, trialBalance }: ReconciliationResult): boolean =>
  differenceCount + unbalancedOrderCount + trialBalance.wrongSideCount === 0 &&
  trialBalance.sums.every(({ sumMinor }) => sumMinor === 0)

const viewOf = (report: StoredReconciliation, now: number): View => {
  const { id, startedBy, createdAt, result } = report
  return {
    id,
    state: stateOf(report, now),
    startedBy,
    createdAt,
    from: result?.from ?? null,
    to: result?.to ?? null,
    completedAt: result?.completedAt ?? null,
    agrees: result === undefined ? null : agrees(result),
    matched: result?.matched ?? 0,
    inFlight: result?.inFlight ?? 0,
    differences: [...(result?.differences ?? [])],
    differenceCount: result?.differenceCount ?? 0,
    fees: [...(result?.fees ?? [])],
    apart: [...(result?.apart ?? [])],
  }
}
