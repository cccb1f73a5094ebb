import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { startDynamoDb } from '../../local/engines/dynamodb.ts'
import { openBulkImport } from '../../local/engines/dynamodb-import.ts'
import type { TablePlan } from '../../local/plan.ts'
import { feedDay } from '../../local/stock.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { advanceHandle, type VersionedHandle } from '../../shared/domain/aggregate.ts'
import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import { assess } from '../../shared/domain/assess.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { decideDue } from '../../shared/domain/release.ts'
import { shelfRows } from '../../shared/domain/shelf-rows.ts'
import type { HandlesStore, ShelvesStore } from '../../shared/store/client.ts'
import { handleItem } from '../../shared/store/items.ts'
import { shelfItem } from '../../shared/store/shelves.ts'
import { generateAccounts } from '../scale/accounts.ts'
import { historyOf } from '../scale/history.ts'
import { tableNamed } from '../scale/load.ts'
import { countUnits, type Units } from '../store/counted.ts'

/** An engine of its own with handles for sale and their rows, and what its calls consume. */
export type SearchMarket = {
  readonly store: HandlesStore & ShelvesStore
  readonly unitsOf: (work: () => Promise<unknown>) => Promise<Units>
  readonly stop: () => Promise<void>
}

/**
 * Loads the first `handles` handles for sale of the generated platform, released and appraised by the domain, with the rows
 * that the stream would have written; by the engine's bulk import. `onListed` is told of each.
 */
export const loadMarket = async (
  folder: string,
  tables: readonly TablePlan[],
  handles: number,
  onListed: (handle: VersionedHandle) => void,
): Promise<SearchMarket> => {
  const handlesTable = tableNamed(tables, 'Handles')
  const shelvesTable = tableNamed(tables, 'Shelves')
  const dataDir = join(folder, String(handles))
  mkdirSync(dataDir, { recursive: true })
  const bulk = openBulkImport({ dataDir, tables })
  let listed = 0
  // Some names do not pass the gate: five in a hundred are more than enough.
  for await (const account of generateAccounts({
    accounts: Math.ceil(handles * 1.05) + 100,
    dueShare: 1,
    now: feedDay,
  })) {
    const handle = released(historyOf(account, feedDay).handle)
    if (handle === null) continue
    await bulk.add(handlesTable, handleItem(handle, undefined))
    for (const row of shelfRows(handle.state, wordsInForce)) await bulk.add(shelvesTable, shelfItem(row))
    onListed(handle)
    listed += 1
    if (listed === handles) break
  }
  if (listed < handles) throw new Error(`only ${listed} of ${handles} handles pass the gate`)
  await bulk.finish()

  const engine = await startDynamoDb({ dataDir, kind: 'dynoxide' })
  const client = new DynamoDBClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  })
  const units = countUnits(client)
  return {
    store: { db: DynamoDBDocumentClient.from(client), handlesTable, shelvesTable },
    unitsOf: units.of,
    stop: async () => {
      client.destroy()
      await engine.stop()
    },
  }
}

/** Null where the gate keeps the name. */
const released = (before: VersionedHandle): VersionedHandle | null => {
  const { name, display } = before.state
  const at = new Date(feedDay).toISOString()
  const decided = decideDue(before.state, shippedPolicy, () => assess(name, display, {}), at)
  if (!decided.ok) throw new Error(decided.refusal.message)
  if (!decided.value.some(({ type }) => type === 'handle_released')) return null
  return advanceHandle(name, before, decided.value, at, systemActor)
}
