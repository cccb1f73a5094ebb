import { afterAll, beforeAll, expect, it } from 'vitest'
import { handleItem, shardOf, handleDueShards } from '../../shared/store/items.ts'
import { putFixedItems } from '../../shared/store/batch-write.ts'
import { loadRun } from '../../shared/store/runs.ts'
import { sweepHandles } from '../../shared/workflows/sweep.ts'
import { startStore, type TestStore } from './engine.ts'
import { at, importedHandle } from './samples.ts'

let store: TestStore
const letters = 'abcdefghijklmnopqrstuvwxyz'
/** All of them due since the same instant, so that the index has them in the order of their names. */
const names = Array.from({ length: 3_000 }, (_, index) => `${letters.charAt(index % 26)}_swept_${index}`)
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

it('a sweep queues every due name once, names of every shard and letter in each full message, so that no partition takes all writes', async () => {
  const messages: { names: string[] }[] = []
  const queue = {
    sendAll: (bodies: readonly unknown[]) => Promise.resolve(void messages.push(...(bodies as { names: string[] }[]))),
    sendLater: () => Promise.reject(new Error('a sweep sends at once')),
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
  // While every shard has names left, a message has a sixteenth of each shard, and about as many of each letter.
  for (const message of messages.slice(0, 4)) {
    expect(message.names).toHaveLength(500)
    const byShard = countBy(message.names, (name) => shardOf(name, handleDueShards))
    expect(byShard).toHaveLength(handleDueShards)
    expect(Math.max(...byShard)).toBeLessThanOrEqual(64)
    const byLetter = countBy(message.names, (name) => name.charAt(0))
    expect(byLetter).toHaveLength(letters.length)
    expect(Math.max(...byLetter)).toBeLessThanOrEqual(2 * Math.ceil(500 / letters.length))
  }
})

const countBy = (of: readonly string[], key: (name: string) => string): number[] => {
  const counts = new Map<string, number>()
  for (const name of of) counts.set(key(name), (counts.get(key(name)) ?? 0) + 1)
  return [...counts.values()]
}
