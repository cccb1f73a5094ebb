import { decideActivity } from '../domain/account.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Handle } from '../domain/handle.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

/** The platform saw an account; its handle's release moves into the future. An instant ahead of our clock is refused. */
export const reportActivity = async (
  deps: CommitDeps,
  report: { readonly handle: string; readonly accountId: string; readonly activeAt: string },
  platformId: string,
): Promise<Result<Handle>> => {
  const name = checkHandle(report.handle)
  if (!name.ok) return name
  return committing<Result<Handle>>(deps, async () => {
    const now = instant(deps.now())
    const activeAt = instant(Date.parse(report.activeAt))
    if (activeAt > now) {
      return { changes: [], answer: refuse('validation_failed', 'activeAt lies in the future', 'activeAt') }
    }
    const handle = await loadHandle(deps.store, name.value)
    if (handle === null) {
      return { changes: [], answer: refuse('not_found', `There is no handle ${name.value}`, 'handle') }
    }
    const actor = { kind: 'platform', id: platformId } as const
    const decided = decideActivity(handle.state, report.accountId, activeAt, actor)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(handle.state) }
    const after = advanceHandle(name.value, handle, decided.value, now, actor)
    return {
      changes: [{ kind: 'handle', before: handle, after, contact: handle.contact }],
      answer: ok(after.state),
    }
  })
}
