import type { Card } from './card.ts'
import { isHandle } from './handle-name.ts'

// Names that stand in for one that cannot be had: made from it by small changes, or found beside it.

/** Why a name is similar, the strongest first, each with its sentence. */
export const similarityWords = {
  underscore: 'It differs by underscores alone',
  plural: 'It is its plural or its singular',
  doubled_letter: 'It has a letter doubled, or once instead of twice',
  dropped_letter: 'It has a letter less',
  number: 'It has a number behind it',
  affix: 'It has a usual word before or behind it',
  same_word: 'They have a word in common',
  same_beginning: 'They begin with the same letters',
  same_kind: 'It is as long, of the same kind, and worth about as much',
} as const

export type SimilarityCode = keyof typeof similarityWords
const codes = Object.keys(similarityWords) as SimilarityCode[]

/** What a name is known by: its words, its kind, and what it is worth by itself, in minor units. */
export type NameSense = { readonly words: readonly string[]; readonly kind: string; readonly expectedMinor: number }

const numbers = ['1', '2', '3', '7', '01', '99'] as const
const before = ['the', 'its', 'my', 'real', 'hey'] as const
const behind = ['hq', 'app', 'co', 'official'] as const

/** So many names are looked up at most: each is half a read unit, whether there is such a handle or not. */
export const editsMax = 40

/** Names one small change away from a canonical one, each with the change; the likeliest first. */
export const editsOf = (name: string): ReadonlyMap<string, SimilarityCode> => {
  const edits = new Map<string, SimilarityCode>()
  const add = (code: SimilarityCode, made: string): void => {
    if (edits.size < editsMax && made !== name && isHandle(made) && !edits.has(made)) edits.set(made, code)
  }
  const bare = name.replaceAll('_', '')
  for (const made of [bare, `${name}_`, `_${name}`]) add('underscore', made)
  if (/[a-z]s$/.test(name)) add('plural', name.slice(0, -1))
  else if (/[a-z]$/.test(name)) add('plural', `${name}s`)
  for (const number of numbers) add('number', `${name}${number}`)
  for (const affix of behind) add('affix', `${name}${affix}`)
  for (const affix of before) add('affix', `${affix}${name}`)
  if (/[a-z]$/.test(name)) add('doubled_letter', `${name}${name.slice(-1)}`)
  // A vowel inside is what people leave out, as in flickr; of two equal neighbours either.
  for (let at = 1; at < name.length; at += 1) {
    const without = name.slice(0, at) + name.slice(at + 1)
    if (name[at] === name[at - 1]) add('doubled_letter', without)
    else if (/[aeiou]/.test(name[at] ?? '')) add('dropped_letter', without)
  }
  return edits
}

/** So many first letters two names must share to be neighbours: two thirds of the name, at least one. */
export const beginningOf = (name: string): string => name.slice(0, Math.max(1, Math.ceil((name.length * 2) / 3)))

export type Similar = { readonly card: Card; readonly why: readonly SimilarityCode[] }

/** Every reason that was found for a name, in one; those with the strongest reasons first, then the cheaper ones. */
export const rankSimilar = (
  name: string,
  found: readonly { readonly card: Card; readonly code: SimilarityCode }[],
  limit: number,
): readonly Similar[] => {
  const byName = new Map<string, { readonly card: Card; readonly why: Set<SimilarityCode> }>()
  for (const { card, code } of found) {
    if (card.name === name || card.status !== 'open') continue
    const known = byName.get(card.name)
    if (known === undefined) byName.set(card.name, { card, why: new Set([code]) })
    else known.why.add(code)
  }
  return [...byName.values()]
    .map(({ card, why }) => ({ card, why: codes.filter((code) => why.has(code)) }))
    .toSorted((a, b) => strength(a) - strength(b) || b.why.length - a.why.length || byPriceThenName(a.card, b.card))
    .slice(0, limit)
}

const strength = ({ why: [strongest] }: Similar): number =>
  strongest === undefined ? codes.length : codes.indexOf(strongest)

const byPriceThenName = (a: Card, b: Card): number =>
  a.priceMinor - b.priceMinor || (a.name < b.name ? -1 : Number(a.name > b.name))
