import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedPlan } from '../domain/aggregate.ts'
import type { RiskReason } from '../domain/plan-risk.ts'
import type { PlanSummary } from '../domain/plan-summary.ts'
import type { RuleGroup } from '../domain/projection.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'
import { load } from './aggregates.ts'
import { type Item, planKey, readAggregate } from './items.ts'
import { type Page, type PageKey, pageKeyTest, pageOf, type PageOf } from './pages.ts'

/**
 * Beside a plan lie, in its partition, one item for each part of the handles table that was read, and the result once the
 * schedule is written. Both are facts that can be computed again from the table; the seal alone is the aggregate's. A
 * partition of its own lists the plans by time.
 */
export type PlanPart = {
  readonly segment: number
  readonly part: number
  /** Where the next part of the segment begins; null: this was its last. */
  readonly next: PageKey | null
  /** Objects of the bucket: lines of the schedule, sorted, and protected names that the part came across; null: none. */
  readonly linesKey: string | null
  readonly namesKey: string | null
  readonly handles: number
  readonly lines: number
  readonly summary: PlanSummary
}

export type NameAtRisk = {
  readonly name: string
  readonly score: number
  readonly group: RuleGroup
  readonly earliestAt: string
  readonly priceMinor: number
  readonly reasons: readonly RiskReason[]
}

export type PlanResult = {
  readonly handles: number
  readonly summary: PlanSummary
  readonly atRisk: readonly NameAtRisk[]
}

const listPartition = 'P#list'
const partKey = (id: string, segment: number, part: number) => ({
  pk: planKey(id).pk,
  sk: `S#${String(segment).padStart(3, '0')}#${String(part).padStart(6, '0')}`,
})
const writerKey = (id: string) => ({ pk: planKey(id).pk, sk: 'writer' })
const resultKey = (id: string) => ({ pk: planKey(id).pk, sk: 'result' })

/** One strongly consistent read. Null: there is no such plan. */
export const loadPlan = (store: EscrowStore, id: string): Promise<VersionedPlan | null> => load(store, 'plan', id)

/** Makes a plan findable by its time. Before the plan itself is committed: a place in the list is only a hint. */
export const listPlan = async (store: EscrowStore, plan: { readonly id: string; readonly asOf: string }) => {
  const Item = { pk: listPartition, sk: `${plan.asOf} ${plan.id}`, planId: plan.id }
  await store.db.send(new PutCommand({ TableName: store.escrowTable, Item }))
}

export const planPageKey = pageKeyTest({ pk: listPartition, sk: /^[0-9TZ:.-]{24} pln_[0-9A-Z]{26}$/ })

/** A page of plans, newest first, with the place after each of them. */
export const queryPlans = async (
  store: EscrowStore,
  page: Page,
): Promise<PageOf<{ readonly plan: VersionedPlan; readonly place: PageKey }>> => {
  const listed = pageOf<{ pk: string; sk: string; planId: string }>(
    await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :list',
        ExpressionAttributeValues: { ':list': listPartition },
        ScanIndexForward: false,
        Limit: page.limit,
        ExclusiveStartKey: page.after,
      }),
    ),
  )
  const plans = new Map<string, VersionedPlan>()
  const keys = listed.items.map(({ planId }) => planKey(planId))
  for await (const item of getItems(store.db, store.escrowTable, keys)) {
    const plan = readAggregate('plan', item)
    plans.set(plan.state.id, plan)
  }
  const items = listed.items.flatMap(({ pk, sk, planId }) => {
    const plan = plans.get(planId)
    return plan === undefined ? [] : [{ plan, place: { pk, sk } }]
  })
  return { items, next: listed.next }
}

export const loadPart = async (
  store: EscrowStore,
  id: string,
  segment: number,
  part: number,
): Promise<PlanPart | null> => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.escrowTable, Key: partKey(id, segment, part), ConsistentRead: true }),
  )
  return Item === undefined ? null : readPart(Item)
}

/**
 * Keeps a part once, and returns the one that is kept: where the same part was read twice, handles may have changed in
 * between, and its segment goes on from where the first reading ended.
 */
export const keepPart = async (store: EscrowStore, id: string, part: PlanPart): Promise<PlanPart> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...partKey(id, part.segment, part.part), ...part },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    )
    return part
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    const kept = await loadPart(store, id, part.segment, part.part)
    if (kept === null) throw new Error(`part ${part.segment}/${part.part} of ${id} vanished`, { cause: error })
    return kept
  }
}

/**
 * Whether it is for this segment to have the schedule written: for the first one that asks, and for the same whenever it
 * asks again. Segments that come to their end at once would all have it written.
 */
export const claimWriting = async (store: EscrowStore, id: string, segment: number): Promise<boolean> => {
  try {
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: { ...writerKey(id), segment },
        ConditionExpression: 'attribute_not_exists(pk) OR #segment = :segment',
        ExpressionAttributeNames: { '#segment': 'segment' },
        ExpressionAttributeValues: { ':segment': segment },
      }),
    )
    return true
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return false
  }
}

/** Every part that is kept, by segment and number. */
export const loadParts = async (store: EscrowStore, id: string): Promise<readonly PlanPart[]> => {
  const parts: PlanPart[] = []
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new QueryCommand({
        TableName: store.escrowTable,
        KeyConditionExpression: 'pk = :plan AND begins_with(sk, :part)',
        ExpressionAttributeValues: { ':plan': planKey(id).pk, ':part': 'S#' },
        ConsistentRead: true,
        ExclusiveStartKey: after,
      }),
    )
    for (const item of answer.Items ?? []) parts.push(readPart(item))
    after = answer.LastEvaluatedKey
  } while (after !== undefined)
  return parts
}

const readPart = (item: Item): PlanPart => {
  const { pk: _pk, sk: _sk, ...part } = item
  return part as unknown as PlanPart
}

/** Writes what a plan found. Its parts are fixed, so writing it again writes the same. */
export const putResult = async (store: EscrowStore, id: string, result: PlanResult): Promise<void> => {
  await store.db.send(new PutCommand({ TableName: store.escrowTable, Item: { ...resultKey(id), ...result } }))
}

export const loadResult = async (store: EscrowStore, id: string): Promise<PlanResult | null> => {
  const { Item } = await store.db.send(new GetCommand({ TableName: store.escrowTable, Key: resultKey(id) }))
  return (Item as PlanResult | undefined) ?? null
}
