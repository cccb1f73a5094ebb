/** What follows from a standing: told a word, or having done what an earlier word left to be done. */
export type Telling<S, W> = {
  /** Everything that what comes after depends on, as text: two standings with the same text are one. */
  readonly textOf: (standing: S) => string
  readonly tell: (standing: S, word: W) => Promise<S>
  /** What is still to be done, each of which may come before or after any word. */
  readonly openOf: (standing: S) => readonly string[]
  readonly carryOut: (standing: S, open: string) => Promise<S>
}

export type Ends<S> = {
  /** The standings in which everything was told and done, by their text, each with one way that leads there. */
  readonly ends: ReadonlyMap<string, { readonly standing: S; readonly way: string }>
  /** Standings with what is left to be told that were gone on from. */
  readonly visited: number
}

/**
 * Every order in which the words can come, each so many times, and at every moment in between what they left to be done.
 * Ways that have come to the same standing with the same words left go on as one: nothing tells them apart any more. So all
 * orders are gone through, at the price of the standings.
 */
export const endsOfAllOrders = async <S, W>(
  start: S,
  words: readonly W[],
  times: number,
  { textOf, tell, openOf, carryOut }: Telling<S, W>,
  nameOf: (word: W) => string = String,
): Promise<Ends<S>> => {
  const ends = new Map<string, { standing: S; way: string }>()
  const seen = new Set<string>()
  const left: { standing: S; told: readonly number[]; way: string }[] = []
  const goOn = (standing: S, told: readonly number[], way: string): void => {
    const text = textOf(standing)
    const named = `${told.join(',')} ${text}`
    if (seen.has(named)) return
    seen.add(named)
    const isOver = told.every((count) => count === times) && openOf(standing).length === 0
    if (isOver) ends.set(text, { standing, way })
    else left.push({ standing, told, way })
  }
  goOn(
    start,
    words.map(() => 0),
    '',
  )
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    const { standing, told, way } = from
    for (const [at, word] of words.entries()) {
      const count = told[at] ?? 0
      if (count < times) goOn(await tell(standing, word), told.with(at, count + 1), `${way} ${nameOf(word)}`)
    }
    for (const open of openOf(standing)) goOn(await carryOut(standing, open), told, `${way} (${open})`)
  }
  return { ends, visited: seen.size }
}

/** In how many orders so many words can come, each so many times: (words · times)! / (times!)^words. */
export const ordersOf = (words: number, times: number): number => {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))
  return factorial(words * times) / factorial(times) ** words
}
