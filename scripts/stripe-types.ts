/**
 * Reads the declaration files of the installed `stripe` package: what each operation takes and what each resource
 * looks like in the API version that the client speaks. The files are generated and regular, so a small reader does;
 * TypeScript 7 offers no stable programmatic API that could do it for us.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export type TypeNode =
  | { kind: 'string' | 'number' | 'boolean' | 'null' | 'decimal' | 'unknown' }
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'union'; of: TypeNode[] }
  | { kind: 'array'; of: TypeNode }
  | { kind: 'list'; of: TypeNode }
  | { kind: 'map'; of: TypeNode }
  | { kind: 'object'; properties: Record<string, Property> }
  | { kind: 'ref'; name: string; scope: string[]; file: string }

export interface Property {
  optional: boolean
  type: TypeNode
}

interface Declaration {
  node: TypeNode
  extends: TypeNode[]
}

interface DeclarationFile {
  declarations: Map<string, Declaration>
  imports: Map<string, string>
}

const resourcesFolder = fileURLToPath(new URL('../node_modules/stripe/esm/resources/', import.meta.url))
const tokenPattern =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|\s+|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z_$][\w$]*|-?\d+(?:\.\d+)?|=>|.)/g
const files = new Map<string, DeclarationFile>()

/** Every declaration file of the client that holds resources, as absolute paths. */
export const resourceFiles = (): string[] =>
  readdirSync(resourcesFolder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.ts'))
    .map((name) => path.join(resourcesFolder, name))

/** The file of one resource, for example `Checkout/Sessions`. */
export const resourceFile = (name: string): string => path.join(resourcesFolder, `${name}.d.ts`)

/** Follows references until something with a shape of its own; base interfaces are merged in. */
export const resolve = (node: TypeNode): TypeNode => {
  if (node.kind !== 'ref') return node
  const found = findDeclaration(node)
  if (!found) return { kind: 'unknown' }
  const own = resolve(found.node)
  if (own.kind !== 'object' || found.extends.length === 0) return own
  const properties: Record<string, Property> = {}
  for (const base of found.extends) {
    const shape = resolve(base)
    if (shape.kind === 'object') Object.assign(properties, shape.properties)
  }
  return { kind: 'object', properties: { ...properties, ...own.properties } }
}

/** A reference to a declaration by its qualified name, for example `Checkout.SessionCreateParams`. */
export const reference = (file: string, name: string): TypeNode => ({ kind: 'ref', name, scope: [], file })

export interface ClientOperation {
  method: string
  /** The path with `{}` for each id. */
  path: string
  parameters: TypeNode | undefined
}

/** The v1 operations of the client with the type of their parameters. */
export const clientOperations = (): ClientOperation[] =>
  resourceFiles().flatMap((file) => {
    const source = readFileSync(file.replace(/\.d\.ts$/, '.js'), 'utf8')
    const declarations = readFileSync(file, 'utf8')
    const calls = source.matchAll(/ {4}(\w+)\([^)]*\) \{\s*return this\._makeRequest\('(\w+)', [`']([^`']+)[`']/g)
    return [...calls].flatMap(([, name = '', method = '', template = '']) => {
      if (!template.startsWith('/v1/')) return []
      const signature = new RegExp(`^ {4}${name}\\([^;]*?params\\??: ([\\w.]+)`, 'm').exec(declarations)
      return [
        {
          method,
          path: template.replaceAll(/\$\{[^}]*\}/g, '{}'),
          parameters: signature?.[1] ? reference(file, signature[1]) : undefined,
        },
      ]
    })
  })

const findDeclaration = (node: { name: string; scope: string[]; file: string }): Declaration | undefined => {
  const { declarations, imports } = load(node.file)
  for (let depth = node.scope.length; depth >= 0; depth -= 1) {
    const found = declarations.get([...node.scope.slice(0, depth), node.name].join('.'))
    if (found) return found
  }
  const [head = '', ...rest] = node.name.split('.')
  const target = imports.get(head)
  return target ? findDeclaration({ name: [head, ...rest].join('.'), scope: [], file: target }) : undefined
}

const load = (file: string): DeclarationFile => {
  const known = files.get(file)
  if (known) return known
  const source = readFileSync(file, 'utf8')
  const imports = new Map<string, string>()
  for (const [, names = '', from = ''] of source.matchAll(/(?:import|export) (?:type )?\{([^}]*)\} from '(\.[^']*)'/g))
    for (const name of names.split(','))
      imports.set(name.trim().split(' ')[0] ?? '', path.join(path.dirname(file), from.replace(/\.js$/, '.d.ts')))
  const loaded = { declarations: new Reader(source, file).declarations, imports }
  files.set(file, loaded)
  return loaded
}

/** A recursive-descent reader of `interface`, `type` and `namespace`; classes and functions are passed over. */
class Reader {
  readonly declarations = new Map<string, Declaration>()
  private readonly tokens: string[]
  private readonly file: string
  private position = 0

  constructor(source: string, file: string) {
    this.file = file
    this.tokens = [...source.matchAll(tokenPattern)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]))
    while (this.position < this.tokens.length) this.statement([])
  }

  private peek(offset = 0): string {
    return this.tokens[this.position + offset] ?? ''
  }

  private next(): string {
    const token = this.peek()
    this.position += 1
    return token
  }

  private accept(token: string): boolean {
    if (this.peek() !== token) return false
    this.position += 1
    return true
  }

  private expect(token: string): void {
    if (!this.accept(token))
      throw new Error(`${this.file}: '${token}' expected, '${this.peek()}' found at token ${this.position}`)
  }

  private statement(scope: string[]): void {
    if (this.accept('export') || this.accept('declare')) return this.statement(scope)
    if (this.accept('namespace')) {
      const name = this.next()
      this.expect('{')
      while (!this.accept('}')) this.statement([...scope, name])
      return
    }
    if (this.accept('interface')) {
      const name = this.next()
      this.skipTypeParameters()
      const bases: TypeNode[] = []
      if (this.accept('extends')) {
        do bases.push(this.type(scope))
        while (this.accept(','))
      }
      this.declarations.set([...scope, name].join('.'), { node: this.object(scope), extends: bases })
      return
    }
    if (this.peek() === 'type' && this.peek(1) !== '{') {
      this.next()
      const name = this.next()
      if (this.skipTypeParameters()) return this.skipStatement()
      this.expect('=')
      this.declarations.set([...scope, name].join('.'), { node: this.type(scope), extends: [] })
      this.accept(';')
      return
    }
    this.skipStatement()
  }

  /** Passes over anything else: to the `;` or the closing brace of its own depth. */
  private skipStatement(): void {
    let depth = 0
    while (this.position < this.tokens.length) {
      const token = this.next()
      if (token === '{') depth += 1
      else if (token === '}' && --depth <= 0) {
        if (this.peek() === 'from') continue
        this.accept(';')
        return
      } else if (token === ';' && depth === 0) return
    }
  }

  private skipTypeParameters(): boolean {
    if (!this.accept('<')) return false
    let depth = 1
    while (depth > 0) {
      const token = this.next()
      if (token === '<') depth += 1
      if (token === '>') depth -= 1
    }
    return true
  }

  private object(scope: string[]): TypeNode {
    this.expect('{')
    const properties: Record<string, Property> = {}
    let map: TypeNode | undefined
    while (!this.accept('}')) {
      this.accept('readonly')
      if (this.accept('[')) {
        while (!this.accept(']')) this.next()
        this.expect(':')
        map = this.type(scope)
      } else {
        const name = this.next().replaceAll(/^['"]|['"]$/g, '')
        const optional = this.accept('?')
        this.expect(':')
        properties[name] = { optional, type: this.type(scope) }
      }
      this.accept(';')
    }
    return map ? { kind: 'map', of: map } : { kind: 'object', properties }
  }

  private type(scope: string[]): TypeNode {
    this.accept('|')
    const members = [this.intersection(scope)]
    while (this.accept('|')) members.push(this.intersection(scope))
    const [first, ...others] = members
    return first && others.length === 0 ? first : { kind: 'union', of: members }
  }

  /** `string & Record<never, never>` is how the client writes "or another string". */
  private intersection(scope: string[]): TypeNode {
    const first = this.suffix(scope)
    while (this.accept('&')) this.suffix(scope)
    return first
  }

  private suffix(scope: string[]): TypeNode {
    let node = this.primary(scope)
    while (this.peek() === '[' && this.peek(1) === ']') {
      this.position += 2
      node = { kind: 'array', of: node }
    }
    return node
  }

  private primary(scope: string[]): TypeNode {
    const token = this.peek()
    if (token === '{') return this.object(scope)
    this.next()
    if (token === '(') {
      const inner = this.type(scope)
      this.expect(')')
      return inner
    }
    if (/^['"]/.test(token)) return { kind: 'literal', value: token.slice(1, -1) }
    if (/^-?\d/.test(token)) return { kind: 'literal', value: Number(token) }
    if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
    if (token === 'string' || token === 'number' || token === 'boolean' || token === 'null') return { kind: token }
    if (token === 'void' || token === 'any' || token === 'unknown' || token === 'never' || token === 'undefined')
      return { kind: 'unknown' }
    let name = token
    while (this.accept('.')) name += `.${this.next()}`
    const parameters: TypeNode[] = []
    if (this.accept('<')) {
      do parameters.push(this.type(scope))
      while (this.accept(','))
      this.expect('>')
    }
    const [parameter = { kind: 'unknown' }] = parameters
    if (name === 'Array') return { kind: 'array', of: parameter }
    if (name === 'ApiList') return { kind: 'list', of: parameter }
    if (name === 'Emptyable') return { kind: 'union', of: [{ kind: 'literal', value: '' }, parameter] }
    if (name === 'Decimal') return { kind: 'decimal' }
    if (name === 'OtherString') return { kind: 'unknown' }
    if (name === 'Record') return { kind: 'map', of: parameters[1] ?? { kind: 'unknown' } }
    return { kind: 'ref', name, scope, file: this.file }
  }
}
