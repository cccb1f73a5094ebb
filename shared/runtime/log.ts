type Level = 'info' | 'warn' | 'error'

/**
 * One line: Lambda's JSON log format adds level, time and request. Callers pass named, plain facts: ids, codes, counts.
 * Bodies, tokens, e-mail addresses and secrets are never passed. Alarms count lines by their event.
 */
export const log = (level: Level, event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
  console[level]({ event, ...facts })
}

/** What an error's own text may have picked up on its way: addresses, and keys of the payment provider. */
const personal = /[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g
const secret = /\b(?:sk|rk|whsec)_\w+|\bBearer\s+\S+/g
const clean = (text: string): string => text.replace(personal, '[address]').replace(secret, '[secret]')

const messageCharactersMax = 500

/** An error's name and message, without personal data or secrets and cut to a line's length. */
export const plainError = (error: unknown): { readonly error: string; readonly message: string } => {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: String(error) }
  return { error: name, message: clean(message).slice(0, messageCharactersMax) }
}

/** An error's name, message and stack for the log; the stack never leaves the log. */
export const errorFacts = (error: unknown): Record<string, unknown> => ({
  ...plainError(error),
  ...(error instanceof Error && { stack: clean(error.stack?.split('\n').slice(0, 6).join(' | ') ?? '') }),
})
