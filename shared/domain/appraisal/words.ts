import type { WordsOf } from '../shelf-rows.ts'
import { wordsOf } from './features.ts'
import { appraisalModel } from './model.ts'

/** The words of a name by the lexicon in force, which this module loads: 1.5 MB of source and about 30 ms. */
export const wordsInForce: WordsOf = (name, display) => wordsOf(name, display, appraisalModel.lexicon)
