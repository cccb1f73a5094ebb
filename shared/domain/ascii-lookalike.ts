import unhomoglyph from 'unhomoglyph'
import { checkHandle } from './handle-name.ts'
import { refuse, type Result } from './result.ts'

// In this order: Unicode's compatibility form (in the engine) takes full-width, mathematical, circled and superscript
// letters; the library's table of Unicode TR39 the letters of other scripts that look like Latin ones; the canonical
// decomposition splits accents off. The table would read m as rn and 0 as O, so plain letters never go through it.
// It is 102 kB, so only where names come in from other systems may this module be imported: docs/adr/0009.
const inGrammar = /^[A-Za-z0-9_]+$/

const inputLengthMax = 200

/** The letters that one character can be mistaken for; undefined where it resembles none. */
const plainOf = (character: string): string | undefined => {
  for (const form of [character.normalize('NFKC'), unhomoglyph(character)]) if (inGrammar.test(form)) return form
  let plain = ''
  for (const part of character.normalize('NFKD')) {
    if (/\p{M}|\p{Default_Ignorable_Code_Point}|\p{Cf}/u.test(part)) continue
    const letter = inGrammar.test(part) ? part : unhomoglyph(part)
    if (!inGrammar.test(letter)) return undefined
    plain += letter
  }
  return plain
}

/**
 * The plain ASCII name that a text can be mistaken for (`pаypal` with a Cyrillic а → `paypal`), lower case, or undefined
 * where some character resembles none of a–z, 0–9, `_`, or the text is longer than 200. For explaining a refusal and for
 * comparing names from outside the grammar by their skeleton; never for repairing input.
 */
export const asciiLookalike = (input: string): string | undefined => {
  if (input.length > inputLengthMax) return undefined
  let plain = ''
  for (const character of input) {
    const letters = inGrammar.test(character) ? character : plainOf(character)
    if (letters === undefined) return undefined
    plain += letters
  }
  return plain === '' ? undefined : plain.replace(/[A-Z]/g, (capital) => capital.toLowerCase())
}

/**
 * `checkHandle` for a name from another system (a feed, a list of marks): a disguised one is refused with the plain name
 * that it imitates, in the sentence and as `lookalike` in the extra facts.
 */
export const checkForeignName = (input: string, field = 'handle'): Result<string> => {
  const checked = checkHandle(input, field)
  if (checked.ok || checked.refusal.code !== 'handle_character') return checked
  const lookalike = asciiLookalike(input)
  if (lookalike === undefined) return checked
  const { code, message, extra } = checked.refusal
  return refuse(code, `${message} It can be mistaken for ${lookalike}.`, field, { ...extra, lookalike })
}
