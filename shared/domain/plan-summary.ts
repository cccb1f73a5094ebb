import { type Tier, tiers } from './appraisal/appraisal.ts'
import type { Projection, RuleGroup, Standing } from './projection.ts'

export type End = 'release' | 'reserve' | 'unreachable' | 'none'

/** How many handles share a standing, a rule and an end, and what those that are released add up to, in minor units. */
export type Cell = {
  readonly standing: Standing
  readonly group: RuleGroup | null
  readonly end: End
  /** The tier of what is released, the gate's code of what is reserved. */
  readonly detail: string | null
  handles: number
  askingMinor: number
  lowMinor: number
  highMinor: number
  earliestAt: string | null
}

/** What a policy does to a handle at the clock's next look. */
export type Act = 'release' | 'notice' | 'none'

/** Handles by what the planned policy and the one in force do to them. */
export type Compared = {
  readonly group: RuleGroup | null
  readonly planned: Act
  readonly inForce: Act
  handles: number
}

/** The counts of a plan, or of a part of it: adding up parts gives the whole, in whatever order. */
export type PlanSummary = {
  readonly cells: readonly Cell[]
  readonly compared: readonly Compared[]
  /** Releases by the month of their earliest instant, `YYYY-MM`. */
  readonly months: Readonly<Record<string, number>>
}

export const actOf = (standing: Standing): Act => {
  switch (standing) {
    case 'decided_now':
      return 'release'
    case 'noticed':
    case 'in_grace':
      return 'notice'
    default:
      return 'none'
  }
}

/** Adds handles, and summaries of others, up. */
export const newSummary = () => {
  const cells = new Map<string, Cell>()
  const compared = new Map<string, Compared>()
  const months: Record<string, number> = {}

  const addCell = (cell: Cell): void => {
    const key = `${cell.standing} ${cell.group} ${cell.end} ${cell.detail}`
    const known = cells.get(key)
    if (known === undefined) {
      cells.set(key, { ...cell })
      return
    }
    known.handles += cell.handles
    known.askingMinor += cell.askingMinor
    known.lowMinor += cell.lowMinor
    known.highMinor += cell.highMinor
    known.earliestAt = earliest(known.earliestAt, cell.earliestAt)
  }

  const addCompared = (one: Compared): void => {
    const key = `${one.group} ${one.planned} ${one.inForce}`
    const known = compared.get(key)
    if (known === undefined) compared.set(key, { ...one })
    else known.handles += one.handles
  }

  const addMonth = (month: string, handles: number): void => {
    months[month] = (months[month] ?? 0) + handles
  }

  return {
    /** `inForce` is where the handle stands by the policy in force; null: that is the planned one. */
    add: (group: RuleGroup | null, projection: Projection, inForce: Standing | null): void => {
      addCell(cellOf(group, projection))
      const { standing, end } = projection
      if (inForce !== null) addCompared({ group, planned: actOf(standing), inForce: actOf(inForce), handles: 1 })
      if (end !== null && end !== 'unreachable' && end.event.type === 'handle_released') addMonth(end.at.slice(0, 7), 1)
    },
    addAll: (summary: PlanSummary): void => {
      for (const cell of summary.cells) addCell(cell)
      for (const one of summary.compared) addCompared(one)
      for (const [month, handles] of Object.entries(summary.months)) addMonth(month, handles)
    },
    /** In a fixed order, whatever the order in which it was added up. */
    close: (): PlanSummary => ({
      cells: sorted(cells),
      compared: sorted(compared),
      months: Object.fromEntries(Object.entries(months).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    }),
  }
}

const sorted = <T>(map: Map<string, T>): T[] =>
  [...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)

const earliest = (a: string | null, b: string | null): string | null => {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}

const cellOf = (group: RuleGroup | null, { standing, end }: Projection): Cell => {
  const cell = { standing, group, handles: 1, askingMinor: 0, lowMinor: 0, highMinor: 0, detail: null }
  if (end === null) return { ...cell, end: 'none', earliestAt: null }
  if (end === 'unreachable') return { ...cell, end: 'unreachable', earliestAt: null }
  const { at: earliestAt, event } = end
  if (event.type === 'handle_reserved') return { ...cell, end: 'reserve', detail: event.code, earliestAt }
  const { appraisal, priceMinor } = event
  const prices = { askingMinor: priceMinor, lowMinor: appraisal.low, highMinor: appraisal.high }
  return { ...cell, end: 'release', detail: appraisal.tier, ...prices, earliestAt }
}

/** How many of the released handles of a tier are sold, in basis points: an assumption. */
export type SellThrough = Readonly<Record<Tier, number>>

export type ForecastLine = {
  readonly handles: number
  readonly ifAllSellMinor: number
  readonly lowMinor: number
  readonly atAskingMinor: number
  readonly highMinor: number
}

/**
 * What the released handles bring. Exact is only what every one of them brings at its asking price, and that they all sell
 * is no forecast. So each tier's sum is multiplied by the assumed share that sells; low and high are the same share at the
 * ends of the appraisals' 80 % ranges, as if every price were lowered or raised to it. Fractions of a cent are dropped.
 */
export const forecast = (
  { cells }: PlanSummary,
  sellThrough: SellThrough,
): { readonly byTier: readonly (ForecastLine & { readonly tier: Tier })[]; readonly total: ForecastLine } => {
  const byTier = tiers.map((tier) => {
    const ofTier = cells.filter(({ end, detail }) => end === 'release' && detail === tier)
    const sum = (of: (cell: Cell) => number) => ofTier.reduce((total, cell) => total + of(cell), 0)
    const sold = (minor: number) => Number((BigInt(minor) * BigInt(sellThrough[tier])) / 10_000n)
    const ifAllSellMinor = sum((cell) => cell.askingMinor)
    return {
      tier,
      handles: sum((cell) => cell.handles),
      ifAllSellMinor,
      lowMinor: sold(sum((cell) => cell.lowMinor)),
      atAskingMinor: sold(ifAllSellMinor),
      highMinor: sold(sum((cell) => cell.highMinor)),
    }
  })
  const total = (of: (line: ForecastLine) => number) => byTier.reduce((sum, line) => sum + of(line), 0)
  return {
    byTier,
    total: {
      handles: total((line) => line.handles),
      ifAllSellMinor: total((line) => line.ifAllSellMinor),
      lowMinor: total((line) => line.lowMinor),
      atAskingMinor: total((line) => line.atAskingMinor),
      highMinor: total((line) => line.highMinor),
    },
  }
}
