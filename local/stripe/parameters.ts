import { clientShapeSince } from './api-version.ts'
import { isRecord, type FormRecord, type FormValue } from './form.ts'
import parameterTable from './parameters.json' with { type: 'json' }
import { StripeError, unserved } from './stripe-error.ts'

/**
 * One parameter, as `scripts/stripe-parameters.ts` writes it into `parameters.json`. `only` marks what one source alone
 * knows: Stripe's OpenAPI document ("spec", valid in older API versions alone) or the client's types ("client").
 */
export interface ParameterNode {
  type: 'string' | 'integer' | 'number' | 'decimal' | 'boolean' | 'object' | 'array' | 'map' | 'unserved'
  required?: true
  /** An empty string is allowed: it unsets the value. */
  empty?: true
  maxLength?: number
  enum?: readonly string[]
  /** Further values in older API versions. */
  olderEnum?: readonly string[]
  only?: 'spec' | 'client'
  fields?: Record<string, ParameterNode>
  items?: ParameterNode
  /** The other form that the parameter may have. */
  or?: ParameterNode
}

export type Parameter = string | number | boolean | Parameter[] | { [name: string]: Parameter }
export type Parameters = Record<string, Parameter>

const table = parameterTable as Record<string, ParameterNode>

/**
 * The parameters of a request, typed. Throws Stripe's 400 for what is unknown (`parameter_unknown`), missing
 * (`parameter_missing`), empty (`parameter_invalid_empty`) or of the wrong kind, and 501 for what Stripe has and this
 * server does not do.
 */
export const checkParameters = (operationId: string, form: FormRecord, version: string): Parameters => {
  const node = table[operationId]
  if (!node) throw new Error(`parameters.json lacks ${operationId}: run node scripts/stripe-parameters.ts`)
  const unknown: string[] = []
  const older = version < clientShapeSince
  const checked = record(node, form, '', { older, unknown })
  const [first] = unknown
  if (first !== undefined)
    throw refused(
      `Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`,
      first,
      'parameter_unknown',
    )
  return checked
}

interface Look {
  older: boolean
  unknown: string[]
}

const refused = (message: string, param: string, code?: string): StripeError =>
  new StripeError(400, { type: 'invalid_request_error', message, param, ...(code && { code }) })

const record = (node: ParameterNode, form: FormRecord, path: string, look: Look): { [name: string]: Parameter } => {
  const fields = node.fields ?? {}
  const result: { [name: string]: Parameter } = {}
  for (const [name, value] of Object.entries(form)) {
    const inner = path === '' ? name : `${path}[${name}]`
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field || (field.only === 'spec' && !look.older)) look.unknown.push(inner)
    else result[name] = parameter(field, value, inner, look)
  }
  if (look.unknown.length === 0)
    for (const [name, field] of Object.entries(fields))
      if (field.required && !(name in form)) {
        const missing = path === '' ? name : `${path}[${name}]`
        throw refused(`Missing required param: ${missing}.`, missing, 'parameter_missing')
      }
  return result
}

const parameter = (node: ParameterNode, value: FormValue, path: string, look: Look): Parameter => {
  if (node.type === 'unserved') throw unserved(`the parameter ${path}`)
  if (value === '') {
    if (node.empty) return ''
    throw refused(
      `You passed an empty string for '${path}'. We assume empty values are an attempt to unset a field; however '${path}' cannot be unset. You should remove '${path}' from your request or supply a non-empty value.`,
      path,
      'parameter_invalid_empty',
    )
  }
  if (node.or && !isRecord(value)) return parameter(node.or, value, path, look)
  if (node.type === 'array') {
    if (!Array.isArray(value)) throw refused('Invalid array', path)
    return value.map((item, index) => parameter(node.items ?? { type: 'string' }, item, `${path}[${index}]`, look))
  }
  if (node.type === 'object' || node.type === 'map') {
    if (!isRecord(value)) throw refused('Invalid object', path)
    return node.type === 'map' ? metadata(value, path) : record(node, value, path, look)
  }
  if (typeof value !== 'string') throw refused(`Invalid ${node.type}: {}`, path)
  return scalar(node, value, path, look)
}

const scalar = (node: ParameterNode, value: string, path: string, look: Look): Parameter => {
  if (node.type === 'integer') {
    const number = Number(value)
    if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number))
      throw refused(`Invalid integer: ${value}`, path, 'parameter_invalid_integer')
    return number
  }
  if (node.type === 'number' || node.type === 'decimal') {
    if (!/^-?\d+(\.\d+)?$/.test(value)) throw refused(`Invalid decimal: ${value}`, path)
    return node.type === 'number' ? Number(value) : value
  }
  if (node.type === 'boolean') {
    if (value !== 'true' && value !== 'false') throw refused(`Invalid boolean: ${value}`, path)
    return value === 'true'
  }
  const allowed = look.older && node.enum ? [...node.enum, ...(node.olderEnum ?? [])] : node.enum
  if (allowed && !allowed.includes(value)) throw refused(`Invalid ${path}: must be one of ${oneOf(allowed)}`, path)
  if (node.maxLength !== undefined && value.length > node.maxLength)
    throw refused(`Invalid string: ${value.slice(0, 10)}...; must be at most ${node.maxLength} characters`, path)
  return value
}

const oneOf = (values: readonly string[]): string =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')}, or ${values.at(-1)}`

/** Stripe's limits for metadata: 50 keys, 40 characters a key, 500 characters a value. */
const metadata = (value: FormRecord, path: string): { [name: string]: Parameter } => {
  const entries = Object.entries(value)
  if (entries.length > 50) throw refused('Metadata can have up to 50 keys.', path)
  for (const [key, text] of entries) {
    if (typeof text !== 'string') throw refused('Metadata values must be strings.', `${path}[${key}]`)
    if (key.length > 40) throw refused(`Metadata keys can have up to 40 characters: ${key}`, path)
    if (text.length > 500)
      throw refused(
        `Metadata values can have up to 500 characters, but you passed in a value that is ${text.length} characters. Invalid value: ${text.slice(0, 40)}...`,
        `${path}[${key}]`,
      )
  }
  return Object.fromEntries(entries) as { [name: string]: Parameter }
}
