import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type * as z from 'zod'
import { errorFacts, log, plainError } from './log.ts'

export type WorkerOptions = {
  readonly fifo?: true
  /** Keeps the reason where an operator finds it beside the dead letter. */
  readonly recordFailure: (failure: {
    readonly messageId: string
    readonly receives: number
    readonly error: string
    readonly message: string
  }) => Promise<void>
}

/** The body is no message of this queue; it will not be one the next time either. */
export class MessageMalformed extends Error {
  override readonly name = 'MessageMalformed'
}

/**
 * The handler of a queue's worker: each message is parsed by its schema and worked on; what failed is recorded with its
 * reason and reported by id, so that SQS delivers it alone again and, after its last try, puts it into the dead-letter
 * queue. In a FIFO queue the rest of the batch after a failure is reported too, or a later message would overtake the
 * failed one.
 */
export const worker =
  <S extends z.ZodType>(
    schema: S,
    work: (message: z.infer<S>, delivery: { readonly receives: number }) => Promise<void>,
    options: WorkerOptions,
  ) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: { itemIdentifier: string }[] = []
    for (const record of event.Records) {
      if (options.fifo === true && failed.length > 0) {
        failed.push({ itemIdentifier: record.messageId })
        continue
      }
      try {
        await work(parseMessage(schema, record.body), { receives: receivesOf(record) })
      } catch (error) {
        await reportFailure(options, record, error)
        failed.push({ itemIdentifier: record.messageId })
      }
    }
    return { batchItemFailures: failed }
  }

/**
 * The same for work that is cheaper together: all messages that parse are worked on at once, and the results come back in
 * their order. Where the work throws, every one of them failed.
 */
export const batchWorker =
  <S extends z.ZodType>(
    schema: S,
    work: (messages: readonly z.infer<S>[]) => Promise<readonly PromiseSettledResult<unknown>[]>,
    options: Omit<WorkerOptions, 'fifo'>,
  ) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: { itemIdentifier: string }[] = []
    const fail = async (record: SQSRecord, error: unknown) => {
      await reportFailure(options, record, error)
      failed.push({ itemIdentifier: record.messageId })
    }
    const parsed: { readonly record: SQSRecord; readonly message: z.infer<S> }[] = []
    for (const record of event.Records) {
      try {
        parsed.push({ record, message: parseMessage(schema, record.body) })
      } catch (error) {
        await fail(record, error)
      }
    }
    try {
      const results = await work(parsed.map(({ message }) => message))
      for (const [index, { record }] of parsed.entries()) {
        const result = results[index]
        if (result?.status === 'rejected') await fail(record, result.reason)
      }
    } catch (error) {
      for (const { record } of parsed) await fail(record, error)
    }
    return { batchItemFailures: failed }
  }

const receivesOf = (record: SQSRecord): number => Number(record.attributes.ApproximateReceiveCount)

/** A failure that cannot be recorded is in the log, and the message fails all the same. */
const reportFailure = async ({ recordFailure }: WorkerOptions, record: SQSRecord, error: unknown): Promise<void> => {
  const { messageId } = record
  const receives = receivesOf(record)
  log('error', 'message_failed', { messageId, receives, ...errorFacts(error) })
  try {
    await recordFailure({ messageId, receives, ...plainError(error) })
  } catch (unrecorded) {
    log('error', 'failure_not_recorded', { messageId, ...errorFacts(unrecorded) })
  }
}

const issuesNamedMax = 5

/** @throws MessageMalformed naming the fields at fault; what the body holds stays out of it. */
const parseMessage = <S extends z.ZodType>(schema: S, body: string): z.infer<S> => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw new MessageMalformed('the body is not JSON')
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, issuesNamedMax)
  throw new MessageMalformed(
    issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; '),
  )
}
