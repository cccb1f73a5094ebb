import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Api, type CallRecord, type FaultHook } from './api.ts'
import { controlRoutes } from './control-routes.ts'
import { Control } from './control.ts'
import { Core, type Webhook } from './core.ts'
import { Deliveries } from './deliveries.ts'
import { parseForm, type FormRecord } from './form.ts'
import { checkoutForms, type PageAnswer } from './page/checkout-forms.ts'
import { controlPage } from './page/control-page.ts'
import { onboardingForms } from './page/onboarding-forms.ts'
import { receipt } from './page/receipt-page.ts'
import { State } from './state.ts'
import { errorJson, StripeError } from './stripe-error.ts'
import { runDueTasks } from './tasks.ts'

export interface StripeServerOptions {
  /** A free port when 0 or not given. A busy one rejects with `EADDRINUSE`. */
  port?: number
  host?: string
  /** The clock, in milliseconds. It may be moved, forward only. */
  now: () => number
  /** Where state is kept over a restart; in memory when not given. */
  dataDir?: string
  secretKey: string
  webhooks: readonly Webhook[]
  /** Called before and after each API call; says what shall go wrong. */
  fault?: FaultHook
  /** Called with each answered API call. */
  onCall?: (call: CallRecord) => void
  /** Calls a second for each operation, beyond which Stripe's 429 comes (Stripe's own limit: 25). None when not given. */
  rateLimit?: number
  /** How long an endpoint may take to answer a delivery, ms of real time. */
  webhookTimeoutMs?: number
}

export interface StripeServer {
  url: string
  port: number
  control: Control
  stop(): Promise<void>
}

const heartbeatMs = 500
const formBytesMax = 65_536

/**
 * Starts a local, stateful Stripe: the API for the official client, the hosted Checkout page, signed webhooks, and
 * `control` for what people and banks do. Time is the given clock's alone.
 */
export const startStripeServer = async (options: StripeServerOptions): Promise<StripeServer> => {
  const state = new State(options.dataDir)
  const core = new Core(state, options.now, options.webhooks)
  const deliveries = new Deliveries(core, options.webhookTimeoutMs ?? 10_000)
  const api = new Api(core, {
    secretKey: options.secretKey,
    fault: options.fault,
    onCall: options.onCall,
    rateLimit: options.rateLimit,
  })
  const control = new Control(core, api, deliveries)

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!URL.canParse(request.url ?? '/', core.publicUrl))
      throw new StripeError(400, { type: 'invalid_request_error', message: 'Invalid URL.' })
    const url = new URL(request.url ?? '/', core.publicUrl)
    runDueTasks(core)
    if (url.pathname.startsWith('/c/pay/')) sendPage(response, await checkoutAnswer(core, request, url.pathname))
    else if (url.pathname.startsWith('/setup/')) sendPage(response, await setupAnswer(core, request, url.pathname))
    else if (url.pathname.startsWith('/receipts/')) sendPage(response, receipt(core, url.pathname))
    else if (url.pathname === '/_local' || url.pathname.startsWith('/_local/'))
      await controlAnswer(core, control, request, response, url)
    else await api.handle(request, response, url)
    deliveries.pump()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return
      const known = error instanceof StripeError ? error : undefined
      if (!known) console.error('The local Stripe server failed:', error)
      response.writeHead(known?.status ?? 500, { 'Content-Type': 'application/json' })
      response.end(
        errorJson(known?.body ?? { type: 'api_error', message: 'The local Stripe server failed.' }, 'req_none'),
      )
    })
  })
  server.keepAliveTimeout = 75_000

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    state.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  core.publicUrl = `http://${options.host ?? '127.0.0.1'}:${port}`
  control.tick()
  const heartbeat = setInterval(() => control.tick(), heartbeatMs)
  heartbeat.unref()

  return {
    url: core.publicUrl,
    port,
    control,
    stop: async () => {
      clearInterval(heartbeat)
      deliveries.stop()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      state.close()
    },
  }
}

const readText = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1')
    if (text.length > formBytesMax)
      throw new StripeError(413, { type: 'invalid_request_error', message: 'The form is too large.' })
  }
  return Buffer.from(text, 'latin1').toString()
}

const checkoutAnswer = async (core: Core, request: IncomingMessage, path: string): Promise<PageAnswer> =>
  checkoutForms(core, request.method ?? 'GET', path, parseForm(await readText(request)))

const setupAnswer = async (core: Core, request: IncomingMessage, path: string): Promise<PageAnswer> =>
  onboardingForms(core, request.method ?? 'GET', path, parseForm(await readText(request)))

const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
}

const sendPage = (response: ServerResponse, answer: PageAnswer): void => {
  if ('location' in answer) response.writeHead(303, { Location: answer.location }).end()
  else response.writeHead(answer.status, pageHeaders).end(answer.html)
}

/**
 * Web pages of other origins may not work the controls. A browser names its origin with every POST; a name that merely
 * points to this machine (DNS rebinding) is none of ours either.
 */
const refuseForeign = (core: Core, request: IncomingMessage): void => {
  const { origin, host } = request.headers
  if (origin === undefined) return
  const own = ['127.0.0.1', 'localhost', '[::1]', new URL(core.publicUrl).hostname]
  const known = URL.canParse(origin) && new URL(origin).host === host && own.includes(new URL(origin).hostname)
  if (!known) throw new StripeError(403, { type: 'invalid_request_error', message: `Not from ${origin}.` })
}

const controlAnswer = async (
  core: Core,
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> => {
  const name = url.pathname.slice('/_local/'.length)
  const sendJson = (body: unknown): void => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
  if (request.method === 'GET' && name === '') return sendPage(response, { status: 200, html: controlPage(core) })
  if (request.method === 'GET' && name === 'deliveries') {
    const event = url.searchParams.get('event')
    const limit = Math.min(Math.max(Math.trunc(Number(url.searchParams.get('limit') ?? 100)) || 100, 1), 1000)
    return sendJson({ deliveries: control.deliveries({ limit, ...(event && { event }) }) })
  }
  const run = request.method === 'POST' && Object.hasOwn(controlRoutes, name) ? controlRoutes[name] : undefined
  if (!run) throw new StripeError(404, { type: 'invalid_request_error', message: `There is no ${url.pathname} here.` })
  refuseForeign(core, request)
  const form = !(request.headers['content-type'] ?? '').startsWith('application/json')
  const body = await readText(request)
  const result = run(control, form ? parseForm(body) : jsonRecord(body))
  if (form && (request.headers.accept ?? '').includes('text/html'))
    sendPage(response, { status: 303, location: '/_local' })
  else sendJson(result)
}

const jsonRecord = (text: string): FormRecord => {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as FormRecord
  } catch {
    // Falls through to the refusal, which says what is wanted.
  }
  throw new StripeError(400, { type: 'invalid_request_error', message: 'A JSON object is expected.' })
}
