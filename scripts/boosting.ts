/**
 * Boosted stumps over integer features. The result is a sum of step functions, one a feature: a model that can be printed
 * as a table and whose every estimate is the sum of its reasons.
 */
export type Column = { readonly name: string; readonly values: Int32Array; readonly direction: -1 | 0 | 1 }

export type Steps = { from: number; steps: number[] }
export type Additive = { base: number; steps: Map<string, Steps> }

export type BoostingOptions = {
  readonly rounds: number
  readonly rate: number
  /** No split leaves fewer rows than this on a side: no step speaks of fewer sales. */
  readonly rowsMin: number
  readonly shrinkage: number
}

/** Fits `target` on the given rows. A column with a direction only takes splits that keep it monotone. */
export const boost = (
  columns: readonly Column[],
  target: Float64Array,
  rows: readonly number[],
  { rounds, rate, rowsMin, shrinkage }: BoostingOptions,
): Additive => {
  const at = (array: Float64Array | Int32Array, index: number): number => array[index] ?? 0
  const base = rows.reduce((sum, row) => sum + at(target, row), 0) / rows.length
  const residual = new Float64Array(target.length)
  for (const row of rows) residual[row] = at(target, row) - base

  const tables = columns.map((column) => {
    let from = Number.MAX_SAFE_INTEGER
    let to = Number.MIN_SAFE_INTEGER
    for (const row of rows) {
      from = Math.min(from, at(column.values, row))
      to = Math.max(to, at(column.values, row))
    }
    return { column, from, values: new Float64Array(to - from + 1) }
  })

  for (let round = 0; round < rounds; round += 1) {
    let bestGain = 0
    let best: { table: (typeof tables)[number]; cut: number; below: number; above: number } | undefined
    for (const table of tables) {
      const { values, direction } = table.column
      const width = table.values.length
      if (width < 2) continue
      const sums = new Float64Array(width)
      const counts = new Int32Array(width)
      for (const row of rows) {
        const bin = at(values, row) - table.from
        sums[bin] = at(sums, bin) + at(residual, row)
        counts[bin] = at(counts, bin) + 1
      }
      const total = sums.reduce((sum, each) => sum + each, 0)
      let sumBelow = 0
      let countBelow = 0
      for (let bin = 0; bin < width - 1; bin += 1) {
        sumBelow += at(sums, bin)
        countBelow += at(counts, bin)
        const countAbove = rows.length - countBelow
        if (countBelow < rowsMin) continue
        if (countAbove < rowsMin) break
        const sumAbove = total - sumBelow
        const below = sumBelow / (countBelow + shrinkage)
        const above = sumAbove / (countAbove + shrinkage)
        if (direction !== 0 && direction * (above - below) < 0) continue
        const gain = sumBelow * below + sumAbove * above
        if (gain > bestGain) {
          bestGain = gain
          best = { table, cut: bin, below, above }
        }
      }
    }
    if (best === undefined) break
    const { table, cut, below, above } = best
    for (let bin = 0; bin < table.values.length; bin += 1)
      table.values[bin] = at(table.values, bin) + rate * (bin <= cut ? below : above)
    for (const row of rows)
      residual[row] = at(residual, row) - rate * (at(table.column.values, row) - table.from <= cut ? below : above)
  }

  // Each step function is centred on its mean, so that a weight says how a name differs from the average one.
  let centred = base
  const steps = new Map<string, Steps>()
  for (const { column, from, values } of tables) {
    const mean = rows.reduce((sum, row) => sum + at(values, at(column.values, row) - from), 0) / rows.length
    centred += mean
    if (values.some((value) => value !== 0))
      steps.set(column.name, { from, steps: Array.from(values, (value) => value - mean) })
  }
  return { base: centred, steps }
}

export const predict = (model: Additive, columns: readonly Column[], row: number): number => {
  let sum = model.base
  for (const column of columns) {
    const table = model.steps.get(column.name)
    if (table === undefined) continue
    const bin = Math.max(0, Math.min(table.steps.length - 1, (column.values[row] ?? 0) - table.from))
    sum += table.steps[bin] ?? 0
  }
  return sum
}
