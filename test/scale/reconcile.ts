import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { System } from '../../local/system.ts'
import type { AuditReport } from '../../shared/domain/audit.ts'
import type { Handle, HandleEvent } from '../../shared/domain/handle.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import type { Store } from '../../shared/store/client.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'

/** What the tables say of one handle: its state, and every release or reservation that its journal holds. */
export type HandleOutcome = {
  readonly state: Handle
  readonly decisions: readonly ReleaseDecision[]
}

/** `at`: RFC 3339, when it was decided. */
export type ReleaseDecision = {
  readonly at: string
  readonly event: Extract<HandleEvent, { readonly type: 'handle_released' | 'handle_reserved' }>
}

export type Reconciliation = {
  readonly audit: AuditReport
  readonly released: number
  readonly reservedByCode: Readonly<Record<string, number>>
  readonly untouched: number
  /** Names that were released or reserved more than once: none, or something is wrong. */
  readonly repeated: readonly string[]
}

/** Both tables straight at the engine, past the door: what reads millions of items is not to be counted or slowed. */
export const openEngineStore = (system: System): Store => {
  const { handles: handlesTable, escrow: escrowTable } = system.tables
  if (handlesTable === undefined || escrowTable === undefined) throw new Error('a table is missing')
  const client = new DynamoDBClient({ ...system.aws, endpoint: system.dynamodbEndpoint })
  return { db: DynamoDBDocumentClient.from(client), handlesTable, escrowTable }
}

/**
 * Reads both tables whole: the audit of every chain and state, and what became of each handle. Nothing is to be under way
 * meanwhile. `onHandle` is told of each handle.
 */
export const reconcile = async (
  store: Store,
  onHandle: (outcome: HandleOutcome) => void = () => {},
): Promise<Reconciliation> => {
  const filed = new Map<string, ReleaseDecision[]>()
  let released = 0
  let untouched = 0
  const reservedByCode: Record<string, number> = {}
  const repeated: string[] = []
  const audit = await auditTables(store, {
    onFiled: (entry) => {
      const decisions = decisionsOf(entry)
      if (decisions.length > 0) filed.set(entry.aggregate, [...(filed.get(entry.aggregate) ?? []), ...decisions])
    },
    onHandle: ({ state, entry }) => {
      const decisions = [...(filed.get(entry.aggregate) ?? []), ...decisionsOf(entry)]
      for (const { event } of decisions) {
        if (event.type === 'handle_released') released += 1
        else reservedByCode[event.code] = (reservedByCode[event.code] ?? 0) + 1
      }
      if (decisions.length === 0) untouched += 1
      if (decisions.length > 1) repeated.push(state.name)
      onHandle({ state, decisions })
    },
  })
  return { audit, released, reservedByCode, untouched, repeated }
}

const decisionsOf = (entry: Entry): ReleaseDecision[] =>
  (entry.events as readonly HandleEvent[]).flatMap((event) =>
    event.type === 'handle_released' || event.type === 'handle_reserved' ? [{ at: entry.at, event }] : [],
  )
