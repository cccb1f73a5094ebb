import type { Actor } from '../domain/actors.ts'
import { advanceHandle } from '../domain/aggregate.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Handle, HandleEvent } from '../domain/handle.ts'
import { decideLegalHold, decideOverrule } from '../domain/release.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import { loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

type Decide = (handle: Handle, actor: Actor) => Result<readonly HandleEvent[]>

/** An operator's act on one handle: load, decide, commit. Acting again changes nothing and answers the same. */
const act = async (deps: CommitDeps, input: string, operatorId: string, decide: Decide): Promise<Result<Handle>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const actor: Actor = { kind: 'operator', id: operatorId }
  return committing<Result<Handle>>(deps, async () => {
    const before = await loadHandle(deps.store, name.value)
    if (before === null) {
      return { changes: [], answer: refuse('not_found', `There is no handle ${name.value}`, 'handle') }
    }
    const decided = decide(before.state, actor)
    if (!decided.ok) return { changes: [], answer: decided }
    if (decided.value.length === 0) return { changes: [], answer: ok(before.state) }
    const after = advanceHandle(name.value, before, decided.value, instant(deps.now()), actor)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: ok(after.state) }
  })
}

/** Keeps a handle as it is, whatever is due, or ends that. */
export const setLegalHold = (
  deps: CommitDeps,
  request: { readonly handle: string; readonly place: boolean; readonly reason: string },
  operatorId: string,
): Promise<Result<Handle>> =>
  act(deps, request.handle, operatorId, (handle, actor) => decideLegalHold(handle, request, actor))

/** Lets a name through that the gate refused for `code`; the next sweep releases it. */
export const overruleGate = (
  deps: CommitDeps,
  request: { readonly handle: string; readonly code: string; readonly reason: string },
  operatorId: string,
): Promise<Result<Handle>> =>
  act(deps, request.handle, operatorId, (handle, actor) => decideOverrule(handle, request.code, request.reason, actor))
