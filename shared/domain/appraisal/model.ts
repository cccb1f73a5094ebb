import type { AppraisalModel, FittedModel } from './appraise.ts'
import { readLexicon } from './lexicon.ts'
import lexiconFile from './lexicon.json' with { type: 'json' }
import fittedModel from './model.json' with { type: 'json' }

/** The fitted figures alone, without the words. */
export const fitted: FittedModel = fittedModel

/**
 * The model in force with its word lists: 1.5 MB of source and about 30 ms to read, so only what appraises imports this
 * module (the release worker, the operator's plan).
 */
export const appraisalModel: AppraisalModel = { ...fitted, lexicon: readLexicon(lexiconFile) }
