import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Comparison, Difference } from '../domain/reconciliation.ts'
import type { TrialBalance } from '../domain/trial-balance.ts'
import type { EscrowStore } from './client.ts'
import { type Page, type PageKey, pageKeyTest, pageOf } from './pages.ts'

/** One comparison of the book with the provider, from the moment it is asked for. Instants are RFC 3339 UTC. */
export type StoredReconciliation = {
  readonly id: string
  /** The schedule, or the operator who asked for it. */
  readonly startedBy: string
  readonly createdAt: string
  /** Hash of the request: the same key with another is told apart by it. */
  readonly requestHash: string
  /** Where the span begins, if somebody said so; else where the newest complete one ended. */
  readonly wantedFrom?: string | undefined
  /** Set when it began: it begins once, however often it is asked to. */
  readonly begunAt?: string | undefined
  readonly result?: ReconciliationResult | undefined
}

export type ReconciliationResult = Omit<Comparison, 'differences'> & {
  readonly from: string
  readonly to: string
  readonly completedAt: string
  /** The first of them, `differencesShownMax` at most. */
  readonly differences: readonly Difference[]
  readonly differenceCount: number
  /** Orders whose state does not say what their entries moved; the first of them. */
  readonly unbalancedOrders: readonly string[]
  readonly unbalancedOrderCount: number
  readonly trialBalance: TrialBalance
}

/** A report is one item of at most 400 kB; a difference takes about 300 bytes. */
export const differencesShownMax = 200

/** How far back the first report looks, and the farthest that one is asked to. */
export const spanDaysMax = 35

/** The books of thirteen months can be looked up. */
const keptDays = 400

const reportKey = (id: string) => ({ pk: `Z#${id}`, sk: 'reconciliation' })
/** Reports of one instant keep apart by their ids. */
const listKey = ({ createdAt, id }: StoredReconciliation) => ({ pk: 'Z#list', sk: `${createdAt} ${id}` })

/** A place in the list of reports. */
export const reconciliationPageKey = pageKeyTest({ pk: 'Z#list', sk: /^\S+ rec_\w+$/ })

const expiresAt = (createdAt: string): number => Math.floor(Date.parse(createdAt) / 1000) + keptDays * 86_400

/** Writes a report that is asked for and lists it. Where it stands already, the one that stands, listed again. */
export const createReconciliation = async (
  store: EscrowStore,
  report: StoredReconciliation,
): Promise<StoredReconciliation> => {
  const standing = (await putReport(store, report)) ?? report
  const { id: reconciliationId, createdAt } = standing
  await store.db.send(
    new PutCommand({
      TableName: store.escrowTable,
      Item: { ...listKey(standing), reconciliationId, expiresAt: expiresAt(createdAt) },
    }),
  )
  return standing
}

/** Null: it was written. Otherwise the one that stands. */
const putReport = async (store: EscrowStore, report: StoredReconciliation): Promise<StoredReconciliation | null> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...reportKey(report.id), ...report, expiresAt: expiresAt(report.createdAt) },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
    return null
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return loadReconciliation(store, report.id)
  }
}

/** Takes a report that was asked for in hand; false where it is in somebody's hands already, or there is none. */
export const beginReconciliation = (store: EscrowStore, id: string, begunAt: string): Promise<boolean> =>
  setOnce(store, id, 'begunAt', begunAt)

/** Writes what came of it; false where that stands already. */
export const completeReconciliation = (
  store: EscrowStore,
  id: string,
  result: ReconciliationResult,
): Promise<boolean> => setOnce(store, id, 'result', result)

const setOnce = async (store: EscrowStore, id: string, name: string, value: unknown): Promise<boolean> => {
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.escrowTable,
        Key: reportKey(id),
        UpdateExpression: 'SET #name = :value',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(#name)',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': value },
      }),
    )
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}

/** Null: there is no such report. */
export const loadReconciliation = async (store: EscrowStore, id: string): Promise<StoredReconciliation | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: reportKey(id), ConsistentRead: true }),
  )
  return (Item as StoredReconciliation | undefined) ?? null
}

/** Ids of reports, newest first: one page. */
export const queryReconciliations = async (
  store: EscrowStore,
  page: Page,
): Promise<{ ids: string[]; next: PageKey | undefined }> => {
  const { items, next } = pageOf<{ reconciliationId: string }>(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'Z#list' },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  return { ids: items.map(({ reconciliationId }) => reconciliationId), next }
}

/** Reports that are looked through for the newest complete one: a fortnight of daily ones that broke off. */
const lookedThroughMax = 14

/** The newest report that came to its end; null: none of the last `lookedThroughMax` did. */
export const newestComplete = async (
  store: EscrowStore,
): Promise<(StoredReconciliation & { readonly result: ReconciliationResult }) | null> => {
  const { ids } = await queryReconciliations(store, { limit: lookedThroughMax })
  for (const id of ids) {
    const report = await loadReconciliation(store, id)
    if (report?.result !== undefined) return { ...report, result: report.result }
  }
  return null
}
