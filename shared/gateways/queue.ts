import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

/** The longest that SQS holds a message back. */
export const delaySecondsMax = 900

export type Queue = {
  /** Sends bodies as JSON, each to be received not before its delay is over (0 to `delaySecondsMax`). @throws as `sendAll` */
  readonly sendLater: (messages: readonly { readonly body: unknown; readonly delaySeconds: number }[]) => Promise<void>
  /** Sends bodies as JSON, ten a request. @throws where SQS did not take one of them after the client's own retries. */
  readonly sendAll: (bodies: readonly unknown[]) => Promise<void>
  /** Sends one body to a FIFO queue: one at a time and in order within `group`, once within 5 minutes by `id`. */
  readonly sendInOrder: (body: unknown, group: string, id: string) => Promise<void>
}

const batchMax = 10

export const openQueue = (url: string): Queue => {
  const client = new SQSClient({})
  const sendLater: Queue['sendLater'] = async (messages) => {
    for (let start = 0; start < messages.length; start += batchMax) {
      const Entries = messages.slice(start, start + batchMax).map(({ body, delaySeconds }, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(body),
        ...(delaySeconds === 0 ? {} : { DelaySeconds: delaySeconds }),
      }))
      const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
      if (Failed !== undefined && Failed.length > 0) {
        throw new Error(`SQS refused ${Failed.length} of ${Entries.length} messages: ${Failed[0]?.Code ?? ''}`)
      }
    }
  }
  return {
    sendLater,
    sendAll: (bodies) => sendLater(bodies.map((body) => ({ body, delaySeconds: 0 }))),
    sendInOrder: async (body, group, id) => {
      await client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: JSON.stringify(body),
          MessageGroupId: group,
          MessageDeduplicationId: id,
        }),
      )
    },
  }
}
