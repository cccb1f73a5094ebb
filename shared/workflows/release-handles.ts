import { systemActor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { skeleton } from '../domain/handle-name.ts'
import { type Assessment, decideRelease } from '../domain/handle.ts'
import type { ProtectedLook } from '../domain/protected-names.ts'
import { loadHandle, loadHandles, type LoadedHandle } from '../store/handles.ts'
import { type CommitDeps, committingEach, instant, type Step } from './committing.ts'

export type ReleaseDeps = CommitDeps & {
  /** Gate and appraisal of a name, with what protects its looks. Pure; called when really due. */
  readonly assess: (name: string, display: string, look: ProtectedLook | undefined) => Assessment
}

export type ReleaseCounts = { released: number; reserved: number; notDue: number }

/**
 * Releases the handles of one message. Each is read again just before: an account that came back, or a handle that was
 * released already, is left alone. Gate, appraisal and listing are one decision and one write with the release.
 */
export const releaseHandles = async (deps: ReleaseDeps, names: readonly string[]): Promise<ReleaseCounts> => {
  const { handles, looks } = await loadHandles(deps.store, names, names.map(skeleton))
  const counts: ReleaseCounts = { released: 0, reserved: 0, notDue: 0 }
  const steps = [...new Set(names)].map((name) =>
    releaseStep(deps, handles.get(name) ?? null, name, looks.get(skeleton(name))),
  )
  for (const outcome of await committingEach(deps, steps)) counts[outcome] += 1
  return counts
}

const releaseStep = (
  deps: ReleaseDeps,
  loaded: LoadedHandle | null,
  name: string,
  look: ProtectedLook | undefined,
): Step<keyof ReleaseCounts> => {
  let fresh = false
  return async () => {
    const before = fresh ? await loadHandle(deps.store, name) : loaded
    fresh = true
    if (before === null) return { changes: [], answer: 'notDue' }
    const now = instant(deps.now())
    const assess = () => deps.assess(name, before.state.display, look)
    const decided = decideRelease(before.state, assess, now, deps.policy)
    if (!decided.ok) return { changes: [], answer: 'notDue' }
    const after = advanceHandle(name, before, decided.value, now, systemActor)
    return {
      // The former holder's address goes with the account; the market has no use for it.
      changes: [{ kind: 'handle', before, after }],
      answer: after.state.status === 'released' ? 'released' : 'reserved',
    }
  }
}
