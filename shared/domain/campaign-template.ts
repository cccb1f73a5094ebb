import { escapeHtml } from './html.ts'
import { ok, refuse, type Result } from './result.ts'

/** What a template may name. Each stands for what this very prospect is told; there are no others. */
export const placeholders = ['name', 'organisation', 'handle', 'price', 'until', 'link'] as const
export type Placeholder = (typeof placeholders)[number]

export type Template = { readonly subject: string; readonly text: string }

const named = /\{([^{}\s]{0,40})\}/g
const isPlaceholder = (word: string): word is Placeholder => placeholders.some((one) => one === word)

/**
 * Refuses a template that names what there is not, that has no link, or a stray brace: a mail that went out cannot be called
 * back. The link must stand in the text, and not in the subject, where nobody can follow it.
 */
export const checkTemplate = ({ subject, text }: Template): Result<Template> => {
  for (const [field, words] of [
    ['template.subject', subject],
    ['template.text', text],
  ] as const) {
    for (const [, word = ''] of words.matchAll(named)) {
      if (!isPlaceholder(word)) {
        return refuse('template_invalid', `{${word}} is none of {${placeholders.join('}, {')}}`, field, {
          placeholders,
        })
      }
    }
    if (/[{}]/.test(words.replace(named, ''))) return refuse('template_invalid', 'A brace stands alone', field)
  }
  if (/[\r\n]/.test(subject)) return refuse('template_invalid', 'A subject has one line', 'template.subject')
  if (subject.includes('{link}')) {
    return refuse('template_invalid', 'The link belongs into the text', 'template.subject')
  }
  return text.includes('{link}')
    ? ok({ subject, text })
    : refuse('template_invalid', 'The text must hold {link}', 'template.text')
}

export type MailFacts = Readonly<Record<Placeholder, string>> & { readonly unsubscribe: string }
export type OfferMailText = { readonly subject: string; readonly text: string; readonly html: string }

/** A template filled in for one prospect, as text and as HTML with the same words; how to unsubscribe stands below. */
export const fillTemplate = ({ subject, text }: Template, facts: MailFacts): OfferMailText => {
  const footer = 'You get this mail because you agreed to be offered handles. No more of them:'
  const paragraphs = text.trim().split(/\r?\n\s*\r?\n/)
  const html = paragraphs.map((paragraph) => `<p>${fillHtml(paragraph, facts).replace(/\r?\n/g, '<br>')}</p>`).join('')
  const below = `<p style="color:#666">${escapeHtml(footer)} <a href="${escapeHtml(facts.unsubscribe)}">unsubscribe</a></p>`
  return {
    subject: fill(subject, facts),
    text: `${fill(text.trim(), facts)}\n\n-- \n${footer} ${facts.unsubscribe}\n`,
    html: `<!doctype html><html><meta charset="utf-8"><body style="${bodyStyle}">${html}${below}</body></html>`,
  }
}

const valueOf = (word: string, facts: MailFacts): string => (isPlaceholder(word) ? facts[word] : '')

const fill = (words: string, facts: MailFacts): string =>
  words.replace(named, (_, word: string) => valueOf(word, facts))

const fillHtml = (words: string, facts: MailFacts): string =>
  words
    .split(named)
    .map((part, index) => {
      if (index % 2 === 0) return escapeHtml(part)
      const value = escapeHtml(valueOf(part, facts))
      return part === 'link' ? `<a href="${value}" target="_blank" rel="noreferrer">${value}</a>` : value
    })
    .join('')

const bodyStyle = 'font:16px/1.5 sans-serif;max-width:36em;margin:1em auto;padding:0 1em'
