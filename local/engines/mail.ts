import { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.ts'
import { freePort, loopback } from '../ports.ts'
import type { InboxData } from './mail-worker.ts'

/** The engine behind SES: it takes the SES v2 API and shows what was sent on a page. */
export interface Inbox {
  /** The page in a browser, and the base of the API. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** Starts aws-ses-v2-local in a thread of its own: its store is the module's, and its time must follow the clock. */
export async function startInbox(options: {
  readonly file: string
  readonly clock: Clock
  readonly port: number
  readonly onBusyPort?: (busy: number, used: number) => void
}): Promise<Inbox> {
  const port = await freePort(options.port)
  if (options.port !== 0 && port !== options.port) options.onBusyPort?.(options.port, port)
  const workerData: InboxData = { clock: options.clock.shared, port, file: options.file }
  const worker = new Worker(new URL('./mail-worker.ts', import.meta.url), { workerData, name: 'inbox' })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the inbox ended at once (exit code ${code})`)))
  })
  worker.removeAllListeners('exit')
  return {
    url: `http://${loopback}:${port}`,
    port,
    async stop() {
      await worker.terminate()
    },
  }
}
