// The part of DynamoDB's expressions that the store writes: comparisons, BETWEEN, the functions below, NOT, AND, OR and
// brackets; ADD, DELETE and SET of plain attributes. Anything else throws, so that nothing passes by being misread.

export type Attributes = Readonly<Record<string, unknown>>
type Names = Readonly<Record<string, string>> | undefined
type Values = Readonly<Record<string, unknown>> | undefined

const tokenPattern = /\s*(<=|>=|<>|[=<>(),]|[#:]?[A-Za-z_][\w.#]*)/y

/** Each expression is read once: the store writes some dozens. */
const known = new Map<string, readonly string[]>()

const tokensOf = (text: string): readonly string[] => {
  const before = known.get(text)
  if (before !== undefined) return before
  const tokens: string[] = []
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const found = tokenPattern.exec(text)
    if (found?.[1] === undefined) throw new Error(`cannot read the expression ${text}`)
    tokens.push(found[1])
  }
  known.set(text, tokens)
  return tokens
}

const pathOf = (token: string, names: Names): string[] => token.split('.').map((part) => names?.[part] ?? part)

const at = (item: Attributes | undefined, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, part) => (value as Attributes | undefined)?.[part], item)

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

/** Whether a condition holds for an item; undefined: there is no item. */
export const holds = (expression: string, item: Attributes | undefined, names: Names, values: Values): boolean => {
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
  const operand = (): unknown => {
    const token = take()
    if (token.startsWith(':')) return values?.[token]
    if (token === 'size') {
      take('(')
      const size = sizeOf(at(item, pathOf(take(), names)))
      take(')')
      return size
    }
    return at(item, pathOf(token, names))
  }
  const call = (name: string): boolean => {
    take('(')
    const first = take()
    const value = at(item, pathOf(first, names))
    let result: boolean
    switch (name) {
      case 'attribute_exists':
        result = value !== undefined
        break
      case 'attribute_not_exists':
        result = value === undefined
        break
      case 'begins_with':
        take(',')
        result = typeof value === 'string' && value.startsWith(String(operand()))
        break
      case 'contains': {
        take(',')
        const wanted = operand()
        result = value instanceof Set ? value.has(wanted) : typeof value === 'string' && value.includes(String(wanted))
        break
      }
      default:
        throw new Error(`no function ${name} is known, in ${expression}`)
    }
    take(')')
    return result
  }
  const simple = (): boolean => {
    if (peek() === 'NOT') {
      take()
      return !simple()
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
      return left !== undefined && (left as string) >= (low as string) && (left as string) <= (high as string)
    }
    const compare = compares[operator]
    if (compare === undefined) throw new Error(`no operator ${operator} is known, in ${expression}`)
    const right = operand()
    return left !== undefined && right !== undefined && compare(left as never, right as never)
  }
  const both = (): boolean => {
    let result = simple()
    while (peek() === 'AND') {
      take()
      const right = simple()
      result = result && right
    }
    return result
  }
  const either = (): boolean => {
    let result = both()
    while (peek() === 'OR') {
      take()
      const right = both()
      result = result || right
    }
    return result
  }
  const result = either()
  if (next !== tokens.length) throw new Error(`cannot read all of ${expression}`)
  return result
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
