type Level = 'info' | 'warn' | 'error'

/**
 * One line: Lambda's JSON log format adds level, time and request. Callers pass named, plain facts: ids, codes, counts.
 * Bodies, tokens, e-mail addresses and secrets are never passed. Alarms count lines by their event.
 */
export const log = (level: Level, event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
  console[level]({ event, ...facts })
}

/** An error's name, message and stack for the log; the stack never leaves the log. */
export const errorFacts = (error: unknown): Record<string, unknown> =>
  error instanceof Error
    ? { error: error.name, message: error.message, stack: error.stack?.split('\n').slice(0, 6).join(' | ') }
    : { error: String(error) }
