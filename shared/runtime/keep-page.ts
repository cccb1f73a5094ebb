import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { type ProblemCode, statusOf } from '../contract/problems.ts'
import { escapeHtml } from '../domain/html.ts'
import { type Language, languageOf } from '../domain/language.ts'
import type { Result } from '../domain/result.ts'
import { htmlPage, htmlResponse, linkHeaders } from './html-page.ts'

// The page behind a notice's link, for people. Opening it changes nothing, because mail scanners open every link; the
// button does.

/** What a link can come to: it may be used, it was used just now, or it is refused with one of these codes. */
type RefusedCode = 'keep_link_invalid' | 'keep_link_used' | 'keep_link_expired' | 'transition_not_allowed'

type Words = {
  readonly ask: (handle: string) => readonly [title: string, sentence: string, button: string]
  readonly kept: (handle: string) => readonly [title: string, sentence: string]
  readonly refused: Readonly<Record<RefusedCode, readonly [title: string, sentence: string]>>
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    ask: (handle) => [`Keep ${handle}?`, 'Press the button, and the handle stays yours.', `Keep ${handle}`],
    kept: (handle) => [`${handle} is kept`, 'The handle stays yours. You need not do anything else.'],
    refused: {
      keep_link_invalid: ['This link is not complete', 'Open it from the e-mail once more, or copy all of it.'],
      keep_link_used: ['This link has done its work', 'The handle is kept already, or a newer notice took its place.'],
      keep_link_expired: ['This link has ended', 'The handle was released before the link was used.'],
      transition_not_allowed: ['This link cannot be used', 'The account is suspended. Appeal to the platform.'],
    },
  },
  fr: {
    ask: (handle) => [
      `Garder ${handle} ?`,
      'Appuyez sur le bouton, et l’identifiant reste le vôtre.',
      `Garder ${handle}`,
    ],
    kept: (handle) => [`${handle} est gardé`, 'L’identifiant reste le vôtre. Vous n’avez rien d’autre à faire.'],
    refused: {
      keep_link_invalid: ['Ce lien n’est pas complet', 'Ouvrez-le à nouveau depuis l’e-mail, ou copiez-le en entier.'],
      keep_link_used: [
        'Ce lien a fait son travail',
        'L’identifiant est déjà gardé, ou un avis plus récent l’a remplacé.',
      ],
      keep_link_expired: ['Ce lien a pris fin', 'L’identifiant a été libéré avant que le lien soit utilisé.'],
      transition_not_allowed: [
        'Ce lien ne peut pas servir',
        'Le compte est suspendu. Faites appel auprès de la plateforme.',
      ],
    },
  },
  es: {
    ask: (handle) => [
      `¿Conservar ${handle}?`,
      'Pulse el botón y el nombre seguirá siendo suyo.',
      `Conservar ${handle}`,
    ],
    kept: (handle) => [`${handle} se conserva`, 'El nombre sigue siendo suyo. No tiene que hacer nada más.'],
    refused: {
      keep_link_invalid: ['Este enlace no está completo', 'Ábralo otra vez desde el correo o cópielo entero.'],
      keep_link_used: ['Este enlace ya cumplió', 'El nombre ya se conserva, o un aviso más reciente lo sustituyó.'],
      keep_link_expired: ['Este enlace terminó', 'El nombre se liberó antes de que se usara el enlace.'],
      transition_not_allowed: ['Este enlace no se puede usar', 'La cuenta está suspendida. Recurra a la plataforma.'],
    },
  },
  de: {
    ask: (handle) => [`${handle} behalten?`, 'Drücken Sie den Knopf, und der Name bleibt Ihrer.', `${handle} behalten`],
    kept: (handle) => [`${handle} bleibt Ihrer`, 'Der Name bleibt Ihrer. Sie müssen nichts weiter tun.'],
    refused: {
      keep_link_invalid: [
        'Dieser Link ist nicht vollständig',
        'Öffnen Sie ihn noch einmal aus der E-Mail, oder kopieren Sie ihn ganz.',
      ],
      keep_link_used: [
        'Dieser Link hat seine Arbeit getan',
        'Der Name ist schon behalten, oder ein neuerer Hinweis ersetzt ihn.',
      ],
      keep_link_expired: ['Dieser Link ist abgelaufen', 'Der Name wurde freigegeben, bevor der Link benutzt wurde.'],
      transition_not_allowed: ['Dieser Link gilt nicht', 'Das Konto ist gesperrt. Wenden Sie sich an die Plattform.'],
    },
  },
}

/** The languages that a browser asks for, in its order. */
const languageOfBrowser = (acceptLanguage: string | undefined): Language =>
  languageOf(
    (acceptLanguage ?? '')
      .slice(0, 200)
      .split(',')
      .map((part) => part.split(';', 1)[0] ?? ''),
  )

/** `found` is the handle as its holder writes it; `step` says whether the link may be used or was used just now. */
export const keepPage = (
  step: 'ask' | 'kept',
  found: Result<{ readonly display: string }>,
  acceptLanguage: string | undefined,
): APIGatewayProxyStructuredResultV2 => {
  const language = languageOfBrowser(acceptLanguage)
  const { ask, kept, refused } = words[language]
  if (!found.ok) {
    const { code } = found.refusal
    const known = Object.hasOwn(refused, code) ? (code as RefusedCode) : 'keep_link_invalid'
    return respond(language, code, refused[known])
  }
  const handle = `@${found.value.display}`
  if (step === 'kept') return respond(language, null, kept(handle))
  const [title, sentence, button] = ask(handle)
  return respond(language, null, [title, sentence], `<form method="post"><button>${escapeHtml(button)}</button></form>`)
}

const respond = (
  language: Language,
  code: ProblemCode | null,
  [title, sentence]: readonly [string, string],
  form = '',
): APIGatewayProxyStructuredResultV2 =>
  htmlResponse(
    code === null ? 200 : statusOf(code),
    htmlPage(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(sentence)}</p>${form}`, language),
    { ...linkHeaders, vary: 'accept-language' },
  )
