/** From a name to a protected one that is a single edit away from it; undefined: none is. */
export type NearName = (name: string) => string | undefined

/** Shorter names are one edit away from half the dictionary. */
export const nearLengthMin = 5

/**
 * Finds names that are one letter more, one less, one other, or two neighbours swapped away from one of these. Each name is
 * kept under all that is left of it without one letter: two names one edit apart share such a rest, so that a question is a
 * handful of look-ups however many names there are. A name that is one of these itself is near none.
 */
export const nearIndex = (names: Iterable<string>): NearName => {
  const exact = new Set<string>()
  const byRest = new Map<string, string[]>()
  for (const name of names) {
    if (name.length < nearLengthMin || exact.has(name)) continue
    exact.add(name)
    for (const rest of restsOf(name)) {
      const same = byRest.get(rest)
      if (same === undefined) byRest.set(rest, [name])
      else same.push(name)
    }
  }
  return (name) => {
    if (exact.has(name)) return undefined
    let found: string | undefined
    for (const rest of restsOf(name)) {
      for (const near of byRest.get(rest) ?? []) {
        if ((found === undefined || near < found) && isOneEdit(name, near)) found = near
      }
    }
    return found
  }
}

/** The name itself, and what is left of it without each of its letters. */
const restsOf = (name: string): Set<string> => {
  const rests = new Set([name])
  for (let at = 0; at < name.length; at += 1) rests.add(name.slice(0, at) + name.slice(at + 1))
  return rests
}

/** Whether two different names are one insertion, removal, other letter or swap of neighbours apart. */
export const isOneEdit = (a: string, b: string): boolean => {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (short === long || long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at += 1
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1)
  if (short.slice(at + 1) === long.slice(at + 1)) return true
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2)
}
