/** What one function asked of the outside, as the door counted it. */
export interface FunctionCounts {
  /** Requests that the function sent through the door: each is one round trip. Retries by a client count again. */
  roundTrips: number
  /** Requests by service and operation, such as `dynamodb:TransactWriteItems` or `stripe:POST /v1/refunds`. */
  readonly calls: Record<string, number>
  /** DynamoDB capacity units, tables and indexes apart. Units of transactions are as DynamoDB counts them (doubled). */
  readUnits: number
  indexReadUnits: number
  writeUnits: number
  indexWriteUnits: number
  /** What SQS and EventBridge charge for: requests and events in units of 64 KB. */
  queueRequestUnits: number
  eventUnits: number
}

/** SQS and EventBridge charge a payload by the beginning 64 KB. */
export const payloadUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 65_536))

export function emptyCounts(): FunctionCounts {
  return {
    roundTrips: 0,
    calls: {},
    readUnits: 0,
    indexReadUnits: 0,
    writeUnits: 0,
    indexWriteUnits: 0,
    queueRequestUnits: 0,
    eventUnits: 0,
  }
}

/** Counts per function label. */
export class Counts {
  readonly #byFunction = new Map<string, FunctionCounts>()

  of(label: string): FunctionCounts {
    let counts = this.#byFunction.get(label)
    if (counts === undefined) this.#byFunction.set(label, (counts = emptyCounts()))
    return counts
  }

  call(label: string, operation: string): void {
    const counts = this.of(label)
    counts.roundTrips += 1
    counts.calls[operation] = (counts.calls[operation] ?? 0) + 1
  }

  /** A copy that later calls do not change. */
  snapshot(): Record<string, FunctionCounts> {
    return structuredClone(Object.fromEntries(this.#byFunction))
  }

  /** The sum over some functions, or over all. */
  total(labels?: readonly string[]): FunctionCounts {
    const sum = emptyCounts()
    for (const [label, counts] of this.#byFunction) {
      if (labels !== undefined && !labels.includes(label)) continue
      sum.roundTrips += counts.roundTrips
      sum.readUnits += counts.readUnits
      sum.indexReadUnits += counts.indexReadUnits
      sum.writeUnits += counts.writeUnits
      sum.indexWriteUnits += counts.indexWriteUnits
      sum.queueRequestUnits += counts.queueRequestUnits
      sum.eventUnits += counts.eventUnits
      for (const [operation, times] of Object.entries(counts.calls)) {
        sum.calls[operation] = (sum.calls[operation] ?? 0) + times
      }
    }
    return sum
  }

  reset(): void {
    this.#byFunction.clear()
  }
}
