import { ok } from '../../shared/domain/result.ts'
import { openFeeds } from '../../shared/gateways/feeds.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { beginImport, getImport, listImportRejects } from '../../shared/workflows/imports.ts'
import { getProtectedName, importMarks, withdrawMark } from '../../shared/workflows/protect-names.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'FEEDS_BUCKET')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { ...running, store, feeds: openFeeds(config.FEEDS_BUCKET) }

export const handler = api({
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
