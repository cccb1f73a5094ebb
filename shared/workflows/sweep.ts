import type { Queue } from '../gateways/queue.ts'
import { namesPerMessage, type ReleaseMessage } from '../contract/messages.ts'
import type { DueQueue } from '../domain/handle-due.ts'
import { plusDays, type ReleasePolicy, ruleNames } from '../domain/release-policy.ts'
import type { EscrowStore, Store } from '../store/client.ts'
import { dueIdsInTurn } from '../store/due.ts'
import { dueShardOf, handleDueShards, shardNames, shardOf } from '../store/items.ts'
import { beginRun, createRun, recordSweep, type RunHead } from '../store/runs.ts'
import { instant } from './committing.ts'
import { readPolicyInForce } from './policies.ts'

/** Messages collected before they are sent: one SQS request takes ten. */
const messagesAtOnce = 10

export type SweepDeps = { readonly store: Store; readonly queue: Queue; readonly now: () => number }

/** Which run a sweep is: one that an operator asked for stands already, the schedule's is written when it finds something. */
export type SweepStart = { readonly runId: string; readonly startedBy: 'schedule' | 'operator' }

/**
 * Queues the names that are due, hundreds to a message: for each rule of the policy what its days have passed for, and
 * every planned step whose time has come. Its figures stand in its run. A sweep that was begun already is not begun again.
 * Returns how many it found.
 */
export const sweepHandles = async (deps: SweepDeps, start: SweepStart): Promise<number> => {
  const { store, queue } = deps
  const now = instant(deps.now())
  const found: Record<string, number[]> = {}
  let queued = 0
  let messages = 0
  let names: string[] = []
  let begun = false
  /** Sends what has been collected; false: the run is in somebody else's hands. */
  const send = async (sweptAt?: string): Promise<boolean> => {
    if (!begun) {
      begun = await begin(store, start, { found, createdAt: now })
      if (!begun) return false
    }
    const bodies: ReleaseMessage[] = []
    for (let first = 0; first < names.length; first += namesPerMessage) {
      bodies.push({
        names: names.slice(first, first + namesPerMessage),
        run: { id: start.runId, number: messages + bodies.length },
      })
    }
    await queue.sendAll(bodies)
    messages += bodies.length
    queued += names.length
    names = []
    await recordSweep(store, start.runId, { found, queued, messages, sweptAt })
    return true
  }
  if (start.startedBy === 'operator' && !(await send())) return 0
  const policy = await readPolicyInForce(store)
  const index = { table: store.handlesTable, sortKey: 'dueFrom' } as const
  for (const { queue: dueQueue, until } of dueQueuesOf(policy, now)) {
    const shards = shardNames(handleDueShards).map((shard) => dueShardOf(dueQueue, shard))
    for await (const turn of dueIdsInTurn(store.db, index, shards, until)) {
      for (const name of turn) {
        names.push(name)
        const ofQueue = (found[dueQueue] ??= shards.map(() => 0))
        const shard = Number(shardOf(name, handleDueShards))
        ofQueue[shard] = (ofQueue[shard] ?? 0) + 1
        if (names.length === namesPerMessage * messagesAtOnce && !(await send())) return 0
      }
    }
  }
  if (names.length > 0 || begun) await send(instant(deps.now()))
  return queued
}

/** Takes the run in hand; false where a sweep did so before, as when its event is delivered twice. */
const begin = async (
  store: EscrowStore,
  { runId, startedBy }: SweepStart,
  { found, createdAt }: Pick<RunHead, 'found' | 'createdAt'>,
): Promise<boolean> => {
  if (startedBy === 'operator') return beginRun(store, runId, createdAt)
  const head = { id: runId, startedBy, createdAt, begunAt: createdAt, found, queued: 0, messages: 0 }
  return (await createRun(store, head)) === null
}

/** Each queue of the clock with the instant up to which its handles are due. A rule that the policy lacks is not asked. */
const dueQueuesOf = (policy: ReleasePolicy, now: string): { readonly queue: DueQueue; readonly until: string }[] => [
  ...ruleNames.flatMap((queue) => {
    const rule = policy.rules[queue]
    return rule === null ? [] : [{ queue, until: plusDays(now, -rule.afterDays) }]
  }),
  { queue: 'waiting', until: now },
]
