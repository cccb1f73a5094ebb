import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageSystemAttributeName,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'

export type DeadLetter = {
  readonly messageId: string
  /** As it was sent, whether or not it is JSON. */
  readonly body: string
  readonly sentAt: string
  /** Where EventBridge could not deliver it to its queue at all: what it says why. */
  readonly undelivered: { readonly code: string; readonly message: string } | null
}

export type DeadLetterQueue = {
  /** How many messages there are, by SQS's own count, which may be some seconds old. */
  readonly count: () => Promise<number>
  /** Up to `limit` messages, which stay in the queue. Of a FIFO queue at most the first ten of a group. */
  readonly peek: (limit: number) => Promise<readonly DeadLetter[]>
  /**
   * Moves up to `limit` messages back to the queue they came from: receives, sends, deletes. A crash in between leaves a
   * message in both queues, so that it may be delivered twice, which every worker stands; none is lost. (SQS's own
   * `StartMessageMoveTask` does the same, and goes on after the answer.) In a FIFO queue messages keep their group and
   * their order. Returns how many were moved. Null where the messages came from no queue.
   * @throws where SQS refuses to take or to delete a message: what was moved by then stays moved
   */
  readonly redrive: ((limit: number) => Promise<number>) | null
}

const batchMax = 10

/** While a message is looked at, or moved, nobody else receives it. */
const peekSeconds = 20
const moveSeconds = 60

/** A short poll may find nothing in a queue that has messages; a long one does not. */
const waitSeconds = 1

const systemAttributes: MessageSystemAttributeName[] = ['SentTimestamp', 'MessageGroupId']

type Received = Message & { readonly MessageId: string; readonly ReceiptHandle: string; readonly Body: string }

/** `sourceUrl` is the queue that `url` holds the dead letters of; null: they came from a stream. */
export const openDeadLetters = (url: string, sourceUrl: string | null): DeadLetterQueue => {
  const client = new SQSClient({})

  const count = async (): Promise<number> => {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    return Object.values(Attributes ?? {}).reduce((sum, messages) => sum + Number(messages), 0)
  }

  /** Batches of messages until `limit` is reached or none is left. */
  async function* receive(limit: number, seconds: number): AsyncGenerator<Received[]> {
    for (let left = Math.min(limit, await count()); left > 0;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: Math.min(batchMax, left),
          VisibilityTimeout: seconds,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: systemAttributes,
          MessageAttributeNames: ['All'],
        }),
      )
      if (Messages.length === 0) return
      left -= Messages.length
      yield Messages as Received[]
    }
  }

  const sendBack = async (sourceUrl: string, messages: readonly Received[]): Promise<void> => {
    if (sourceUrl.endsWith('.fifo')) {
      // One by one: a message that is refused in the middle of a batch would be overtaken by the next of its group.
      for (const { MessageId, Body, Attributes } of messages) {
        await client.send(
          new SendMessageCommand({
            QueueUrl: sourceUrl,
            MessageBody: Body,
            MessageGroupId: Attributes?.MessageGroupId,
            // Not the first one: within five minutes of the first sending SQS would take this for a repetition of it.
            MessageDeduplicationId: `redrive-${MessageId}`,
          }),
        )
      }
      return
    }
    const Entries = messages.map(({ Body }, index) => ({ Id: String(index), MessageBody: Body }))
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: sourceUrl, Entries }))
    if (Failed.length > 0) throw new Error(`SQS refused ${Failed.length} messages: ${Failed[0]?.Code ?? ''}`)
  }

  const remove = async (messages: readonly Received[]): Promise<void> => {
    const Entries = receipts(messages)
    const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }))
    if (Failed.length > 0) throw new Error(`SQS kept ${Failed.length} moved messages: ${Failed[0]?.Code ?? ''}`)
  }

  const receipts = (messages: readonly Received[]) =>
    messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))

  return {
    count,
    peek: async (limit) => {
      const seen: Received[] = []
      for await (const messages of receive(limit, peekSeconds)) seen.push(...messages)
      for (let start = 0; start < seen.length; start += batchMax) {
        const Entries = receipts(seen.slice(start, start + batchMax)).map((entry) => ({
          ...entry,
          VisibilityTimeout: 0,
        }))
        // A message that is not shown again now is after `peekSeconds`.
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }))
      }
      return seen.map(toDeadLetter)
    },
    redrive:
      sourceUrl === null
        ? null
        : async (limit) => {
            let moved = 0
            for await (const messages of receive(limit, moveSeconds)) {
              await sendBack(sourceUrl, messages)
              await remove(messages)
              moved += messages.length
            }
            return moved
          },
  }
}

const toDeadLetter = ({ MessageId, Body, Attributes, MessageAttributes }: Received): DeadLetter => {
  const code = MessageAttributes?.['ERROR_CODE']?.StringValue
  return {
    messageId: MessageId,
    body: Body,
    sentAt: new Date(Number(Attributes?.SentTimestamp)).toISOString(),
    undelivered: code === undefined ? null : { code, message: MessageAttributes?.['ERROR_MESSAGE']?.StringValue ?? '' },
  }
}
