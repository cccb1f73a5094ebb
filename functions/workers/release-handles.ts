import { releaseMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { assess, saleBook } from '../../shared/domain/assess.ts'
import { recentSales } from '../../shared/workflows/recent-sales.ts'
import { type ReleaseDeps, releaseHandles } from '../../shared/workflows/release-handles.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const sales = recentSales({ ...running, store }, saleBook)

export const handler = worker(
  releaseMessageSchema,
  async ({ names }) => {
    const book = await sales()
    const deps: ReleaseDeps = {
      ...running,
      store,
      assess: (name, display, facts) => assess(name, display, facts, book),
    }
    log('info', 'handles_released', await releaseHandles(deps, names))
  },
  { recordFailure: failureRecorder(store, 'releases', running.now) },
)
