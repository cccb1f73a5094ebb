import { handleAggregate } from '../domain/aggregate.ts'
import type { HandleEvent } from '../domain/handle.ts'
import type { Entry } from '../domain/journal.ts'
import { type Happening, happeningOf, type Observed } from '../domain/plan-check.ts'
import type { Store } from '../store/client.ts'
import { aggregateAt, readHandle } from '../store/items.ts'
import { readEntry } from '../store/journal.ts'
import { scanTable } from '../store/scan.ts'

/**
 * Reads both tables whole and tells of every handle what has happened to it since an instant. What has happened is kept in
 * memory, the handles are not. As for the audit: on a quiet system, a restored backup or an export.
 */
export async function* observeHandles(
  store: Store,
  since: string,
): AsyncGenerator<{ readonly name: string } & Observed & { readonly since: readonly Happening[] }> {
  const filed = new Map<string, { readonly seq: number; readonly happenings: readonly Happening[] }[]>()
  const prefix = `J#${handleAggregate('')}`
  for await (const item of scanTable(store.db, store.escrowTable)) {
    const pk = String(item['pk'])
    if (!pk.startsWith(prefix)) continue
    const entry = readEntry(pk.slice(2), item) as Entry<HandleEvent>
    if (entry.at < since) continue
    const name = pk.slice(prefix.length)
    const entries = filed.get(name) ?? []
    entries.push({ seq: entry.seq, happenings: entry.events.map(happeningOf) })
    filed.set(name, entries)
  }
  for await (const item of scanTable(store.db, store.handlesTable)) {
    if (aggregateAt(item)?.startsWith(handleAggregate('')) !== true) continue
    const { state, entry } = readHandle(item)
    const before = (filed.get(state.name) ?? []).filter(({ seq }) => seq < entry.seq).toSorted((a, b) => a.seq - b.seq)
    const newest = entry.at < since ? [] : entry.events.map(happeningOf)
    yield {
      name: state.name,
      status: state.status,
      legalHold: state.legalHold !== undefined,
      since: [...before.flatMap(({ happenings }) => happenings), ...newest],
    }
  }
}
