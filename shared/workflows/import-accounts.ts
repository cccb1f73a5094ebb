import pMap from 'p-map'
import { decideImport } from '../domain/account.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { type FeedLine, type FeedFault, parseFeedLine } from '../domain/feed.ts'
import type { HandleEvent } from '../domain/handle.ts'
import type { AccountClass } from '../domain/release-policy.ts'
import { chunkObjectKey, type Feeds } from '../gateways/feeds.ts'
import type { ChunkMessage } from '../contract/messages.ts'
import { type LoadedHandle, loadHandle, loadHandles } from '../store/handles.ts'
import { recordChunk, type Reject } from '../store/imports.ts'
import type { Store } from '../store/client.ts'
import { type CommitDeps, committing, committingEach, instant, type Step } from './committing.ts'
import { protectAccount } from './protect-names.ts'

export type ImportDeps = CommitDeps<Store> & { readonly feeds: Feeds }

/** Handles with several lines in one chunk, worked on at the same time. */
const repeatedAtOnce = 16

/** Whose looks nobody else may have. */
export const protectedClasses: ReadonlySet<AccountClass> = new Set(['verified', 'government'])

type Outcome = 'created' | 'updated' | 'unchanged' | FeedFault

/**
 * Imports one chunk: each line is parsed, decided and committed by itself, so that a wrong line harms no other. Lines for
 * the same handle keep their order. Doing a chunk again changes nothing and counts the same.
 */
export const importAccounts = async (deps: ImportDeps, message: ChunkMessage): Promise<void> => {
  const text = await deps.feeds.readText(chunkObjectKey(message.importId, message.chunk))
  const now = instant(deps.now())
  const rejects: Reject[] = []
  const byName = new Map<string, { line: number; feed: FeedLine }[]>()
  for (const row of text.split('\n')) {
    const tab = row.indexOf('\t')
    const line = Number(row.slice(0, tab))
    const parsed = parseFeedLine(row.slice(tab + 1), now)
    if (!parsed.ok) {
      rejects.push({ line, ...parsed.refusal })
      continue
    }
    const same = byName.get(parsed.value.name)
    if (same === undefined) byName.set(parsed.value.name, [{ line, feed: parsed.value }])
    else same.push({ line, feed: parsed.value })
  }

  const { handles } = await loadHandles(deps.store, [...byName.keys()])
  const counts = { created: 0, updated: 0, unchanged: 0 }
  const count = (line: number, outcome: Outcome) => {
    if (typeof outcome === 'string') counts[outcome] += 1
    else rejects.push({ line, ...outcome })
  }
  const firsts = [...byName].flatMap(([name, [first]]) => (first === undefined ? [] : [{ name, ...first }]))
  const outcomes = await committingEach(
    deps,
    firsts.map(({ name, feed }) => importStep(deps, message, feed, handles.get(name) ?? null, now, false)),
  )
  firsts.forEach(({ line }, index) => count(line, outcomes[index] ?? 'unchanged'))
  // A further line for the same name is decided on what the one before it left.
  await pMap(
    byName,
    async ([name, [, ...further]]) => {
      for (const { line, feed } of further) {
        const known = await loadHandle(deps.store, name)
        count(line, await committing(deps, importStep(deps, message, feed, known, now, true)))
      }
    },
    { concurrency: repeatedAtOnce },
  )
  rejects.sort((a, b) => a.line - b.line)
  await recordChunk(deps.store, message.importId, { chunk: message.chunk, ...counts, rejects })
}

const importStep = (
  deps: ImportDeps,
  { importId, operatorId }: ChunkMessage,
  feed: FeedLine,
  loaded: LoadedHandle | null,
  now: string,
  repeated: boolean,
): Step<Outcome> => {
  let fresh = false
  return async () => {
    const before = fresh ? await loadHandle(deps.store, feed.name) : loaded
    fresh = true
    const contactChanged =
      before?.contact?.email !== feed.contact.email || before.contact.locale !== feed.contact.locale
    const decided = decideImport(before?.state ?? null, feed, contactChanged, importId)
    if (!decided.ok) {
      const { code, message, field } = decided.refusal
      return { changes: [], answer: { code: code as FeedFault['code'], reason: message, field } }
    }
    if (decided.value.length === 0)
      return { changes: [], answer: repeated ? 'unchanged' : doneBefore(before, importId) }
    // Before the commit: a crash in between leaves looks protected that the next delivery protects again.
    if (protectedClasses.has(feed.account.class)) {
      await protectAccount(deps, { handle: feed.name, importId, operatorId })
    }
    const after = advanceHandle(feed.name, before, decided.value, now, { kind: 'operator', id: operatorId })
    return {
      changes: [{ kind: 'handle', before, after, contact: feed.contact }],
      answer: before === null ? 'created' : 'updated',
    }
  }
}

/** Nothing to do: either nothing is new, or this very import did it before its worker was cut off. */
const doneBefore = (before: LoadedHandle | null, importId: string): Outcome => {
  const event: HandleEvent | undefined = before?.entry.events[0]
  if (event?.type === 'handle_imported' && event.importId === importId) return 'created'
  if (event?.type === 'account_updated' && event.importId === importId) return 'updated'
  return 'unchanged'
}
