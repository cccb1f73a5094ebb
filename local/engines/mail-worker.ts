import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { Email } from 'aws-ses-v2-local/dist/store.js'
import { installClock } from '../clock.ts'
import { loopback } from '../ports.ts'

/** What the inbox's thread is told. */
export interface InboxData {
  readonly clock: SharedArrayBuffer
  readonly port: number
  /** One line of JSON a mail, so that the inbox outlives a restart. */
  readonly file: string
}

/** The oldest mails go first: the inbox is for looking at, and its page loads all of it. */
const mailsMax = 2_000

const data = workerData as InboxData
installClock(data.clock)
// The engine would forward every mail to this server.
delete process.env.SMTP_TRANSPORT

const load = createRequire(import.meta.url)
const { default: serve } = load('aws-ses-v2-local') as typeof import('aws-ses-v2-local')
// Kept in memory alone by the engine itself: what it saves goes to the file first, what it clears goes from there too.
const store = load('aws-ses-v2-local/dist/store.js') as {
  saveEmail: (email: Email) => void
  clearStore: () => void
  getStoreReadonly: () => { emails: Email[] }
}
const { saveEmail, clearStore, getStoreReadonly } = store

mkdirSync(dirname(data.file), { recursive: true })
const kept = existsSync(data.file)
  ? readFileSync(data.file, 'utf8').split('\n').flatMap(parseLine).slice(-mailsMax)
  : []
for (const email of kept) saveEmail(email)
writeFileSync(data.file, kept.map((email) => `${JSON.stringify(email)}\n`).join(''))
store.saveEmail = (email) => {
  appendFileSync(data.file, `${JSON.stringify(email)}\n`)
  saveEmail(email)
  const { emails } = getStoreReadonly()
  if (emails.length > mailsMax) emails.shift()
}
store.clearStore = () => {
  writeFileSync(data.file, '')
  clearStore()
}

/** A process that was killed may have left its last line unfinished. */
function parseLine(line: string): Email[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as Email]
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

const server = await serve({ host: loopback, port: data.port })
server.keepAliveTimeout = 75_000
parentPort?.postMessage('ready')
