/** What goes wrong with a call. */
export type FaultKind =
  /** No answer ever comes: the client or the function runs into its own time limit. */
  | 'timeout'
  /** The connection breaks. */
  | 'cut'
  /** The service's own throttling error. */
  | 'throttle'
  /** A transaction is cancelled by another one that runs (DynamoDB only; our engines never do it by themselves). */
  | 'conflict'
  /** HTTP 429 in the service's own form. */
  | '429'
  /** HTTP 500 in the service's own form. */
  | '500'
  /** Of a batch the service does the first half and reports the rest as not done; other calls are throttled. */
  | 'partial'
  /** The environment that makes the call dies. */
  | 'kill'

export interface Fault {
  readonly kind: FaultKind
  /** `before`: the service never sees the call. `after`: the service has done it, and the answer is lost. */
  readonly when?: 'before' | 'after'
  /** A function's label. */
  readonly function?: string
  /** `dynamodb`, `sqs`, `s3`, `events`, `ses`, `secretsmanager`, `stripe`. */
  readonly service?: string
  /** `TransactWriteItems`, `SendMessage`, `POST /v1/refunds`: the part after the colon in the counts. */
  readonly operation?: string
  /** Strikes only calls of which this is true. */
  readonly where?: (call: Call) => boolean
  /** The first matching call that it strikes; 1 when not given. */
  readonly nth?: number
  /** How many calls it strikes from there; 1 when not given. */
  readonly times?: number
}

export interface InjectedFault {
  /** How many calls it has struck. */
  readonly hits: number
  remove(): void
}

export interface Call {
  readonly function: string
  readonly service: string
  readonly operation: string
  /** What is asked: the path with its query, and the body. */
  readonly path: string
  readonly body: string
  /** The connected account that a call of Stripe is made for. */
  readonly stripeAccount: string | undefined
}

/** A call that was made, with what the service answered; undefined where it never saw the call. */
export interface MadeCall extends Call {
  readonly answer: string | undefined
}

interface Injected {
  readonly fault: Fault
  matched: number
  hits: number
}

/** The faults that wait for their call. */
export class Faults {
  readonly #injected = new Set<Injected>()

  inject(fault: Fault): InjectedFault {
    const injected: Injected = { fault, matched: 0, hits: 0 }
    this.#injected.add(injected)
    return {
      get hits() {
        return injected.hits
      },
      remove: () => void this.#injected.delete(injected),
    }
  }

  get waiting(): boolean {
    return this.#injected.size > 0
  }

  clear(): void {
    this.#injected.clear()
  }

  /** The fault that strikes this call, if one does. Asking counts the call, but not for the faults that come after that one. */
  strike(call: Call): Fault | undefined {
    if (this.#injected.size === 0) return undefined
    for (const injected of this.#injected) {
      const { fault } = injected
      if (fault.function !== undefined && fault.function !== call.function) continue
      if (fault.service !== undefined && fault.service !== call.service) continue
      if (fault.operation !== undefined && fault.operation !== call.operation) continue
      if (fault.where?.(call) === false) continue
      injected.matched += 1
      const first = fault.nth ?? 1
      if (injected.matched < first || injected.matched >= first + (fault.times ?? 1)) continue
      injected.hits += 1
      return fault
    }
    return undefined
  }
}
