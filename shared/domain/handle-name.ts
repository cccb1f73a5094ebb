import { ok, refuse } from './result.ts'
import type { Result } from './result.ts'

// A handle is 1 to 15 characters, each one of A–Z, a–z, 0–9 and the underscore. Two handles that differ only in case
// are the same handle. It is shown in the case in which its holder wrote it, and kept under its lower-case form, which
// is called canonical. Nothing is trimmed, folded or transliterated: `ＡＢＣ`, `pаypal` with a Cyrillic а, and a name
// with a zero-width joiner are not handles that need cleaning, they are not handles.

export const handleLengthMax = 15

const grammar = /^[A-Za-z0-9_]{1,15}$/
const inGrammar = /^[A-Za-z0-9_]$/

/** What kind of character it is that a handle may not have; the sentence for each stands in `kindWords`. */
export type CharacterFault =
  | 'space'
  | 'invisible'
  | 'control'
  | 'full_width'
  | 'mixed_script'
  | 'other_script'
  | 'accent'
  | 'symbol'

const kindWords: Record<CharacterFault, string> = {
  space: 'a space',
  invisible: 'an invisible (zero-width or formatting) character',
  control: 'a control character',
  full_width: 'a full-width form, not the plain letter or digit',
  mixed_script: 'a letter of another script that can pass for a Latin one (mixed scripts)',
  other_script: 'a letter or digit of another script',
  accent: 'a letter with an accent, or an accent by itself',
  symbol: 'a sign that handles do not have',
}

/** Whether the text is a handle exactly as it stands. */
export const isHandle = (input: string): boolean => grammar.test(input)

/**
 * The canonical form of a handle: A–Z become a–z and nothing else changes. It is total and idempotent, and it never makes
 * a handle out of what was none: `String.toLowerCase` would turn the Kelvin sign into a plain `k`.
 */
export const normalizeHandle = (input: string): string => input.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())

const faultOf = (character: string, whole: string): CharacterFault => {
  if (/\p{White_Space}/u.test(character) && !/\p{Cc}/u.test(character)) return 'space'
  if (/\p{Cc}|\p{Cs}|\p{Co}|\p{Cn}/u.test(character)) return 'control'
  if (/\p{Default_Ignorable_Code_Point}|\p{Cf}/u.test(character)) return 'invisible'
  if (/[\uff01-\uff5e]/u.test(character)) return 'full_width'
  if (
    /\p{M}/u.test(character) ||
    (/\p{Script=Latin}/u.test(character) && /^[A-Za-z]\p{M}+$/u.test(character.normalize('NFD')))
  )
    return 'accent'
  // Compatibility forms (𝐩, ⓟ, ᵖ, the Kelvin sign) pass for the plain letter just as a letter of another script does.
  const compatible = inGrammar.test(character.normalize('NFKC'))
  if (/[\p{L}\p{N}]/u.test(character) || compatible)
    return compatible || /[A-Za-z]/.test(whole) ? 'mixed_script' : 'other_script'
  return 'symbol'
}

const codePointName = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/**
 * The canonical form of a handle, or why the text is none. Codes: `handle_empty`, `handle_character` (with `position`,
 * counted in code points from 1, `codePoint` and `kind` in the extra facts), `handle_too_long`. Characters are looked at
 * before the length, because an invisible one makes a name too long that looks short; the work is bounded by
 * `handleLengthMax` whatever the input.
 */
export const checkHandle = (input: string, field = 'handle'): Result<string> => {
  if (input === '') return refuse('handle_empty', 'A handle has at least one character.', field)
  if (isHandle(input)) return ok(normalizeHandle(input))

  const head = Array.from(input.slice(0, 2 * (handleLengthMax + 1))).slice(0, handleLengthMax + 1)
  const at = head.findIndex((character) => !inGrammar.test(character))
  const wrong = head[at]
  if (wrong === undefined)
    return refuse('handle_too_long', `A handle has at most ${handleLengthMax} characters.`, field, {
      lengthMax: handleLengthMax,
    })

  const kind = faultOf(wrong, head.join(''))
  return refuse(
    'handle_character',
    `Character ${at + 1} (${codePointName(wrong)}) is ${kindWords[kind]}. A handle has only A–Z, a–z, 0–9 and _.`,
    field,
    { position: at + 1, codePoint: codePointName(wrong), kind },
  )
}

// The skeleton of a handle: two handles with one skeleton can be taken for each other. Sources of the table:
// - Unicode TR39 (confusables.txt) for what lies inside the grammar: 0 → O, 1 → l, I → l, m ↔ rn. Since a holder chooses
//   the case in which a handle is shown, a letter stands for the shapes of both its cases, so i joins l and 0 joins o.
// - Pairs that read as one letter at text sizes: vv → w, cl → d.
// - Digits that are written for the letter they resemble: 2 z, 3 e, 4 a, 5 s, 6 b, 7 t, 8 b, 9 g; and q for g.
// - The underscore, which separates and is easily overlooked, is dropped (`pay_pal`).
const singles = new Map<string, string>([
  ['0', 'o'],
  ['1', 'l'],
  ['i', 'l'],
  ['2', 'z'],
  ['3', 'e'],
  ['4', 'a'],
  ['5', 's'],
  ['6', 'b'],
  ['7', 't'],
  ['8', 'b'],
  ['9', 'g'],
  ['q', 'g'],
])
const pairs = new Map<string, string>([
  ['rn', 'm'],
  ['vv', 'w'],
  ['cl', 'd'],
])

/**
 * The confusable skeleton of a handle, case folded. Idempotent: the pairs' results are no part of any pair, so one pass
 * reaches the fixed point. A name of underscores alone keeps one.
 */
export const skeleton = (name: string): string => {
  const letters = normalizeHandle(name).replaceAll('_', '')
  if (letters === '') return name === '' ? '' : '_'
  return letters
    .replace(/[0-9iq]/g, (character) => singles.get(character) ?? character)
    .replace(/rn|vv|cl/g, (pair) => pairs.get(pair) ?? pair)
}
