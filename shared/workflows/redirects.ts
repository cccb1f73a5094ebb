import type * as z from 'zod'
import type { redirectSchema } from '../contract/operator-resources.ts'
import { checkHandle } from '../domain/handle-name.ts'
import { opensAtOf } from '../domain/listing.ts'
import { redirectOf } from '../domain/redirect.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { HandlesStore } from '../store/client.ts'
import { viewHandle } from '../store/handles.ts'

/**
 * Where links to a released handle lead while its quarantine runs: to the account that had it. Old links neither break at
 * once nor are inherited by a stranger.
 */
export const getRedirect = async (
  store: HandlesStore,
  input: string,
  now: string,
): Promise<Result<z.infer<typeof redirectSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const handle = (await viewHandle(store, name.value))?.state
  // A handle that was sold, or that stood in for one, says where its former account is.
  const moved = handle === undefined ? null : redirectOf(handle, now)
  if (handle !== undefined && moved !== null) {
    return ok({ handle: handle.name, accountId: moved.accountId, until: moved.until })
  }
  const until = handle?.listing === undefined ? undefined : opensAtOf(handle.listing)
  return handle?.formerHolderId === undefined || until === undefined || until <= now
    ? refuse('not_found', `${name.value} redirects to nobody`, 'handle')
    : ok({ handle: handle.name, accountId: handle.formerHolderId, until })
}
