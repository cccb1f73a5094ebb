import type { Queue } from '../gateways/queue.ts'
import { namesPerMessage } from '../contract/messages.ts'
import type { DueQueue } from '../domain/handle.ts'
import { plusDays, type ReleasePolicy, ruleNames } from '../domain/release-policy.ts'
import type { EscrowStore, HandlesStore } from '../store/client.ts'
import { dueIds, dueIdsInTurn } from '../store/due.ts'
import { dueShardOf, handleDueShards, orderDueShards, shardNames } from '../store/items.ts'
import { readPolicyInForce } from './policies.ts'

/** Messages collected before they are sent: one SQS request takes ten. */
const messagesAtOnce = 10

/**
 * Queues the names that are due, hundreds to a message: for each rule of the policy what its days have passed for, and
 * every planned step whose time has come. Returns how many.
 */
export const sweepHandles = async (store: HandlesStore, queue: Queue, now: string): Promise<number> => {
  const policy = await readPolicyInForce(store)
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
  const index = { table: store.handlesTable, sortKey: 'dueFrom' } as const
  for (const { queue: dueQueue, until } of dueQueuesOf(policy, now)) {
    const shards = shardNames(handleDueShards).map((shard) => dueShardOf(dueQueue, shard))
    for await (const turn of dueIdsInTurn(store.db, index, shards, until)) {
      for (const name of turn) {
        names.push(name)
        found += 1
        if (names.length === namesPerMessage * messagesAtOnce) await send()
      }
    }
  }
  await send()
  return found
}

/** Each queue of the clock with the instant up to which its handles are due. A rule that the policy lacks is not asked. */
const dueQueuesOf = (policy: ReleasePolicy, now: string): { readonly queue: DueQueue; readonly until: string }[] => [
  ...ruleNames.flatMap((queue) => {
    const rule = policy.rules[queue]
    return rule === null ? [] : [{ queue, until: plusDays(now, -rule.afterDays) }]
  }),
  { queue: 'waiting', until: now },
]

/** Queues the orders whose deadline has passed, one to a message. Returns how many. */
export const sweepOrders = async (store: EscrowStore, queue: Queue, now: string): Promise<number> => {
  let found = 0
  for (const shard of shardNames(orderDueShards)) {
    for await (const page of dueIds(store.db, { table: store.escrowTable, sortKey: 'dueAt' }, shard, now)) {
      await queue.sendAll(page.map((orderId) => ({ orderId })))
      found += page.length
    }
  }
  return found
}
