import { lookAggregate, planAggregate, policyAggregate, type VersionedHandle } from '../domain/aggregate.ts'
import { type AuditReport, newAudit } from '../domain/audit.ts'
import type { Entry } from '../domain/journal.ts'
import type { Store } from '../store/client.ts'
import { type Item, readHandle, readLook, readOrder, readPlan, readPolicy } from '../store/items.ts'
import { aggregateOf, readEntry } from '../store/journal.ts'
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
  const orders: Item[] = []
  const plans: Item[] = []
  for await (const item of scanTable(store.db, store.escrowTable)) {
    const pk = String(item['pk'])
    if (pk.startsWith('J#')) {
      const entry = readEntry(pk.slice(2), item)
      audit.addFiled(entry)
      observer.onFiled?.(entry)
      continue
    }
    const aggregate = aggregateOf(item)
    if (aggregate?.startsWith(planAggregate('')) === true) plans.push(item)
    else if (aggregate !== null) orders.push(item)
  }
  for (const item of orders) audit.addOrder(readOrder(item))
  for (const item of plans) audit.addPlan(readPlan(item))
  for await (const item of scanTable(store.db, store.handlesTable)) {
    const aggregate = aggregateOf(item)
    if (aggregate === policyAggregate) audit.addPolicy(readPolicy(item))
    else if (aggregate?.startsWith(lookAggregate('')) === true) audit.addLook(readLook(item))
    else if (aggregate !== null) {
      const handle = readHandle(item)
      audit.addHandle(handle)
      observer.onHandle?.(handle)
    }
  }
  return audit.report()
}
