import * as z from 'zod'
import { gatewaySchema } from './gateway.ts'
import { handOverRequestSchema } from './hand-over.ts'
import { problemSchema, statusOf } from './problems.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'

type Json = { [key: string]: unknown }

/**
 * The OpenAPI 3.1 document, made from the same table and schemas that validate requests and strip responses. Schemas with
 * an `id` become components; the JSON Schema dialect is 2020-12, as OpenAPI 3.1 has it.
 */
export const openApi = (serverUrl: string): Json => {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const route of Object.values(routes) as Route[]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, components) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Handle marketplace',
      version: '1.0.0',
      description:
        'Buy the handles that a platform releases. Amounts are integers in minor units; times are RFC 3339 UTC; refusals are problem details with a closed code.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl }],
    security: [],
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    webhooks: { handOverWanted: handOverWebhook(components) },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: components,
    },
  }
}

const tags = [
  ['catalogue', 'What is for sale and what was sold; no token needed'],
  ['discovery', 'Names that are like another; no token needed'],
  ['purchases', 'Orders of the caller'],
  ['checkout', 'Where to pay'],
  ['auctions', 'English auctions: bids by proxy, buy-now, the offer to the runner-up'],
  ['accounts', "The caller's handles, and the platform's word on accounts"],
  ['hand-overs', 'What an external platform tells of the hand-overs that it makes'],
  ['keep', "A holder's answer to a notice"],
  ['operator', 'The handle team: imports and the journal'],
  ['release-plans', 'What a release would do, before it is begun, and the sealed schedules of those that were'],
  ['authorisations', 'The card that large bids ask for, and how the caller stands'],
  ['cases', 'The handle team: accounts that may play together'],
  ['campaigns', 'Private offers, as operators run them'],
  ['private-offers', 'A private offer, by the link that its prospect was sent'],
  ['sellers', 'How users who sell their handles are paid'],
  ['stripe-webhook', 'The payment provider'],
  ['trading', 'What buyers and sellers do with an order, and what a user sells'],
  ['listings', 'Handles that their holders put on sale, and what they get'],
  ['reference', 'This description'],
] as const

/** Any route can meet a fault, or a service that does not answer for a while. */
const problemsOfAll = ['internal_error', 'service_unavailable'] as const

const operation = (route: Route, components: Json): Json => {
  const failures = new Map<number, string[]>()
  for (const code of new Set([...route.problems, ...problemsOfAll])) {
    const status = statusOf(code)
    failures.set(status, [...(failures.get(status) ?? []), code])
  }
  const responses: Json = {
    [route.success.status]:
      route.success.csv === true
        ? {
            description: route.success.words,
            headers: { Link: { description: 'The page behind this one, rel="next"', schema: { type: 'string' } } },
            content: { 'text/csv': { schema: { type: 'string' } } },
          }
        : {
            description: route.success.words,
            content: { 'application/json': { schema: toJson(route.success.schema, 'output', components) } },
          },
  }
  const problemRef = toJson(problemSchema, 'output', components)
  for (const [status, codes] of [...failures].toSorted(([a], [b]) => a - b)) {
    responses[status] = {
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: problemRef } },
    }
  }
  if (route.method === 'POST') {
    // The gateway refuses what is larger than it takes before the service could say it in its own words.
    const { content } = (responses['413'] as { content?: Json } | undefined) ?? {}
    responses['413'] = {
      description: 'body_too_large',
      content: { ...content, 'application/json': { schema: toJson(gatewaySchema, 'output', components) } },
    }
  }
  if (route.role !== 'public') {
    responses['401'] = {
      description: 'No token, or one that is expired, wrongly signed, or meant for somebody else',
      content: { 'application/json': { schema: toJson(gatewaySchema, 'output', components) } },
    }
  }
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.group],
    ...(route.role === 'public' ? {} : { security: [{ token: [] }] }),
    parameters: [
      ...parameters('path', route.params, components),
      ...parameters('query', route.query, components),
      ...(route.idempotent === true ? [idempotencyKey] : []),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: toJson(route.body, 'input', components) } },
          },
        }),
    responses,
  }
}

/** What this system sends, where a deployment leaves the hand-over to the platform. */
const handOverWebhook = (components: Json): Json => ({
  post: {
    operationId: 'handOverWanted',
    summary: 'A handle is paid for: hand it over, and tell that you did. The same id and body at every try',
    tags: ['hand-overs'],
    parameters: [
      ['webhook-id', 'Known already: a repetition'],
      ['webhook-timestamp', 'Seconds since 1970; older than five minutes is not to be taken'],
      ['webhook-signature', '`v1,` and the HMAC-SHA-256 of `id.timestamp.body` in base64; several are apart by spaces'],
    ].map(([name, description]) => ({ name, in: 'header', required: true, description, schema: { type: 'string' } })),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: toJson(handOverRequestSchema, 'output', components) } },
    },
    responses: { '2XX': { description: 'Taken. Everything else comes again' } },
  },
})

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: 'Same key and body: same answer. Same key and another body: 422.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
}

const parameters = (place: 'path' | 'query', schema: z.ZodObject | undefined, components: Json): Json[] =>
  Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const required = place === 'path' || !(field as z.ZodType).safeParse(undefined).success
    return { name, in: place, required, schema: toJson(field as z.ZodType, 'input', components) }
  })

/** JSON Schema of a zod schema; parts with an id move to the components and are referred to. */
const toJson = (schema: z.ZodType, io: 'input' | 'output', components: Json): Json => {
  const json = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' }) as Json
  const { $schema: _, $defs, ...own } = json
  for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {})) {
    components[name] ??= relocate(definition)
  }
  const relocated = relocate(own) as Json
  const id = schema.meta()?.id
  if (id === undefined) return relocated
  components[id] ??= relocated
  return { $ref: `#/components/schemas/${id}` }
}

const relocate = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(relocate)
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => key !== '$schema' && !(key === 'id' && typeof value === 'string'))
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string'
          ? value.replace('#/$defs/', '#/components/schemas/')
          : relocate(value),
      ]),
  )
}
