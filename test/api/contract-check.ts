import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { openApi } from '../../shared/contract/openapi.ts'
import type { Route } from '../../shared/contract/route.ts'
import { routes } from '../../shared/contract/routes.ts'

type Response_ = { readonly content?: Readonly<Record<string, unknown>> }
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Record<string, Response_> }>>>>
}

const root = 'https://handles.example/openapi.json'
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
const document = openApi('https://api.handles.example')
ajv.addSchema(document, root)
const validators = new Map<string, ValidateFunction>()

const validatorAt = (...path: string[]): ValidateFunction => {
  const pointer = path.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  let validator = validators.get(pointer)
  if (validator === undefined) {
    validator = ajv.compile({ $ref: `${root}#/${pointer}` })
    validators.set(pointer, validator)
  }
  return validator
}

/** The route that a request reaches, as the gateway matches it; undefined where none does. */
export const routeOf = (method: string, path: string): Route | undefined => {
  const segments = path.split('/')
  const fits = (route: Route) => {
    const pattern = route.path.split('/')
    return (
      route.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, at) => part === segments[at] || (part.startsWith('{') && segments[at] !== ''))
    )
  }
  const found = (Object.values(routes) as Route[]).filter(fits)
  return found.find(({ path: exact }) => exact === path) ?? found[0]
}

/** What a stack trace, a path of the sources or a fault's own words look like. */
const innards = /\n\s+at |node_modules|\/var\/task|\.[cm]?[jt]s:\d+|[A-Z]\w*(Error|Exception)\b|arn:aws/

export type Checked = {
  readonly status: number
  readonly type: string
  readonly headers: Headers
  readonly body: unknown
}

/**
 * Holds one answer to the OpenAPI document: the status is one that the operation names, the media type is one that the
 * status names, and the body fits its schema. What reaches no route is a `route_unknown` problem. No answer shows innards.
 * @throws Error with what does not fit.
 */
export const checkAnswer = async (method: string, url: URL, response: Response): Promise<Checked> => {
  const text = await response.text()
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
  const where = `${method} ${url.pathname} answered ${response.status} ${type}`
  const fail = (why: string): never => {
    throw new Error(`${where}: ${why}: ${text.slice(0, 500)}`)
  }
  if (response.status >= 400 && innards.test(text)) fail('it shows its innards')
  if (type === 'text/html') return { status: response.status, type, headers: response.headers, body: text }
  let body: unknown = text
  if (type !== 'text/csv') {
    try {
      body = JSON.parse(text)
    } catch {
      fail('it is not JSON')
    }
  }

  const route = routeOf(method, url.pathname)
  const operation = route === undefined ? undefined : [route.path, route.method.toLowerCase()]
  const check = (...path: string[]) => {
    const validate = validatorAt(...path)
    if (!validate(body)) fail(ajv.errorsText(validate.errors))
  }
  if (operation === undefined) {
    if (response.status !== 404 || type !== 'application/problem+json') fail('there is no such route')
    check('components', 'schemas', 'Problem')
  } else {
    const [path = '', verb = ''] = operation
    const documented = (document as unknown as Document).paths[path]?.[verb]?.responses[response.status]
    if (documented === undefined) fail('the status is not documented')
    if (documented?.content?.[type] === undefined) fail('the media type is not documented')
    check('paths', path, verb, 'responses', String(response.status), 'content', type, 'schema')
  }
  if (type === 'application/problem+json' && (body as { status: unknown }).status !== response.status) {
    fail('the problem has another status')
  }
  return { status: response.status, type, headers: response.headers, body }
}

/** `fetch`, with every answer held to the OpenAPI document; for the typed client. */
export const checkedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  await checkAnswer(init?.method ?? 'GET', new URL(input instanceof Request ? input.url : input), response.clone())
  return response
}
