import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { kinds } from '../../local/stripe/resource-types.ts'

interface Schema {
  [keyword: string]: unknown
}

interface Operation {
  operationId: string
  parameters?: { name: string; in: string; schema: Schema }[]
  requestBody?: { content: { 'application/x-www-form-urlencoded': { schema: Schema } } }
  responses: Record<string, { content: { 'application/json': { schema: Schema } } }>
}

interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const load = (): Document =>
  JSON.parse(
    gunzipSync(readFileSync(new URL('../../data/stripe/spec3.json.gz', import.meta.url))).toString(),
  ) as Document

const served: readonly string[] = kinds.map((kind) => `#/components/schemas/${kind}`)

/**
 * OpenAPI 3.0 to JSON Schema: `nullable` becomes a form of its own (ajv knows it only beside `type`, and not for enums);
 * what is not about validity goes. A field that may be expanded keeps only the resources this server has: it can be
 * nothing else here, and compiling the hundreds of others would take seconds.
 */
const toJsonSchema = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(toJsonSchema)
  if (typeof value !== 'object' || value === null) return value
  const given = value as Schema
  const { nullable, ...schema } = Object.fromEntries(
    Object.entries(given)
      .filter(
        ([name, inner]) =>
          !(name.startsWith('x-') || (name === 'description' && typeof inner === 'string') || name === 'format'),
      )
      .map(([name, inner]) => [name, toJsonSchema(inner)]),
  )
  if (given['x-expansionResources'] && Array.isArray(schema['anyOf']))
    schema['anyOf'] = (schema['anyOf'] as Schema[]).filter(
      (form) => typeof form['$ref'] !== 'string' || served.includes(form['$ref']),
    )
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}

/** One complaint of ajv: where in the value, and what. */
export interface Complaint {
  path: string
  keyword: string
  message: string
  /** The property at fault, for `additionalProperties` and `required`. */
  property: string | undefined
}

/** Checks requests and answers against Stripe's own OpenAPI document. Schemas are compiled when first needed. */
export class StripeOpenApi {
  private readonly operations = new Map<string, Operation>()
  private readonly compiled = new Map<string, ValidateFunction>()
  private readonly ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false, code: { optimize: false } })
  private readonly coercing = new Ajv({ strict: false, allErrors: true, coerceTypes: true, code: { optimize: false } })

  constructor() {
    const document = load()
    for (const methods of Object.values(document.paths))
      for (const operation of Object.values(methods)) this.operations.set(operation.operationId, operation)
    const components = toJsonSchema(document.components) as Schema
    this.ajv.addSchema({ $id: 'stripe', components })
    this.coercing.addSchema({ $id: 'stripe', components })
  }

  /** Complaints about a request's decoded parameters (text, as they came). */
  requestComplaints(operationId: string, form: object): Complaint[] {
    const validate = this.validator(`request ${operationId}`, this.coercing, () => {
      const operation = this.operation(operationId)
      const body = operation.requestBody?.content['application/x-www-form-urlencoded'].schema
      if (body && Object.keys((body['properties'] ?? {}) as object).length > 0) return body
      const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')
      return {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
      }
    })
    return complaints(validate, structuredClone(form))
  }

  /** Complaints about an answer: the schema of its status, or the error schema. */
  responseComplaints(operationId: string, status: number, body: unknown): Complaint[] {
    const kind = status === 200 ? '200' : 'default'
    const validate = this.validator(`${kind} ${operationId}`, this.ajv, () => {
      const response = this.operation(operationId).responses[kind]
      if (!response) throw new Error(`${operationId} has no ${kind} response`)
      return response.content['application/json'].schema
    })
    return complaints(validate, body)
  }

  /** Complaints about one resource by the name of its schema, for example `charge`. */
  resourceComplaints(schema: string, value: unknown): Complaint[] {
    return complaints(
      this.validator(`schema ${schema}`, this.ajv, () => ({ $ref: `#/components/schemas/${schema}` })),
      value,
    )
  }

  private operation(operationId: string): Operation {
    const operation = this.operations.get(operationId)
    if (!operation) throw new Error(`Stripe's document has no operation ${operationId}`)
    return operation
  }

  private validator(name: string, ajv: Ajv, schema: () => Schema): ValidateFunction {
    let validate = this.compiled.get(name)
    if (!validate) {
      const text = JSON.stringify(toJsonSchema(schema())).replaceAll('"#/components/', '"stripe#/components/')
      validate = ajv.compile(JSON.parse(text) as Schema)
      this.compiled.set(name, validate)
    }
    return validate
  }
}

const complaints = (validate: ValidateFunction, value: unknown): Complaint[] =>
  validate(value) ? [] : (validate.errors ?? []).filter((error) => error.keyword !== 'anyOf').map(complaintOf)

const complaintOf = (error: ErrorObject): Complaint => {
  const params = error.params as { additionalProperty?: string; missingProperty?: string }
  return {
    path: error.instancePath,
    keyword: error.keyword,
    message: error.message ?? error.keyword,
    property: params.additionalProperty ?? params.missingProperty,
  }
}
