import pMap from 'p-map'
import type { Terms } from '../domain/terms.ts'
import type { EscrowStore, HandlesStore } from '../store/client.ts'
import {
  type Change,
  commit,
  commitAll,
  type CommitContext,
  type CommitStore,
  CommitUnavailable,
} from '../store/commit.ts'

/** What every workflow that changes state needs. Clock, randomness and pauses come in, so that tests can hold them. */
export type CommitDeps<S extends CommitStore = HandlesStore & Partial<EscrowStore>> = {
  readonly store: S
  readonly terms: Terms
  /** Who hands over what is ordered from now on; absent: this system, as the registry of names. */
  readonly handOver?: 'platform' | undefined
  readonly now: () => number
  readonly random: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** How often a workflow decides anew because somebody else moved first. */
export const decisionsMax = 5

export const instant = (ms: number): string => new Date(ms).toISOString()

export type Step<T> = () => Promise<{ readonly changes: readonly Change[]; readonly answer: T } | null>

/**
 * load → decide → commit, again while another writer was faster. `step` loads and decides; it returns the changes to
 * commit with the value to answer, no changes where nothing is to change, or null where what it read does not fit together.
 * @throws CommitUnavailable when others were faster every time.
 */
export const committing = async <T>(deps: CommitDeps<CommitStore>, step: Step<T>): Promise<T> => {
  const context: CommitContext = deps
  for (let attempt = 1; attempt <= decisionsMax; attempt += 1) {
    const stepped = await step()
    if (stepped !== null) {
      const [first, ...rest] = stepped.changes
      if (first === undefined) return stepped.answer
      const result = await commit(deps.store, context, [first, ...rest])
      if (result.committed) return stepped.answer
    }
    await deps.pause(deps.random() * 10 * 2 ** attempt)
  }
  throw new CommitUnavailable(`others were faster ${decisionsMax} times`)
}

/**
 * How a step comes to what was read a moment ago: the first time that very value, for the commit holds it against what
 * stands; after that somebody else was faster, and it is read anew. A read unit and a round trip less.
 */
export const knownThenRead = <T>(known: T, read: () => Promise<T>): (() => Promise<T>) => {
  let tries = 0
  return () => {
    tries += 1
    return tries === 1 ? Promise.resolve(known) : read()
  }
}

/** Steps that are taken again at the same time, where others were faster. */
const repeatsAtOnce = 16

/**
 * `committing` for many aggregates, one a step, each by itself: the first decisions are committed together (`commitAll`),
 * and whoever met a faster writer goes on alone. No two steps may change the same aggregate. Answers in the steps' order.
 * `onFault` gives the answer of a step that throws, so that it holds up no other; without it, the first throw ends all.
 */
export const committingEach = async <T>(
  deps: CommitDeps,
  steps: readonly Step<T>[],
  onFault?: (error: unknown, index: number) => T,
): Promise<T[]> => {
  const decided = await Promise.all(
    steps.map(async (step, index) => {
      try {
        return await step()
      } catch (error) {
        if (onFault === undefined) throw error
        return { changes: [], answer: onFault(error, index) }
      }
    }),
  )
  const first = decided.flatMap((one, index) => {
    const [change, ...more] = one?.changes ?? []
    return change === undefined || more.length > 0 ? [] : [{ change, index }]
  })
  const results = await commitAll(
    deps.store,
    deps,
    first.map(({ change }) => change),
  )
  const committed = new Set(first.filter((_, at) => results[at]?.committed === true).map(({ index }) => index))
  return pMap(
    steps,
    async (step, index) => {
      const one = decided[index] ?? null
      if (one !== null && (one.changes.length === 0 || committed.has(index))) return one.answer
      try {
        return await committing(deps, step)
      } catch (error) {
        if (onFault === undefined) throw error
        return onFault(error, index)
      }
    },
    { concurrency: repeatsAtOnce },
  )
}
