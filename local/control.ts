import { randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { parseObject, type Json, type JsonObject, asText } from './json.ts'
import { close, loopback, reserve } from './ports.ts'

/** What a tool needs to reach the running instance. Kept in a file that only the user can read. */
export interface RunningInstance {
  readonly url: string
  readonly control: string
  readonly secret: string
}

export type ControlRoutes = Readonly<Record<string, (body: JsonObject) => Promise<Json>>>

/** Tells an instance from outside what to do: `POST /<name>` with JSON, answered with JSON. Loopback and by secret only. */
export class ControlServer {
  #server: Server | undefined
  readonly #routes: ControlRoutes
  readonly #secret = randomBytes(24).toString('hex')
  readonly #file: string

  constructor(routes: ControlRoutes, file: string) {
    this.#routes = routes
    this.#file = file
  }

  async open(url: string): Promise<void> {
    const { server, port } = await reserve(0)
    this.#server = server
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing))
    const instance: RunningInstance = { url, control: `http://${loopback}:${port}`, secret: this.#secret }
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(this.#file, JSON.stringify(instance))
    chmodSync(this.#file, 0o600)
  }

  async stop(): Promise<void> {
    rmSync(this.#file, { force: true })
    if (this.#server !== undefined) await close(this.#server)
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const answer = (status: number, body: Json) => {
      outgoing.writeHead(status, { 'content-type': 'application/json' })
      outgoing.end(JSON.stringify(body))
    }
    const given = Buffer.from(incoming.headers.authorization ?? '')
    const wanted = Buffer.from(`Bearer ${this.#secret}`)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return answer(401, { message: 'Unauthorized' })
    const route = this.#routes[(incoming.url ?? '/').slice(1)]
    if (route === undefined || incoming.method !== 'POST') return answer(404, { message: 'Not Found' })
    try {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString('utf8')
      answer(200, await route(text === '' ? {} : parseObject(text)))
    } catch (error) {
      answer(400, { message: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** Calls the running instance that a file tells of. Throws when none runs or it refuses. */
export async function callInstance(file: string, route: string, body: JsonObject): Promise<JsonObject> {
  const instance = readInstance(file)
  if (instance === undefined) throw new Error('No instance runs here. Start one with: npm start')
  let answer: Response
  try {
    answer = await fetch(`${instance.control}/${route}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${instance.secret}` },
      body: JSON.stringify(body),
    })
  } catch (error) {
    throw new Error('No instance answers; the last one was cut off. Start one with: npm start', { cause: error })
  }
  const result = parseObject(await answer.text())
  if (!answer.ok) throw new Error(typeof result.message === 'string' ? result.message : `HTTP ${answer.status}`)
  return result
}

export function readInstance(file: string): RunningInstance | undefined {
  try {
    const { url, control, secret } = parseObject(readFileSync(file, 'utf8'))
    return { url: asText(url), control: asText(control), secret: asText(secret) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
