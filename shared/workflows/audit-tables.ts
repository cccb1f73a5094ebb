import { parseAggregate, type VersionedHandle } from '../domain/aggregate.ts'
import { type AuditReport, newAudit } from '../domain/audit.ts'
import type { Entry } from '../domain/journal.ts'
import type { Store } from '../store/client.ts'
import { aggregateAt, type Item, readAggregate, readHandle, readOrder } from '../store/items.ts'
import { readEntry } from '../store/journal.ts'
import { scanTable } from '../store/scan.ts'

/** Told of what the audit reads, for whoever counts more than it does. */
export type AuditObserver = {
  /** An entry that was replaced on its item; all of them come before the first handle. */
  readonly onFiled?: (entry: Entry) => void
  readonly onHandle?: (handle: VersionedHandle) => void
}

/**
 * Reads both tables whole and verifies them. On tables that are being written to, a step may be seen on one side only:
 * audit a quiet system, a restored backup, or an export.
 */
export const auditTables = async (store: Store, observer: AuditObserver = {}): Promise<AuditReport> => {
  const audit = newAudit()
  const unread: Item[] = []
  for await (const item of scanTable(store.db, store.escrowTable)) {
    const pk = String(item['pk'])
    if (pk.startsWith('J#')) {
      const entry = readEntry(pk.slice(2), item)
      audit.addFiled(entry)
      observer.onFiled?.(entry)
    } else if (aggregateAt(item) !== null) unread.push(item)
  }
  const add = (item: Item): void => {
    const named = parseAggregate(aggregateAt(item) ?? '')
    if (named === null) return
    const { kind, id } = named
    if (kind === 'handle') {
      const handle = readHandle(item)
      audit.addHandle(handle)
      observer.onHandle?.(handle)
    } else if (kind === 'order') audit.addOrder(readOrder(item))
    else audit.add(kind, id, readAggregate(kind, item))
  }
  for (const item of unread) add(item)
  for await (const item of scanTable(store.db, store.handlesTable)) add(item)
  return audit.report()
}
