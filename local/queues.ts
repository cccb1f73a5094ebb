import { randomUUID, createHash } from 'node:crypto'
import type { Activity } from './activity.ts'
import type { Clock } from './clock.ts'
import { depths, type QueuedMessage, type ReceivedMessage, type SqsQueue, type SqsS3 } from './engines/sqs-s3.ts'
import type { Functions } from './functions.ts'
import { pseudo } from './intrinsics.ts'
import { asArray, asObject, isObject, type Json, type JsonObject } from './json.ts'
import { matches } from './patterns.ts'
import type { BucketPlan, QueuePlan, QueueSourcePlan } from './plan.ts'

export interface QueueDepth {
  readonly name: string
  /** Waiting to be received. */
  readonly ready: number
  /** Sent with a delay that has not passed. */
  readonly delayed: number
  /** Received and not deleted: being worked on, or failed and invisible until their time-out. */
  readonly inflight: number
  /** Of those in flight, the ones that nobody works on. */
  readonly retrying: number
}

/**
 * The queues of the template and the event sources that read them. Deliveries start when a message arrives, not by
 * polling; a message that failed comes back when its visibility time-out is over, by real time or by a clock move.
 */
export class Queues {
  readonly #engine: SqsS3
  readonly #plans: ReadonlyMap<string, QueuePlan>
  readonly #sources: Source[] = []
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #stopped = false

  constructor(options: {
    engine: SqsS3
    activity: Activity
    clock: Clock
    plans: readonly QueuePlan[]
    sources: readonly QueueSourcePlan[]
    buckets: readonly BucketPlan[]
    functions: Functions
    /** Queues whose readers wait for `resume`, by their names or the ends of their names. */
    paused?: readonly string[]
  }) {
    const { engine, activity, clock } = options
    this.#engine = engine
    this.#plans = new Map(options.plans.map((plan) => [plan.arn, plan]))
    for (const plan of options.sources) {
      const queue = this.#queue(plan.queueArn)
      this.#sources.push(
        new Source({
          plan,
          queue,
          activity,
          functions: options.functions,
          resolve: (arn) => engine.sqs.getQueueByArn(arn),
          onLeft: () => this.#armTimer(queue),
        }),
      )
    }
    for (const name of options.paused ?? []) this.#sourceOf(name).paused = true
    const byName = new Map(this.#sources.map((source) => [source.queue.name, source]))
    const buckets = new Map(options.buckets.map((bucket) => [bucket.name, bucket]))
    engine.onEvent((event) => {
      if (event.service === 'sqs' && event.status !== 'dlq') byName.get(event.queueName)?.wake()
      if (event.service === 's3' && event.status === 'uploaded') {
        const bucket = buckets.get(event.bucket)
        if (bucket !== undefined) this.#notify(bucket, event.key, clock.now())
      }
      activity.changed()
    })
    clock.onMove((ms) => this.#shift(ms))
  }

  start(): void {
    for (const source of this.#sources) {
      source.wake()
      this.#armTimer(source.queue)
    }
  }

  /** Messages that EventBridge, S3 and the like sent: SQS charges for them as for any other. */
  serviceSends = 0

  /** Sends a message as an AWS service would: to a queue by its ARN. */
  send(queueArn: string, body: string, options: { groupId?: string; deduplicationId?: string } = {}): void {
    this.serviceSends += 1
    const queue = this.#queue(queueArn)
    const message: QueuedMessage = {
      messageId: randomUUID(),
      body,
      md5OfBody: createHash('md5').update(body).digest('hex'),
      messageAttributes: {},
      md5OfMessageAttributes: '',
      sentTimestamp: Date.now(),
      approximateReceiveCount: 0,
      ...(options.groupId === undefined ? {} : { messageGroupId: options.groupId }),
      ...(options.deduplicationId === undefined ? {} : { messageDeduplicationId: options.deduplicationId }),
    }
    if (queue.isFifo()) message.sequenceNumber = queue.nextSequenceNumber()
    queue.enqueue(message)
  }

  /** What every queue of the template holds now. */
  depths(): QueueDepth[] {
    return [...this.#plans.values()].map(({ name, arn }) => {
      const queue = this.#queue(arn)
      return { name, ...depths(queue), retrying: this.#retrying(queue).length }
    })
  }

  /** The messages of a queue by its name or the end of its name, oldest first, without receiving them. */
  peek(name: string): QueuedMessage[] {
    const queue = this.#byName(name)
    const { ready, delayed, inflight } = queue.inspectMessages()
    return [...ready, ...delayed, ...inflight.map(({ message }) => message)]
  }

  /** Sends every message of a dead-letter queue back to the queues it came from. */
  redrive(name: string): number {
    const deadLetters = this.#byName(name)
    const source = [...this.#plans.values()].find(({ attributes }) =>
      (attributes.RedrivePolicy ?? '').includes(`"${deadLetters.arn}"`),
    )
    if (source === undefined) throw new Error(`no queue has ${name} as its dead-letter queue`)
    const queue = this.#queue(source.arn)
    let moved = 0
    for (;;) {
      const messages = deadLetters.dequeue(10)
      if (messages.length === 0) return moved
      for (const { ReceiptHandle } of messages) {
        const entry = deadLetters.inflightMessages.get(ReceiptHandle)
        if (entry === undefined) continue
        deadLetters.deleteMessage(ReceiptHandle)
        entry.message.approximateReceiveCount = 0
        queue.enqueue(entry.message)
        moved += 1
      }
    }
  }

  /** Whether every message that can be worked on has been: what failed and waits for its time-out does not count. */
  get quiet(): boolean {
    return this.#sources.every((source) => source.quiet)
  }

  /** Messages that failed and wait for their time-out, over all queues with a reader. */
  get retrying(): number {
    return this.#sources.reduce((sum, { queue }) => sum + this.#retrying(queue).length, 0)
  }

  /** Milliseconds of real time until the first message that failed becomes visible again; undefined when none waits. */
  nextRetryMs(): number | undefined {
    const times = this.#sources.flatMap(({ queue }) =>
      this.#retrying(queue).map(({ visibilityDeadline }) => visibilityDeadline),
    )
    return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - Date.now())
  }

  /** Lets the reader of a queue begin that was paused, as an event source mapping that is enabled. */
  resume(name: string): void {
    const source = this.#sourceOf(name)
    source.paused = false
    source.wake()
  }

  stop(): void {
    this.#stopped = true
    for (const source of this.#sources) source.stop()
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  #queue(arn: string): SqsQueue {
    const queue = this.#engine.sqs.getQueueByArn(arn)
    if (queue === undefined) throw new Error(`no queue ${arn}`)
    return queue
  }

  #byName(name: string): SqsQueue {
    const plan = [...this.#plans.values()].find((one) => one.name === name || one.name.endsWith(`-${name}`))
    if (plan === undefined) throw new Error(`no queue ${name}`)
    return this.#queue(plan.arn)
  }

  #sourceOf(name: string): Source {
    const queue = this.#byName(name)
    const source = this.#sources.find((one) => one.queue === queue)
    if (source === undefined) throw new Error(`nothing reads the queue ${name}`)
    return source
  }

  #retrying(queue: SqsQueue): { receiptHandle: string; visibilityDeadline: number }[] {
    const source = this.#sources.find((one) => one.queue === queue)
    return [...queue.inflightMessages.values()].filter(({ receiptHandle }) => source?.holds(receiptHandle) !== true)
  }

  /** Wakes the readers when the next time-out or delay of a queue is over. */
  #armTimer(queue: SqsQueue): void {
    if (this.#stopped) return
    clearTimeout(this.#timers.get(queue.name))
    this.#timers.delete(queue.name)
    const times = [
      ...this.#retrying(queue).map(({ visibilityDeadline }) => visibilityDeadline),
      ...queue.inspectMessages().delayed.map(({ delayUntil }) => delayUntil ?? 0),
    ]
    if (times.length === 0) return
    const timer = setTimeout(
      () => {
        queue.processTimers()
        this.#sources.find((source) => source.queue === queue)?.wake()
        this.#armTimer(queue)
      },
      Math.max(1, Math.min(...times) - Date.now()),
    )
    timer.unref()
    this.#timers.set(queue.name, timer)
  }

  /** Time passes for what waits in the queues too; what is being worked on keeps its time. */
  #shift(ms: number): void {
    for (const { arn } of this.#plans.values()) {
      const queue = this.#queue(arn)
      for (const { receiptHandle, visibilityDeadline } of this.#retrying(queue)) {
        const remainingMs = visibilityDeadline - ms - Date.now()
        queue.changeVisibility(receiptHandle, Math.max(0, remainingMs) / 1000)
      }
      for (const message of queue.inspectMessages().delayed) {
        if (message.delayUntil !== undefined) message.delayUntil -= ms
      }
      // A FIFO queue drops repetitions for five minutes, which the engine counts in real time.
      if (ms >= deduplicationMs) queue.deduplicationCache.clear()
      queue.processTimers()
      this.#armTimer(queue)
    }
    for (const source of this.#sources) source.wake()
  }

  #notify(bucket: BucketPlan, key: string, nowMs: number): void {
    const object = this.#engine.s3.headObject(bucket.name, key)
    for (const notification of bucket.notifications) {
      if (!key.startsWith(notification.prefix) || !key.endsWith(notification.suffix)) continue
      if (!notification.events.some((event) => ['s3:ObjectCreated:*', 's3:ObjectCreated:Put'].includes(event))) continue
      const record = {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: pseudo.region,
        eventTime: new Date(nowMs).toISOString(),
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'AWS:LOCAL' },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': randomUUID(), 'x-amz-id-2': 'local' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'local',
          bucket: { name: bucket.name, ownerIdentity: { principalId: 'LOCAL' }, arn: bucket.arn },
          object: {
            // Keys in notifications are encoded as in a form.
            key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'),
            size: object.contentLength,
            eTag: object.etag.replaceAll('"', ''),
            sequencer: nowMs.toString(16).toUpperCase().padStart(18, '0'),
          },
        },
      }
      this.send(notification.queueArn, JSON.stringify({ Records: [record] }))
    }
  }
}

const deduplicationMs = 5 * 60_000

/** The longest that a batch waits for more messages when none has come: a window is a bound, not a delay. */
const gapMs = 20

/** One event source mapping: receives, invokes, deletes what succeeded. */
class Source {
  readonly queue: SqsQueue
  /** Messages stay where they are while this is set. */
  paused = false
  readonly #plan: QueueSourcePlan
  readonly #activity: Activity
  readonly #functions: Functions
  readonly #resolve: (arn: string) => SqsQueue | undefined
  readonly #onLeft: () => void
  readonly #held = new Set<string>()
  #invoking = 0
  #gathering = false
  #stopped = false

  constructor(options: {
    plan: QueueSourcePlan
    queue: SqsQueue
    activity: Activity
    functions: Functions
    resolve: (arn: string) => SqsQueue | undefined
    onLeft: () => void
  }) {
    this.#plan = options.plan
    this.queue = options.queue
    this.#activity = options.activity
    this.#functions = options.functions
    this.#resolve = options.resolve
    this.#onLeft = options.onLeft
  }

  /** Nothing under way. What can be received is received at once, so nothing that could be worked on waits either. */
  get quiet(): boolean {
    return this.#invoking === 0 && !this.#gathering
  }

  /** Whether a message is being worked on now. */
  holds(receiptHandle: string): boolean {
    return this.#held.has(receiptHandle)
  }

  stop(): void {
    this.#stopped = true
  }

  /** Starts as many invocations as there are messages and free places for. */
  wake(): void {
    if (this.#stopped || this.paused || this.#gathering) return
    // The message that woke us is being enqueued by a call that has not returned.
    this.#gathering = true
    const wait = this.#plan.windowMs > 0 && this.#plan.batchSize > 1 ? Math.min(gapMs, this.#plan.windowMs) : 0
    const go = () => {
      this.#gathering = false
      this.#pump()
      this.#activity.changed()
    }
    if (wait === 0) setImmediate(go)
    else setTimeout(go, wait)
  }

  #pump(): void {
    const places = Math.min(
      this.#plan.concurrencyMax ?? Number.POSITIVE_INFINITY,
      this.#functions.concurrencyOf(this.#plan.functionArn),
    )
    while (!this.#stopped && this.#invoking < places) {
      const batch = this.#receive()
      if (batch.length === 0) return
      this.#invoking += 1
      void this.#deliver(batch)
    }
  }

  #receive(): ReceivedMessage[] {
    const batch: ReceivedMessage[] = []
    while (batch.length < this.#plan.batchSize) {
      const part = this.queue.dequeue(Math.min(10, this.#plan.batchSize - batch.length), undefined, this.#resolve)
      if (part.length === 0) break
      batch.push(...part)
    }
    for (const { ReceiptHandle } of batch) this.#held.add(ReceiptHandle)
    return batch
  }

  async #deliver(received: readonly ReceivedMessage[]): Promise<void> {
    const end = this.#activity.begin()
    try {
      const batch = received.filter((message) => this.#wanted(message))
      if (batch.length === 0) return
      const outcome = await this.#functions.invoke(this.#plan.functionArn, {
        Records: batch.map((message) => this.#record(message)),
      })
      if (outcome.kind !== 'returned') return
      const failed = this.#plan.partialFailures
        ? failedIds(
            outcome.payload,
            batch.map(({ MessageId }) => MessageId),
          )
        : new Set<string>()
      for (const { MessageId, ReceiptHandle } of batch) {
        if (!failed.has(MessageId)) this.queue.deleteMessage(ReceiptHandle)
      }
    } finally {
      for (const { ReceiptHandle } of received) this.#held.delete(ReceiptHandle)
      this.#invoking -= 1
      this.#onLeft()
      this.wake()
      end()
    }
  }

  /** A message that the mapping's filters do not want is deleted unseen, as Lambda does. */
  #wanted(message: ReceivedMessage): boolean {
    if (this.#plan.filters.length === 0) return true
    let body: Json = message.Body
    try {
      body = JSON.parse(message.Body) as Json
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    const wanted = this.#plan.filters.some((filter) => matches(filter, { body }))
    if (!wanted) this.queue.deleteMessage(message.ReceiptHandle)
    return wanted
  }

  #record(message: ReceivedMessage): JsonObject {
    const entry = this.queue.inflightMessages.get(message.ReceiptHandle)?.message
    const attributes: Record<string, string> = {
      ApproximateReceiveCount: String(entry?.approximateReceiveCount ?? 1),
      SentTimestamp: String(entry?.sentTimestamp ?? Date.now()),
      SenderId: pseudo.account,
      ApproximateFirstReceiveTimestamp: String(entry?.approximateFirstReceiveTimestamp ?? Date.now()),
    }
    if (entry?.messageGroupId !== undefined) attributes.MessageGroupId = entry.messageGroupId
    if (entry?.messageDeduplicationId !== undefined) attributes.MessageDeduplicationId = entry.messageDeduplicationId
    if (entry?.sequenceNumber !== undefined) attributes.SequenceNumber = entry.sequenceNumber
    const messageAttributes: JsonObject = {}
    for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(entry?.messageAttributes ?? {})) {
      messageAttributes[name] = {
        dataType: DataType,
        stringListValues: [],
        binaryListValues: [],
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
      }
    }
    return {
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes,
      messageAttributes,
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: this.#plan.queueArn,
      awsRegion: pseudo.region,
    }
  }
}

/**
 * The items that a batch response reports as failed. As Lambda reads it: nothing or an empty list is success, and an
 * identifier that is missing or unknown fails the whole batch.
 */
export function failedIds(payload: Json, ids: readonly string[]): Set<string> {
  if (!isObject(payload) || payload.batchItemFailures === undefined || payload.batchItemFailures === null)
    return new Set()
  if (!Array.isArray(payload.batchItemFailures)) return new Set(ids)
  const failed = asArray(payload.batchItemFailures).map((item) => asObject(item).itemIdentifier)
  if (failed.some((id) => typeof id !== 'string' || !ids.includes(id))) return new Set(ids)
  return new Set(failed.map(String))
}
