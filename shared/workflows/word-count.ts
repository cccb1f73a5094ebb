/**
 * Loads the word lists of the appraisal, at the first use alone, and counts the known words that a name is made of; 0 where
 * it is not made of words.
 */
export const wordCounter = async (): Promise<(name: string, display: string) => number> => {
  const [{ appraisalModel }, { measure }] = await Promise.all([
    import('../domain/appraisal/model.ts'),
    import('../domain/appraisal/features.ts'),
  ])
  return (name, display) => {
    const { pieces, unknownLetters, digits } = measure(name, display, appraisalModel.lexicon)
    return unknownLetters > 0 || digits === name.length ? 0 : pieces
  }
}
