import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { buildApp } from 'fauxqs'
import type { BucketPlan, QueuePlan } from '../plan.ts'

/**
 * SQS and S3 in this process, by fauxqs. Its parts are taken one by one rather than through `startFauxqs`, for three
 * reasons: that listens on every interface, here only the door may be reached; deliveries can follow the queues'
 * own events instead of polling over HTTP; and objects larger than its HTTP parser takes go straight to its store.
 */

type App = ReturnType<typeof buildApp>
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>
export type SqsStore = Stores['sqsStore']
export type S3Store = Stores['s3Store']
export type SqsQueue = NonNullable<ReturnType<SqsStore['getQueueByName']>>
export type ReceivedMessage = ReturnType<SqsQueue['dequeue']>[number]
export type QueuedMessage = ReturnType<SqsQueue['inspectMessages']>['ready'][number]
type Spy = NonNullable<SqsStore['spy']>
type SpyMessage = Parameters<Spy['addMessage']>[0]

interface Persistence {
  load(sqs: SqsStore, sns: Stores['snsStore'], s3: S3Store): void
  loadSqsAndSns(sqs: SqsStore, sns: Stores['snsStore']): void
  close(): void
  readonly db: DatabaseSync
  updateMessageReady(messageId: string): void
}

interface FilePersistence {
  loadS3(store: S3Store): void
  close(): void
}

export interface SqsS3 {
  readonly sqs: SqsStore
  readonly s3: S3Store
  /** Answers one HTTP request of the SQS or S3 API. */
  handle(request: {
    method: string
    url: string
    headers: Record<string, string | string[] | undefined>
    body: Buffer
  }): Promise<{ status: number; headers: Record<string, string | string[] | number | undefined>; body: Buffer }>
  /** Calls back when a message is enqueued, deleted or moved to a dead-letter queue, or an object is stored. */
  onEvent(listener: (event: SpyMessage) => void): void
  stop(): Promise<void>
}

/** Opens the queues and buckets of a plan, with what `dataDir` holds of them. */
export async function openSqsS3(options: {
  readonly dataDir: string
  readonly queues: readonly QueuePlan[]
  readonly buckets: readonly BucketPlan[]
}): Promise<SqsS3> {
  const base = import.meta.resolve('fauxqs')
  const part = async <T>(path: string) => (await import(new URL(path, base).href)) as T
  const { buildApp: build } = await import('fauxqs')
  const { SqsStore: Sqs } = await part<{ SqsStore: new () => SqsStore }>('./sqs/sqsStore.js')
  const { SnsStore: Sns } = await part<{ SnsStore: new () => Stores['snsStore'] }>('./sns/snsStore.js')
  const { S3Store: S3 } = await part<{ S3Store: new () => S3Store }>('./s3/s3Store.js')
  const { PersistenceManager } = await part<{ PersistenceManager: new (dir: string) => Persistence }>(
    './persistence.js',
  )
  const { FileS3Persistence } = await part<{ FileS3Persistence: new (dir: string) => FilePersistence }>(
    './s3/fileS3Persistence.js',
  )
  mkdirSync(options.dataDir, { recursive: true })
  const sqs = new Sqs()
  const sns = new Sns()
  const s3 = new S3()
  const persistence = new PersistenceManager(options.dataDir)
  // Safe when the process dies; only a power cut can lose the last moments.
  persistence.db.exec('PRAGMA synchronous = NORMAL')
  // fauxqs 2.4.1 writes a null receive count here, which its own schema refuses: a message made visible again would throw.
  const makeReady = persistence.db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  )
  persistence.updateMessageReady = (messageId) => void makeReady.run(messageId)
  const files = new FileS3Persistence(join(options.dataDir, 's3'))
  persistence.loadSqsAndSns(sqs, sns)
  files.loadS3(s3)
  sqs.persistence = persistence as unknown as NonNullable<SqsStore['persistence']>
  s3.persistence = files as unknown as NonNullable<S3Store['persistence']>
  const listeners: ((event: SpyMessage) => void)[] = []
  const spy: Pick<Spy, 'addMessage'> = {
    addMessage(event) {
      for (const listener of listeners) listener(event)
    },
  }
  sqs.spy = spy as Spy
  s3.spy = spy as Spy
  for (const queue of sqs.allQueues()) {
    queue.persistence = sqs.persistence
    queue.spy = sqs.spy
  }
  const keepReceiveCount = persistence.db.prepare(
    'UPDATE sqs_messages SET approximate_receive_count = ? WHERE message_id = ?',
  )
  for (const plan of options.queues) openQueue(sqs, plan, (id, count) => void keepReceiveCount.run(count, id))
  for (const { name } of options.buckets) s3.createBucket(name)
  const app: App = build({
    logger: false,
    defaultRegion: 'us-east-1',
    stores: { sqsStore: sqs, snsStore: sns, s3Store: s3 },
  })
  await app.ready()
  return {
    sqs,
    s3,
    async handle({ method, url, headers, body }) {
      const answer = await app.inject({
        method: method as 'GET',
        url,
        headers: headers as Record<string, string>,
        payload: body,
      })
      return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload }
    },
    onEvent: (listener) => void listeners.push(listener),
    async stop() {
      await app.close()
      persistence.close()
      files.close()
    },
  }
}

function openQueue(sqs: SqsStore, plan: QueuePlan, keepReceiveCount: (messageId: string, count: number) => void): void {
  const present = sqs.getQueueByName(plan.name)
  if (present === undefined) {
    sqs.createQueue(plan.name, plan.url, plan.arn, { ...plan.attributes })
    return
  }
  present.setAttributes({ RedrivePolicy: '', ...plan.attributes })
  // Whoever was working on these messages died with the last run: they are waiting again, and that was no attempt of
  // theirs. Kept at once: a run that dies before it receives them again would count it all the same.
  for (const { receiptHandle, message } of present.inspectMessages().inflight) {
    message.approximateReceiveCount = Math.max(0, message.approximateReceiveCount - 1)
    keepReceiveCount(message.messageId, message.approximateReceiveCount)
    present.changeVisibility(receiptHandle, 0)
  }
}

/** The messages of a queue by state. */
export function depths(queue: SqsQueue): { ready: number; delayed: number; inflight: number } {
  return {
    ready: Number(queue.getAttribute('ApproximateNumberOfMessages')),
    delayed: Number(queue.getAttribute('ApproximateNumberOfMessagesDelayed')),
    inflight: Number(queue.getAttribute('ApproximateNumberOfMessagesNotVisible')),
  }
}
