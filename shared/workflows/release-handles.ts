import pMap from 'p-map'
import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { skeleton } from '../domain/handle-name.ts'
import { type Assessment, decideRelease } from '../domain/handle.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

export type ReleaseDeps = CommitDeps & {
  /** Gate and appraisal of a name, with the skeletons of other accounts' protected names. Pure; called when really due. */
  readonly assess: (name: string, display: string, protectedSkeletons: ReadonlySet<string>) => Assessment
}

export type ReleaseCounts = { released: number; reserved: number; notDue: number }

const writesAtOnce = 32

/**
 * Releases the handles of one message. Each is read again just before: an account that came back, or a handle that was
 * released already, is left alone. Gate, appraisal and listing are one decision and one write with the release.
 */
export const releaseHandles = async (deps: ReleaseDeps, names: readonly string[]): Promise<ReleaseCounts> => {
  const { handles, protectedSkeletons } = await loadHandles(deps.store, names, names.map(skeleton))
  const counts: ReleaseCounts = { released: 0, reserved: 0, notDue: 0 }
  await pMap(
    names,
    async (name) => {
      const shape = skeleton(name)
      const owner = protectedSkeletons.get(shape)
      const foreign = new Set(owner === undefined || owner === name ? [] : [shape])
      counts[await releaseOne(deps, handles.get(name) ?? null, name, foreign)] += 1
    },
    { concurrency: writesAtOnce },
  )
  return counts
}

const releaseOne = async (
  deps: ReleaseDeps,
  loaded: LoadedHandle | null,
  name: string,
  protectedSkeletons: ReadonlySet<string>,
): Promise<keyof ReleaseCounts> => {
  let fresh = false
  return committing<keyof ReleaseCounts>(deps, async () => {
    const before = fresh ? await loadHandle(deps.store, name) : loaded
    fresh = true
    if (before === null) return { changes: [], answer: 'notDue' }
    const now = instant(deps.now())
    const assess = () => deps.assess(name, before.state.display, protectedSkeletons)
    const decided = decideRelease(before.state, assess, now, deps.policy)
    if (!decided.ok) return { changes: [], answer: 'notDue' }
    const after = advanceHandle(name, before, decided.value, now, systemActor)
    return {
      // The former holder's address goes with the account; the market has no use for it.
      changes: [{ kind: 'handle', before, after }],
      answer: after.state.status === 'released' ? 'released' : 'reserved',
    }
  })
}
