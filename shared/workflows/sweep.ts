import type { Queue } from '../gateways/queue.ts'
import { namesPerMessage } from '../contract/messages.ts'
import type { EscrowStore, HandlesStore } from '../store/client.ts'
import { dueIds } from '../store/due.ts'
import { handleDueShards, orderDueShards, shardNames } from '../store/items.ts'

/** Messages collected before they are sent: one SQS request takes ten. */
const messagesAtOnce = 10

/** Queues the names that are due for release, shard by shard, hundreds to a message. Returns how many. */
export const sweepHandles = async (store: HandlesStore, queue: Queue, now: string): Promise<number> => {
  let found = 0
  let names: string[] = []
  const send = async () => {
    const messages = []
    for (let start = 0; start < names.length; start += namesPerMessage) {
      messages.push({ names: names.slice(start, start + namesPerMessage) })
    }
    await queue.sendAll(messages)
    names = []
  }
  for (const shard of shardNames(handleDueShards)) {
    for await (const page of dueIds(store.db, store.handlesTable, shard, now)) {
      for (const name of page) {
        names.push(name)
        found += 1
        if (names.length === namesPerMessage * messagesAtOnce) await send()
      }
    }
  }
  await send()
  return found
}

/** Queues the orders whose deadline has passed, one to a message. Returns how many. */
export const sweepOrders = async (store: EscrowStore, queue: Queue, now: string): Promise<number> => {
  let found = 0
  for (const shard of shardNames(orderDueShards)) {
    for await (const page of dueIds(store.db, store.escrowTable, shard, now)) {
      await queue.sendAll(page.map((orderId) => ({ orderId })))
      found += page.length
    }
  }
  return found
}
