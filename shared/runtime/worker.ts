import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type * as z from 'zod'
import { errorFacts, log } from './log.ts'

/**
 * The handler of a queue's worker: each message is parsed by its schema and worked on; what failed is reported by id, so
 * that SQS delivers it alone again and, after its last try, puts it into the dead-letter queue. In a FIFO queue the rest
 * of the batch after a failure is reported too, or a later message would overtake the failed one.
 */
export const worker =
  <S extends z.ZodType>(
    schema: S,
    work: (message: z.infer<S>) => Promise<void>,
    options: { readonly fifo?: true } = {},
  ) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: { itemIdentifier: string }[] = []
    for (const record of event.Records) {
      if (options.fifo === true && failed.length > 0) {
        failed.push({ itemIdentifier: record.messageId })
        continue
      }
      try {
        await work(schema.parse(JSON.parse(record.body)))
      } catch (error) {
        log('error', 'message_failed', {
          messageId: record.messageId,
          receives: record.attributes.ApproximateReceiveCount,
          ...errorFacts(error),
        })
        failed.push({ itemIdentifier: record.messageId })
      }
    }
    return { batchItemFailures: failed }
  }
