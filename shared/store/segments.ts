import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { Handle } from '../domain/handle.ts'
import type { ProtectedLook } from '../domain/protected-names.ts'
import { getItems } from './batch-get.ts'
import type { HandlesStore } from './client.ts'
import { type Item, lookKey, readAggregate } from './items.ts'
import type { PageKey } from './pages.ts'
import { scanItemsMax } from './scan.ts'

/** A handle as a plan sees it: its state without listing and appraisal, and whether there is an address to write to. */
export type SurveyedHandle = { readonly handle: Handle; readonly hasAddress: boolean }

export type SegmentPage = {
  readonly handles: readonly SurveyedHandle[]
  readonly looks: readonly ProtectedLook[]
  readonly next: PageKey | undefined
}

const fields = [
  'pk',
  'sk',
  'name',
  'display',
  'status',
  'holder',
  'dormancy',
  'formerHolderId',
  'release',
  'reserved',
  'overruled',
  'legalHold',
  'contact',
  'skeleton',
  'accountSince',
  'handle',
  'marks',
]

/**
 * One page (1 MB, or `scanItemsMax` items) of one segment of the handles table, eventually consistent: half a unit for every 4 KB. It reads the
 * whole table, so only a plan does it; no answer waits for it.
 */
export const readSegmentPage = async (
  store: HandlesStore,
  segment: {
    readonly number: number
    readonly of: number
    readonly after?: PageKey | undefined
    readonly itemsPerPage?: number | undefined
  },
): Promise<SegmentPage> => {
  const answer = await store.db.send(
    new ScanCommand({
      TableName: store.handlesTable,
      // One segment is the whole table; the local engine reads all of it for each page of a segment, whatever its limit.
      ...(segment.of > 1 && { Segment: segment.number, TotalSegments: segment.of }),
      ExclusiveStartKey: segment.after,
      Limit: segment.itemsPerPage ?? scanItemsMax,
      ProjectionExpression: fields.map((field) => `#${field}`).join(', '),
      ExpressionAttributeNames: Object.fromEntries(fields.map((field) => [`#${field}`, field])),
    }),
  )
  const items = (answer.Items ?? []) as Item[]
  return {
    handles: items.filter(({ sk }) => sk === 'handle').map(readSurveyed),
    looks: items.filter(({ sk }) => sk === lookKey('').sk).map(readSurveyedLook),
    next: answer.LastEvaluatedKey as PageKey | undefined,
  }
}

const readSurveyed = (item: Item): SurveyedHandle => {
  const { pk: _pk, sk: _sk, contact, ...state } = item
  const email = (contact as { email?: string } | null | undefined)?.email ?? ''
  return { handle: state as unknown as Handle, hasAddress: email !== '' }
}

const readSurveyedLook = (item: Item): ProtectedLook => {
  const { pk: _pk, sk: _sk, ...look } = item
  return look as unknown as ProtectedLook
}

/** The protected looks among these skeletons, eventually consistent, at half a unit each; a skeleton that nothing protects is not there. */
export const loadLooks = async (
  store: HandlesStore,
  skeletons: readonly string[],
): Promise<ReadonlyMap<string, ProtectedLook>> => {
  const looks = new Map<string, ProtectedLook>()
  for await (const item of getItems(store.db, store.handlesTable, [...new Set(skeletons)].map(lookKey), false)) {
    const { state } = readAggregate('look', item)
    looks.set(state.skeleton, state)
  }
  return looks
}
