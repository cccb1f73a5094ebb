import type * as z from 'zod'
import { readCsvPage } from './csv.ts'
import { gatewaySchema } from './gateway.ts'
import { type Problem, problem, problemSchema, type ProblemCode } from './problems.ts'
import type { Route } from './route.ts'
import { type OperationId, routes } from './routes.ts'

/**
 * A typed client made from the routes table: one method an operation, answers parsed by the same schemas that the service
 * strips them with. Refusals are values (`ok: false` with the problem); an answer outside the contract throws.
 */
type RouteOf<O extends OperationId> = (typeof routes)[O]
type InputOf<O extends OperationId, K extends 'params' | 'query' | 'body'> =
  RouteOf<O> extends { readonly [P in K]: infer S extends z.ZodType } ? z.input<S> : never

export type CallInput<O extends OperationId> = ([InputOf<O, 'params'>] extends [never]
  ? object
  : { readonly params: InputOf<O, 'params'> }) &
  ([InputOf<O, 'query'>] extends [never] ? object : { readonly query?: InputOf<O, 'query'> }) &
  ([InputOf<O, 'body'>] extends [never] ? object : { readonly body: InputOf<O, 'body'> }) &
  (RouteOf<O> extends { readonly idempotent: true } ? { readonly idempotencyKey: string } : object)

export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly problem: Problem }

export type Client = {
  readonly [O in OperationId]: (input: CallInput<O>) => Promise<Answer<z.output<RouteOf<O>['success']['schema']>>>
}

export type ClientOptions = {
  readonly baseUrl: string
  /** A bearer token, or how to get a fresh one for each call. */
  readonly token?: string | (() => string | Promise<string>)
  readonly fetch?: typeof fetch
}

export const createClient = (options: ClientOptions): Client =>
  Object.fromEntries(
    (Object.keys(routes) as OperationId[]).map((operationId) => [
      operationId,
      (input: LooseInput) => call(options, routes[operationId], input),
    ]),
  ) as unknown as Client

type LooseInput = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly idempotencyKey?: string
}

const call = async (options: ClientOptions, route: Route, input: LooseInput): Promise<Answer<unknown>> => {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ''))
  const url = new URL(path, options.baseUrl)
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value))
  }
  const token = typeof options.token === 'function' ? await options.token() : options.token
  const response = await (options.fetch ?? fetch)(url, {
    method: route.method,
    headers: {
      accept: route.success.csv === true ? 'text/csv, application/problem+json' : 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(input.idempotencyKey === undefined ? {} : { 'idempotency-key': input.idempotencyKey }),
      ...(route.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(route.body === undefined ? {} : { body: JSON.stringify(input.body) }),
  })
  if (response.ok && route.success.csv === true) {
    const page = readCsvPage(await response.text(), response.headers)
    return { ok: true, status: response.status, value: route.success.schema.parse(page) }
  }
  const json: unknown = await response.json()
  if (response.ok) return { ok: true, status: response.status, value: route.success.schema.parse(json) }
  return { ok: false, status: response.status, problem: toProblem(response.status, json) }
}

const gatewayCodes: Readonly<Record<number, ProblemCode>> = { 413: 'body_too_large', 429: 'rate_limited' }

/** The gateway's own refusals (`{ "message": … }`) are given the shape of the others. */
const toProblem = (status: number, json: unknown): Problem => {
  const parsed = problemSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const gateway = gatewaySchema.safeParse(json)
  const message = gateway.success ? gateway.data.message : `HTTP ${status}`
  if (status === 401) return { ...problem('token_invalid', message), status }
  return { ...problem(gatewayCodes[status] ?? 'service_unavailable', message), status }
}
