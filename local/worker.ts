import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { installClock } from './clock.ts'
import { installLambdaConsole } from './lambda-console.ts'

/**
 * One execution environment of one function, in a thread of its own: it loads the bundle as Lambda would and answers
 * one invocation at a time.
 */

/** What a new environment is told. */
export interface EnvironmentData {
  readonly clock: SharedArrayBuffer
  readonly codeDir: string
  readonly handler: string
  readonly cacheDir: string | undefined
}

/** Main to environment. `deadline` counts in `performance.timeOrigin + performance.now()` milliseconds. */
export interface InvokeMessage {
  readonly requestId: string
  readonly event: string
  readonly functionName: string
  readonly functionArn: string
  readonly memoryMb: number
  readonly deadline: number
}

/** Environment to main. `payload` is the JSON text of what the handler returned. */
export type EnvironmentMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  | { readonly kind: 'result'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: ErrorReport }

export interface ErrorReport {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]
}

type Handler = (event: unknown, context: object) => unknown

function report(error: unknown): ErrorReport {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] }
}

async function load(codeDir: string, name: string): Promise<Handler> {
  const dot = name.lastIndexOf('.')
  const base = join(codeDir, name.slice(0, dot))
  const exported = name.slice(dot + 1)
  const failures: unknown[] = []
  for (const extension of ['.mjs', '.js', '.cjs', '.ts']) {
    let module: Record<string, unknown>
    try {
      module = (await import(pathToFileURL(base + extension).href)) as Record<string, unknown>
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
      if (missing && error.message.includes(base + extension)) {
        failures.push(error)
        continue
      }
      throw error
    }
    const inner = module.default as Record<string, unknown> | undefined
    const handler = module[exported] ?? inner?.[exported]
    if (typeof handler !== 'function') throw new TypeError(`${name} is not a function`)
    return handler as Handler
  }
  throw new AggregateError(failures, `Cannot find module '${name}'`)
}

async function start(): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('an execution environment runs in a worker thread')
  const { clock, codeDir, handler: handlerName, cacheDir } = workerData as EnvironmentData
  const post = (message: EnvironmentMessage) => port.postMessage(message)
  let running: string | undefined
  installClock(clock)
  installLambdaConsole(() => running)
  if (cacheDir !== undefined) enableCompileCache(cacheDir)
  let handler: Handler
  try {
    handler = await load(codeDir, handlerName)
  } catch (error) {
    post({ kind: 'failed', error: report(error) })
    return
  }
  const invoke = async (message: InvokeMessage) => {
    const { requestId } = message
    running = requestId
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionName: message.functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: message.functionArn,
      memoryLimitInMB: String(message.memoryMb),
      awsRequestId: requestId,
      logGroupName: `/aws/lambda/${message.functionName}`,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
      getRemainingTimeInMillis: () =>
        Math.max(0, Math.floor(message.deadline - (performance.timeOrigin + performance.now()))),
    }
    try {
      const result = await handler(JSON.parse(message.event), context)
      post({ kind: 'result', requestId, payload: JSON.stringify(result) ?? 'null' })
    } catch (error) {
      post({ kind: 'error', requestId, error: report(error) })
    }
  }
  port.on('message', (message: InvokeMessage) => void invoke(message))
  post({ kind: 'ready' })
}

await start()
