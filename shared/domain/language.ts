/** The languages in which we write to holders. */
export const languages = ['en', 'fr', 'es', 'de'] as const
export type Language = (typeof languages)[number]

/** The first of these BCP 47 tags whose language we write, or English. */
export const languageOf = (tags: readonly string[]): Language => {
  for (const tag of tags) {
    const primary = tag.trim().toLowerCase().split('-', 1)[0]
    const found = languages.find((language) => language === primary)
    if (found !== undefined) return found
  }
  return 'en'
}

/** A day as people of this language write it, such as `5 janvier 2027`. Instants are RFC 3339; the day is that of UTC. */
export const dayIn = (language: Language, instant: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(instant))
