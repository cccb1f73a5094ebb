import table from './ascii-lookalikes.json' with { type: 'json' }

// Two libraries' worth of folding in order: Unicode's compatibility decomposition (in the engine) takes full-width,
// mathematical, circled and superscript letters and splits accents off; the TR39 table takes the letters of other
// scripts that look like Latin ones.
const asciiOf = new Map<string, string>()
const ascii = table.ascii.split(' ')
for (const [index, character] of table.characters.split(' ').entries()) asciiOf.set(character, ascii[index] ?? '')

const inputLengthMax = 200

/**
 * The plain ASCII name that a text can be mistaken for (`pаypal` with a Cyrillic а → `paypal`), lower case, or undefined
 * where some character resembles none of a–z, 0–9, `_`, or the text is longer than 200. For explaining a refusal and for
 * comparing names from outside the grammar by their skeleton; never for repairing input.
 */
export const asciiLookalike = (input: string): string | undefined => {
  if (input.length > inputLengthMax) return undefined
  let plain = ''
  for (const character of input) {
    // The table first: NFKD would take й apart and leave a и that resembles nothing.
    const direct = asciiOf.get(character)
    if (direct !== undefined) {
      plain += direct
      continue
    }
    for (const part of character.normalize('NFKD')) {
      if (/\p{M}|\p{Default_Ignorable_Code_Point}|\p{Cf}/u.test(part)) continue
      const letter = asciiOf.get(part) ?? part
      if (!/^[A-Za-z0-9_]+$/.test(letter)) return undefined
      plain += letter
    }
  }
  return plain === '' ? undefined : plain.replace(/[A-Z]/g, (capital) => capital.toLowerCase())
}
