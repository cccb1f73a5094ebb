import { problemCodes, statusOf } from '../contract/problems.ts'
import { escapeHtml } from '../domain/html.ts'
import { htmlPage } from './html-page.ts'

/**
 * The API reference as one HTML page without scripts or outside assets, made from the OpenAPI document, so that it is
 * never behind it.
 */
type Json = { readonly [key: string]: unknown }

const text = (value: unknown): string =>
  escapeHtml(
    typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '',
  )

export const referencePage = (document: Json): string => {
  const { info, paths, components, tags } = document as {
    info: { title: string; description: string }
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, Json> }
    tags: { name: string; description: string }[]
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = tags.map(
    (tag) =>
      `<h2 id="${text(tag.name)}">${text(tag.name)}</h2><p>${text(tag.description)}.</p>` +
      operations
        .filter(({ operation }) => operation.tags.includes(tag.name))
        .map(({ path, method, operation }) => operationSection(path, method, operation))
        .join(''),
  )
  const codes = problemCodes.map((code) => `<tr><td>${statusOf(code)}</td><td><code>${text(code)}</code></td></tr>`)
  return htmlPage(
    info.title,
    `<h1>${text(info.title)}</h1><p>${text(info.description)}</p>
<nav>${tags.map((tag) => `<a href="#${text(tag.name)}">${text(tag.name)}</a>`).join('')}<a href="#schemas">schemas</a><a href="#problems">problems</a><a href="/openapi.json">openapi.json</a></nav>
${groups.join('')}
<h2 id="schemas">Schemas</h2>${Object.entries(components.schemas)
      .map(
        ([name, schema]) => `<section id="schema-${text(name)}"><h3>${text(name)}</h3>${schemaTable(schema)}</section>`,
      )
      .join('')}
<h2 id="problems">Problem codes</h2><table><tr><th>status</th><th>code</th></tr>${codes.join('')}</table>`,
  )
}

type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: unknown
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json; description?: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> }
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, { schema: Json }> }
  >
}

const operationSection = (path: string, method: string, operation: Operation): string => {
  const rows = operation.parameters.map(
    (parameter) =>
      `<tr><td><code>${text(parameter.name)}</code></td><td>${text(parameter.in)}${parameter.required ? ', required' : ''}</td><td>${typeWords(parameter.schema)} ${text(parameter.description)}</td></tr>`,
  )
  const body = Object.values(operation.requestBody?.content ?? {}).map(
    ({ schema }) => `<p>Body</p>${schemaTable(schema)}`,
  )
  const responses = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      `<tr><td>${text(status)}</td><td>${Object.values(content)
        .map(({ schema }) => typeWords(schema))
        .join(' ')}</td><td>${text(description)}</td></tr>`,
  )
  return `<section id="${text(operation.operationId)}"><h3><span class="method ${text(method)}">${text(method.toUpperCase())}</span> <code>${text(path)}</code><span class="key">${operation.security === undefined ? 'no token' : 'token'}</span></h3>
<p>${text(operation.summary)}.</p>${rows.length > 0 ? `<table>${rows.join('')}</table>` : ''}${body.join('')}<p>Answers</p><table>${responses.join('')}</table></section>`
}

const schemaTable = (schema: Json): string => {
  const { properties, required, description } = schema as {
    properties?: Record<string, Json>
    required?: string[]
    description?: string
  }
  const head = description === undefined ? '' : `<p>${text(description)}</p>`
  if (properties === undefined) return `${head}<p>${typeWords(schema)}</p>`
  const rows = Object.entries(properties).map(
    ([name, property]) =>
      `<tr><td><code>${text(name)}</code></td><td>${typeWords(property)}${required?.includes(name) === true ? '' : ', optional'}</td><td>${text(property['description'])}</td></tr>`,
  )
  return `${head}<table>${rows.join('')}</table>`
}

const typeWords = (schema: Json): string => {
  const { $ref, type, anyOf, items, enum: values, const: only, pattern, format, minimum, maximum } = schema
  if (typeof $ref === 'string') {
    const name = $ref.replace('#/components/schemas/', '')
    return `<a href="#schema-${text(name)}">${text(name)}</a>`
  }
  if (Array.isArray(anyOf)) return anyOf.map((option) => typeWords(option as Json)).join(' or ')
  if (Array.isArray(values)) return values.map((value) => `<code>${text(value)}</code>`).join(' ')
  if (only !== undefined) return `<code>${text(only)}</code>`
  if (type === 'array') return `list of ${typeWords((items ?? {}) as Json)}`
  const range =
    minimum === undefined && maximum === undefined ? '' : ` ${text(minimum ?? '…')} to ${text(maximum ?? '…')}`
  return `${text(type ?? 'anything')}${typeof format === 'string' ? ` (${text(format)})` : ''}${range}${typeof pattern === 'string' ? ` <code>${text(pattern)}</code>` : ''}`
}

/** Where the payment page sends people back to, and the door for everyone else. */
export const landingPage = (result: string | undefined, orderId: string | undefined): string => {
  const order = /^ord_[0-9A-HJKMNP-TV-Z]{26}$/.test(orderId ?? '') ? `<p>Order <code>${text(orderId)}</code></p>` : ''
  const words =
    result === 'paid'
      ? '<h1>Thank you</h1><p>Your payment is being confirmed. The handle is yours the moment the payment provider tells us, usually within seconds; the order shows it.</p>'
      : result === 'left'
        ? '<h1>Not paid yet</h1><p>You left the payment page. The handle stays on hold for you until the deadline that your order shows; ask for the checkout again to go on.</p>'
        : '<h1>Handle marketplace</h1><p>Handles of inactive accounts, appraised with reasons, sold openly.</p>'
  return htmlPage(
    'Handle marketplace',
    `${words}${order}<nav><a href="/reference">API reference</a><a href="/openapi.json">openapi.json</a><a href="/v1/listings">What is for sale</a></nav>`,
  )
}
