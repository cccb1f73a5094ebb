import { createHash } from 'node:crypto'
import { checkHandle } from './handle-name.ts'
import { refuse, type Refusal, type Result } from './result.ts'

/** A person whom a campaign writes to. Personal data: it lies in an item of its own and in no journal or log. */
export type Prospect = {
  readonly name: string
  readonly email: string
  readonly organisation: string
  /** When or how the person agreed to be offered handles by mail, as the operator's list says it. */
  readonly consent: string
  /** The handle that the row names, canonical. */
  readonly handle?: string | undefined
}

/** The columns of the file. Its first line names those that it has, in any order. */
export const prospectColumns = ['name', 'email', 'organisation', 'consent', 'handle'] as const
export type ProspectColumn = (typeof prospectColumns)[number]
/** Without these columns it is another file. */
export const neededColumns = ['name', 'email', 'consent'] as const satisfies readonly ProspectColumn[]

export type ProspectRow = Readonly<Partial<Record<ProspectColumn, string>>>

const nameCharactersMax = 100
const emailCharactersMax = 254

// Letters and the like before the at sign, and a domain with a dot: what the mail service refuses is told by it later.
const addressGrammar = /^[^\s@<>"(),:;[\]\\\p{Cc}]{1,64}@[^\s@<>"(),:;[\]\\\p{Cc}]+\.[^\s@.]{2,}$/u
const controls = /[\p{Cc}\u2028\u2029]/u
/** `yes`, or the day on which it was given. */
const agreed = /^(?:yes|true|1|\d{4}-\d{2}-\d{2})$/i

/** One address is one person, however it is capitalised. */
export const canonicalAddress = (email: string): string => email.trim().toLowerCase()

/** The proof of where a mail went that outlives the address: whoever knows the address can check it. */
export const addressHash = (email: string): string =>
  createHash('sha256').update(canonicalAddress(email)).digest('base64url')

/**
 * Reads one row. `today` is a day, YYYY-MM-DD: consent cannot be given later. Refused with the column at fault; the words
 * hold nothing of what stood there.
 */
export const readProspect = (row: ProspectRow, today: string): Result<Prospect> => {
  const text = (column: ProspectColumn): string => (row[column] ?? '').trim()
  const consent = text('consent')
  if (!agreed.test(consent) || (consent.includes('-') && (consent > today || Number.isNaN(Date.parse(consent))))) {
    return refuse('consent_missing', 'consent: `yes`, or the day on which the person agreed', 'consent')
  }
  const email = text('email')
  if (email.length > emailCharactersMax || !addressGrammar.test(email)) {
    return fault('email', 'email: not an address that a mail can be sent to')
  }
  const name = text('name')
  if (name === '' || name.length > nameCharactersMax || controls.test(name)) {
    return fault('name', `name: 1 to ${nameCharactersMax} characters on one line`)
  }
  const organisation = text('organisation')
  if (organisation.length > nameCharactersMax || controls.test(organisation)) {
    return fault('organisation', `organisation: at most ${nameCharactersMax} characters on one line`)
  }
  const person = { name, email, organisation, consent }
  if (text('handle') === '') return { ok: true, value: person }
  const handle = checkHandle(text('handle').replace(/^@/, ''))
  return handle.ok ? { ok: true, value: { ...person, handle: handle.value } } : handle
}

const fault = (field: ProspectColumn, words: string): { readonly ok: false; readonly refusal: Refusal } =>
  refuse('validation_failed', words, field)
