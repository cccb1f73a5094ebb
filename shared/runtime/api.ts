import { createHash } from 'node:crypto'
import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import * as z from 'zod'
import { csvHeaders, type CsvPage } from '../contract/csv.ts'
import { idempotencyKeySchema } from '../contract/parameters.ts'
import { problem, type ProblemCode, statusOf } from '../contract/problems.ts'
import type { Route } from '../contract/route.ts'
import { canonicalJson } from '../domain/journal.ts'
import { refuse, type Refusal, type Result } from '../domain/result.ts'
import { type Caller, callerOf, mayCall } from './caller.ts'
import { errorFacts, log } from './log.ts'

type Parsed<S> = S extends z.ZodType ? z.infer<S> : undefined
type Part<R extends Route, K extends string> = R extends { readonly [P in K]: infer S } ? Parsed<S> : undefined

/** A request that fits its contract. Nothing else of it reaches a workflow. */
export type Request<R extends Route> = {
  readonly params: Part<R, 'params'>
  readonly query: Part<R, 'query'>
  readonly body: Part<R, 'body'>
  /** Present wherever the route's role is not `public`. */
  readonly caller: R['role'] extends 'public' ? null : Caller
  readonly idempotencyKey: R extends { readonly idempotent: true } ? string : undefined
  /** Hash of the parsed body: equal for the same request however it was spelled. */
  readonly requestHash: string
}

/** What a workflow answers: the value that the route's success schema then strips to what the contract names. */
export type Operation<R extends Route> = (request: Request<R>) => Promise<Result<z.input<R['success']['schema']>>>

/** A body larger than this is refused before it is parsed. */
export const bodyBytesMax = 64 * 1024

/** Seconds a client should wait before it tries again after 503. */
const retryAfterSeconds = 2

/**
 * The handler of one route group: for each of its routes parse by contract → operation → respond by contract. Refusals
 * become problem details; a fault becomes a 500 without its cause, which goes to the log. The route is the one that the
 * gateway matched and authorised (`routeKey`): matching the path again here could come out otherwise, since the gateway
 * hands it over decoded (`a%2Fb` as `a/b`).
 */
export const api = <const R extends Readonly<Record<string, Route>>>(
  routes: R,
  operations: { readonly [K in keyof R]: Operation<R[K]> },
) => {
  const byRouteKey = new Map(
    Object.entries(routes).map(([operationId, route]) => [
      `${route.method} ${route.path}`,
      { route, operation: operations[operationId] as unknown as AnyOperation },
    ]),
  )
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use({ onError: (request) => void (request.response ??= faultResponse(request.event, request.error)) })
    .handler((event, context) => {
      const matched = byRouteKey.get(event.routeKey)
      if (matched === undefined)
        throw new Error(`the gateway sent ${event.routeKey}, which this function does not have`)
      return answer(matched.route, matched.operation, event, context)
    })
}

type AnyRequest = { [K in keyof Request<Route>]: unknown }
type AnyOperation = (request: AnyRequest) => Promise<Result<unknown>>

const answer = async (
  route: Route,
  operation: AnyOperation,
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> => {
  const requestId = event.requestContext.requestId
  const request = parseRequest(route, event)
  const result = request.ok ? await operation(request.value) : request
  if (!result.ok) {
    log('info', 'refused', { operation: route.operationId, code: result.refusal.code, requestId })
    return problemResponse(result.refusal, requestId)
  }
  const value = route.success.schema.parse(result.value)
  const { status, csv } = route.success
  const response =
    csv === true ? csvResponse(status, value as CsvPage, requestId) : jsonResponse(status, value, requestId)
  log('info', 'answered', { operation: route.operationId, requestId, lambda: context.awsRequestId })
  return response
}

const parseRequest = (route: Route, event: APIGatewayProxyEventV2): Result<AnyRequest> => {
  const caller = callerOf(event)
  if (!mayCall(route.role, caller)) return refuse('role_missing', `${route.operationId} is for ${route.role}s`)
  const params = parsePart(route.params, event.pathParameters ?? {})
  if (!params.ok) return params
  const query = parsePart(route.query, event.queryStringParameters ?? {})
  if (!query.ok) return query
  const raw = route.body === undefined ? ok0 : parseJson(event)
  if (!raw.ok) return raw
  const body = parsePart(route.body, raw.value)
  if (!body.ok) return body
  let idempotencyKey: string | undefined
  if (route.idempotent === true) {
    const key = idempotencyKeySchema.safeParse(event.headers['idempotency-key'])
    if (!key.success) {
      return refuse(
        'idempotency_key_missing',
        'Send an Idempotency-Key of 1 to 128 printable characters',
        'Idempotency-Key',
      )
    }
    idempotencyKey = key.data
  }
  const requestHash = createHash('sha256')
    .update(canonicalJson(body.value ?? null))
    .digest('base64url')
    .slice(0, 22)
  return {
    ok: true,
    value: { params: params.value, query: query.value, body: body.value, caller, idempotencyKey, requestHash },
  }
}

const ok0 = { ok: true, value: undefined } as const

const parseJson = (event: APIGatewayProxyEventV2): Result<unknown> => {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '')
  if (Buffer.byteLength(text) > bodyBytesMax) {
    return refuse('body_too_large', `A body has at most ${bodyBytesMax} bytes`)
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    return refuse('body_not_json', error instanceof Error ? error.message : 'The body does not parse')
  }
}

const parsePart = (schema: z.ZodType | undefined, value: unknown): Result<unknown> => {
  if (schema === undefined) return ok0
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const [issue] = parsed.error.issues
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].map(String).join('.')
  return refuse('validation_failed', `${path === '' ? 'The request' : path}: ${issue?.message ?? 'invalid'}`, path)
}

export const jsonResponse = (status: number, value: unknown, requestId: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  },
  body: JSON.stringify(value),
})

const csvResponse = (status: number, page: CsvPage, requestId: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { ...csvHeaders(page), 'cache-control': 'no-store', 'x-request-id': requestId },
  body: page.csv,
})

export const problemResponse = (
  { code, message, field, extra }: Refusal,
  requestId: string,
): APIGatewayProxyStructuredResultV2 => ({
  statusCode: statusOf(code),
  headers: {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...retryAfter(code, extra),
  },
  body: JSON.stringify(
    problem(code, message, {
      requestId,
      ...(field === undefined ? {} : { field }),
      ...(extra === undefined ? {} : { facts: extra }),
    }),
  ),
})

/** When to come back: after a fault that passes, and where a limit says so (`retryAfterSeconds` of its facts). */
const retryAfter = (code: ProblemCode, extra: Refusal['extra']): Record<string, string> => {
  const seconds = statusOf(code) === 503 ? retryAfterSeconds : extra?.['retryAfterSeconds']
  return typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {}
}

/**
 * Faults that pass by themselves (contention, throttling, an unreachable service) ask the client to come back: those of AWS by
 * their names, and whatever is called unavailable, as every such error of ours is.
 */
const passingFaults = new Set([
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'TransactionInProgressException',
  'InternalServerError',
  'InternalFailure',
  'InternalError',
  'TimeoutError',
])
const passingCodes = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT'])

const isPassing = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  return (
    error.name.endsWith('Unavailable') ||
    passingFaults.has(error.name) ||
    (typeof code === 'string' && passingCodes.has(code))
  )
}

/** 503 with Retry-After for faults that pass, else 500; the cause stays in the log. */
export const faultResponse = (event: APIGatewayProxyEventV2, error: unknown): APIGatewayProxyStructuredResultV2 => {
  const { requestId } = event.requestContext
  const code: ProblemCode = isPassing(error) ? 'service_unavailable' : 'internal_error'
  log('error', 'fault', { requestId, code, ...errorFacts(error) })
  const message =
    code === 'service_unavailable'
      ? 'A service we need did not answer; try again'
      : 'Nothing was changed that a repeat would not find'
  return problemResponse({ code, message }, requestId)
}
