import type { DeadlineMessage } from '../contract/messages.ts'
import { delaySecondsMax, type Queue } from '../gateways/queue.ts'
import type { EscrowStore } from '../store/client.ts'
import { dueItems } from '../store/due.ts'
import { aggregateAt, orderDueShards, shardNames } from '../store/items.ts'
import { instant } from './committing.ts'

/**
 * How far a sweep looks ahead. It runs every minute, so a deadline is in a queue before it comes, and its message is
 * received in the second in which it comes; the half minute is for a sweep that starts late.
 */
export const lookAheadMs = 90_000

/** Seconds from `now` to a deadline, never early: 0 where it has passed. */
export const secondsUntil = (dueAt: string, now: number): number =>
  Math.min(delaySecondsMax, Math.max(0, Math.ceil((Date.parse(dueAt) - now) / 1000)))

/**
 * Queues every aggregate of the escrow table whose deadline has passed or is about to, one to a message, to be received at
 * its deadline. What is still overdue a minute later is found again. Returns how many.
 */
export const sweepDeadlines = async (store: EscrowStore, queue: Queue, now: number): Promise<number> => {
  let found = 0
  const index = { table: store.escrowTable, sortKey: 'dueAt' } as const
  for (const shard of shardNames(orderDueShards)) {
    for await (const page of dueItems(store.db, index, shard, instant(now + lookAheadMs))) {
      const messages = page.flatMap((item) => {
        const aggregate = aggregateAt(item)
        if (aggregate === null) throw new Error(`${String(item['pk'])} has a deadline and is no aggregate`)
        const body: DeadlineMessage = { aggregate }
        return [{ body, delaySeconds: secondsUntil(String(item['dueAt']), now) }]
      })
      await queue.sendLater(messages)
      found += messages.length
    }
  }
  return found
}
