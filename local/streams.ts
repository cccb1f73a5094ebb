import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Activity } from './activity.ts'
import type { Clock } from './clock.ts'
import { EngineError, type DynamoDb } from './engines/dynamodb.ts'
import type { Functions } from './functions.ts'
import { pseudo } from './intrinsics.ts'
import { asArray, asObject, asString, isObject, parseObject, type JsonObject, asText } from './json.ts'
import type { Logs } from './logs.ts'
import { matches } from './patterns.ts'
import type { StreamSourcePlan, TablePlan } from './plan.ts'
import { failedIds, type Queues } from './queues.ts'

/** Reads the tables' streams for the functions that listen to them, and remembers how far each has come. */
export class Streams {
  readonly #sources: StreamSource[]
  readonly #poll: NodeJS.Timeout

  constructor(options: {
    plans: readonly StreamSourcePlan[]
    tables: readonly TablePlan[]
    dynamodb: DynamoDb
    functions: Functions
    queues: Queues
    activity: Activity
    clock: Clock
    logs: Logs
    /** Where the positions are kept. */
    file: string
  }) {
    const checkpoints = new Checkpoints(options.file)
    const trimmer = new Trimmer(options.dynamodb)
    this.#sources = options.plans.map((plan) => {
      const table = options.tables.find(({ streamArn }) => streamArn === plan.streamArn)
      if (table === undefined) throw new Error(`no table has the stream ${plan.streamArn}`)
      return new StreamSource({ ...options, plan, table, checkpoints, trimmer })
    })
    // Every write comes through the door, which wakes us. This finds only what is written past it.
    this.#poll = setInterval(() => this.wake(), 1_000)
    this.#poll.unref()
  }

  /** Reads on: something may have been written. */
  wake(): void {
    for (const source of this.#sources) source.wake()
  }

  /** Whether every stream is read to its end and nothing is being worked on. */
  get quiet(): boolean {
    return this.#sources.every((source) => source.quiet)
  }

  async stop(): Promise<void> {
    clearInterval(this.#poll)
    await Promise.all(this.#sources.map((source) => source.stop()))
  }
}

interface Position {
  readonly shardId: string
  /** The last record that is done with; undefined at the start of the shard. */
  readonly sequenceNumber: string | undefined
}

class Checkpoints {
  readonly #file: string
  readonly #positions: JsonObject

  constructor(file: string) {
    this.#file = file
    this.#positions = read(file)
  }

  get(key: string): Position | undefined {
    const kept = this.#positions[key]
    if (!isObject(kept) || typeof kept.shardId !== 'string') return undefined
    return { shardId: kept.shardId, sequenceNumber: asString(kept.sequenceNumber) }
  }

  set(key: string, position: Position): void {
    this.#positions[key] = {
      shardId: position.shardId,
      ...(position.sequenceNumber === undefined ? {} : { sequenceNumber: position.sequenceNumber }),
    }
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#positions))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

function read(file: string): JsonObject {
  try {
    return parseObject(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** Records that every reader of a table is done with are forgotten now and then, so that the file stays small. */
class Trimmer {
  readonly #dynamodb: DynamoDb
  readonly #done = new Map<string, Map<string, bigint>>()
  readonly #trimmed = new Map<string, bigint>()

  constructor(dynamodb: DynamoDb) {
    this.#dynamodb = dynamodb
  }

  register(table: string, reader: string): void {
    const readers = this.#done.get(table) ?? new Map<string, bigint>()
    this.#done.set(table, readers.set(reader, 0n))
  }

  done(table: string, reader: string, sequenceNumber: string): void {
    if (this.#dynamodb.kind !== 'dynoxide') return
    const readers = this.#done.get(table)
    if (readers === undefined) return
    readers.set(reader, BigInt(sequenceNumber))
    const lowest = [...readers.values()].reduce((least, value) => (value < least ? value : least))
    if (lowest - (this.#trimmed.get(table) ?? 0n) < trimEvery) return
    this.#trimmed.set(table, lowest)
    this.#dynamodb.trimStream(table, String(lowest))
  }
}

const trimEvery = 2_000n
/** How long a batch that is not full waits for more; the mapping's window is the bound on the sum of such waits. */
const gapMs = 20
/** Batches stay well below the 6 MB that an event may have. `SizeBytes` counts the data without its JSON. */
const batchBytesMax = 1_500_000
const retryMsMax = 500

interface StreamRecord {
  readonly sequenceNumber: string
  readonly bytes: number
  readonly createdSeconds: number
  readonly event: JsonObject
}

interface SourceOptions {
  readonly plan: StreamSourcePlan
  readonly table: TablePlan
  readonly dynamodb: DynamoDb
  readonly functions: Functions
  readonly queues: Queues
  readonly activity: Activity
  readonly clock: Clock
  readonly logs: Logs
  readonly checkpoints: Checkpoints
  readonly trimmer: Trimmer
}

/** One event source mapping of one stream. */
class StreamSource {
  readonly #options: SourceOptions
  readonly #key: string
  #position: Position | undefined
  #iterator: string | undefined
  #streamArn: string | undefined
  /** Set while records beyond the last batch have been read already and must be read again. */
  #resumeAfter: string | undefined
  #dirty = false
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: SourceOptions) {
    this.#options = options
    this.#key = `${options.table.name} ${options.plan.functionArn}`
    this.#position = options.checkpoints.get(this.#key)
    options.trimmer.register(options.table.name, this.#key)
  }

  get quiet(): boolean {
    return this.#running === undefined && !this.#dirty
  }

  wake(): void {
    if (this.#stopped) return
    this.#dirty = true
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#dirty && !this.#stopped) {
        this.#dirty = false
        const batch = await this.#gather()
        if (batch.length === 0) continue
        this.#dirty = true
        await this.#options.activity.during(() => this.#process(batch, 0))
      }
    } catch (error) {
      if (!this.#stopped)
        this.#log(`reading the stream failed: ${error instanceof Error ? error.message : String(error)}`)
      this.#iterator = undefined
    } finally {
      this.#running = undefined
      this.#options.activity.changed()
    }
  }

  /** Up to one batch of records. A batch that is not full waits for more while more keep coming, up to the window. */
  async #gather(): Promise<StreamRecord[]> {
    const { batchSize, windowMs } = this.#options.plan
    const batch: StreamRecord[] = []
    let bytes = 0
    const started = performance.now()
    while (!this.#stopped) {
      const records = await this.#read(batchSize - batch.length)
      for (const record of records) {
        if (batch.length > 0 && bytes + record.bytes > batchBytesMax) {
          // The rest is read again from where this batch ends.
          this.#iterator = undefined
          this.#resumeAfter = batch.at(-1)?.sequenceNumber
          return batch
        }
        bytes += record.bytes
        batch.push(record)
      }
      const full = batch.length >= batchSize
      if (batch.length === 0 || full || records.length === 0 || performance.now() - started + gapMs > windowMs) break
      await pause(gapMs)
    }
    return batch
  }

  async #read(limit: number): Promise<StreamRecord[]> {
    const { dynamodb } = this.#options
    try {
      this.#iterator ??= await this.#newIterator()
      const answer = await dynamodb.call('DynamoDBStreams_20120810.GetRecords', {
        ShardIterator: this.#iterator,
        Limit: Math.min(1000, limit),
      })
      const records = asArray(answer.Records).map((record) => this.#record(asObject(record)))
      const next = asString(answer.NextShardIterator)
      this.#iterator = next
      if (next === undefined && records.length === 0) await this.#nextShard()
      return records
    } catch (error) {
      const lost = ['ExpiredIteratorException', 'TrimmedDataAccessException', 'ValidationException']
      if (error instanceof EngineError && lost.includes(error.type) && this.#iterator !== undefined) {
        this.#iterator = undefined
        return this.#read(limit)
      }
      throw error
    }
  }

  async #newIterator(): Promise<string> {
    const { dynamodb, plan } = this.#options
    const shards = await this.#shards()
    const [first] = shards
    const last = shards.at(-1)
    if (first === undefined || last === undefined)
      throw new Error(`the stream of ${this.#options.table.name} has no shard`)
    this.#position ??= { shardId: plan.fromHorizon ? first : last, sequenceNumber: undefined }
    const sequenceNumber = this.#resumeAfter ?? this.#position.sequenceNumber
    const answer = await dynamodb.call('DynamoDBStreams_20120810.GetShardIterator', {
      StreamArn: await this.#engineStream(),
      ShardId: this.#position.shardId,
      ...(sequenceNumber === undefined
        ? { ShardIteratorType: plan.fromHorizon ? 'TRIM_HORIZON' : 'LATEST' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: sequenceNumber }),
    })
    return asText(answer.ShardIterator)
  }

  /** The engine names streams in its own way. */
  async #engineStream(): Promise<string> {
    if (this.#streamArn === undefined) {
      const { Table } = await this.#options.dynamodb.call('DynamoDB_20120810.DescribeTable', {
        TableName: this.#options.table.name,
      })
      this.#streamArn = asText(asObject(Table).LatestStreamArn)
    }
    return this.#streamArn
  }

  async #shards(): Promise<string[]> {
    const answer = await this.#options.dynamodb.call('DynamoDBStreams_20120810.DescribeStream', {
      StreamArn: await this.#engineStream(),
    })
    return asArray(asObject(answer.StreamDescription).Shards).map((shard) => asText(asObject(shard).ShardId))
  }

  /** A shard that is closed and read to its end is followed by the next. */
  async #nextShard(): Promise<void> {
    const shards = await this.#shards()
    const next = shards[shards.indexOf(this.#position?.shardId ?? '') + 1]
    if (next === undefined) return
    this.#position = { shardId: next, sequenceNumber: undefined }
    this.#dirty = true
  }

  #record(record: JsonObject): StreamRecord {
    const data = asObject(record.dynamodb)
    return {
      sequenceNumber: asText(data.SequenceNumber),
      bytes: Number(data.SizeBytes ?? 0),
      createdSeconds: Number(data.ApproximateCreationDateTime ?? 0),
      event: { ...record, awsRegion: pseudo.region, eventSourceARN: this.#options.plan.streamArn },
    }
  }

  /** Hands a batch to the function until it is done with: taken, or given up to the failure destination. */
  async #process(batch: readonly StreamRecord[], attempt: number): Promise<void> {
    const { plan, functions } = this.#options
    const wanted = batch.filter(
      ({ event }) => plan.filters.length === 0 || plan.filters.some((one) => matches(one, event)),
    )
    const [first] = wanted
    if (this.#stopped) return
    if (first === undefined) {
      this.#done(batch)
      return
    }
    const outcome = await functions.invoke(plan.functionArn, { Records: wanted.map(({ event }) => event) })
    if (this.#stopped) return
    if (outcome.kind === 'throttled') {
      await pause(retryMsMax)
      return this.#process(batch, attempt)
    }
    const numbers = wanted.map(({ sequenceNumber }) => sequenceNumber)
    let failedAt: number | undefined
    if (outcome.kind === 'failed') failedAt = 0
    else if (plan.partialFailures) {
      // The lowest reported record is where the stream is taken up again.
      const failed = failedIds(outcome.payload, numbers)
      const lowest = numbers.findIndex((number) => failed.has(number))
      failedAt = lowest === -1 ? undefined : lowest
    }
    if (failedAt === undefined) {
      this.#done(batch)
      return
    }
    const firstFailed = numbers[failedAt]
    const start = batch.findIndex(({ sequenceNumber }) => sequenceNumber === firstFailed)
    if (start > 0) this.#done(batch.slice(0, start))
    const rest = batch.slice(start)
    const nextAttempt = start > 0 ? 1 : attempt + 1
    if (plan.bisect && rest.length > 1 && start === 0) {
      const middle = Math.ceil(rest.length / 2)
      await this.#process(rest.slice(0, middle), 0)
      await this.#process(rest.slice(middle), 0)
      return
    }
    const age = this.#options.clock.now() - (rest[0]?.createdSeconds ?? 0) * 1000
    if (nextAttempt > plan.retriesMax || age > plan.recordAgeMaxMs) {
      this.#giveUp(rest, nextAttempt)
      return
    }
    await pause(Math.min(retryMsMax, 20 * 2 ** (nextAttempt - 1)))
    await this.#process(rest, nextAttempt)
  }

  #done(records: readonly StreamRecord[]): void {
    const last = records.at(-1)
    if (last === undefined || this.#position === undefined) return
    this.#resumeAfter = undefined
    this.#position = { shardId: this.#position.shardId, sequenceNumber: last.sequenceNumber }
    this.#options.checkpoints.set(this.#key, this.#position)
    this.#options.trimmer.done(this.#options.table.name, this.#key, last.sequenceNumber)
  }

  #giveUp(records: readonly StreamRecord[], invokeCount: number): void {
    const { plan, clock, queues } = this.#options
    const first = records[0]
    const last = records.at(-1)
    if (first !== undefined && last !== undefined && plan.failureQueueArn !== undefined) {
      const message = {
        requestContext: {
          requestId: randomUUID(),
          functionArn: plan.functionArn,
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: invokeCount,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: new Date(clock.now()).toISOString(),
        DDBStreamBatchInfo: {
          shardId: this.#position?.shardId ?? '',
          startSequenceNumber: first.sequenceNumber,
          endSequenceNumber: last.sequenceNumber,
          approximateArrivalOfFirstRecord: new Date(first.createdSeconds * 1000).toISOString(),
          approximateArrivalOfLastRecord: new Date(last.createdSeconds * 1000).toISOString(),
          batchSize: records.length,
          streamArn: plan.streamArn,
        },
      }
      queues.send(plan.failureQueueArn, JSON.stringify(message))
    }
    this.#log(`${records.length} stream record(s) given up after ${invokeCount} attempts`)
    this.#done(records)
  }

  #log(line: string): void {
    this.#options.logs.add(this.#options.plan.functionArn.split(':').at(-1) ?? 'streams', line)
  }
}

/** Real time, bounded by half a second: between attempts, and while a batch fills. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
