import { DataSet, RegExpMatcher, englishDataset, englishRecommendedTransformers, parseRawPattern } from 'obscenity'

// English comes from the obscenity package, which knows look-alike spellings (`sh1t`, `a55`) and words that merely
// contain a bad one (`class`, `scunthorpe`). Added here: slurs and hate it lacks, whole words of French, Spanish and
// German, and ordinary words that it refuses.
const added =
  'nazi nazis hitler kkk coon coons spic spics paki gook wetback kunt pedo pedophile paedophile ' +
  'merde putain salope connard connasse encule enculer pute negre ' +
  'puta puto mierda cabron maricon joder pendejo gilipollas ' +
  'scheisse arschloch fotze hure hurensohn wichser schlampe neger kanake schwuchtel'

// Beginnings and middles of ordinary words, names and places that the package's patterns would hit. Found by running it
// over the word lists of the appraisal; the test keeps a sample.
const ordinary =
  'adrianus analcim analec analem analep analges analget analisi analit analiz annal annalee annalis annus anush ' +
  'artisanal assegai asselin asseoir asseyez assez assonan assort assot assouli assouma asswag assya burdick cockatiel ' +
  'cockatoo cockpit cockscomb cockspur cocksure cockswain cryptanaly cumacea cumana cumar cumec cumin cumm cumple cumpli ' +
  'cumquat cumshaw dhenkanal dickens dicker dickey dickinson dickman dickson fagan fagin fanal florianus fuku gangg ' +
  'gasmen gasmi honggang huanggang johannus kadayanal kanal lebastard longgang lubukling membranal minggang palonegro ' +
  'panalan pandanus pannus penisson penistone planaltina pussycat qinggang rapeseed rappel reanaly reddick riddick ' +
  'rionegro semeny sempor shiitake shitanjing shittah shittim slutsk sunggal tanalis tanaliz totanus trafficking ' +
  'tympanal urbanus vandyke'

const dataset = new DataSet<{ originalWord: string }>().addAll(englishDataset)
for (const word of added.split(' '))
  dataset.addPhrase((phrase) => phrase.setMetadata({ originalWord: word }).addPattern(parseRawPattern(`|${word}|`)))
const built = dataset.build()

const matcher = new RegExpMatcher({
  ...built,
  ...englishRecommendedTransformers,
  whitelistedTerms: [...(built.whitelistedTerms ?? []), ...ordinary.split(' ')],
})

/**
 * Whether a handle says something obscene, a slur or hate. Underscores count as spaces (`big_ass`), letters that
 * underscores pull apart are read together (`f_u_c_k`), and three or more digits at the end are a number, not letters in
 * disguise (`futon6646`). About 20 µs a name. The list is loaded with the module, so only the release worker imports it.
 */
export const isOffensive = (name: string): boolean => {
  const text = name.replace(/[0-9]{3,}$/, '')
  if (matcher.hasMatch(text.replaceAll('_', ' '))) return true
  return /(?:^|_)[A-Za-z0-9](?:_|$)/.test(text) && matcher.hasMatch(text.replaceAll('_', ''))
}
