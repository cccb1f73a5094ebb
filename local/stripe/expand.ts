import type { Core } from './core.ts'
import { kindOfId } from './resource-types.ts'
import { invalidRequest } from './stripe-error.ts'

const depthMax = 4

/** Lists that Stripe leaves out unless they are asked for, by object and field. */
export type Includables = Record<string, (core: Core, id: string) => unknown>

/**
 * Replaces ids by the resources they name, along paths such as `payment_intent.latest_charge` or `data.charge`.
 * Throws Stripe's 400 for a property that cannot be expanded and for paths deeper than four.
 */
export const expand = (core: Core, answer: object, paths: readonly string[], includables: Includables): object => {
  for (const path of paths) {
    const names = path.split('.')
    if (names.length > depthMax)
      throw invalidRequest(`You cannot expand more than ${depthMax} levels of a property. Property: ${path}`, {
        param: 'expand',
      })
    expandPath(core, answer, names, path, includables)
  }
  return answer
}

const expandPath = (
  core: Core,
  node: unknown,
  names: readonly string[],
  path: string,
  includables: Includables,
): void => {
  const [name, ...rest] = names
  if (name === undefined || node === null || node === undefined) return
  if (Array.isArray(node)) {
    for (const item of node) expandPath(core, item, names, path, includables)
    return
  }
  const record = node as Record<string, unknown>
  const includable = includables[`${String(record['object'])}.${name}`]
  if (includable) record[name] ??= includable(core, String(record['id']))
  else if (typeof record !== 'object' || !(name in record)) throw cannotExpand(path)
  const value = record[name]
  if (typeof value === 'string') {
    const kind = kindOfId(value)
    const found = kind && core.state.find(kind, value)
    if (!found) throw cannotExpand(path)
    record[name] = found
  } else if (rest.length === 0 && !includable && value !== null && !isExpanded(value)) throw cannotExpand(path)
  expandPath(core, record[name], rest, path, includables)
}

const isExpanded = (value: unknown): boolean => typeof value === 'object' && value !== null && 'object' in value

const cannotExpand = (path: string): Error =>
  invalidRequest(
    `This property cannot be expanded (${path}). You may want to try expanding a different property, or removing the expand parameter.`,
    { param: 'expand' },
  )
