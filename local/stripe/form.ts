import { StripeError } from './stripe-error.ts'

/** A decoded form value: text, a list, or a record without prototype. */
export type FormValue = string | FormValue[] | FormRecord
export interface FormRecord {
  [name: string]: FormValue
}

const pairsMax = 2000
const depthMax = 8

/**
 * Decodes `a[b][0][c]=1&d[]=2` as Stripe's API does. Records whose names are all indexes become lists.
 * Throws a 400 for more than 2,000 pairs or a nesting deeper than 8.
 */
export const parseForm = (text: string): FormRecord => {
  const root = emptyRecord()
  if (text === '') return root
  const pairs = text.split('&')
  if (pairs.length > pairsMax) throw refused(`A request may have up to ${pairsMax} parameters.`)
  for (const pair of pairs) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    put(root, segmentsOf(name), equals < 0 ? '' : decode(pair.slice(equals + 1)))
  }
  return listsOf(root) as FormRecord
}

const emptyRecord = (): FormRecord => Object.create(null) as FormRecord

const refused = (message: string): StripeError => new StripeError(400, { type: 'invalid_request_error', message })

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw refused('Invalid percent-encoding in the request.')
  }
}

const segmentsOf = (name: string): string[] => {
  const open = name.indexOf('[')
  if (open <= 0) return [name]
  const segments = [
    name.slice(0, open),
    ...name
      .slice(open + 1)
      .replace(/\]$/, '')
      .split(']['),
  ]
  if (segments.length > depthMax) throw refused(`Parameters may be nested up to ${depthMax} deep.`)
  return segments
}

const put = (root: FormRecord, segments: string[], value: string): void => {
  let record = root
  for (const [index, segment] of segments.entries()) {
    const name = segment === '' ? String(Object.keys(record).length) : segment
    if (index === segments.length - 1) {
      record[name] = value
      return
    }
    const inner = record[name]
    record = isRecord(inner) ? inner : (record[name] = emptyRecord())
  }
}

const listsOf = (value: FormValue): FormValue => {
  if (!isRecord(value)) return value
  const names = Object.keys(value)
  for (const name of names) value[name] = listsOf(value[name] ?? '')
  if (names.length === 0 || !names.every((name) => /^\d{1,4}$/.test(name))) return value
  return names.toSorted((a, b) => Number(a) - Number(b)).map((name) => value[name] ?? '')
}

/** True for a nested record: not text, not a list. */
export const isRecord = (value: FormValue | undefined): value is FormRecord =>
  typeof value === 'object' && !Array.isArray(value)
