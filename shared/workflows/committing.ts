import type { Policy } from '../domain/policy.ts'
import { type Change, commit, type CommitContext, type CommitStore, CommitUnavailable } from '../store/commit.ts'

/** What every workflow that changes state needs. Clock, randomness and pauses come in, so that tests can hold them. */
export type CommitDeps<S extends CommitStore = CommitStore> = {
  readonly store: S
  readonly policy: Policy
  readonly now: () => number
  readonly random: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** How often a workflow decides anew because somebody else moved first. */
export const decisionsMax = 5

export const instant = (ms: number): string => new Date(ms).toISOString()

/**
 * load → decide → commit, again while another writer was faster. `step` loads and decides; it returns the changes to
 * commit with the value to answer, no changes where nothing is to change, or null where what it read does not fit together.
 * @throws CommitUnavailable when others were faster every time.
 */
export const committing = async <T>(
  deps: CommitDeps,
  step: () => Promise<{ readonly changes: readonly Change[]; readonly answer: T } | null>,
): Promise<T> => {
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
