/** Measures of how well scores order prices. */

const ranks = (values: readonly number[]): Float64Array => {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const result = new Float64Array(values.length)
  for (let start = 0; start < order.length;) {
    let end = start
    while (end < order.length && order[end]?.value === order[start]?.value) end += 1
    for (let place = start; place < end; place += 1) {
      const entry = order[place]
      if (entry !== undefined) result[entry.index] = (start + end - 1) / 2 + 1
    }
    start = end
  }
  return result
}

/** Probability that a name that reached the threshold is scored above one that did not; ties count half. */
export const areaUnderCurve = (scores: readonly number[], prices: readonly number[], threshold: number): number => {
  const rank = ranks(scores)
  let sum = 0
  let positives = 0
  prices.forEach((price, index) => {
    if (price < threshold) return
    sum += rank[index] ?? 0
    positives += 1
  })
  return (sum - (positives * (positives + 1)) / 2) / (positives * (prices.length - positives))
}

export const spearman = (a: readonly number[], b: readonly number[]): number => {
  const [x, y] = [ranks(a), ranks(b)]
  const mean = (a.length + 1) / 2
  let both = 0
  let xx = 0
  let yy = 0
  for (let index = 0; index < a.length; index += 1) {
    const dx = (x[index] ?? 0) - mean
    const dy = (y[index] ?? 0) - mean
    both += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return both / Math.sqrt(xx * yy)
}

/** Share of all money that the tenth with the highest scores fetched. */
export const topDecileShare = (scores: readonly number[], prices: readonly number[]): number => {
  const order = scores.map((score, index) => ({ score, price: prices[index] ?? 0 })).sort((a, b) => b.score - a.score)
  const total = prices.reduce((sum, price) => sum + price, 0)
  return order.slice(0, Math.floor(order.length / 10)).reduce((sum, { price }) => sum + price, 0) / total
}

/** The value below which the share lies, by nearest rank. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
