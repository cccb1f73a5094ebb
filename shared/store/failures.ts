import { PutCommand } from '@aws-sdk/lib-dynamodb'
import type { DeadLetterQueueName } from '../contract/queues.ts'
import { getItems } from './batch-get.ts'
import type { EscrowStore } from './client.ts'

/** Why a message failed the last time. Holds no personal data: the message is cut and cleaned before it comes here. */
export type Failure = {
  /** The message's id in its queue; of a stream record its sequence number. */
  readonly messageId: string
  readonly error: string
  readonly message: string
  /** How often the message had been received, this time included; absent for stream records. */
  readonly receives?: number | undefined
}

export type RecordedFailure = Failure & { readonly at: string }

/** A dead letter lives for 14 days; its reason outlives it, so that no letter is without one. */
const keptDays = 21

const failureKey = (queue: DeadLetterQueueName, messageId: string) => ({ pk: `F#${queue}`, sk: messageId })

/** Keeps the newest failure of each message of one queue: one write unit a failure. */
export const failureRecorder =
  (store: EscrowStore, queue: DeadLetterQueueName, now: () => number) =>
  async (failure: Failure): Promise<void> => {
    const at = now()
    await store.db.send(
      new PutCommand({
        TableName: store.escrowTable,
        Item: {
          ...failureKey(queue, failure.messageId),
          ...failure,
          at: new Date(at).toISOString(),
          expiresAt: Math.floor(at / 1000) + keptDays * 86_400,
        },
      }),
    )
  }

/** The newest failure of each of these messages, by id; a message whose worker ended without a word has none. */
export const loadFailures = async (
  store: EscrowStore,
  queue: DeadLetterQueueName,
  messageIds: readonly string[],
): Promise<Map<string, RecordedFailure>> => {
  const failures = new Map<string, RecordedFailure>()
  const keys = [...new Set(messageIds)].map((messageId) => failureKey(queue, messageId))
  for await (const item of getItems(store.db, store.escrowTable, keys)) {
    failures.set(String(item['messageId']), item as unknown as RecordedFailure)
  }
  return failures
}
