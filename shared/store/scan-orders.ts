import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import type { VersionedOrder } from '../domain/aggregate.ts'
import type { EscrowStore } from './client.ts'
import { type Item, readOrder } from './items.ts'
import type { PageKey } from './pages.ts'
import { scanItemsMax } from './scan.ts'

/**
 * Every order, page by page, eventually consistent: it reads the whole escrow table, half a unit for every 4 KB, so nothing
 * but the daily reconciliation does it, and no answer waits for it.
 */
export async function* scanOrders(store: EscrowStore): AsyncGenerator<readonly VersionedOrder[]> {
  let after: PageKey | undefined
  do {
    const answer = await store.db.send(
      new ScanCommand({
        TableName: store.escrowTable,
        FilterExpression: 'begins_with(pk, :orders) AND sk = :order',
        ExpressionAttributeValues: { ':orders': 'O#', ':order': 'order' },
        Limit: scanItemsMax,
        ExclusiveStartKey: after,
      }),
    )
    const items = (answer.Items ?? []) as Item[]
    if (items.length > 0) yield items.map(readOrder)
    after = answer.LastEvaluatedKey as PageKey | undefined
  } while (after !== undefined)
}
