import { afterAll, beforeAll, expect, it } from 'vitest'
import { handleItem, shardOf, handleDueShards } from '../../shared/store/items.ts'
import { putFixedItems } from '../../shared/store/batch-write.ts'
import { loadRun } from '../../shared/store/runs.ts'
import { sweepHandles } from '../../shared/workflows/sweep.ts'
import { startStore, type TestStore } from './engine.ts'
import { at, importedHandle } from './samples.ts'

let store: TestStore
const names = Array.from({ length: 3_000 }, (_, index) => `swept_${index}`)
beforeAll(async () => {
  store = await startStore()
  const items = names.map((name) => handleItem(importedHandle(name), undefined))
  await putFixedItems(
    store.db,
    store.handlesTable,
    items.map((item) => item as (typeof items)[number] & { pk: string; sk: string }),
  )
})
afterAll(() => store.stop())

it('a sweep queues every due name once, and names of every shard in each full message, so that no partition takes all writes', async () => {
  const messages: { names: string[] }[] = []
  const queue = {
    sendAll: (bodies: readonly unknown[]) => Promise.resolve(void messages.push(...(bodies as { names: string[] }[]))),
    sendInOrder: () => Promise.reject(new Error('a sweep keeps no order')),
  }
  const run = { runId: 'run_ABCDEFGHJKMNPQRSTVWXYZ0123', startedBy: 'schedule' } as const
  expect(await sweepHandles({ store, queue, now: () => Date.parse(at(0)) }, run)).toBe(names.length)
  const found = (await loadRun(store, run.runId))?.head.found ?? {}
  expect(
    Object.values(found)
      .flat()
      .reduce((sum, count) => sum + count, 0),
  ).toBe(names.length)
  expect(messages.flatMap((message) => message.names).toSorted()).toEqual(names.toSorted())
  // While every shard has names left, a message has a sixteenth of each.
  for (const message of messages.slice(0, 4)) {
    expect(message.names).toHaveLength(500)
    const byShard = new Map<string, number>()
    for (const name of message.names) {
      const shard = shardOf(name, handleDueShards)
      byShard.set(shard, (byShard.get(shard) ?? 0) + 1)
    }
    expect(byShard.size).toBe(handleDueShards)
    expect(Math.max(...byShard.values())).toBeLessThanOrEqual(64)
  }
})
