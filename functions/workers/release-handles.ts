import { releaseMessageSchema } from '../../shared/contract/messages.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { running } from '../../shared/runtime/running.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { log } from '../../shared/runtime/log.ts'
import { worker } from '../../shared/runtime/worker.ts'
import { assess, saleBook } from '../../shared/domain/assess.ts'
import { recentSales } from '../../shared/workflows/recent-sales.ts'
import type { ReleaseDeps } from '../../shared/workflows/release-handles.ts'
import { workOffRelease } from '../../shared/workflows/release-message.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE')
const store = openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE })
const sales = recentSales({ ...running, store }, saleBook)

export const handler = worker(
  releaseMessageSchema,
  async (message, { receives }) => {
    const book = await sales()
    const deps = {
      ...running,
      store,
      assess: (...of: Parameters<ReleaseDeps['assess']>) => assess(...of, book),
    }
    const { names, released, reserved, noticed, notDue } = await workOffRelease(deps, message, receives)
    const kept = Object.values(reserved).reduce((sum, count) => sum + count, 0)
    log('info', 'handles_released', { released, reserved: kept, noticed, notDue, names, ...message.run })
  },
  { recordFailure: failureRecorder(store, 'releases', running.now) },
)
