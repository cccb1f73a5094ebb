import type * as z from 'zod'
import type { handleSchema } from '../contract/handle-resource.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { Handle } from '../domain/handle.ts'
import { publicRedirectOf } from '../domain/redirect.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { HandlesStore } from '../store/client.ts'
import { viewHandle as readHandleView } from '../store/handles.ts'
import { viewHandle } from './views.ts'

/** A handle as everybody may see it: half a read unit; of one that was sold with a redirect, another half while it lasts. */
export const getHandle = async (
  store: HandlesStore,
  policy: () => Promise<ReleasePolicy>,
  input: string,
  now: string,
): Promise<Result<z.infer<typeof handleSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const [handle, inForce] = await Promise.all([readHandleView(store, name.value), policy()])
  if (handle === null) return refuse('not_found', `There is no handle ${name.value}`, 'handle')
  const view = viewHandle(handle.state, inForce, now)
  return ok((await leadsToItsAccount(store, handle.state, now)) ? view : { ...view, movedTo: null })
}

/** The account may have sold the handle that it moved to as well: nobody is sent to a stranger. */
const leadsToItsAccount = async (store: HandlesStore, handle: Handle, now: string): Promise<boolean> => {
  const moved = publicRedirectOf(handle, now)
  return moved === null || (await readHandleView(store, moved.handle))?.state.holder?.accountId === moved.accountId
}
