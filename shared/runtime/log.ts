type Level = 'info' | 'warn' | 'error'

/**
 * One line of JSON. Callers pass named, plain facts: ids, codes, counts. Bodies, tokens, e-mail addresses and secrets are
 * never passed. Alarms count the lines with `level: "error"`.
 */
export const log = (level: Level, event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
  console.log(JSON.stringify({ level, event, ...facts }))
}

/** An error's name, message and stack for the log; the stack never leaves the log. */
export const errorFacts = (error: unknown): Record<string, unknown> =>
  error instanceof Error
    ? { error: error.name, message: error.message, stack: error.stack?.split('\n').slice(0, 6).join(' | ') }
    : { error: String(error) }
