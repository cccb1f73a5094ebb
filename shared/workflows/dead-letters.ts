import * as z from 'zod'
import {
  bodyCharactersMax,
  type DeadLetterQueueName,
  redriveMessagesMax,
  type StreamFailureQueueName,
  streamFailureQueueNames,
} from '../contract/queues.ts'
import type { deadLetterQueueSchema, deadLetterSchema, redriveSchema } from '../contract/operator-resources.ts'
import { ok, refuse, type Result } from '../domain/result.ts'
import type { DeadLetter, DeadLetterQueue } from '../gateways/dead-letters.ts'
import type { EscrowStore } from '../store/client.ts'
import { loadFailures, type RecordedFailure } from '../store/failures.ts'

export type DeadLettersDeps = {
  readonly store: EscrowStore
  readonly queues: Readonly<Record<DeadLetterQueueName, DeadLetterQueue>>
}

type QueueView = z.infer<typeof deadLetterQueueSchema>
type LetterView = z.infer<typeof deadLetterSchema>

/** Of a queue that holds messages, so many are looked at for the oldest. */
const lookedAt = 10

/** Every queue with the number of its dead letters, in the order of the work. */
export const listDeadLetterQueues = async ({ queues }: DeadLettersDeps): Promise<Result<{ queues: QueueView[] }>> => {
  const names = Object.keys(queues) as DeadLetterQueueName[]
  const views = await Promise.all(
    names.map(async (queue): Promise<QueueView> => {
      const messages = await queues[queue].count()
      const looked = messages === 0 ? [] : await queues[queue].peek(lookedAt)
      const [oldestSentAt = null] = looked.map(({ sentAt }) => sentAt).toSorted()
      return { queue, messages, oldestSentAt, redrivable: queues[queue].redrive !== null }
    }),
  )
  return ok({ queues: views })
}

/** Up to `limit` dead letters of one queue, each with the reason of its last failure. They stay where they are. */
export const listDeadLetters = async (
  { store, queues }: DeadLettersDeps,
  queue: DeadLetterQueueName,
  limit: number,
): Promise<Result<{ messages: number; items: LetterView[] }>> => {
  const [messages, letters] = await Promise.all([queues[queue].count(), queues[queue].peek(limit)])
  const told = letters.map((letter) => ({
    letter,
    ...(isOfStream(queue) ? asStreamRecord : asMessage)(letter),
  }))
  const failures = await loadFailures(
    store,
    queue,
    told.map(({ recordedUnder }) => recordedUnder),
  )
  const items = told.map(({ letter, recordedUnder, otherwise }): LetterView => {
    const failure = failures.get(recordedUnder)
    return {
      messageId: letter.messageId,
      sentAt: letter.sentAt,
      body: letter.body.slice(0, bodyCharactersMax),
      bodyCharacters: letter.body.length,
      failure: failure === undefined ? otherwise : viewFailure(failure, otherwise),
    }
  })
  return ok({ messages: Math.max(messages, items.length), items })
}

/**
 * Moves up to `redriveMessagesMax` dead letters back to their queue, where they begin with no receive behind them. It may
 * be asked for again at any time: a crash in between may deliver a message twice, which every worker stands, since each
 * reads the present state before it acts.
 */
export const redriveDeadLetters = async (
  { queues }: DeadLettersDeps,
  queue: DeadLetterQueueName,
): Promise<Result<z.infer<typeof redriveSchema>>> => {
  const { redrive, count } = queues[queue]
  // What the streams could not deliver is named by place, not by content, so that there is nothing to send back.
  if (redrive === null) {
    return refuse('redrive_by_hand', 'These letters name stream records, not messages: see the runbook', 'queue')
  }
  const moved = await redrive(redriveMessagesMax)
  return ok({ queue, moved, left: await count() })
}

const isOfStream = (queue: DeadLetterQueueName): queue is StreamFailureQueueName =>
  streamFailureQueueNames.some((name) => name === queue)

type Told = { readonly recordedUnder: string; readonly otherwise: LetterView['failure'] }

const asMessage = ({ messageId, sentAt, undelivered }: DeadLetter): Told => ({
  recordedUnder: messageId,
  otherwise:
    undelivered === null ? null : { error: undelivered.code, message: undelivered.message, at: sentAt, receives: null },
})

/** What Lambda writes of stream records it gave up: the parts that tell which record it was, and when. */
const streamLetterSchema = z.object({
  requestContext: z.object({ condition: z.string(), approximateInvokeCount: z.int() }),
  timestamp: z.string(),
  DDBStreamBatchInfo: z.object({ startSequenceNumber: z.string() }),
})

const asStreamRecord = (letter: DeadLetter): Told => {
  const { requestContext, timestamp, DDBStreamBatchInfo } = streamLetterSchema.parse(JSON.parse(letter.body))
  return {
    recordedUnder: DDBStreamBatchInfo.startSequenceNumber,
    otherwise: {
      error: requestContext.condition,
      message: 'The stream gave this record up',
      at: timestamp,
      receives: requestContext.approximateInvokeCount,
    },
  }
}

const viewFailure = (failure: RecordedFailure, otherwise: LetterView['failure']): LetterView['failure'] => ({
  error: failure.error,
  message: failure.message,
  at: failure.at,
  receives: failure.receives ?? otherwise?.receives ?? null,
})
