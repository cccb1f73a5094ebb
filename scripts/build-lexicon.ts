// Builds shared/domain/appraisal/lexicon.json: every word that the appraisal knows, once, under the marks it has.
// Run: npm ci --prefix scripts/sources && node scripts/build-lexicon.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { emptyMarks, packMarks } from '../shared/domain/appraisal/marks.ts'
import type { Marks } from '../shared/domain/appraisal/marks.ts'
import {
  asHandle,
  asOneHandle,
  cities,
  companyTokens,
  englishAll,
  englishByCount,
  humanNames,
  ranked,
} from './word-sources.ts'

const lexicon = new Map<string, Marks>()

const mark = (word: string, change: (marks: Marks) => void): void => {
  if (word.length < 2) return
  const marks = lexicon.get(word) ?? emptyMarks()
  change(marks)
  lexicon.set(word, marks)
}

/** 7 for the first hundred of a list, one less at each of the bounds after it. */
const rankBand = (rank: number, bounds: readonly number[]): number => {
  const passed = bounds.findIndex((bound) => rank < bound)
  return passed === -1 ? 0 : bounds.length - passed
}

// English by count in 51 million words: band = 1 at a single occurrence, one more at each factor of about three.
for (const { word, count } of englishByCount()) {
  const plain = asHandle(word)
  const band = Math.min(15, 1 + Math.floor(Math.log(count) / Math.log(2.7)))
  mark(plain, (marks) => {
    marks.english = Math.max(marks.english, band)
    if (word !== word.toLowerCase()) marks.proper = true
  })
}
const shortRareLengthMax = 6
for (const word of englishAll()) {
  const plain = asHandle(word)
  if (plain.length <= shortRareLengthMax) mark(plain, (marks) => (marks.english = Math.max(marks.english, 1)))
}
const rankBounds = [100, 300, 1_000, 3_000, 6_000, 12_000, 30_000]
ranked('en', 'wikipedia')
  .slice(0, 30_000)
  .forEach((word, rank) =>
    mark(asHandle(word), (marks) => (marks.written = Math.max(marks.written, rankBand(rank, rankBounds)))),
  )
ranked('en', 'commonWords').forEach((word, rank) => {
  if (rank < 30_000 && lexicon.has(asHandle(word)))
    mark(asHandle(word), (marks) => (marks.spoken = Math.max(marks.spoken, rankBand(rank, rankBounds))))
})

const foreignBounds = [300, 2_500, 10_000]
for (const language of ['fr', 'es', 'de'] as const)
  for (const list of ['commonWords', 'wikipedia'] as const)
    ranked(language, list)
      .slice(0, list === 'commonWords' ? 10_000 : 4_000)
      .forEach((word, rank) =>
        mark(asHandle(word), (marks) => {
          const key = ({ fr: 'french', es: 'spanish', de: 'german' } as const)[language]
          marks[key] = Math.max(marks[key], rankBand(rank, foreignBounds))
        }),
      )

const firstName = (name: string, band: number): void =>
  mark(asOneHandle(name), (marks) => (marks.firstName = Math.max(marks.firstName, band)))
for (const name of humanNames()) firstName(name, 2)
for (const language of ['en', 'fr', 'es', 'de'] as const)
  ranked(language, 'firstnames').forEach((name, rank) => firstName(name, rank < 200 ? 3 : rank < 1_500 ? 2 : 1))
for (const language of ['en', 'fr', 'es', 'de'] as const)
  ranked(language, 'lastnames')
    .slice(0, 10_000)
    .forEach((name, rank) =>
      mark(asOneHandle(name), (marks) => {
        marks.lastName = Math.max(marks.lastName, rank < 300 ? 3 : rank < 3_000 ? 2 : 1)
      }),
    )

const populationBounds = [30_000, 200_000, 1_000_000]
for (const { name, population } of cities()) {
  const band = populationBounds.filter((bound) => population >= bound).length
  if (band > 0) mark(asOneHandle(name), (marks) => (marks.place = Math.max(marks.place, band)))
}
for (const country of regionNames()) mark(asOneHandle(country), (marks) => (marks.place = 3))

// A company named by a common word (`Sun`, `Pizza`) says nothing of the word's price.
const commonWordBand = 6
for (const token of companyTokens())
  if (token.length >= 3)
    mark(asHandle(token), (marks) => (marks.company = marks.proper || marks.english < commonWordBand))

for (const line of readFileSync(new URL('./trade-words.txt', import.meta.url), 'utf8').split('\n'))
  for (const word of line.replace(/^[a-z]+: /, '').split(' ')) mark(asHandle(word), (marks) => (marks.trade = true))

/** Countries and territories by their English names, as the engine knows them. */
function regionNames(): string[] {
  const names = new Intl.DisplayNames('en', { type: 'region' })
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
  return letters.flatMap((a) => letters.map((b) => names.of(a + b) ?? '')).filter((name) => name.length > 2)
}

const groups = new Map<number, string[]>()
for (const [word, marks] of lexicon) {
  const code = packMarks(marks)
  const group = groups.get(code)
  if (group === undefined) groups.set(code, [word])
  else group.push(word)
}
const lines = [...groups]
  .sort(([a], [b]) => a - b)
  .map(([code, words]) => `${code.toString(36)} ${words.sort().join(' ')}`)

// Letter pairs: every English word and name counts by the logarithm of its frequency, so that no few words rule.
const pairCounts = new Float64Array(27 * 27).fill(0.5)
for (const [word, marks] of lexicon) {
  const weight = marks.english + 2 * marks.firstName + marks.lastName + marks.place
  let before = 26
  for (const character of `${word}{`) {
    const letter = character === '{' ? 26 : character.charCodeAt(0) - 97
    const at = 27 * before + letter
    pairCounts[at] = (pairCounts[at] ?? 0) + weight
    before = letter
  }
}
const bigrams = Array.from(pairCounts, (count, at) => {
  const row = pairCounts.slice(at - (at % 27), at - (at % 27) + 27)
  return Math.round(100 * Math.log(count / row.reduce((sum, each) => sum + each, 0)))
})

const data = { licences: 'see LICENSES.md', words: lexicon.size, bigrams, groups: lines }
const path = new URL('../shared/domain/appraisal/lexicon.json', import.meta.url)
writeFileSync(path, `${JSON.stringify(data)}\n`)
console.log(`${lexicon.size} words in ${groups.size} groups, ${JSON.stringify(data).length} bytes`)
