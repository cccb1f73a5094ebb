import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'

export type Units = { calls: number; read: number; indexRead: number; write: number; indexWrite: number }

type Capacity = {
  readonly CapacityUnits?: number
  readonly Table?: { readonly CapacityUnits?: number }
  readonly GlobalSecondaryIndexes?: Record<string, { readonly CapacityUnits?: number }>
}

const writes = new Set([
  'PutItemCommand',
  'UpdateItemCommand',
  'BatchWriteItemCommand',
  'BatchExecuteStatementCommand',
  'TransactWriteItemsCommand',
])

/** Counts what every call of a client consumes, as the engine reports it, apart for tables and indexes. */
export const countUnits = (
  client: DynamoDBClient,
): { readonly of: (work: () => Promise<unknown>) => Promise<Units> } => {
  const none = (): Units => ({ calls: 0, read: 0, indexRead: 0, write: 0, indexWrite: 0 })
  let now = none()
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = { ...(args.input as object), ReturnConsumedCapacity: 'INDEXES' }
      const result = await next({ ...args, input: input as typeof args.input })
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: Capacity | Capacity[] }
      now.calls += 1
      for (const one of [ConsumedCapacity ?? []].flat()) {
        const index = Object.values(one.GlobalSecondaryIndexes ?? {}).reduce(
          (sum, { CapacityUnits = 0 }) => sum + CapacityUnits,
          0,
        )
        const table = one.Table?.CapacityUnits ?? (one.CapacityUnits ?? 0) - index
        const isWrite = writes.has(String(context['commandName']))
        now[isWrite ? 'write' : 'read'] += table
        now[isWrite ? 'indexWrite' : 'indexRead'] += index
      }
      return result
    },
    { step: 'initialize', name: 'countUnits' },
  )
  return {
    of: async (work) => {
      now = none()
      await work()
      const counted = now
      now = none()
      return counted
    },
  }
}
