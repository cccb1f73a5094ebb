/** Any value that JSON can carry, as templates, policies and events do. */
export type Json = string | number | boolean | null | Json[] | JsonObject
export type JsonObject = { [key: string]: Json }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an object, or an empty one: for optional template properties. */
export function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

export function asArray(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
}

export function asString(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** Templates write numbers as numbers or as strings. */
export function asNumber(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) return Number(value)
  return undefined
}

/** Parses text that is expected to be a JSON object. Throws `SyntaxError` or `TypeError` otherwise. */
export function parseObject(text: string): JsonObject {
  const value: Json = JSON.parse(text)
  if (!isObject(value)) throw new TypeError('expected a JSON object')
  return value
}

/** A scalar as text; what is neither text, number nor truth value as JSON, and nothing as the empty text. */
export function asText(value: Json | undefined): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
