import { setTimeout as pause } from 'node:timers/promises'
import { feedDay } from '../../local/stock.ts'
import { startSystem } from '../../local/system.ts'
import { parseMoment } from './killing.ts'
import { kill, otherProcessesOf } from './processes.ts'

/**
 * The whole runtime in a process of its own: `node runtime.ts <data folder> <moment>`. It fires the sweep and kills itself,
 * and its engine before it where the moment says so, at that moment, or when it has nothing left to do.
 */
const [dataDir = '', moment = ''] = process.argv.slice(2)
const { writes, milliseconds, engineFirst } = parseMoment(moment)
const system = await startSystem({ dataDir, schedulesRun: false, clockNotBefore: feedDay })
const reached = new Promise<void>((resolve) => {
  let left = writes
  const stop = system.door.onCall(({ operation }) => {
    if (operation === 'BatchExecuteStatement' || operation === 'BatchWriteItem') left -= 1
    if (left > 0) return
    stop()
    resolve()
  })
})
system.schedules.fire('sweep-handles')
await Promise.race([reached, system.idle()])
await pause(milliseconds)
if (engineFirst) for (const pid of otherProcessesOf(dataDir)) kill(pid)
kill(process.pid)
