import pMap from 'p-map'
import type { VersionedOrder } from '../domain/aggregate.ts'
import { bookOf, type Movement, movementOf, movementsOf, withoutZeros } from '../domain/book.ts'
import { balances, type Posting } from '../domain/ledger.ts'
import { evolveOrder, type Order, type OrderEvent } from '../domain/order.ts'
import { refundWanted } from '../domain/order-refunds.ts'
import { type BookedMovement, newReconciliation, type Span } from '../domain/reconciliation.ts'
import { newTrialBalance } from '../domain/trial-balance.ts'
import type { Balance } from '../gateways/balance.ts'
import { log } from '../runtime/log.ts'
import type { EscrowStore } from '../store/client.ts'
import { filedEntries } from '../store/journal.ts'
import {
  beginReconciliation,
  completeReconciliation,
  createReconciliation,
  differencesShownMax,
  loadReconciliation,
  newestComplete,
  type ReconciliationResult,
  spanDaysMax,
  type StoredReconciliation,
} from '../store/reconciliations.ts'
import { scanOrders } from '../store/scan-orders.ts'

export type ReconcileDeps = {
  readonly store: EscrowStore
  readonly balance: () => Promise<Balance>
  readonly now: () => number
}

/** What moved at the provider this shortly before may not have been told yet. */
const settleMs = 60 * 60_000
/** Journals that are read at the same time. */
const readsAtOnce = 16
/** Movements whose every one is asked for at the provider; of more than these, the rest is told as missing. */
const confirmsMax = 1_000

/** Begins a report that was asked for, or makes the schedule's own, and comes to its end. Begun already: nothing. */
export const reconcile = async (
  deps: ReconcileDeps,
  start: { readonly id: string; readonly startedBy: 'schedule' | 'operator' },
): Promise<ReconciliationResult | null> => {
  const createdAt = new Date(deps.now()).toISOString()
  if (start.startedBy === 'schedule')
    await createReconciliation(deps.store, { id: start.id, startedBy: 'schedule', createdAt, requestHash: '' })
  if (!(await beginReconciliation(deps.store, start.id, createdAt))) return null
  const report = await loadReconciliation(deps.store, start.id)
  if (report === null) throw new Error(`there is no report ${start.id}`)
  const result = await compareBooks(deps, await spanOf(deps, report))
  await completeReconciliation(deps.store, start.id, result)
  tell(start.id, result)
  return result
}

/** From where the newest complete report ended, so that no moment is left out, to an hour ago. */
const spanOf = async (deps: ReconcileDeps, { wantedFrom }: StoredReconciliation): Promise<Span> => {
  const to = wholeSecond(deps.now() - settleMs)
  const earliest = wholeSecond(deps.now() - spanDaysMax * 86_400_000)
  const last = wantedFrom ?? (await newestComplete(deps.store))?.result.to ?? earliest
  const from = wholeSecond(Date.parse(last < earliest ? earliest : last))
  return { from: from < to ? from : to, to }
}

/** The provider's instants are whole seconds. */
const wholeSecond = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString()

/** Reads both sides of a span and what every order's book says now. */
export const compareBooks = async (deps: ReconcileDeps, span: Span): Promise<ReconciliationResult> => {
  const comparison = newReconciliation(span)
  const trial = newTrialBalance()
  const unbalanced: string[] = []
  const began = new Date(deps.now()).toISOString()
  const balance = await deps.balance()
  // Up to now: what is booked within the span may have come a moment after it at the provider.
  for await (const page of balance.changes(span.from, new Date(deps.now()).toISOString()))
    for (const change of page) comparison.addChange(change)
  for await (const orders of scanOrders(deps.store)) {
    const read = await pMap(orders, (order) => readBook(deps, order, span), { concurrency: readsAtOnce })
    for (const { order, booked, balanced } of read) {
      trial.addOrder(bookOf(order), order.updatedAt >= began)
      comparison.addOrder({ ...order, waitsForRefund: refundWanted(order) !== null }, booked)
      if (!balanced) unbalanced.push(order.id)
    }
  }
  let asked = 0
  for (const booked of comparison.unconfirmed()) {
    asked += 1
    comparison.confirm(booked, asked > confirmsMax ? null : await balance.find(booked.movement))
  }
  const { differences, ...figures } = comparison.report()
  return {
    ...span,
    ...figures,
    completedAt: new Date(deps.now()).toISOString(),
    differences: differences.slice(0, differencesShownMax),
    differenceCount: differences.length,
    unbalancedOrders: unbalanced.slice(0, differencesShownMax),
    unbalancedOrderCount: unbalanced.length,
    trialBalance: trial.report(),
  }
}

type ReadBook = { readonly order: Order; readonly booked: readonly BookedMovement[]; readonly balanced: boolean }

/**
 * What an order has moved. Of one that changed since the span began, its journal says when; that of others lies before the
 * span. An entry that is not filed yet leaves the times open.
 */
const readBook = async ({ store }: ReconcileDeps, order: VersionedOrder, span: Span): Promise<ReadBook> => {
  const { state, entry } = order
  const fromState = (at: string | null): BookedMovement[] =>
    movementsOf(state).map((movement) => ({ orderId: state.id, movement, at }))
  if (state.updatedAt < span.from) return { order: state, booked: fromState(''), balanced: true }
  const entries = [...(await filedEntries(store, entry.aggregate)).filter(({ seq }) => seq < entry.seq), entry]
  if (entries.length !== entry.seq) return { order: state, booked: fromState(null), balanced: true }
  const booked: BookedMovement[] = []
  const postings: Posting[] = []
  let before: Order | null = null
  for (const { at, events, postings: moved } of entries) {
    postings.push(...moved)
    for (const event of events as readonly OrderEvent[]) {
      const next: Order = evolveOrder(state.id, before, event, at)
      const movement: Movement | null = movementOf(before ?? next, event)
      if (movement !== null) booked.push({ orderId: state.id, movement, at })
      before = next
    }
  }
  return { order: state, booked, balanced: sameBook(bookOf(state), withoutZeros(balances(postings))) }
}

const sameBook = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean =>
  one.size === other.size && [...one].every(([account, balance]) => other.get(account) === balance)

/** What is wrong is one line each of its kind, which the alarm counts; what is right is a line without an alarm. */
const tell = (id: string, result: ReconciliationResult): void => {
  const { differenceCount: differences, unbalancedOrderCount: unbalancedOrders, trialBalance } = result
  const unbalancedSums = trialBalance.sums.filter(({ sumMinor }) => sumMinor !== 0).length
  const facts = { id, differences, unbalancedOrders, unbalancedSums, wrongSide: trialBalance.wrongSideCount }
  const wrong = differences + unbalancedOrders + unbalancedSums + trialBalance.wrongSideCount
  if (wrong > 0) log('error', 'books_differ', facts)
  else log('info', 'books_agree', { id, matched: result.matched, orders: trialBalance.orders })
}
