import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { AlertLink, AlertLinkFault } from '../domain/alert-link.ts'
import { escapeHtml } from '../domain/html.ts'
import { htmlPage, htmlResponse, linkHeaders } from './html-page.ts'

// The page behind the links of an alert's mail. Opening it changes nothing; its button does, as does the one POST of a
// mail program (RFC 8058).

const faults = {
  invalid: [400, 'This link cannot be used', 'Open it from the e-mail once more, or copy all of it.'],
  expired: [410, 'This link has ended', 'Open a newer e-mail, or end your watches in your account.'],
} as const satisfies Record<AlertLinkFault, readonly [status: number, title: string, sentence: string]>

type Words = readonly [title: string, sentence: string, button: string]

const asked = (link: AlertLink): Words =>
  link.kind === 'watch'
    ? [`Stop watching @${link.handle}?`, 'Press the button, and you are told of it no more.', 'Stop watching']
    : [
        'No more alerts by e-mail?',
        'Press the button, and no alert is mailed to you. Your watches stay.',
        'Stop all mails',
      ]

const done = (link: AlertLink): readonly [title: string, sentence: string] =>
  link.kind === 'watch'
    ? [`You do not watch @${link.handle} any more`, 'You can watch it again in your account at any time.']
    : ['No alert is mailed to you any more', 'Your watches stay. Where you ask for mails again, they come again.']

/** `step` says whether the link may be used or was used just now. */
export const alertPage = (
  step: 'ask' | 'done',
  link: AlertLink | AlertLinkFault,
): APIGatewayProxyStructuredResultV2 => {
  if (typeof link === 'string') {
    const [status, title, sentence] = faults[link]
    return respond(status, title, sentence)
  }
  if (step === 'done') return respond(200, ...done(link))
  const [title, sentence, button] = asked(link)
  return respond(200, title, sentence, `<form method="post"><button>${escapeHtml(button)}</button></form>`)
}

const respond = (status: number, title: string, sentence: string, form = ''): APIGatewayProxyStructuredResultV2 =>
  htmlResponse(
    status,
    htmlPage(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(sentence)}</p>${form}`),
    linkHeaders,
  )
