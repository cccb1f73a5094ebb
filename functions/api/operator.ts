import { operatorRoutes } from '../../shared/contract/routes/operator.ts'
import type { Handle } from '../../shared/domain/handle.ts'
import { ok, type Result } from '../../shared/domain/result.ts'
import { openFeeds } from '../../shared/gateways/feeds.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { instant } from '../../shared/workflows/committing.ts'
import {
  changeListing,
  overruleGate,
  recordRight,
  setLegalHold,
  withdrawRight,
} from '../../shared/workflows/handle-acts.ts'
import { beginImport, getImport, listImportRejects } from '../../shared/workflows/imports.ts'
import { getProtectedName, importMarks, withdrawMark } from '../../shared/workflows/protect-names.ts'
import { cachedPolicy, publishPolicy } from '../../shared/workflows/policies.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'
import { viewHandle } from '../../shared/workflows/views.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'FEEDS_BUCKET')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store, feeds: openFeeds(config.FEEDS_BUCKET) }
const policy = cachedPolicy(store, running.now)

const view = async (acted: Promise<Result<Handle>>) => {
  const handle = await acted
  return handle.ok ? ok(viewHandle(handle.value, await policy(), instant(running.now()))) : handle
}

export const handler = api(operatorRoutes, {
  publishPolicy: ({ body: { basedOn, ...draft }, caller, idempotencyKey, requestHash }) =>
    publishPolicy(deps, { basedOn, draft, idempotencyKey, requestHash }, caller.id),
  placeLegalHold: ({ params, body, caller }) =>
    view(setLegalHold(deps, { ...params, ...body, place: true }, caller.id)),
  liftLegalHold: ({ params, body, caller }) =>
    view(setLegalHold(deps, { ...params, ...body, place: false }, caller.id)),
  overruleGate: ({ params, body, caller }) => view(overruleGate(deps, { ...params, ...body }, caller.id)),
  changeListing: ({ params, body, caller }) => view(changeListing(deps, params.handle, body, caller.id)),
  recordRight: ({ params, body, caller }) => view(recordRight(deps, { ...params, ...body }, caller.id)),
  withdrawRight: ({ params, body, caller }) => view(withdrawRight(deps, { ...params, ...body }, caller.id)),
  createImport: ({ body, caller, idempotencyKey, requestHash }) =>
    beginImport(deps, { ...body, operatorId: caller.id, idempotencyKey, requestHash }),
  getImport: ({ params }) => getImport(store, params.importId),
  listImportRejects: ({ params, query }) => listImportRejects(store, params.importId, query),
  importProtectedNames: ({ body, caller }) => importMarks(deps, { ...body, operatorId: caller.id }),
  getProtectedName: ({ params }) => getProtectedName(store, params.name),
  withdrawProtectedName: ({ params, body, caller }) =>
    withdrawMark(deps, { name: params.name, ...body, operatorId: caller.id }),
  listJournal: async ({ params }) => {
    const entries = await readJournal(store, params.aggregateId)
    return entries.ok ? ok({ entries: [...entries.value] as never }) : entries
  },
})
