import type * as z from 'zod'
import type { handleSchema } from '../contract/handle-resource.ts'
import { checkHandle } from '../domain/handle-name.ts'
import type { ReleasePolicy } from '../domain/release-policy.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { HandlesStore } from '../store/client.ts'
import { viewHandle as readHandleView } from '../store/handles.ts'
import { viewHandle } from './views.ts'

export const getHandle = async (
  store: HandlesStore,
  policy: () => Promise<ReleasePolicy>,
  input: string,
  now: string,
): Promise<Result<z.infer<typeof handleSchema>>> => {
  const name = checkHandle(input)
  if (!name.ok) return name
  const [handle, inForce] = await Promise.all([readHandleView(store, name.value), policy()])
  return handle === null
    ? refuse('not_found', `There is no handle ${name.value}`, 'handle')
    : ok(viewHandle(handle.state, inForce, now))
}
