import brands from './protected-brands.json' with { type: 'json' }
import { skeleton } from './handle-name.ts'

/**
 * A small list of company names that ships with the system, by skeleton. It is a start, not a register of trade marks:
 * operators import their own protected names.
 */
const brandBySkeleton = new Map(brands.names.map((name) => [skeleton(name), name]))

/** The brand that this skeleton belongs to. */
export const brandOfSkeleton = (shape: string): string | undefined => brandBySkeleton.get(shape)

export const brandNames: ReadonlySet<string> = new Set(brands.names)
