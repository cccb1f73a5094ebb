import type { FunctionCounts } from '../../local/counts.ts'
import type { FunctionUsage } from '../../local/functions.ts'
import type { System } from '../../local/system.ts'
import { searchFunction, stepFunctions } from '../costs/counted.ts'
import prices from './prices.json' with { type: 'json' }

/** What some work used of AWS, as the local system counted it. */
export type Used = {
  /** Of every function but the one that makes the rows of the search. */
  readonly counts: FunctionCounts
  readonly search: FunctionCounts
  readonly usage: Readonly<Record<string, FunctionUsage>>
  /** SQS requests in units of 64 KB: sends, those of EventBridge among them, and what event sources receive and delete. */
  readonly sqsRequests: number
  readonly logBytes: number
  readonly mails: number
}

export type Bill = Readonly<Record<keyof ReturnType<typeof lines>, number>> & { readonly total: number }

/** Dollars by line, at the prices of `prices.json`. Streams are read by Lambda free of charge. */
export const billOf = (used: Used): Bill => {
  const charged = lines(used)
  return { ...charged, total: Object.values(charged).reduce((sum, dollars) => sum + dollars, 0) }
}

const lines = ({ counts, search, usage, sqsRequests, logBytes, mails }: Used) => {
  const { perMillion } = prices
  const functions = Object.values(usage)
  const invocations = functions.reduce((sum, one) => sum + one.invocations, 0)
  const gbSeconds = functions.reduce((sum, one) => sum + (one.durationMs / 1000) * (one.memoryMb / 1024), 0)
  const million = (count: number, price: number) => (count / 1_000_000) * price
  return {
    writes: million(counts.writeUnits + counts.indexWriteUnits, perMillion.dynamodbWriteRequestUnits),
    reads: million(counts.readUnits + counts.indexReadUnits, perMillion.dynamodbReadRequestUnits),
    search: million(search.writeUnits, perMillion.dynamodbWriteRequestUnits),
    queues: million(sqsRequests, perMillion.sqsRequests),
    functions: million(invocations, perMillion.lambdaRequests) + gbSeconds * prices.lambdaGbSecond,
    events: million(counts.eventUnits, perMillion.eventBridgeEvents),
    logs: (logBytes / 1024 ** 3) * prices.cloudWatchLogsGb,
    mails: million(mails, perMillion.sesMessages),
  }
}

/** Begins to count afresh; the returned function tells what was used since. */
export const meter = (system: System): (() => Used) => {
  system.door.counts.reset()
  system.functions.resetUsage()
  const sentBefore = system.queues.serviceSends()
  let logBytes = 0
  const stopListening = system.logs.subscribe(({ line }) => (logBytes += Buffer.byteLength(line)))
  const sampling = setInterval(() => void system.functions.sampleHeaps(), 250)
  return () => {
    clearInterval(sampling)
    stopListening()
    const counts = system.door.counts.total(stepFunctions(system.functions.plans.map(({ label }) => label)))
    const search = system.door.counts.total([searchFunction])
    const usage = system.functions.usage()
    const labels = new Map(system.functions.plans.map(({ arn, label }) => [arn, label]))
    // Each invocation by a queue is one request that received its batch and one that deleted it.
    const invoked = system.plan.queueSources.reduce(
      (sum, { functionArn }) => sum + (usage[labels.get(functionArn) ?? '']?.invocations ?? 0),
      0,
    )
    const mails = Object.entries(counts.calls).reduce(
      (sum, [call, times]) => sum + (/^(ses|email):Send/.test(call) ? times : 0),
      0,
    )
    const sends = counts.queueRequestUnits + system.queues.serviceSends() - sentBefore
    return { counts, search, usage, sqsRequests: sends + 2 * invoked, logBytes, mails }
  }
}
