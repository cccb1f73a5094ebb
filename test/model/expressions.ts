// The part of DynamoDB's expressions that the store writes: comparisons, BETWEEN, the functions below, NOT, AND, OR and
// brackets; ADD, DELETE and SET of plain attributes. Anything else throws, so that nothing passes by being misread.

export type Attributes = Readonly<Record<string, unknown>>
type Names = Readonly<Record<string, string>> | undefined
type Values = Readonly<Record<string, unknown>> | undefined

const tokenPattern = /\s*(<=|>=|<>|[=<>(),]|[#:]?[A-Za-z_][\w.#]*)/y

const tokensOf = (text: string): readonly string[] => {
  const tokens: string[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const found = tokenPattern.exec(text)
    if (found?.[1] === undefined) throw new Error(`cannot read the expression ${text}`)
    tokens.push(found[1])
  }
  return tokens
}

type Reading<T> = (item: Attributes | undefined, names: Names, values: Values) => T

const attribute = (token: string): Reading<unknown> => {
  const [first = '', ...deeper] = token.split('.')
  return (item, names) =>
    deeper.reduce<unknown>(
      (value, part) => (value as Attributes | undefined)?.[names?.[part] ?? part],
      item?.[names?.[first] ?? first],
    )
}

const sizeOf = (value: unknown): number | undefined => {
  if (value instanceof Set) return value.size
  if (Array.isArray(value) || typeof value === 'string') return value.length
  return undefined
}

const compares: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

/** Each condition is read once: the store writes some dozens. */
const known = new Map<string, Reading<boolean>>()

/** Whether a condition holds for an item; undefined: there is no item. */
export const holds = (expression: string, item: Attributes | undefined, names: Names, values: Values): boolean => {
  let condition = known.get(expression)
  if (condition === undefined) known.set(expression, (condition = conditionOf(expression)))
  return condition(item, names, values)
}

const conditionOf = (expression: string): Reading<boolean> => {
  const tokens = tokensOf(expression)
  let next = 0
  const peek = () => tokens[next]?.toUpperCase()
  const take = (wanted?: string): string => {
    const token = tokens[next]
    if (token === undefined || (wanted !== undefined && token.toUpperCase() !== wanted)) {
      throw new Error(`expected ${wanted ?? 'more'} in ${expression}`)
    }
    next += 1
    return token
  }
  const operand = (): Reading<unknown> => {
    const token = take()
    if (token.startsWith(':')) return (_item, _names, values) => values?.[token]
    if (token !== 'size') return attribute(token)
    take('(')
    const sized = attribute(take())
    take(')')
    return (item, names, values) => sizeOf(sized(item, names, values))
  }
  const call = (name: string): Reading<boolean> => {
    take('(')
    const value = attribute(take())
    const second = (): Reading<unknown> => {
      take(',')
      return operand()
    }
    const result = ((): Reading<boolean> => {
      switch (name) {
        case 'attribute_exists':
          return (item, names, values) => value(item, names, values) !== undefined
        case 'attribute_not_exists':
          return (item, names, values) => value(item, names, values) === undefined
        case 'begins_with': {
          const start = second()
          return (item, names, values) => {
            const text = value(item, names, values)
            return typeof text === 'string' && text.startsWith(String(start(item, names, values)))
          }
        }
        case 'contains': {
          const wanted = second()
          return (item, names, values) => {
            const [whole, part] = [value(item, names, values), wanted(item, names, values)]
            return whole instanceof Set ? whole.has(part) : typeof whole === 'string' && whole.includes(String(part))
          }
        }
        default:
          throw new Error(`no function ${name} is known, in ${expression}`)
      }
    })()
    take(')')
    return result
  }
  const simple = (): Reading<boolean> => {
    if (peek() === 'NOT') {
      take()
      const inner = simple()
      return (item, names, values) => !inner(item, names, values)
    }
    if (peek() === '(') {
      take()
      const inner = either()
      take(')')
      return inner
    }
    const token = tokens[next] ?? ''
    if (tokens[next + 1] === '(' && token !== 'size') {
      take()
      return call(token)
    }
    const left = operand()
    const operator = take()
    if (operator.toUpperCase() === 'BETWEEN') {
      const low = operand()
      take('AND')
      const high = operand()
      return (item, names, values) => {
        const value = left(item, names, values)
        return (
          value !== undefined &&
          (value as string) >= (low(item, names, values) as string) &&
          (value as string) <= (high(item, names, values) as string)
        )
      }
    }
    const compare = compares[operator]
    if (compare === undefined) throw new Error(`no operator ${operator} is known, in ${expression}`)
    const right = operand()
    return (item, names, values) => {
      const [a, b] = [left(item, names, values), right(item, names, values)]
      return a !== undefined && b !== undefined && compare(a as never, b as never)
    }
  }
  const both = (): Reading<boolean> => {
    const first = simple()
    if (peek() !== 'AND') return first
    take()
    const rest = both()
    return (item, names, values) => first(item, names, values) && rest(item, names, values)
  }
  const either = (): Reading<boolean> => {
    const first = both()
    if (peek() !== 'OR') return first
    take()
    const rest = either()
    return (item, names, values) => first(item, names, values) || rest(item, names, values)
  }
  const condition = either()
  if (next !== tokens.length) throw new Error(`cannot read all of ${expression}`)
  return condition
}

const added = (value: unknown, more: unknown): unknown => {
  if (more instanceof Set) return new Set([...((value as Set<unknown> | undefined) ?? []), ...more])
  return ((value as number | undefined) ?? 0) + (more as number)
}

const deleted = (value: unknown, less: unknown): unknown => {
  const left = new Set(
    [...((value as Set<unknown> | undefined) ?? [])].filter((one) => !(less as Set<unknown>).has(one)),
  )
  return left.size === 0 ? undefined : left
}

/** The item after an update of plain attributes. */
export const updated = (expression: string, item: Attributes, names: Names, values: Values): Attributes => {
  const after: Record<string, unknown> = { ...item }
  const clauses = expression.split(/\b(?=(?:SET|ADD|DELETE|REMOVE)\b)/).filter((clause) => clause.trim() !== '')
  for (const clause of clauses) {
    const [verb = '', ...rest] = clause.trim().split(/\s+/)
    for (const part of rest.join(' ').split(',')) {
      const [token = '', ...words] = part.trim().split(/\s+/)
      const name = names?.[token] ?? token
      const value = values?.[words.at(-1) ?? '']
      if (verb === 'ADD' && words.length === 1) after[name] = added(after[name], value)
      else if (verb === 'DELETE' && words.length === 1) after[name] = deleted(after[name], value)
      else if (verb === 'SET' && words.length === 2 && words[0] === '=') after[name] = value
      else if (verb === 'REMOVE' && words.length === 0) after[name] = undefined
      else throw new Error(`cannot read the update ${expression}`)
    }
  }
  return after
}
