import { unpackMarks } from './marks.ts'
import type { Marks } from './marks.ts'

/**
 * The words of the appraisal in an open-addressing table over one text, so that any stretch of a name is looked up
 * without making a string of it: segmentation asks about a hundred times a name.
 */
export type Lexicon = {
  /** Index of the group of marks that `text.slice(start, end)` has, −1 where it is no word. */
  readonly groupOf: (text: string, start: number, end: number) => number
  /** Marks of a group. */
  readonly marks: readonly Marks[]
  /** What a word of the group costs in a segmentation: its information in hundredths of a nat. */
  readonly costs: Int32Array
  /** Log-likelihood of letter b after letter a, hundredths of a nat, at `27 a + b`; 26 is the word's edge. */
  readonly bigrams: Int16Array
  readonly words: number
}

export type LexiconFile = {
  readonly words: number
  /** `<marks in base 36> word word …` */
  readonly groups: readonly string[]
  readonly bigrams: readonly number[]
}

const hashSeed = 0x811c9dc5
const hashStep = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193)

/** −ln of a word's share, from the best of its marks. The list sizes behind the numbers stand in docs/valuation.md. */
const costOf = (marks: Marks): number => {
  const costs = [1_700]
  if (marks.english > 0) costs.push(1_775 - 99 * (marks.english - 1))
  if (marks.spoken > 0) costs.push(1_550 - 120 * marks.spoken)
  if (marks.written > 0) costs.push(1_600 - 120 * marks.written)
  const foreign = Math.max(marks.french, marks.spanish, marks.german)
  if (foreign > 0) costs.push(1_700 - 200 * foreign)
  if (marks.firstName > 0) costs.push(1_600 - 200 * marks.firstName)
  if (marks.lastName > 0) costs.push(1_700 - 180 * marks.lastName)
  if (marks.place > 0) costs.push(1_650 - 220 * marks.place)
  if (marks.company) costs.push(1_250)
  if (marks.trade) costs.push(1_000)
  return Math.min(...costs)
}

/** Builds the table; about 30 ms for 200,000 words. */
export const readLexicon = (file: LexiconFile): Lexicon => {
  const slots = 2 ** Math.ceil(Math.log2(file.words * 1.4))
  const mask = slots - 1
  const hashes = new Int32Array(slots)
  const places = new Int32Array(slots).fill(-1)
  const lengths = new Uint8Array(slots)
  const groupAt = new Uint16Array(slots)
  const text = file.groups.join('\n')
  const marks: Marks[] = []

  let at = 0
  for (const group of file.groups) {
    const end = at + group.length
    let start = text.indexOf(' ', at) + 1
    const index = marks.length
    marks.push(unpackMarks(Number.parseInt(text.slice(at, start - 1), 36)))
    let hash = hashSeed
    for (let position = start; position <= end; position += 1) {
      const code = position === end ? 32 : text.charCodeAt(position)
      if (code !== 32) {
        hash = hashStep(hash, code)
        continue
      }
      let slot = (hash ^ (hash >>> 15)) & mask
      while (places[slot] !== -1) slot = (slot + 1) & mask
      hashes[slot] = hash
      places[slot] = start
      lengths[slot] = position - start
      groupAt[slot] = index
      start = position + 1
      hash = hashSeed
    }
    at = end + 1
  }

  const groupOf = (name: string, start: number, end: number): number => {
    let hash = hashSeed
    for (let position = start; position < end; position += 1) hash = hashStep(hash, name.charCodeAt(position))
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const place = places[slot] ?? -1
      if (place === -1) return -1
      if (hashes[slot] === hash && lengths[slot] === end - start) {
        let offset = 0
        while (offset < end - start && text.charCodeAt(place + offset) === name.charCodeAt(start + offset)) offset += 1
        if (offset === end - start) return groupAt[slot] ?? -1
      }
      slot = (slot + 1) & mask
    }
  }

  return {
    groupOf,
    marks,
    costs: Int32Array.from(marks, costOf),
    bigrams: Int16Array.from(file.bigrams),
    words: file.words,
  }
}
