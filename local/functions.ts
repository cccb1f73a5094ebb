import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { Activity } from './activity.ts'
import type { Clock } from './clock.ts'
import { pseudo } from './intrinsics.ts'
import type { Json } from './json.ts'
import type { Logs } from './logs.ts'
import type { FunctionPlan } from './plan.ts'
import type { EnvironmentData, EnvironmentMessage, ErrorReport, InvokeMessage } from './worker.ts'

/** What became of one invocation, in Lambda's terms. */
export type Outcome =
  | { readonly kind: 'returned'; readonly payload: Json; readonly bytes: number }
  /** The handler threw, or the environment died (`Runtime.ExitError`, `Sandbox.Timedout`). */
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  /** Reserved concurrency is used up. */
  | { readonly kind: 'throttled' }

/** The credentials of one environment, as the door knows them. */
export interface Identity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface FunctionsOptions {
  readonly plans: readonly FunctionPlan[]
  readonly clock: Clock
  readonly activity: Activity
  readonly logs: Logs
  /** How many environments of one function may live at once on this machine. */
  readonly environmentsMax: number
  /** The file that each environment runs: `environmentCode`. */
  readonly codeFile: string
  readonly cacheDir: string | undefined
  /** What a function's environment holds besides what the template says. */
  readonly environmentFor: (plan: FunctionPlan) => Readonly<Record<string, string>>
  readonly identityFor: (plan: FunctionPlan) => Identity
}

/** What one function did since the last reset, in the terms of Lambda's bill and limits. */
export interface FunctionUsage {
  readonly invocations: number
  /** Sum of the invocations' durations in milliseconds, cold starts left out. */
  readonly durationMs: number
  /** The function's configured size. */
  readonly memoryMb: number
  /** The largest heap with buffers that any environment had when it was looked at; Node's own 40 MB or so come on top. */
  readonly heapPeakMb: number
}

interface Usage {
  invocations: number
  durationMs: number
  heapPeakBytes: number
}

/** Lambda takes events and gives results of 6 MB at most. */
export const payloadBytesMax = 6 * 1024 * 1024

/** Every function of the system, each with its pool of environments. */
export class Functions {
  readonly #pools = new Map<string, Pool>()
  readonly #environments = new Map<string, Environment>()

  constructor(options: FunctionsOptions) {
    for (const plan of options.plans) this.#pools.set(plan.arn, new Pool(plan, options, this.#environments))
  }

  /** Invokes a function by its ARN and waits for the outcome. Waits its turn when this machine's bound is reached. */
  invoke(functionArn: string, event: Json): Promise<Outcome> {
    const pool = this.#pools.get(functionArn)
    if (pool === undefined) throw new Error(`no function ${functionArn}`)
    return pool.invoke(JSON.stringify(event))
  }

  has(functionArn: string): boolean {
    return this.#pools.has(functionArn)
  }

  /** How many invocations of a function can run at once. */
  concurrencyOf(functionArn: string): number {
    return this.#pools.get(functionArn)?.concurrencyMax ?? 0
  }

  /**
   * Ends one environment at once, as a crash would. The token is the session token its calls carry; where a call carries
   * none (Stripe's), it is the function's label, and every environment of that function ends.
   */
  async kill(token: string): Promise<void> {
    const one = this.#environments.get(token)
    await (one === undefined ? this.killAll(token) : one.kill())
  }

  /** Ends every environment of a function, or of all: the next invocation is a cold start. */
  async killAll(label?: string): Promise<void> {
    const doomed = [...this.#environments.values()].filter(({ plan }) => label === undefined || plan.label === label)
    await Promise.all(doomed.map((environment) => environment.kill()))
  }

  /** What each function did, by its label. */
  usage(): Record<string, FunctionUsage> {
    return Object.fromEntries([...this.#pools.values()].map(({ plan, usage }) => [plan.label, usageOf(plan, usage)]))
  }

  resetUsage(): void {
    for (const { usage } of this.#pools.values()) Object.assign(usage, noUsage())
  }

  /** Looks at the heap of every environment, for the peaks of `usage`. */
  async sampleHeaps(): Promise<void> {
    await Promise.all([...this.#environments.values()].map((environment) => environment.sampleHeap()))
  }

  /** The environments alive now, by function label. */
  alive(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { plan, alive } of this.#environments.values()) {
      if (alive) counts[plan.label] = (counts[plan.label] ?? 0) + 1
    }
    return counts
  }

  async stop(): Promise<void> {
    for (const pool of this.#pools.values()) pool.close()
    await this.killAll()
  }
}

const noUsage = (): Usage => ({ invocations: 0, durationMs: 0, heapPeakBytes: 0 })

function usageOf({ memoryMb }: FunctionPlan, { invocations, durationMs, heapPeakBytes }: Usage): FunctionUsage {
  return { invocations, durationMs, memoryMb, heapPeakMb: heapPeakBytes / 1024 / 1024 }
}

class Pool {
  readonly plan: FunctionPlan
  readonly usage = noUsage()
  readonly #options: FunctionsOptions
  readonly #all: Map<string, Environment>
  readonly #idle: Environment[] = []
  readonly #waiting: ((environment: Environment | undefined) => void)[] = []
  #busy = 0
  #closed = false

  constructor(plan: FunctionPlan, options: FunctionsOptions, all: Map<string, Environment>) {
    this.plan = plan
    this.#options = options
    this.#all = all
  }

  get concurrencyMax(): number {
    return Math.min(this.#options.environmentsMax, this.plan.reservedConcurrency ?? Number.POSITIVE_INFINITY)
  }

  async invoke(event: string): Promise<Outcome> {
    if (this.#closed) return failure('Runtime.ExitError', 'the system has stopped')
    const reserved = this.plan.reservedConcurrency ?? Number.POSITIVE_INFINITY
    if (this.#busy >= reserved) return { kind: 'throttled' }
    this.#busy += 1
    const end = this.#options.activity.begin()
    try {
      const environment = await this.#take()
      if (environment === undefined) return failure('Runtime.ExitError', 'the system has stopped')
      const outcome = await environment.invoke(event)
      this.#give(environment)
      return outcome
    } finally {
      this.#busy -= 1
      end()
    }
  }

  async #take(): Promise<Environment | undefined> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.alive) return idle
    }
    const running = this.#busy - 1 - this.#waiting.length
    if (running < this.concurrencyMax) return this.#create()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #give(environment: Environment): void {
    const next = this.#waiting.shift()
    if (next !== undefined) next(environment.alive ? environment : this.#create())
    else if (environment.alive) this.#idle.push(environment)
  }

  #create(): Environment {
    const environment = new Environment(this.plan, this.#options, this.usage)
    this.#all.set(environment.token, environment)
    environment.onExit(() => {
      this.#all.delete(environment.token)
      const at = this.#idle.indexOf(environment)
      if (at !== -1) this.#idle.splice(at, 1)
    })
    return environment
  }

  close(): void {
    this.#closed = true
    for (const waiting of this.#waiting.splice(0)) waiting(undefined)
  }
}

/** One worker thread that holds one loaded bundle. */
class Environment {
  readonly plan: FunctionPlan
  readonly token = randomUUID()
  readonly #worker: Worker
  readonly #usage: Usage
  readonly #ready: Promise<ErrorReport | undefined>
  readonly #exitListeners: (() => void)[] = []
  #settleReady: (error: ErrorReport | undefined) => void = () => {}
  #current: { requestId: string; settle: (outcome: Outcome) => void } | undefined
  #exited: Promise<number> | undefined
  #exitError: ErrorReport | undefined
  alive = true

  constructor(plan: FunctionPlan, options: FunctionsOptions, usage: Usage) {
    this.plan = plan
    this.#usage = usage
    const identity = options.identityFor(plan)
    const data: EnvironmentData = {
      clock: options.clock.shared,
      codeDir: plan.codeDir,
      handler: plan.handler,
      cacheDir: options.cacheDir,
    }
    this.#ready = new Promise((resolve) => (this.#settleReady = resolve))
    this.#worker = new Worker(options.codeFile, {
      name: plan.label,
      workerData: data,
      stdout: true,
      stderr: true,
      // The size of the function bounds its heap, as it does in Lambda.
      resourceLimits: { maxOldGenerationSizeMb: plan.memoryMb, maxYoungGenerationSizeMb: 8 },
      env: {
        ...plan.environment,
        ...options.environmentFor(plan),
        AWS_ACCESS_KEY_ID: identity.accessKeyId,
        AWS_SECRET_ACCESS_KEY: identity.secretAccessKey,
        AWS_SESSION_TOKEN: this.token,
        AWS_REGION: pseudo.region,
        AWS_DEFAULT_REGION: pseudo.region,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: plan.name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${plan.name}`,
        AWS_LAMBDA_LOG_STREAM_NAME: this.token,
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        LAMBDA_TASK_ROOT: plan.codeDir,
        _HANDLER: plan.handler,
        TZ: ':UTC',
      },
    })
    lines(this.#worker.stdout, (line) => options.logs.add(plan.label, line))
    lines(this.#worker.stderr, (line) => options.logs.add(plan.label, line))
    this.#worker.on('message', (message: EnvironmentMessage) => this.#receive(message))
    this.#worker.on('error', (error: unknown) => {
      this.#exitError = {
        errorType: error instanceof Error ? error.name : 'Error',
        errorMessage: error instanceof Error ? error.message : String(error),
        trace: error instanceof Error ? (error.stack ?? '').split('\n') : [],
      }
      options.logs.add(plan.label, `uncaught ${this.#exitError.errorType}: ${this.#exitError.errorMessage}`)
    })
    this.#worker.on('exit', () => this.#gone())
  }

  onExit(listener: () => void): void {
    this.#exitListeners.push(listener)
  }

  async invoke(event: string): Promise<Outcome> {
    const { plan } = this
    const requestId = randomUUID()
    const outcome = new Promise<Outcome>((resolve) => (this.#current = { requestId, settle: resolve }))
    const loadError = await this.#ready
    if (loadError !== undefined) {
      this.#current = undefined
      await this.kill()
      return { kind: 'failed', error: loadError }
    }
    const timer = setTimeout(() => {
      const seconds = (plan.timeoutMs / 1000).toFixed(2)
      this.#settle(
        failure('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`),
      )
      void this.kill()
    }, plan.timeoutMs)
    const message: InvokeMessage = {
      requestId,
      event,
      functionName: plan.name,
      functionArn: plan.arn,
      memoryMb: plan.memoryMb,
      deadline: performance.timeOrigin + performance.now() + plan.timeoutMs,
    }
    const begun = performance.now()
    this.#worker.postMessage(message)
    const result = await outcome
    this.#usage.invocations += 1
    this.#usage.durationMs += performance.now() - begun
    clearTimeout(timer)
    return result
  }

  async sampleHeap(): Promise<void> {
    if (!this.alive) return
    try {
      const { total_heap_size: heap, external_memory: buffers } = await this.#worker.getHeapStatistics()
      this.#usage.heapPeakBytes = Math.max(this.#usage.heapPeakBytes, heap + buffers)
    } catch (error) {
      // It ended while we looked.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_NOT_RUNNING') throw error
    }
  }

  /** Ends the thread at once. An invocation that runs fails as it does in Lambda when the process dies. */
  async kill(): Promise<void> {
    this.alive = false
    this.#exited ??= this.#worker.terminate()
    await this.#exited
  }

  #receive(message: EnvironmentMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#settleReady(undefined)
        return
      case 'failed':
        this.#settleReady(message.error)
        return
      case 'result':
        if (this.#current?.requestId !== message.requestId) return
        if (Buffer.byteLength(message.payload) > payloadBytesMax) {
          this.#settle(
            failure('Function.ResponseSizeTooLarge', 'Response payload size exceeded maximum allowed payload size'),
          )
          return
        }
        this.#settle({
          kind: 'returned',
          payload: JSON.parse(message.payload) as Json,
          bytes: Buffer.byteLength(message.payload),
        })
        return
      case 'error':
        if (this.#current?.requestId === message.requestId) this.#settle({ kind: 'failed', error: message.error })
        return
    }
  }

  #settle(outcome: Outcome): void {
    const current = this.#current
    this.#current = undefined
    current?.settle(outcome)
  }

  #gone(): void {
    this.alive = false
    const error = this.#exitError ?? {
      errorType: 'Runtime.ExitError',
      errorMessage: 'RequestId: Error: Runtime exited without providing a reason',
      trace: [],
    }
    this.#settleReady(error)
    this.#settle({ kind: 'failed', error })
    for (const listener of this.#exitListeners) listener()
  }
}

function failure(errorType: string, errorMessage: string): Outcome {
  return { kind: 'failed', error: { errorType, errorMessage, trace: [] } }
}

function lines(stream: Readable, each: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) if (line !== '') each(line)
  })
  stream.on('end', () => {
    if (rest !== '') each(rest)
  })
}
