import { ok } from '../../shared/domain/result.ts'
import { openFeeds } from '../../shared/gateways/feeds.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { beginImport, getImport, listImportRejects } from '../../shared/workflows/imports.ts'
import { readJournal } from '../../shared/workflows/read-journal.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'FEEDS_BUCKET')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const deps = { store, feeds: openFeeds(config.FEEDS_BUCKET), now: () => Date.now() }

export const handler = api({
  createImport: ({ body, caller, idempotencyKey, requestHash }) =>
    beginImport(deps, { ...body, operatorId: caller.id, idempotencyKey, requestHash }),
  getImport: ({ params }) => getImport(store, params.importId),
  listImportRejects: ({ params, query }) => listImportRejects(store, params.importId, query),
  listJournal: async ({ params }) => {
    const entries = await readJournal(store, params.aggregateId)
    return entries.ok ? ok({ entries: [...entries.value] as never }) : entries
  },
})
