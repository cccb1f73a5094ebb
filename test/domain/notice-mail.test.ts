import { describe, expect, it } from 'vitest'
import { languageOf, languages } from '../../shared/domain/language.ts'
import { noticeMail } from '../../shared/domain/notice-mail.ts'

const facts = {
  display: 'Moses_1',
  suspended: false,
  since: '2025-11-01T23:30:00.000Z',
  policyVersion: 4,
  releaseAt: '2027-01-05T10:00:00.000Z',
  number: 1,
  of: 3,
  keepUrl: 'https://market.example.com/keep/abc?a=1&b=2',
}

describe('a notice', () => {
  it.each([
    ['en', '@Moses_1 will be released on January 5, 2027 (notice 1 of 3)'],
    ['fr', '@Moses_1 sera libéré le 5 janvier 2027 (avis 1 sur 3)'],
    ['es', '@Moses_1 se liberará el 5 de enero de 2027 (aviso 1 de 3)'],
    ['de', '@Moses_1 wird am 5. Januar 2027 freigegeben (Hinweis 1 von 3)'],
  ] as const)('in %s has the subject "%s"', (language, subject) => {
    expect(noticeMail(facts, language).subject).toBe(subject)
  })

  it.each(languages)(
    'in %s says the same in text and in HTML: handle, since when, by which policy, when, the link',
    (language) => {
      const { text, html } = noticeMail(facts, language)
      const shown = html.replaceAll(/<[^>]+>/g, ' ')
      for (const part of ['@Moses_1', '2025', ' 4 ', '2027', '3']) {
        expect(text).toContain(part)
        expect(shown).toContain(part)
      }
      expect(text).toContain(facts.keepUrl)
      expect(html).toContain('href="https://market.example.com/keep/abc?a=1&amp;b=2"')
      expect(html).toContain(`lang="${language}"`)
    },
  )

  it.each(languages)('in %s tells a suspended account to appeal, and has no link', (language) => {
    const { text, html } = noticeMail({ ...facts, suspended: true, keepUrl: null }, language)
    expect(text + html).not.toMatch(/href|https?:/)
    expect(text).not.toBe(noticeMail({ ...facts, keepUrl: null }, language).text)
  })

  it.each(languages)('in %s says when it is the last', (language) => {
    const last = noticeMail({ ...facts, number: 3 }, language).text
    const words = { en: 'last notice', fr: 'dernier avis', es: 'último aviso', de: 'letzte Hinweis' }
    expect(last).toContain(words[language])
    expect(noticeMail(facts, language).text).not.toContain(words[language])
  })
})

describe('the language of a holder', () => {
  it.each([
    [['de-AT'], 'de'],
    [['FR'], 'fr'],
    [['pt-BR'], 'en'],
    [['pt-BR', 'es'], 'es'],
    [[], 'en'],
  ] as const)('of %j is %s', (tags, language) => {
    expect(languageOf(tags)).toBe(language)
  })
})
