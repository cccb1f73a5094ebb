import { wordsInForce } from '../../shared/domain/appraisal/words.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { streamWorker } from '../../shared/runtime/stream-worker.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { projectShelves } from '../../shared/workflows/project-shelves.ts'

const config = readConfig('ESCROW_TABLE', 'SHELVES_TABLE')
const store = openStore({ escrowTable: config.ESCROW_TABLE, shelvesTable: config.SHELVES_TABLE })

export const handler = streamWorker(
  (records) => projectShelves({ store, wordsOf: wordsInForce }, records),
  failureRecorder(store, 'shelf-failures', () => Date.now()),
)
