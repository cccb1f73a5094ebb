import { refuse, ok, type Result } from '../domain/result.ts'
import type { Entry } from '../domain/journal.ts'
import type { Store } from '../store/client.ts'
import { loadHandle, loadLook } from '../store/handles.ts'
import { filedEntries } from '../store/journal.ts'
import { loadOrder } from '../store/orders.ts'
import { loadPlan } from '../store/plans.ts'
import { loadPolicy } from '../store/policy.ts'

/**
 * Every entry of one aggregate, oldest first: the filed ones and the newest, which its item carries. An entry that was
 * replaced a moment ago may still be on its way to the archive; the numbers show it.
 */
export const readJournal = async (store: Store, aggregate: string): Promise<Result<readonly Entry[]>> => {
  const [kind, id = ''] = aggregate.split(':')
  const head = await loadHead(store, kind, id)
  if (head === null) return refuse('not_found', `There is no ${aggregate}`, 'aggregateId')
  const filed = await filedEntries(store, aggregate)
  return ok([...filed.filter((entry) => entry.seq < head.entry.seq), head.entry])
}

const loadHead = async (store: Store, kind: string | undefined, id: string): Promise<{ entry: Entry } | null> => {
  switch (kind) {
    case 'handle':
      return loadHandle(store, id)
    case 'order':
      return loadOrder(store, id)
    case 'look':
      return loadLook(store, id)
    case 'plan':
      return loadPlan(store, id)
    default:
      return loadPolicy(store)
  }
}
