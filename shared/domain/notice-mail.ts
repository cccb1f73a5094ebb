import { escapeHtml } from './html.ts'
import { dayIn, type Language } from './language.ts'

/** What a notice tells a holder. Instants are RFC 3339 UTC. */
export type NoticeFacts = {
  /** The handle as its holder writes it. */
  readonly display: string
  readonly suspended: boolean
  /** The last activity, or the suspension. */
  readonly since: string
  readonly policyVersion: number
  readonly releaseAt: string
  /** This notice's number among those that count, and how many there must be. */
  readonly number: number
  readonly of: number
  /** Null where a link cannot keep the handle. */
  readonly keepUrl: string | null
}

export type NoticeMail = { readonly subject: string; readonly text: string; readonly html: string }

type Words = {
  readonly subject: (handle: string, day: string, count: string) => string
  readonly count: (number: number, of: number) => string
  readonly last: string
  readonly inactive: (since: string) => string
  readonly suspended: (since: string) => string
  readonly release: (handle: string, day: string, policyVersion: number) => string
  readonly keep: string
  readonly button: (handle: string) => string
  readonly signIn: string
  readonly appeal: string
  readonly otherwise: string
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    subject: (handle, day, count) => `${handle} will be released on ${day} (${count})`,
    count: (number, of) => `notice ${number} of ${of}`,
    last: 'This is the last notice.',
    inactive: (since) => `Your account has not been used since ${since}.`,
    suspended: (since) => `Your account has been suspended since ${since}.`,
    release: (handle, day, version) =>
      `By version ${version} of our release policy, your handle ${handle} will be released on ${day} (UTC) and offered to others.`,
    keep: 'To keep it, open this link and press the button. The link works until that day:',
    button: (handle) => `Keep ${handle}`,
    signIn: 'Or sign in to your account as usual before that day: that keeps the handle too.',
    appeal:
      'A suspended account cannot keep a handle by a link. If the suspension is a mistake, appeal to the platform before that day.',
    otherwise: 'If you do not need the handle any more, you need not do anything.',
  },
  fr: {
    subject: (handle, day, count) => `${handle} sera libéré le ${day} (${count})`,
    count: (number, of) => `avis ${number} sur ${of}`,
    last: 'Ceci est le dernier avis.',
    inactive: (since) => `Votre compte n’a pas été utilisé depuis le ${since}.`,
    suspended: (since) => `Votre compte est suspendu depuis le ${since}.`,
    release: (handle, day, version) =>
      `Selon la version ${version} de notre politique, votre identifiant ${handle} sera libéré le ${day} (UTC) et proposé à d’autres.`,
    keep: 'Pour le garder, ouvrez ce lien et appuyez sur le bouton. Le lien fonctionne jusqu’à ce jour :',
    button: (handle) => `Garder ${handle}`,
    signIn: 'Ou connectez-vous à votre compte comme d’habitude avant ce jour : cela garde aussi l’identifiant.',
    appeal:
      'Un compte suspendu ne peut pas garder un identifiant par un lien. Si la suspension est une erreur, faites appel auprès de la plateforme avant ce jour.',
    otherwise: 'Si vous n’avez plus besoin de l’identifiant, vous n’avez rien à faire.',
  },
  es: {
    subject: (handle, day, count) => `${handle} se liberará el ${day} (${count})`,
    count: (number, of) => `aviso ${number} de ${of}`,
    last: 'Este es el último aviso.',
    inactive: (since) => `Su cuenta no se ha utilizado desde el ${since}.`,
    suspended: (since) => `Su cuenta está suspendida desde el ${since}.`,
    release: (handle, day, version) =>
      `Según la versión ${version} de nuestra política, su nombre de usuario ${handle} se liberará el ${day} (UTC) y se ofrecerá a otras personas.`,
    keep: 'Para conservarlo, abra este enlace y pulse el botón. El enlace funciona hasta ese día:',
    button: (handle) => `Conservar ${handle}`,
    signIn: 'O inicie sesión en su cuenta como siempre antes de ese día: eso también conserva el nombre.',
    appeal:
      'Una cuenta suspendida no puede conservar un nombre con un enlace. Si la suspensión es un error, recurra a la plataforma antes de ese día.',
    otherwise: 'Si ya no necesita el nombre, no tiene que hacer nada.',
  },
  de: {
    subject: (handle, day, count) => `${handle} wird am ${day} freigegeben (${count})`,
    count: (number, of) => `Hinweis ${number} von ${of}`,
    last: 'Dies ist der letzte Hinweis.',
    inactive: (since) => `Ihr Konto wurde seit dem ${since} nicht benutzt.`,
    suspended: (since) => `Ihr Konto ist seit dem ${since} gesperrt.`,
    release: (handle, day, version) =>
      `Nach Version ${version} unserer Richtlinie wird Ihr Name ${handle} am ${day} (UTC) freigegeben und anderen angeboten.`,
    keep: 'Um ihn zu behalten, öffnen Sie diesen Link und drücken Sie den Knopf. Der Link gilt bis zu diesem Tag:',
    button: (handle) => `${handle} behalten`,
    signIn: 'Oder melden Sie sich vor diesem Tag wie gewohnt bei Ihrem Konto an: Auch das behält den Namen.',
    appeal:
      'Ein gesperrtes Konto kann einen Namen nicht per Link behalten. Wenn die Sperre ein Irrtum ist, wenden Sie sich vor diesem Tag an die Plattform.',
    otherwise: 'Wenn Sie den Namen nicht mehr brauchen, müssen Sie nichts tun.',
  },
}

/** One notice as an e-mail: short and plain, with the same words as text and as HTML. */
export const noticeMail = (facts: NoticeFacts, language: Language): NoticeMail => {
  const word = words[language]
  const handle = `@${facts.display}`
  const day = dayIn(language, facts.releaseAt)
  const since = dayIn(language, facts.since)
  const count = word.count(facts.number, facts.of)
  const why = [
    facts.suspended ? word.suspended(since) : word.inactive(since),
    word.release(handle, day, facts.policyVersion),
    ...(facts.number >= facts.of ? [word.last] : []),
  ].join(' ')
  const { keepUrl } = facts
  const link = keepUrl === null ? [] : [{ before: word.keep, url: keepUrl, button: word.button(handle) }]
  const after = [...(facts.suspended ? [word.appeal] : [word.signIn]), word.otherwise]
  const footer = `${count.charAt(0).toUpperCase()}${count.slice(1)}.`
  const text = [why, ...link.map(({ before, url }) => `${before}\n${url}`), ...after, footer].join('\n\n')
  const paragraphs = [
    `<p>${escapeHtml(why)}</p>`,
    ...link.map(
      ({ before, url, button }) =>
        `<p>${escapeHtml(before)}</p><p><a href="${escapeHtml(url)}" target="_blank" rel="noreferrer" style="${buttonStyle}">${escapeHtml(button)}</a></p>`,
    ),
    ...after.map((sentence) => `<p>${escapeHtml(sentence)}</p>`),
    `<p style="color:#666">${escapeHtml(footer)}</p>`,
  ]
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><body style="${bodyStyle}">${paragraphs.join('')}</body></html>`
  return { subject: word.subject(handle, day, count), text: `${text}\n`, html }
}

const bodyStyle = 'font:16px/1.5 sans-serif;max-width:36em;margin:1em auto;padding:0 1em'
const buttonStyle =
  'display:inline-block;padding:.6em 1.2em;border-radius:.4em;background:#0a7d53;color:#fff;text-decoration:none'
