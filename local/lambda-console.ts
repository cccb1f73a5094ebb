import { formatWithOptions } from 'node:util'

const levels = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR' } as const

/**
 * Writes what a function logs as Lambda does with the JSON log format: one object a line, the level from the method, and a
 * lone object or text as its `message`. `requestId` tells the invocation that runs.
 */
export function installLambdaConsole(requestId: () => string | undefined): void {
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...values: unknown[]) => {
      const [only] = values
      const plain = values.length === 1 && typeof only === 'object' && !(only instanceof Error)
      const message = plain ? only : formatWithOptions({ breakLength: Number.POSITIVE_INFINITY }, ...values)
      const line = { timestamp: new Date().toISOString(), level, requestId: requestId(), message }
      process.stdout.write(`${JSON.stringify(line)}\n`)
    }
  }
}
