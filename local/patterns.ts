import { isObject, type Json, type JsonObject, asText } from './json.ts'

/**
 * Event patterns as EventBridge and event source filters match them: every member of the pattern must match, a list
 * holds alternatives, and a list in the event matches when one of its elements does.
 */
export function matches(pattern: JsonObject, event: Json | undefined): boolean {
  return Object.entries(pattern).every(([key, expected]) => {
    if (key === '$or') {
      return Array.isArray(expected) && expected.some((part) => isObject(part) && matches(part, event))
    }
    const actual = isObject(event) ? event[key] : undefined
    if (Array.isArray(expected)) return expected.some((test) => anyMatches(test, actual))
    if (isObject(expected)) {
      if (Array.isArray(actual)) return actual.some((element) => matches(expected, element))
      return matches(expected, actual)
    }
    throw new TypeError(`an event pattern holds lists and objects, not ${JSON.stringify(expected)}`)
  })
}

function anyMatches(test: Json, actual: Json | undefined): boolean {
  if (Array.isArray(actual)) {
    return actual.some((element) => matchesTest(test, element)) || (isObject(test) && test.exists === true)
  }
  return matchesTest(test, actual)
}

function matchesTest(test: Json, actual: Json | undefined): boolean {
  if (!isObject(test)) return actual !== undefined && test === actual
  const [kind] = Object.keys(test)
  const argument = test[kind ?? ''] ?? null
  switch (kind) {
    case 'exists':
      return (actual !== undefined) === argument
    case 'prefix':
      return typeof actual === 'string' && textTest(argument, actual, (text, part) => text.startsWith(part))
    case 'suffix':
      return typeof actual === 'string' && textTest(argument, actual, (text, part) => text.endsWith(part))
    case 'equals-ignore-case':
      return typeof actual === 'string' && actual.toLowerCase() === asText(argument).toLowerCase()
    case 'wildcard':
      return typeof actual === 'string' && wildcard(asText(argument)).test(actual)
    case 'anything-but':
      return actual !== undefined && !excluded(argument, actual)
    case 'numeric':
      return typeof actual === 'number' && Array.isArray(argument) && numeric(argument, actual)
    default:
      throw new TypeError(`the local bus does not know the comparison ${JSON.stringify(test)}`)
  }
}

function textTest(argument: Json, text: string, test: (text: string, part: string) => boolean): boolean {
  if (isObject(argument)) return test(text.toLowerCase(), asText(argument['equals-ignore-case']).toLowerCase())
  return test(text, asText(argument))
}

function excluded(argument: Json, actual: Json): boolean {
  if (Array.isArray(argument)) return argument.some((value) => value === actual)
  if (!isObject(argument)) return argument === actual
  const [kind] = Object.keys(argument)
  const values = argument[kind ?? ''] ?? null
  const list = Array.isArray(values) ? values : [values]
  return list.some((value) => matchesTest({ [kind ?? '']: value }, actual))
}

function numeric(comparison: Json[], actual: number): boolean {
  for (let at = 0; at + 1 < comparison.length; at += 2) {
    const bound = Number(comparison[at + 1])
    switch (comparison[at]) {
      case '=':
        if (actual !== bound) return false
        break
      case '<':
        if (!(actual < bound)) return false
        break
      case '<=':
        if (!(actual <= bound)) return false
        break
      case '>':
        if (!(actual > bound)) return false
        break
      case '>=':
        if (!(actual >= bound)) return false
        break
      default:
        throw new TypeError(`the local bus does not know the comparison ${JSON.stringify(comparison)}`)
    }
  }
  return true
}

function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}

/** The value at a path such as `$.detail.orderId`, as `InputPath` and `InputTransformer` take it. */
export function atPath(path: string, event: Json): Json | undefined {
  let value: Json | undefined = event
  for (const part of path.replace(/^\$\.?/, '').split('.')) {
    if (part === '') continue
    value = isObject(value) ? value[part] : undefined
  }
  return value
}
