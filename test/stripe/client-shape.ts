import { resolve, type TypeNode } from '../../scripts/stripe-types.ts'

/**
 * Holds a JSON value to a type of the `stripe` client. Returns what is wrong, one line each: a property that the type
 * demands and the value lacks, one that the type does not know, a value of the wrong kind or outside the known literals
 * (the client leaves most sets of values open to the future; this server has no future to offer, so they are closed).
 */
export const shapeProblems = (node: TypeNode, value: unknown, path: string): string[] => {
  const type = resolve(node)
  if (type.kind === 'union') return unionProblems(type.of.map(resolve), value, path)
  if (type.kind === 'unknown') return []
  if (type.kind === 'null') return value === null ? [] : [`${path}: null expected`]
  if (type.kind === 'literal') return value === type.value ? [] : [`${path}: ${JSON.stringify(type.value)} expected`]
  if (type.kind === 'decimal')
    return typeof value === 'string' && /^-?\d/.test(value) ? [] : [`${path}: decimal expected`]
  if (type.kind === 'array') {
    if (!Array.isArray(value)) return [`${path}: array expected`]
    return value.flatMap((item, index) => shapeProblems(type.of, item, `${path}[${index}]`))
  }
  if (type.kind === 'list') return listProblems(type.of, value, path)
  if (type.kind === 'map') {
    if (!isRecord(value)) return [`${path}: map expected`]
    return Object.entries(value).flatMap(([name, item]) => shapeProblems(type.of, item, `${path}.${name}`))
  }
  if (type.kind === 'object') {
    if (!isRecord(value)) return [`${path}: object expected, ${shown(value)} found`]
    const missing = Object.entries(type.properties).filter(
      ([name, property]) => !property.optional && !(name in value) && resolve(property.type).kind !== 'unknown',
    )
    return [
      ...missing.map(([name]) => `${path}.${name}: missing`),
      ...Object.entries(value).flatMap(([name, item]) => {
        const property = type.properties[name]
        return property
          ? shapeProblems(property.type, item, `${path}.${name}`)
          : [`${path}.${name}: unknown to the client`]
      }),
    ]
  }
  return typeof value === type.kind ? [] : [`${path}: ${type.kind} expected, ${shown(value)} found`]
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 60)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The problems of the member that fits best. */
const unionProblems = (members: TypeNode[], value: unknown, path: string): string[] => {
  const closed = members.some((member) => member.kind === 'literal')
    ? members.filter((member) => member.kind !== 'unknown')
    : members
  const structured = closed.filter(({ kind }) => ['object', 'map', 'array', 'list'].includes(kind))
  const fitting = typeof value === 'object' && value !== null && structured.length > 0 ? structured : closed
  const attempts = fitting.map((member) => shapeProblems(member, value, path))
  return attempts.reduce((best, attempt) => (attempt.length < best.length ? attempt : best), attempts[0] ?? [])
}

const listProblems = (item: TypeNode, value: unknown, path: string): string[] => {
  if (!isRecord(value) || !Array.isArray(value['data'])) return [`${path}: list expected`]
  const { object, data, has_more: hasMore, url, ...others } = value
  return [
    ...(object === 'list' ? [] : [`${path}.object: "list" expected`]),
    ...(typeof hasMore === 'boolean' ? [] : [`${path}.has_more: boolean expected`]),
    ...(typeof url === 'string' ? [] : [`${path}.url: string expected`]),
    ...Object.keys(others).map((name) => `${path}.${name}: unknown to the client`),
    ...(data as unknown[]).flatMap((one, index) => shapeProblems(item, one, `${path}.data[${index}]`)),
  ]
}
