import { createHash } from 'node:crypto'
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'

/** A key is told apart from a repeat this long. */
const keptSeconds = 48 * 3600

/**
 * Notes which body an Idempotency-Key came with, where what the request makes cannot carry it, since another body makes
 * another thing. One write unit. False: the key came with another body.
 */
export const noteRequestKey = async (
  store: EscrowStore,
  request: { readonly accountId: string; readonly route: string; readonly key: string; readonly requestHash: string },
  nowMs: number,
): Promise<boolean> => {
  const { accountId, route, key, requestHash } = request
  const hash = createHash('sha256').update(key).digest('base64url')
  try {
    await store.db.send(
      new UpdateCommand({
        TableName: store.escrowTable,
        Key: { pk: `Y#${route}#${accountId}`, sk: `key#${hash}` },
        UpdateExpression: 'SET requestHash = :hash, expiresAt = :expiresAt',
        ConditionExpression: 'attribute_not_exists(requestHash) OR requestHash = :hash',
        ExpressionAttributeValues: {
          ':hash': requestHash,
          ':expiresAt': Math.floor(nowMs / 1000) + keptSeconds,
        },
      }),
    )
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}
