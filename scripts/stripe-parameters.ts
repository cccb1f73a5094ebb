/**
 * Writes local/stripe/parameters.json: the parameters of each operation that the local Stripe server serves, from two
 * sources. Stripe's OpenAPI document (data/stripe/spec3.json.gz) gives kinds, limits and values; the types of the
 * installed `stripe` client give what today's API version knows. Where they differ, the client wins: what only it has is
 * valid, what only the document has is valid for older versions alone (`only` in the table), and so for values
 * (`olderEnum`). Run it after a route or the client changes: node scripts/stripe-parameters.ts
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { ParameterNode } from '../local/stripe/parameters.ts'
import { routes } from '../local/stripe/routes.ts'
import { clientOperations, resolve, type TypeNode } from './stripe-types.ts'

interface Schema {
  type?: string
  enum?: string[]
  maxLength?: number
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: boolean | Schema
  anyOf?: Schema[]
}

interface Operation {
  operationId: string
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: { 'application/x-www-form-urlencoded': { schema: Schema } } }
}

const from = (name: string): URL => new URL(`../${name}`, import.meta.url)

const fromSchema = (schema: Schema): ParameterNode => {
  if (schema.anyOf) {
    const forms = schema.anyOf.filter((form) => !(form.enum?.length === 1 && form.enum[0] === ''))
    const nodes = forms.map(fromSchema)
    const [main = { type: 'string' as const }, other] = nodes.toSorted(
      (a, b) => Number(b.type === 'object') - Number(a.type === 'object'),
    )
    return { ...main, ...(forms.length < schema.anyOf.length && { empty: true as const }), ...(other && { or: other }) }
  }
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, inner]) => [name, fromSchema(inner)])
    return { type: 'object', fields: Object.fromEntries(fields) as Record<string, ParameterNode> }
  }
  if (schema.type === 'object') return { type: 'map', empty: true }
  if (schema.type === 'array') return { type: 'array', items: fromSchema(schema.items ?? { type: 'string' }) }
  const type =
    schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean' ? schema.type : 'string'
  const values = schema.enum?.filter((value) => value !== '')
  return {
    type,
    ...(values && { enum: values }),
    ...(schema.enum && values?.length !== schema.enum.length && { empty: true as const }),
    ...(schema.maxLength !== undefined && schema.maxLength < 5000 && { maxLength: schema.maxLength }),
  }
}

const fromType = (node: TypeNode): ParameterNode => {
  const type = resolve(node)
  if (type.kind === 'union') return fromUnion(type.of.map(resolve))
  if (type.kind === 'literal') return { type: 'string', enum: [String(type.value)] }
  if (type.kind === 'array' || type.kind === 'list') return { type: 'array', items: fromType(type.of) }
  if (type.kind === 'map') return { type: 'map', empty: true }
  if (type.kind === 'decimal' || type.kind === 'number' || type.kind === 'boolean') return { type: type.kind }
  if (type.kind !== 'object') return { type: 'string' }
  const fields: Record<string, ParameterNode> = {}
  for (const [name, property] of Object.entries(type.properties))
    fields[name] = { ...fromType(property.type), ...(!property.optional && { required: true as const }) }
  return { type: 'object', fields }
}

const fromUnion = (members: TypeNode[]): ParameterNode => {
  const isEmpty = (member: TypeNode): boolean => member.kind === 'literal' && member.value === ''
  const forms = members.filter((member) => member.kind !== 'null' && member.kind !== 'unknown' && !isEmpty(member))
  const values = forms.flatMap((member) => (member.kind === 'literal' ? [String(member.value)] : []))
  const shapes = forms.filter((member) => member.kind !== 'literal').map(fromType)
  const [main, other] = shapes.toSorted((a, b) => Number(b.type === 'object') - Number(a.type === 'object'))
  return {
    ...(main ?? { type: 'string' as const }),
    ...(values.length > 0 && !main && { enum: values }),
    ...(members.some(isEmpty) && { empty: true as const }),
    ...(other && { or: other }),
  }
}

/** The client's names and demands with the document's kinds and limits. */
const merge = (client: ParameterNode, spec: ParameterNode): ParameterNode => {
  const required = client.required && { required: true as const }
  const empty = (client.empty || spec.empty) && { empty: true as const }
  if (client.type === 'object' && spec.type === 'object') {
    const fields: Record<string, ParameterNode> = {}
    const names = [...Object.keys(spec.fields ?? {}), ...Object.keys(client.fields ?? {})]
    for (const name of new Set(names)) {
      const [own, other] = [client.fields?.[name], spec.fields?.[name]]
      if (own && other) fields[name] = merge(own, other)
      else if (own) fields[name] = { ...own, only: 'client' }
      else if (other) fields[name] = { ...other, only: 'spec' }
    }
    return { type: 'object', fields, ...required, ...empty, ...(spec.or && { or: spec.or }) }
  }
  if (client.type === 'array' && spec.type === 'array' && client.items && spec.items)
    return { type: 'array', items: merge(client.items, spec.items), ...required, ...empty }
  const older = client.enum && spec.enum?.filter((value) => !client.enum?.includes(value))
  const values = client.enum ?? (client.type === 'string' ? undefined : spec.enum)
  return {
    type: client.type === 'decimal' ? 'decimal' : spec.type,
    ...(values && { enum: values }),
    ...(older && older.length > 0 && { olderEnum: older }),
    ...(spec.maxLength !== undefined && { maxLength: spec.maxLength }),
    ...(spec.fields && { fields: spec.fields }),
    ...(spec.items && { items: spec.items }),
    ...(spec.or && { or: spec.or }),
    ...required,
    ...empty,
  }
}

/** Cuts what is known but not served down to its name. */
const cut = (node: ParameterNode, serves: readonly string[], path = ''): ParameterNode => {
  if (node.items) return { ...node, items: cut(node.items, serves, path) }
  if (!node.fields) return node
  const fields: Record<string, ParameterNode> = {}
  for (const [name, field] of Object.entries(node.fields)) {
    const inner = path === '' ? name : `${path}.${name}`
    if (serves.includes(inner)) fields[name] = field
    else if (serves.some((served) => served.startsWith(`${inner}.`))) fields[name] = cut(field, serves, inner)
    else fields[name] = { type: 'unserved', ...(field.only && { only: field.only }) }
  }
  return { ...node, fields }
}

/** A served parameter that neither source knows is a slip of the pen. */
const checkServed = (node: ParameterNode, served: string, operationId: string): void => {
  let at: ParameterNode | undefined = node
  for (const name of served.split('.')) at = (at?.items ?? at)?.fields?.[name]
  if (!at) throw new Error(`${operationId} has no parameter ${served}`)
}

/** The table of all served operations. Throws for an operation or a served parameter that Stripe does not have. */
export const parameterTable = (): Record<string, ParameterNode> => {
  const document = JSON.parse(gunzipSync(readFileSync(from('data/stripe/spec3.json.gz'))).toString()) as {
    paths: Record<string, Record<string, Operation>>
  }
  const operations = clientOperations()
  const table: Record<string, ParameterNode> = {}
  for (const { operationId, method, path, serves } of routes) {
    const known = Object.entries(document.paths)
      .filter(([template]) => template.replaceAll(/\{\w+\}/g, '{}') === path)
      .map(([, methods]) => methods[method.toLowerCase()])[0]
    if (known?.operationId !== operationId)
      throw new Error(
        `${method} ${path} is ${known?.operationId ?? 'unknown'} in Stripe's document, not ${operationId}`,
      )
    const query = (known.parameters ?? []).filter((parameter) => parameter.in === 'query')
    const spec = fromSchema(
      method === 'GET'
        ? { properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])) }
        : (known.requestBody?.content['application/x-www-form-urlencoded'].schema ?? { properties: {} }),
    )
    const type = operations.find((operation) => operation.method === method && operation.path === path)?.parameters
    const client: ParameterNode = type ? fromType(type) : { type: 'object', fields: {} }
    const all = merge(client, { ...spec, type: 'object', fields: spec.fields ?? {} })
    for (const served of serves) checkServed(all, served, operationId)
    table[operationId] = cut(all, [...serves, 'expand', 'limit', 'starting_after', 'ending_before'])
  }
  return table
}

if (import.meta.main) {
  const table = parameterTable()
  writeFileSync(from('local/stripe/parameters.json'), JSON.stringify(table))
  execFileSync('npx', ['oxfmt', 'local/stripe/parameters.json'], { cwd: from('.') })
  console.log(`local/stripe/parameters.json: ${Object.keys(table).length} operations`)
}
