import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { openEventBus } from '../../shared/gateways/events.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { errorFacts, log, plainError } from '../../shared/runtime/log.ts'
import { openStore } from '../../shared/store/client.ts'
import { failureRecorder } from '../../shared/store/failures.ts'
import { publishOutbox } from '../../shared/workflows/publish-outbox.ts'

const config = readConfig('HANDLES_TABLE', 'ESCROW_TABLE', 'EVENT_BUS')
const deps = {
  store: openStore({ handlesTable: config.HANDLES_TABLE, escrowTable: config.ESCROW_TABLE }),
  bus: openEventBus(config.EVENT_BUS),
}

const recordFailure = failureRecorder(deps.store, 'outbox-failures', () => Date.now())

export const handler = async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const failure = await publishOutbox(deps, event.Records)
  if (failure === null) return { batchItemFailures: [] }
  log('error', 'record_failed', { sequenceNumber: failure.failedAt, ...errorFacts(failure.error) })
  try {
    await recordFailure({ messageId: failure.failedAt, ...plainError(failure.error) })
  } catch (unrecorded) {
    log('error', 'failure_not_recorded', { sequenceNumber: failure.failedAt, ...errorFacts(unrecorded) })
  }
  return { batchItemFailures: [{ itemIdentifier: failure.failedAt }] }
}
