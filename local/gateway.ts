import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Activity } from './activity.ts'
import { Authorizer, type Verdict } from './authorizer.ts'
import type { Clock } from './clock.ts'
import { payloadBytesMax, type Functions, type Outcome } from './functions.ts'
import { pseudo } from './intrinsics.ts'
import { asArray, asObject, asString, isObject, type Json, type JsonObject, asText } from './json.ts'
import type { AuthorizerPlan, CorsPlan, RoutePlan } from './plan.ts'
import { loopback } from './ports.ts'

/** API Gateway's own bounds: the size of a request, and the time that an integration may take. */
const requestBytesMax = 10 * 1024 * 1024
const integrationMsMax = 30_000

export interface GatewayOptions {
  readonly routes: readonly RoutePlan[]
  readonly authorizers: readonly AuthorizerPlan[]
  readonly cors: CorsPlan | undefined
  readonly functions: Functions
  readonly activity: Activity
  readonly clock: Clock
}

/**
 * The HTTP API: routes, JWT authorisers and limits of the template, events in payload format 2.0, and API Gateway's own
 * answers where it answers itself.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #table: RouteTable
  readonly #authorizers: ReadonlyMap<string, Authorizer>

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#table = new RouteTable(options.routes)
    this.#authorizers = new Map(options.authorizers.map((plan) => [plan.id, new Authorizer(plan, options.clock)]))
  }

  /** Answers on a server that listens already. */
  attach(server: Server): void {
    server.on('request', (incoming, outgoing) => void this.#serve(incoming, outgoing))
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const end = this.#options.activity.begin()
    outgoing.sendDate = false
    try {
      const answer = await this.#answer(incoming)
      if (!outgoing.destroyed) this.#send(incoming, outgoing, answer)
    } catch (error) {
      if (!outgoing.destroyed && !outgoing.headersSent)
        this.#send(incoming, outgoing, own(500, 'Internal Server Error'))
      if (!(error instanceof ConnectionLostError)) throw error
    } finally {
      end()
    }
  }

  async #answer(incoming: IncomingMessage): Promise<GatewayAnswer> {
    const method = incoming.method ?? 'GET'
    const url = incoming.url ?? '/'
    const at = url.indexOf('?')
    const path = at === -1 ? url : url.slice(0, at)
    if (
      method === 'OPTIONS' &&
      this.#options.cors !== undefined &&
      incoming.headers['access-control-request-method'] !== undefined
    ) {
      incoming.resume()
      return { status: 204, headers: {}, cookies: [], body: '' }
    }
    const body = await read(incoming)
    if (body === undefined) return own(413, 'Request Entity Too Large')
    const rawPath = decode(path)
    if (rawPath === undefined) return own(400, 'Bad Request')
    const match = this.#table.match(method, path)
    if (match === undefined) return own(404, 'Not Found')
    const { route, parameters } = match
    let verdict: Verdict | undefined
    if (route.authorizerId !== undefined) {
      const authorizer = this.#authorizers.get(route.authorizerId)
      if (authorizer === undefined) throw new Error(`the route ${route.key} names an authoriser that is not there`)
      verdict = await authorizer.judge(incoming.headers.authorization, route.scopes)
      if (verdict.kind === 'unauthorized') {
        return { ...own(401, 'Unauthorized'), headers: { ...jsonHeaders, 'www-authenticate': verdict.challenge } }
      }
      if (verdict.kind === 'forbidden') {
        return { ...own(403, 'Forbidden'), headers: { ...jsonHeaders, 'www-authenticate': verdict.challenge } }
      }
    }
    const event = this.#event(incoming, route, rawPath, at === -1 ? '' : url.slice(at + 1), parameters, body, verdict)
    const outcome = await this.#invoke(route, event)
    if (outcome === undefined || outcome === 'timeout') return own(503, 'Service Unavailable')
    if (outcome === 'too-large') return own(413, 'Request Entity Too Large')
    return toAnswer(outcome)
  }

  async #invoke(route: RoutePlan, event: JsonObject): Promise<Outcome | 'timeout' | 'too-large' | undefined> {
    const size = asString(event.body)?.length ?? 0
    if (size > payloadBytesMax / 2 && Buffer.byteLength(JSON.stringify(event)) > payloadBytesMax) return 'too-large'
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<'timeout'>((resolve) => {
      timer = setTimeout(() => resolve('timeout'), Math.min(route.timeoutMs, integrationMsMax))
    })
    try {
      return await Promise.race([this.#options.functions.invoke(route.functionArn, event), timeout])
    } finally {
      clearTimeout(timer)
    }
  }

  #event(
    incoming: IncomingMessage,
    route: RoutePlan,
    rawPath: string,
    rawQueryString: string,
    parameters: Readonly<Record<string, string>>,
    body: Buffer,
    verdict: Verdict | undefined,
  ): JsonObject {
    const { headers, cookies } = readHeaders(incoming)
    const now = this.#options.clock.now()
    const host = headers.host ?? loopback
    const query = readQuery(rawQueryString)
    const text = isText(headers['content-type'], headers['content-encoding'])
    return {
      version: '2.0',
      routeKey: route.key,
      rawPath,
      rawQueryString,
      ...(cookies.length > 0 ? { cookies } : {}),
      headers,
      ...(query === undefined ? {} : { queryStringParameters: query }),
      requestContext: {
        accountId: pseudo.account,
        apiId: 'local',
        ...(verdict?.kind === 'allowed'
          ? { authorizer: { jwt: { claims: verdict.claims, scopes: verdict.scopes } } }
          : {}),
        domainName: host,
        domainPrefix: host.split('.')[0] ?? host,
        http: {
          method: incoming.method ?? 'GET',
          path: rawPath,
          protocol: `HTTP/${incoming.httpVersion}`,
          sourceIp: incoming.socket.remoteAddress ?? loopback,
          userAgent: headers['user-agent'] ?? '',
        },
        requestId: randomUUID(),
        routeKey: route.key,
        stage: '$default',
        time: commonLogTime(now),
        timeEpoch: now,
      },
      ...(Object.keys(parameters).length > 0 ? { pathParameters: { ...parameters } } : {}),
      ...(body.length > 0 ? { body: body.toString(text ? 'utf8' : 'base64') } : {}),
      isBase64Encoded: body.length > 0 && !text,
    }
  }

  #send(incoming: IncomingMessage, outgoing: ServerResponse, answer: GatewayAnswer): void {
    const headers: Record<string, string | string[]> = {
      ...answer.headers,
      ...corsHeaders(this.#options.cors, incoming),
    }
    if (answer.cookies.length > 0) headers['set-cookie'] = [...answer.cookies]
    if (answer.status !== 204 && answer.status !== 304)
      headers['content-length'] = String(Buffer.byteLength(answer.body))
    // The rest of a body that was refused for its size is not read.
    if (!incoming.complete) headers.connection = 'close'
    outgoing.writeHead(answer.status, headers)
    outgoing.end(incoming.method === 'HEAD' ? undefined : answer.body)
  }
}

interface GatewayAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: string | Buffer
}

const jsonHeaders = { 'content-type': 'application/json' }

function own(status: number, message: string): GatewayAnswer {
  return { status, headers: jsonHeaders, cookies: [], body: JSON.stringify({ message }) }
}

/** What API Gateway makes of what a function returned. */
export function toAnswer(outcome: Outcome): GatewayAnswer {
  if (outcome.kind === 'throttled') return own(503, 'Service Unavailable')
  if (outcome.kind === 'failed') return own(500, 'Internal Server Error')
  const { payload } = outcome
  if (!isObject(payload) || payload.statusCode === undefined) {
    return {
      status: 200,
      headers: jsonHeaders,
      cookies: [],
      body: typeof payload === 'string' ? payload : JSON.stringify(payload),
    }
  }
  const status = Number(payload.statusCode)
  if (!Number.isInteger(status) || status < 100 || status > 599) return own(500, 'Internal Server Error')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(asObject(payload.headers))) headers[name.toLowerCase()] = asText(value)
  headers['content-type'] ??= 'text/plain;charset=UTF-8'
  const text = payload.body === undefined || payload.body === null ? '' : bodyText(payload.body)
  return {
    status,
    headers,
    cookies: asArray(payload.cookies).map(String),
    body: payload.isBase64Encoded === true ? Buffer.from(text, 'base64') : text,
  }
}

function bodyText(body: Json): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

interface RouteMatch {
  readonly route: RoutePlan
  readonly parameters: Readonly<Record<string, string>>
}

/** Finds the route of a request: fixed segments before parameters before `{greedy+}` before `$default`. */
export class RouteTable {
  readonly #fixed = new Map<string, RoutePlan>()
  readonly #patterns: { method: string; segments: string[]; route: RoutePlan }[] = []
  readonly #otherwise: RoutePlan | undefined

  constructor(routes: readonly RoutePlan[]) {
    for (const route of routes) {
      if (route.key === '$default') continue
      const [method = '', path = ''] = route.key.split(' ')
      if (path.includes('{')) this.#patterns.push({ method, segments: path.split('/').slice(1), route })
      else this.#fixed.set(route.key, route)
    }
    this.#otherwise = routes.find(({ key }) => key === '$default')
    // The more fixed segments a pattern begins with, the earlier it is tried.
    this.#patterns.sort((left, right) => rank(left.segments).localeCompare(rank(right.segments)))
  }

  match(method: string, path: string): RouteMatch | undefined {
    const fixed = this.#fixed.get(`${method} ${path}`) ?? this.#fixed.get(`ANY ${path}`)
    if (fixed !== undefined) return { route: fixed, parameters: {} }
    const segments = path.split('/').slice(1)
    for (const pattern of this.#patterns) {
      if (pattern.method !== method && pattern.method !== 'ANY') continue
      const parameters = matchSegments(pattern.segments, segments)
      if (parameters !== undefined) return { route: pattern.route, parameters }
    }
    return this.#otherwise === undefined ? undefined : { route: this.#otherwise, parameters: {} }
  }
}

function rank(segments: readonly string[]): string {
  return segments.map((segment) => (segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0')).join('')
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const [at, part] of pattern.entries()) {
    const segment = segments[at]
    if (part.endsWith('+}')) {
      const rest = segments.slice(at)
      if (rest.length === 0 || rest[0] === '') return undefined
      const value = decode(rest.join('/'))
      if (value === undefined) return undefined
      parameters[part.slice(1, -2)] = value
      return parameters
    }
    if (segment === undefined) return undefined
    if (part.startsWith('{')) {
      const value = decode(segment)
      if (value === undefined || value === '') return undefined
      parameters[part.slice(1, -1)] = value
    } else if (part !== segment) return undefined
  }
  return segments.length === pattern.length ? parameters : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Header names in lower case, repeated headers joined by commas, cookies apart: payload format 2.0. */
function readHeaders(incoming: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = {}
  const cookies: string[] = []
  const { rawHeaders } = incoming
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    const value = rawHeaders[at + 1] ?? ''
    if (name === 'cookie') cookies.push(...value.split('; '))
    else headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  }
  headers['x-forwarded-for'] ??= incoming.socket.remoteAddress ?? loopback
  headers['x-forwarded-proto'] ??= 'http'
  return { headers, cookies }
}

function readQuery(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined
  const query: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    query[name] = query[name] === undefined ? value : `${query[name]},${value}`
  }
  return query
}

/** Bodies of these types arrive as text, all others in base64. */
function isText(contentType: string | undefined, contentEncoding: string | undefined): boolean {
  if (contentEncoding !== undefined && contentEncoding !== 'identity') return false
  if (contentType === undefined) return true
  return /^(text\/|application\/(json|javascript|xml)\b|application\/[\w.+-]+\+(json|xml)\b)/i.test(contentType.trim())
}

function commonLogTime(ms: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}

class ConnectionLostError extends Error {}

/** The whole body, or undefined when it is larger than the gateway takes. */
function read(incoming: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    if (Number(incoming.headers['content-length'] ?? 0) > requestBytesMax) {
      resolve(undefined)
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > requestBytesMax) {
        incoming.pause()
        resolve(undefined)
      } else chunks.push(chunk)
    })
    incoming.on('end', () => resolve(Buffer.concat(chunks)))
    incoming.on('error', (error) => reject(new ConnectionLostError(error.message)))
  })
}

function corsHeaders(cors: CorsPlan | undefined, incoming: IncomingMessage): Record<string, string> {
  const { origin } = incoming.headers
  if (cors === undefined || origin === undefined) return {}
  const any = cors.origins.includes('*')
  if (!any && !cors.origins.includes(origin)) return {}
  const headers: Record<string, string> = { 'access-control-allow-origin': any && !cors.credentials ? '*' : origin }
  if (cors.credentials) headers['access-control-allow-credentials'] = 'true'
  if (cors.exposed.length > 0) headers['access-control-expose-headers'] = cors.exposed.join(',')
  if (incoming.method === 'OPTIONS') {
    headers['access-control-allow-methods'] = cors.methods.join(',')
    headers['access-control-allow-headers'] = cors.headers.join(',')
    if (cors.maxAgeSeconds !== undefined) headers['access-control-max-age'] = String(cors.maxAgeSeconds)
  }
  return headers
}
