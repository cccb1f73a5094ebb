import {
  type DeadLetterQueueName,
  deadLetterQueueNames,
  deadLetterVariables,
  isStreamFailureQueue,
  queueVariable,
} from '../../shared/contract/queues.ts'
import { deadLetterRoutes } from '../../shared/contract/routes/dead-letters.ts'
import { type DeadLetterQueue, openDeadLetters } from '../../shared/gateways/dead-letters.ts'
import { api } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { openStore } from '../../shared/store/client.ts'
import { listDeadLetterQueues, listDeadLetters, redriveDeadLetters } from '../../shared/workflows/dead-letters.ts'

const config = readConfig('ESCROW_TABLE', ...deadLetterVariables)

const openQueueOf = (name: DeadLetterQueueName): DeadLetterQueue =>
  isStreamFailureQueue(name)
    ? openDeadLetters(config[queueVariable(name)], null)
    : openDeadLetters(config[queueVariable(`${name}-dead`)], config[queueVariable(name)])

const deps = {
  store: openStore({ escrowTable: config.ESCROW_TABLE }),
  queues: Object.fromEntries(deadLetterQueueNames.map((name) => [name, openQueueOf(name)])) as Record<
    DeadLetterQueueName,
    DeadLetterQueue
  >,
}

export const handler = api(deadLetterRoutes, {
  listDeadLetterQueues: () => listDeadLetterQueues(deps),
  listDeadLetters: ({ params, query }) => listDeadLetters(deps, params.queue, query.limit),
  redriveDeadLetters: ({ params }) => redriveDeadLetters(deps, params.queue),
})
