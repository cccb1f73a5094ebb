import { discoveryRoutes } from '../../shared/contract/routes/discovery.ts'
import { senseOf } from '../../shared/domain/appraisal/words.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { similarNames } from '../../shared/workflows/similar-names.ts'

const config = readConfig('HANDLES_TABLE', 'SHELVES_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, shelvesTable: config.SHELVES_TABLE })

export const handler = api(discoveryRoutes, {
  findSimilarNames: ({ params, query }) =>
    similarNames({ store, now: () => Date.now(), senseOf }, params.handle, query.limit),
})
