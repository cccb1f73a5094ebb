import type { Actor } from './actors.ts'
import { allowedFor } from './handle-machine.ts'
import type { Account, Handle, HandleEvent } from './handle.ts'
import { ruleFor } from './release-policy.ts'
import { ok, refuse, type Result } from './result.ts'

// What the platform says of an account, by a feed or by a report, and what that does to the account's handle.

/** An account's line or report concerns handles that it may still hold. */
const heldStatuses: ReadonlySet<Handle['status']> = new Set(['active', 'dormant', 'unreachable'])

/** A feed line for this handle: the first one makes it known, a newer one updates it, the same one changes nothing. */
export const decideImport = (
  handle: Handle | null,
  line: { readonly display: string; readonly account: Account },
  contactChanged: boolean,
  importId: string,
): Result<readonly HandleEvent[]> => {
  const { display, account } = line
  if (handle === null) return ok([{ type: 'handle_imported', display, importId, ...account }])
  if (!heldStatuses.has(handle.status) || handle.holder === null) {
    // The feed that led to the release says nothing new; a later one tells of an account that came back too late.
    if (handle.formerHolderId === account.accountId) return ok([])
    return refuse('handle_not_active', `${handle.name} is ${handle.status}`, 'handle')
  }
  if (handle.holder.accountId !== account.accountId) {
    return refuse('handle_taken', `${handle.name} is held by another account`, 'handle')
  }
  const { class: accountClass, lastActiveAt, suspendedAt, followers } = account
  const held = handle.holder
  if (lastActiveAt < held.lastActiveAt) return ok([])
  const same =
    display === handle.display &&
    accountClass === held.class &&
    lastActiveAt === held.lastActiveAt &&
    suspendedAt === held.suspendedAt &&
    followers === held.followers &&
    !contactChanged
  if (same) return ok([])
  const updated = { display, importId, class: accountClass, lastActiveAt, suspendedAt, followers }
  return ok([{ type: 'account_updated', ...updated }, ...endOfDormancy(handle, updated, contactChanged)])
}

/** The platform saw the account at `activeAt`. An older sighting changes nothing. */
export const decideActivity = (
  handle: Handle,
  accountId: string,
  activeAt: string,
  actor: Actor,
): Result<readonly HandleEvent[]> => {
  if (!heldStatuses.has(handle.status) || handle.holder === null) {
    return refuse('handle_not_active', `${handle.name} is ${handle.status}`, 'handle')
  }
  const refusal = allowedFor(handle, 'account_updated', actor)
  if (refusal !== null) return { ok: false, refusal }
  if (handle.holder.accountId !== accountId) {
    return refuse('handle_not_held_by_account', `${accountId} does not hold ${handle.name}`, 'accountId')
  }
  if (activeAt <= handle.holder.lastActiveAt) return ok([])
  const { class: accountClass, suspendedAt, followers } = handle.holder
  const updated = { display: handle.display, class: accountClass, lastActiveAt: activeAt, suspendedAt, followers }
  return ok([{ type: 'account_updated', ...updated }, ...endOfDormancy(handle, updated, false)])
}

/**
 * A time of grace ends where the facts it stands on have changed: the holder was seen, or the account's class or
 * suspension is another. A new address lets an unreachable holder be told again.
 */
const endOfDormancy = (
  handle: Handle,
  updated: Pick<Account, 'class' | 'lastActiveAt' | 'suspendedAt'>,
  contactChanged: boolean,
): HandleEvent[] => {
  if (handle.dormancy === null || handle.holder === null) return []
  const before = ruleFor(handle.holder)
  const after = ruleFor({ ...handle.holder, ...updated })
  if (before?.rule !== after?.rule || before?.from !== after?.from) {
    return [{ type: 'dormancy_ended', reason: 'returned' }]
  }
  return handle.status === 'unreachable' && contactChanged ? [{ type: 'dormancy_ended', reason: 'contact' }] : []
}
