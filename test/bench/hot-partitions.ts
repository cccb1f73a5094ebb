import { dueShardOf, handleDueShards, shardOf, shelfOf } from '../../shared/store/items.ts'
import type { HandleOutcome } from '../scale/reconcile.ts'

/** A partition of an index takes at most this many writes a second (Developer Guide, "Partitions and data distribution"). */
export const partitionWritesMax = 1_000

export type Hottest = { readonly partition: string; readonly share: number; readonly perSecond: number }

const windowSeconds = 10

/**
 * Which partition of an index takes how many of the writes that releases make. A release leaves its shard of `byDue` and,
 * unless it is reserved, enters its shelf of `byShelf`. The tables tell when each was decided, so the hottest partition is
 * looked for in every ten seconds of the sweep: a sweep that works through one shard after the other would show here.
 */
export const newHotPartitions = () => {
  const windows = new Map<number, { readonly writes: Map<string, number>; handles: number }>()
  return {
    add: ({ state, decisions }: HandleOutcome): void => {
      const decision = decisions.at(-1)
      if (decision === undefined) return
      const second = Math.floor(Date.parse(decision.at) / 1000 / windowSeconds)
      let window = windows.get(second)
      if (window === undefined) windows.set(second, (window = { writes: new Map(), handles: 0 }))
      window.handles += 1
      const { name } = state
      // Without notices it stood under its rule, else its last step was planned.
      const queue = decision.event.noticesGiven === 0 ? decision.event.rule : 'waiting'
      const partitions = [`byDue ${dueShardOf(queue, shardOf(name, handleDueShards))}`]
      if (decision.event.type === 'handle_released') partitions.push(`byShelf ${shelfOf(name)}`)
      for (const partition of partitions) window.writes.set(partition, (window.writes.get(partition) ?? 0) + 1)
    },

    /** The hottest partition as measured, and what it would take at `perSecond` handles a second with the same shares. */
    report: (perSecond: number): { readonly measured: Hottest; readonly atFullSpeed: Hottest } => {
      let measured: Hottest = { partition: '', share: 0, perSecond: 0 }
      let shared: Hottest = measured
      const most = Math.max(...[...windows.values()].map(({ handles }) => handles))
      for (const { writes, handles } of windows.values()) {
        for (const [partition, count] of writes) {
          const rate = count / windowSeconds
          if (rate > measured.perSecond) measured = { partition, share: count / handles, perSecond: rate }
          // Windows at the edges hold too few handles to tell a share.
          if (handles < most / 2) continue
          if (count / handles > shared.share) {
            shared = { partition, share: count / handles, perSecond: (count / handles) * perSecond }
          }
        }
      }
      return { measured, atFullSpeed: shared }
    },
  }
}
