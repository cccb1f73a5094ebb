/** The middle value, or the mean of the middle two. Medians stand a busy machine better than means. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The value that `percent` of all values do not exceed (nearest rank). */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** Rounded to three significant digits, for people and for JSON. */
export const rounded = (value: number): number => Number(value.toPrecision(3))

export type Load = {
  readonly count: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Does the work `count` times, at most `concurrency` at once, and says how fast it went. */
export const load = async (
  count: number,
  concurrency: number,
  work: (index: number) => Promise<unknown>,
  onDone: () => void = () => {},
): Promise<Load> => {
  const times: number[] = []
  let next = 0
  const begun = performance.now()
  const worker = async () => {
    while (next < count) {
      const index = next
      next += 1
      const start = performance.now()
      await work(index)
      times.push(performance.now() - start)
      onDone()
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const seconds = (performance.now() - begun) / 1000
  return {
    count,
    seconds: rounded(seconds),
    perSecond: rounded(count / seconds),
    p50Ms: rounded(percentile(times, 50)),
    p99Ms: rounded(percentile(times, 99)),
  }
}
