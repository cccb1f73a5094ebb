import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'

export type Queue = {
  /** Sends bodies as JSON, ten a request. @throws where SQS did not take one of them after the client's own retries. */
  readonly sendAll: (bodies: readonly unknown[]) => Promise<void>
  /** Sends one body to a FIFO queue: one at a time and in order within `group`, once within 5 minutes by `id`. */
  readonly sendInOrder: (body: unknown, group: string, id: string) => Promise<void>
}

const batchMax = 10

export const openQueue = (url: string): Queue => {
  const client = new SQSClient({})
  return {
    sendAll: async (bodies) => {
      for (let start = 0; start < bodies.length; start += batchMax) {
        const Entries = bodies
          .slice(start, start + batchMax)
          .map((body, index) => ({ Id: String(index), MessageBody: JSON.stringify(body) }))
        const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }))
        if (Failed !== undefined && Failed.length > 0) {
          throw new Error(`SQS refused ${Failed.length} of ${Entries.length} messages: ${Failed[0]?.Code ?? ''}`)
        }
      }
    },
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
