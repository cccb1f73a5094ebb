/** What the lexicon knows of a word. Bands rise with frequency; 0 means the list does not have the word. */
export type Marks = {
  /** English by spoken count, 1 (rare) to 15. */
  english: number
  /** English by rank in Wikipedia, 1 to 7. */
  written: number
  /** English by rank in newer subtitles, 1 to 7. */
  spoken: number
  /** 1 to 3 each. */
  french: number
  spanish: number
  german: number
  firstName: number
  lastName: number
  /** By population, 1 to 3; countries have 3. */
  place: number
  company: boolean
  trade: boolean
  /** English writes it with a capital. */
  proper: boolean
}

export const emptyMarks = (): Marks => ({
  english: 0,
  written: 0,
  spoken: 0,
  french: 0,
  spanish: 0,
  german: 0,
  firstName: 0,
  lastName: 0,
  place: 0,
  company: false,
  trade: false,
  proper: false,
})

/** One integer of 25 bits, 0 for a word that has no mark. */
export const packMarks = (marks: Marks): number =>
  marks.english |
  (marks.written << 4) |
  (marks.spoken << 7) |
  (marks.french << 10) |
  (marks.spanish << 12) |
  (marks.german << 14) |
  (marks.firstName << 16) |
  (marks.lastName << 18) |
  (marks.place << 20) |
  (Number(marks.company) << 22) |
  (Number(marks.trade) << 23) |
  (Number(marks.proper) << 24)

export const unpackMarks = (code: number): Marks => ({
  english: code & 15,
  written: (code >> 4) & 7,
  spoken: (code >> 7) & 7,
  french: (code >> 10) & 3,
  spanish: (code >> 12) & 3,
  german: (code >> 14) & 3,
  firstName: (code >> 16) & 3,
  lastName: (code >> 18) & 3,
  place: (code >> 20) & 3,
  company: ((code >> 22) & 1) === 1,
  trade: ((code >> 23) & 1) === 1,
  proper: ((code >> 24) & 1) === 1,
})
