import { advanceHandle } from '../domain/aggregate.ts'
import type { Handle } from '../domain/handle.ts'
import { readKeepToken } from '../domain/keep-link.ts'
import { decideKeep } from '../domain/notice.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { HandlesStore } from '../store/client.ts'
import { loadHandle } from '../store/handles.ts'
import { type CommitDeps, committing, instant } from './committing.ts'

/** The secret under which the links of notices are signed. */
export type KeepSecret = { readonly keepSecret: string }

const invalid = refuse('keep_link_invalid', 'The link is not one of ours, or not all of it', 'token')

/** What the link would do now. Changes nothing. */
export const readKeepLink = async (
  deps: { readonly store: HandlesStore } & KeepSecret,
  token: string,
): Promise<Result<Handle>> => {
  const link = readKeepToken(token, deps.keepSecret)
  const found = link === null ? null : await loadHandle(deps.store, link.handle)
  if (link === null || found === null) return invalid
  const decided = decideKeep(found.state, link.cycle)
  return decided.ok ? ok(found.state) : decided
}

/** The holder keeps the handle: its grace ends, and every link of that grace with it. */
export const keepHandle = async (deps: CommitDeps & KeepSecret, token: string): Promise<Result<Handle>> => {
  const link = readKeepToken(token, deps.keepSecret)
  if (link === null) return invalid
  return committing<Result<Handle>>(deps, async () => {
    const before = await loadHandle(deps.store, link.handle)
    if (before === null) return { changes: [], answer: invalid }
    const decided = decideKeep(before.state, link.cycle)
    if (!decided.ok) return { changes: [], answer: decided }
    const holder = { kind: 'holder', id: before.state.holder?.accountId ?? '' } as const
    const after = advanceHandle(link.handle, before, decided.value, instant(deps.now()), holder)
    return { changes: [{ kind: 'handle', before, after, contact: before.contact }], answer: ok(after.state) }
  })
}
