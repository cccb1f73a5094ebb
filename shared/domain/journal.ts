import { createHash } from 'node:crypto'
import type { Posting } from './ledger.ts'

/**
 * One journal entry: what was decided about one aggregate at one instant, by whom, with the money it moved. Entries of an
 * aggregate are numbered from 1 and chained: each names the hash of the one before it. The aggregate's state is the fold
 * of its entries' events (`evolve`), so that every decision can be explained and replayed.
 */
export type Entry<E extends { readonly type: string } = { readonly type: string }> = {
  readonly aggregate: string
  readonly seq: number
  readonly at: string
  readonly by: string
  readonly events: readonly E[]
  readonly postings: readonly Posting[]
  readonly previous: string | null
  readonly hash: string
}

/** JSON with sorted keys and without undefined members: the same value gives the same text, wherever it was stored. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}

/** SHA-256, base64url, over the canonical JSON of everything but the hash itself. */
export const entryHash = (entry: Omit<Entry, 'hash'>): string =>
  createHash('sha256')
    .update(
      canonicalJson([entry.aggregate, entry.seq, entry.at, entry.by, entry.events, entry.postings, entry.previous]),
    )
    .digest('base64url')

/** The next entry of a chain; `previous` is the newest one, null at the birth of the aggregate. */
export const nextEntry = <E extends { readonly type: string }>(
  aggregate: string,
  previous: { readonly seq: number; readonly hash: string } | null,
  decided: {
    readonly at: string
    readonly by: string
    readonly events: readonly E[]
    readonly postings: readonly Posting[]
  },
): Entry<E> => {
  const unsealed = {
    aggregate,
    seq: (previous?.seq ?? 0) + 1,
    at: decided.at,
    by: decided.by,
    events: decided.events,
    postings: decided.postings,
    previous: previous?.hash ?? null,
  }
  return { ...unsealed, hash: entryHash(unsealed) }
}

export type ChainFault = { readonly aggregate: string; readonly seq: number; readonly fault: string }

/**
 * Faults of one aggregate's entries, given in order: a gap, a broken link, a changed entry. Empty: sound. `part`: they
 * begin somewhere in the chain, so that nothing can be said of what was before the first.
 */
export const chainFaults = (entries: readonly Entry[], part?: 'part'): ChainFault[] => {
  const faults: ChainFault[] = []
  const [first] = entries
  const from = part === undefined ? { seq: 1, hash: null } : { seq: first?.seq ?? 1, hash: first?.previous ?? null }
  let link = from.hash
  for (const [index, entry] of entries.entries()) {
    const at = { aggregate: entry.aggregate, seq: entry.seq }
    const seq = from.seq + index
    if (entry.seq !== seq) faults.push({ ...at, fault: `entry ${seq} is missing` })
    else if (entry.previous !== link) faults.push({ ...at, fault: 'the link is broken' })
    if (entryHash(entry) !== entry.hash) faults.push({ ...at, fault: 'the entry was changed' })
    link = entry.hash
  }
  return faults
}
