import { accountRoutes } from '../../shared/contract/routes/accounts.ts'
import { ok } from '../../shared/domain/result.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { instant } from '../../shared/workflows/committing.ts'
import { listMyHandles } from '../../shared/workflows/my-handles.ts'
import { cachedPolicy } from '../../shared/workflows/policies.ts'
import { getRedirect } from '../../shared/workflows/redirects.ts'
import { reportActivity } from '../../shared/workflows/report-activity.ts'
import { viewHandle } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE })
const deps = { ...running, store }
const policy = cachedPolicy(store, running.now)

export const handler = api(accountRoutes, {
  listMyHandles: ({ query, caller }) => listMyHandles(deps.store, caller.id, query),
  getRedirect: ({ params }) => getRedirect(store, params.handle, instant(deps.now())),
  reportActivity: async ({ body, caller }) => {
    const handle = await reportActivity(deps, body, caller.id)
    return handle.ok ? ok(viewHandle(handle.value, await policy(), instant(deps.now()))) : handle
  },
})
