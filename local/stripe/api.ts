import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { apiVersion } from './api-version.ts'
import type { Core } from './core.ts'
import { expand, type Includables } from './expand.ts'
import { parseForm, type FormRecord } from './form.ts'
import { checkParameters } from './parameters.ts'
import { includedLineItems } from './resources/checkout-sessions.ts'
import { listPage, type Route } from './route.ts'
import { routes } from './routes.ts'
import { platform } from './state.ts'
import { StripeError, errorJson, noSuch, unserved } from './stripe-error.ts'

/** What a fault hook is told of a call. */
export interface FaultCall {
  /** `before` the endpoint runs, or `after`, with its effect kept and the answer not yet sent. */
  phase: 'before' | 'after'
  operationId: string
  method: string
  path: string
  idempotencyKey: string | null
  /** The decoded parameters, unchecked. */
  form: FormRecord
}

/**
 * What a fault hook may have happen. `timeout`: no answer, until the caller gives up. `cut`: the connection breaks.
 * `status`: 500 comes from the endpoint, so it is saved under the idempotency key and replayed; 429 and 502 to 504 come
 * from in front of it and are not saved: after the effect, a retry gets the true answer.
 */
export type Fault = { kind: 'timeout' } | { kind: 'cut' } | { kind: 'status'; status: 429 | 500 | 502 | 503 | 504 }

export type FaultHook = (call: FaultCall) => Fault | undefined | void | Promise<Fault | undefined | void>

/** One finished call, for counters and validation. */
export interface CallRecord {
  operationId: string
  method: 'GET' | 'POST'
  path: string
  version: string
  idempotencyKey: string | null
  requestId: string
  replayed: boolean
  form: FormRecord
  status: number
  /** The JSON text of the answer. */
  body: string
  durationMs: number
}

export interface ApiSettings {
  secretKey: string
  fault?: FaultHook | undefined
  onCall?: ((call: CallRecord) => void) | undefined
  /** Calls a second for each operation, beyond which Stripe's 429 comes. Without it there is no limit. */
  rateLimit?: number | undefined
}

interface Answer {
  status: number
  body: string
  headers?: Record<string, string>
}

const bodyBytesMax = 1_000_000
const keyLengthMax = 255
const keyLifeMs = 24 * 60 * 60 * 1000

const includables: Includables = {
  'checkout.session.line_items': includedLineItems,
  'charge.refunds': (core, id) => listPage(core, 'refund', `/v1/charges/${id}/refunds`, {}, { charge: id }),
}

const routeTable = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll('{}', '([^/]+)')}$`),
}))

/** Stripe's API: authentication, routing, idempotency, parameter checks, the call itself, faults. */
export class Api {
  settings: ApiSettings
  private readonly core: Core
  private readonly inProgress = new Set<string>()
  private readonly recent = new Map<string, { second: number; calls: number }>()

  constructor(core: Core, settings: ApiSettings) {
    this.core = core
    this.settings = settings
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const started = performance.now()
    const requestId = `req_${this.core.newId('x').slice(3, 17)}`
    const method = request.method ?? 'GET'
    const version = headerOf(request, 'stripe-version') ?? apiVersion
    const key = method === 'POST' ? headerOf(request, 'idempotency-key') : null
    const headers: Record<string, string> = {
      'Request-Id': requestId,
      'Stripe-Version': version,
      ...(key && { 'Idempotency-Key': key }),
    }
    const send = (answer: Answer): void => {
      response.writeHead(answer.status, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-cache, no-store',
        ...headers,
        ...answer.headers,
      })
      response.end(answer.body)
    }
    const refuse = (error: unknown): Answer => answerOf(error, requestId)

    let body: string
    let account: string
    let matched: { route: Route; id: string }
    let form: FormRecord
    try {
      body = await readBody(request)
      account = this.authenticate(request)
      checkVersion(version)
      matched = match(method, url)
      if (account !== platform && !matched.route.connected)
        throw unserved(`${matched.route.operationId} in the name of a connected account`)
      form = parseForm(method === 'GET' ? url.search.slice(1) : formBody(request, body))
    } catch (error) {
      send(refuse(error))
      return
    }

    const { route, id } = matched
    const fingerprint = key ? fingerprintOf(body) : ''
    const found = key ? this.lookUp(key, fingerprint, url.pathname) : 'fresh'
    const reserved = key !== null && found === 'fresh'
    if (reserved) this.inProgress.add(key)
    const call = { operationId: route.operationId, method, path: url.pathname, idempotencyKey: key, form }
    try {
      const before = this.rateLimited(route) ?? (await this.settings.fault?.({ phase: 'before', ...call }))
      if (before && (before.kind !== 'status' || before.status !== 500 || found !== 'fresh')) {
        this.breakOff(before, response, send, requestId)
        return
      }
      let answer: Answer
      if (found !== 'fresh') answer = found instanceof StripeError ? refuse(found) : found
      else if (before)
        answer = this.save(key, faultAnswer(500, requestId), { fingerprint, path: url.pathname, requestId })
      else answer = this.run({ route, id, form, version, key, account, fingerprint, path: url.pathname, requestId })
      const after = await this.settings.fault?.({ phase: 'after', ...call })
      if (after) {
        if (after.kind === 'status' && after.status === 500 && reserved)
          answer = this.save(key, faultAnswer(500, requestId), { fingerprint, path: url.pathname, requestId })
        else {
          this.breakOff(after, response, send, requestId)
          return
        }
      }
      send(answer)
      this.settings.onCall?.({
        operationId: route.operationId,
        method: route.method,
        path: url.pathname,
        version,
        idempotencyKey: key,
        requestId,
        replayed: answer.headers?.['Idempotent-Replayed'] === 'true',
        form,
        status: answer.status,
        body: answer.body,
        durationMs: performance.now() - started,
      })
    } finally {
      if (reserved) this.inProgress.delete(key)
    }
  }

  /** The account in whose name the call is made. */
  private authenticate(request: IncomingMessage): string {
    const header = headerOf(request, 'authorization')
    if (!header)
      throw unauthorised(
        "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
      )
    const [scheme = '', token = ''] = header.split(' ')
    const key = scheme === 'Basic' ? Buffer.from(token, 'base64').toString().split(':')[0] : token
    if (key !== this.settings.secretKey) throw unauthorised(`Invalid API Key provided: ${masked(key ?? '')}`)
    const account = headerOf(request, 'stripe-account')
    if (account && !this.core.state.find('account', account))
      throw new StripeError(403, {
        type: 'invalid_request_error',
        code: 'account_invalid',
        message: `The provided key '${masked(key)}' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
      })
    return account ?? platform
  }

  /** The saved answer of a key, Stripe's refusal of it, or `fresh`. */
  private lookUp(key: string, fingerprint: string, path: string): Answer | StripeError | 'fresh' {
    if (key.length > keyLengthMax)
      return new StripeError(400, {
        type: 'invalid_request_error',
        message: `Idempotency keys can have up to ${keyLengthMax} characters.`,
      })
    const saved = this.core.state.findAnswer(key)
    const alive = saved && saved.createdAt + keyLifeMs > this.core.now()
    if (alive && saved.path !== path)
      return idempotencyError(
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${saved.path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
      )
    if (alive && saved.fingerprint !== fingerprint)
      return idempotencyError(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      )
    if (this.inProgress.has(key))
      return new StripeError(409, {
        type: 'invalid_request_error',
        code: 'idempotency_key_in_use',
        message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
      })
    if (!alive) return 'fresh'
    return {
      status: saved.status,
      body: saved.body,
      headers: {
        'Idempotent-Replayed': 'true',
        'Original-Request': saved.requestId,
        ...(saved.status >= 500 && { 'Stripe-Should-Retry': 'false' }),
      },
    }
  }

  /** The call itself: its effect, its events and its saved answer are one change. */
  private run(call: {
    route: Route
    id: string
    form: FormRecord
    version: string
    key: string | null
    account: string
    fingerprint: string
    path: string
    requestId: string
  }): Answer {
    const { core } = this
    const { route, id, key, account, requestId } = call
    try {
      const parameters = checkParameters(route.operationId, call.form, call.version)
      return core.transact({ id: requestId, idempotencyKey: key }, () => {
        const resource = core.within(account, () => route.run({ core, id, parameters }))
        const paths = parameters['expand'] as string[] | undefined
        const answer = {
          status: 200,
          body: JSON.stringify(paths ? expand(core, resource, paths, includables) : resource),
        }
        return this.save(key, answer, call)
      })
    } catch (error) {
      const answer = answerOf(error, requestId)
      return error instanceof StripeError && error.executed ? this.save(key, answer, call) : answer
    }
  }

  private save(
    key: string | null,
    answer: Answer,
    call: { fingerprint: string; path: string; requestId: string },
  ): Answer {
    if (key)
      this.core.state.saveAnswer(key, {
        fingerprint: call.fingerprint,
        path: call.path,
        status: answer.status,
        body: answer.body,
        requestId: call.requestId,
        createdAt: this.core.now(),
      })
    return answer
  }

  private rateLimited(route: Route): Fault | undefined {
    const limit = this.settings.rateLimit
    if (limit === undefined) return undefined
    const second = this.core.seconds()
    const last = this.recent.get(route.operationId)
    const calls = last?.second === second ? last.calls + 1 : 1
    this.recent.set(route.operationId, { second, calls })
    return calls > limit ? { kind: 'status', status: 429 } : undefined
  }

  private breakOff(fault: Fault, response: ServerResponse, send: (answer: Answer) => void, requestId: string): void {
    if (fault.kind === 'status') send(faultAnswer(fault.status, requestId))
    else if (fault.kind === 'cut') response.socket?.destroy()
    // A timeout: the response stays open; the caller's limit, or the end of this server, closes it.
  }
}

const headerOf = (request: IncomingMessage, name: string): string | null => {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyBytesMax)
      throw new StripeError(413, { type: 'invalid_request_error', message: 'Request body too large.' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const formBody = (request: IncomingMessage, body: string): string => {
  const type = headerOf(request, 'content-type') ?? ''
  if (body !== '' && type !== '' && !type.startsWith('application/x-www-form-urlencoded'))
    throw new StripeError(400, {
      type: 'invalid_request_error',
      message: `Invalid request (check that your POST content type is application/x-www-form-urlencoded; it was ${type}).`,
    })
  return body
}

const checkVersion = (version: string): void => {
  if (!/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version))
    throw new StripeError(400, { type: 'invalid_request_error', message: `Invalid Stripe API version: ${version}` })
}

const match = (method: string, url: URL): { route: Route; id: string } => {
  for (const { route, pattern } of routeTable) {
    if (route.method !== method) continue
    const found = pattern.exec(url.pathname)
    if (found) return { route, id: decodeId(found[1] ?? '') }
  }
  throw new StripeError(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${url.pathname}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
  })
}

const decodeId = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw noSuch('resource', text, 'id')
  }
}

/** The parameters of a request, whatever their order. */
const fingerprintOf = (body: string): string =>
  createHash('sha256').update(body.split('&').toSorted().join('&')).digest('base64')

const unauthorised = (message: string): StripeError => new StripeError(401, { type: 'invalid_request_error', message })

const idempotencyError = (message: string): StripeError => new StripeError(400, { type: 'idempotency_error', message })

const masked = (key: string): string =>
  key.length < 12 ? '*'.repeat(key.length) : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`

const answerOf = (error: unknown, requestId: string): Answer => {
  if (!(error instanceof StripeError)) throw error
  return {
    status: error.status,
    body: errorJson(error.body, requestId),
    headers: {
      ...(error.status === 401 && { 'WWW-Authenticate': 'Basic realm="Stripe"' }),
      ...(error.status === 409 && { 'Stripe-Should-Retry': 'true' }),
      ...(error.status === 501 && { 'Stripe-Should-Retry': 'false' }),
    },
  }
}

const faultAnswer = (status: number, requestId: string): Answer => ({
  status,
  body: errorJson(
    status === 429
      ? {
          type: 'invalid_request_error',
          code: 'rate_limit',
          message:
            'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
        }
      : {
          type: 'api_error',
          message: 'An unknown error occurred. (Please contact support if this error persists.)',
        },
    requestId,
  ),
  ...(status === 500 && { headers: { 'Stripe-Should-Retry': 'false' } }),
})
