import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { errorFacts, log, plainError } from './log.ts'

/** The first record that could not be done, by its sequence number: the stream comes back to it. Null: all were. */
export type StreamFailure = { readonly failedAt: string; readonly error: unknown } | null

type RecordFailure = (failure: {
  readonly messageId: string
  readonly error: string
  readonly message: string
}) => Promise<void>

/** The handler of one reader of a stream: reports how far a batch came, and keeps why it came no further. */
export const streamWorker =
  (work: (records: readonly DynamoDBRecord[]) => Promise<StreamFailure>, recordFailure: RecordFailure) =>
  async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const failure = await work(event.Records)
    if (failure === null) return { batchItemFailures: [] }
    log('error', 'record_failed', { sequenceNumber: failure.failedAt, ...errorFacts(failure.error) })
    try {
      await recordFailure({ messageId: failure.failedAt, ...plainError(failure.error) })
    } catch (unrecorded) {
      log('error', 'failure_not_recorded', { sequenceNumber: failure.failedAt, ...errorFacts(unrecorded) })
    }
    return { batchItemFailures: [{ itemIdentifier: failure.failedAt }] }
  }
