import { PutCommand } from '@aws-sdk/lib-dynamodb'
import type { EscrowStore } from './client.ts'

const keptDays = 90

/** Keeps a provider event that changed nothing (an unknown type, or one that did not fit), under its own id. */
export const recordProviderEvent = async (
  store: EscrowStore,
  event: { readonly id: string; readonly type: string; readonly orderId?: string | undefined; readonly why: string },
  now: number,
): Promise<void> => {
  await store.db.send(
    new PutCommand({
      TableName: store.escrowTable,
      Item: {
        pk: `E#${event.id}`,
        sk: 'event',
        ...event,
        at: new Date(now).toISOString(),
        expiresAt: Math.floor(now / 1000) + keptDays * 86_400,
      },
    }),
  )
}
