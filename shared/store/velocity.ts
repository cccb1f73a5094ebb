import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'

/** A counter is of no use after its window; it is kept an hour longer, for whoever looks into a burst. */
const keptSeconds = 3600

export type VelocityLimit = {
  /** Of a route, or a kind of act. */
  readonly route: string
  readonly accountId: string
  readonly windowSeconds: number
  readonly max: number
}

/**
 * Counts one request in its window, under the condition that the window has room: one write unit, also where it is refused.
 * Null: it has room. Otherwise the seconds until the next window.
 */
export const countRequest = async (
  store: EscrowStore,
  { route, accountId, windowSeconds, max }: VelocityLimit,
  nowMs: number,
): Promise<number | null> => {
  const nowSeconds = Math.floor(nowMs / 1000)
  const window = Math.floor(nowSeconds / windowSeconds)
  const end = (window + 1) * windowSeconds
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.escrowTable,
        Key: { pk: `Y#${route}#${accountId}`, sk: `${windowSeconds}#${window}` },
        UpdateExpression: 'ADD #count :one SET expiresAt = :expiresAt',
        ConditionExpression: 'attribute_not_exists(#count) OR #count < :max',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':one': 1, ':max': max, ':expiresAt': end + keptSeconds },
      }),
    )
    return null
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return Math.max(1, end - nowSeconds)
    throw error
  }
}
