import { feedDay } from '../../local/stock.ts'
import { startSystem } from '../../local/system.ts'

/**
 * The whole runtime in a process of its own, to be killed: `node runtime.ts <data folder>`. It fires the sweep, and keeps
 * telling how many batches of handles and of filed entries were written so far.
 */
const system = await startSystem({ dataDir: process.argv[2] ?? '', schedulesRun: false, clockNotBefore: feedDay })
let told = -1
setInterval(() => {
  const { calls } = system.door.counts.total()
  const writes = (calls['dynamodb:BatchExecuteStatement'] ?? 0) + (calls['dynamodb:BatchWriteItem'] ?? 0)
  if (writes === told) return
  told = writes
  console.log(told)
}, 1)
system.schedules.fire('sweep-handles')
