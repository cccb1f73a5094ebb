import { ok } from '../../shared/domain/result.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { listMyHandles } from '../../shared/workflows/my-handles.ts'
import { reportActivity } from '../../shared/workflows/report-activity.ts'
import { viewHandle } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE })
const deps = { ...running, store }

export const handler = api({
  listMyHandles: ({ query, caller }) => listMyHandles(deps.store, caller.id, query),
  reportActivity: async ({ body, caller }) => {
    const handle = await reportActivity(deps, body, caller.id)
    return handle.ok ? ok(viewHandle(handle.value, deps.policy)) : handle
  },
})
