import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { advance, advanceOrder } from '../../shared/domain/aggregate.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { commit } from '../../shared/store/commit.ts'
import { dueIds, type DueIndex } from '../../shared/store/due.ts'
import { loadHandle, loadHandles, queryHolder, queryNames } from '../../shared/store/handles.ts'
import { dueShardOf, handleDueShards, orderDueShards, shardNames } from '../../shared/store/items.ts'
import { filedEntries } from '../../shared/store/journal.ts'
import { loadOrder, queryBuyer, querySales } from '../../shared/store/orders.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { engineKind, startStore, type TestStore } from './engine.ts'
import {
  at,
  contact,
  context,
  handedOver,
  heldHandle,
  importedHandle,
  placedOrder,
  releasedHandle,
  settledOrder,
} from './samples.ts'

let store: TestStore
beforeAll(async () => {
  store = await startStore()
}, 120_000)
afterAll(() => store.stop())

const committed = { committed: true }

const release = async (name: string) => {
  const imported = importedHandle(name)
  await commit(store, context, [{ kind: 'handle', before: null, after: imported, contact }])
  const released = releasedHandle(imported)
  await commit(store, context, [{ kind: 'handle', before: imported, after: released }])
  return released
}

const place = async (name: string, id: string) => {
  const released = await release(name)
  const held = heldHandle(released, id)
  const order = placedOrder(id, released)
  const result = await commit(store, context, [
    { kind: 'handle', before: released, after: held },
    { kind: 'order', before: null, after: order },
  ])
  expect(result).toEqual(committed)
  return { held, order }
}

const dueIn = async (index: DueIndex, shards: readonly string[], until: string) => {
  const found: string[] = []
  for (const shard of shards) for await (const page of dueIds(store.db, index, shard, until)) found.push(...page)
  return found
}

const ordersByDue = () => ({ table: store.escrowTable, sortKey: 'dueAt' }) as const

describe(`commit on ${engineKind}`, () => {
  it('creates an aggregate once, and shows what stands there to whoever comes second', async () => {
    const first = importedHandle('created')
    expect(await commit(store, context, [{ kind: 'handle', before: null, after: first, contact }])).toEqual(committed)
    const other = { ...first, entry: { ...first.entry, hash: 'another' } }
    const second = await commit(store, context, [{ kind: 'handle', before: null, after: other }])
    expect(second).toMatchObject({ committed: false, existing: [{ name: 'created', contact }] })
    expect(await loadHandle(store, 'created')).toMatchObject({ ...first, contact })
  })

  it('refuses a step from a version that is gone', async () => {
    const imported = importedHandle('stale')
    await commit(store, context, [{ kind: 'handle', before: null, after: imported }])
    const released = releasedHandle(imported)
    await commit(store, context, [{ kind: 'handle', before: imported, after: released }])
    const late = { ...released, entry: { ...released.entry, hash: 'late' } }
    const result = await commit(store, context, [{ kind: 'handle', before: imported, after: late }])
    expect(result).toMatchObject({ committed: false, existing: [{ status: 'released' }] })
  })

  it('takes a repeat of its own write, whose answer was lost, as done', async () => {
    const imported = importedHandle('repeated')
    const change = { kind: 'handle', before: null, after: imported } as const
    expect(await commit(store, context, [change])).toEqual(committed)
    expect(await commit(store, context, [change])).toEqual(committed)
    const { held, order } = await place('repeated2', 'ord_R0000000000000000000000001')
    const again = await commit(store, context, [
      { kind: 'handle', before: releasedHandle(importedHandle('repeated2')), after: held },
      { kind: 'order', before: null, after: order },
    ])
    expect(again).toEqual(committed)
  })

  it('writes two aggregates or neither', async () => {
    const released = await release('neither')
    const order = placedOrder('ord_N0000000000000000000000001', released)
    await commit(store, context, [{ kind: 'order', before: null, after: order }])
    const another = placedOrder('ord_N0000000000000000000000001', released, 'acct_c')
    const result = await commit(store, context, [
      { kind: 'handle', before: released, after: heldHandle(released, order.state.id) },
      { kind: 'order', before: null, after: another },
    ])
    expect(result).toMatchObject({ committed: false, existing: [undefined, { buyerId: 'acct_b' }] })
    expect((await loadHandle(store, 'neither'))?.state.listing?.status).toBe('open')
  })

  it('lets exactly one of thirty writers win', async () => {
    const released = await release('raced')
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const id = `ord_W${String(index).padStart(25, '0')}`
        return commit(store, context, [
          { kind: 'handle', before: released, after: heldHandle(released, id) },
          { kind: 'order', before: null, after: placedOrder(id, released, `acct_${index}`) },
        ])
      }),
    )
    expect(results.filter((result) => result.committed)).toHaveLength(1)
    const holder = (await loadHandle(store, 'raced'))?.state.listing?.orderId ?? ''
    expect((await loadOrder(store, holder))?.state.status).toBe('awaiting_payment')
  })

  it('files an entry that moved money in the very transaction that replaces it', async () => {
    const id = 'ord_F0000000000000000000000001'
    const { held, order } = await place('filed', id)
    const settled = settledOrder(order)
    await commit(store, context, [
      { kind: 'order', before: order, after: settled },
      { kind: 'handle', before: held, after: handedOver(held, id) },
    ])
    expect(await filedEntries(store, `order:${id}`)).toEqual([])
    const refunded = advanceOrder(id, settled, [{ type: 'refund_completed', refundId: 're_1' }], at(4000), systemActor)
    await commit(store, context, [{ kind: 'order', before: settled, after: refunded }])
    expect(await filedEntries(store, `order:${id}`)).toEqual([settled.entry])
  })
})

describe(`the indexes on ${engineKind}`, () => {
  it('hold a handle where its state says, and nowhere else', async () => {
    const id = 'ord_X0000000000000000000000001'
    const imported = importedHandle('zz_indexed')
    await commit(store, context, [{ kind: 'handle', before: null, after: imported }])
    const byDue = { table: store.handlesTable, sortKey: 'dueFrom' } as const
    const shards = shardNames(handleDueShards).map((shard) => dueShardOf('suspended', shard))
    const due = () => dueIn(byDue, shards, at(0))
    expect(await due()).toContain('zz_indexed')
    expect(await dueIn(byDue, shards, '2022-01-01T00:00:00.000Z')).not.toContain('zz_indexed')

    const released = releasedHandle(imported)
    await commit(store, context, [{ kind: 'handle', before: imported, after: released }])
    expect(await due()).not.toContain('zz_indexed')
    const shelf = () => queryNames(store, 'z', { from: 'zz_', to: 'zz_~', backwards: false, limit: 10 })
    expect((await shelf()).rows).toMatchObject([{ key: 'zz_indexed', card: { status: 'open' } }])

    const held = heldHandle(released, id)
    const order = placedOrder(id, released, 'acct_x')
    await commit(store, context, [
      { kind: 'handle', before: released, after: held },
      { kind: 'order', before: null, after: order },
    ])
    expect(await dueIn(ordersByDue(), shardNames(orderDueShards), at(2000 + 3_600_000))).toContain(id)
    expect(await dueIn(ordersByDue(), shardNames(orderDueShards), at(2000 + 3_599_999))).not.toContain(id)

    await commit(store, context, [
      { kind: 'order', before: order, after: settledOrder(order) },
      { kind: 'handle', before: held, after: handedOver(held, id, 'acct_x') },
    ])
    expect((await shelf()).rows).toEqual([])
    expect(await dueIn(ordersByDue(), shardNames(orderDueShards), '2099-01-01T00:00:00.000Z')).not.toContain(id)
    expect((await queryHolder(store, 'acct_x', { limit: 5 })).items).toMatchObject([{ name: 'zz_indexed' }])
    const sales = await querySales(store, '2026-11', { limit: 50 })
    expect(sales.items.filter((sale) => sale.handle === 'zz_indexed')).toMatchObject([
      { display: 'ZZ_INDEXED', priceMinor: order.state.priceMinor, currency: 'USD', tier: 'priority' },
    ])
  })

  it("page a buyer's orders newest first without a gap or a repeat", async () => {
    const handle = releasedHandle(importedHandle('paged'))
    const ids = Array.from({ length: 7 }, (_, index) => `ord_P${String(index).padStart(25, '0')}`)
    for (const [index, id] of ids.entries()) {
      await commit(store, context, [
        { kind: 'order', before: null, after: placedOrder(id, handle, 'acct_pager', index) },
      ])
    }
    const seen: string[] = []
    let after: Record<string, string> | undefined
    do {
      const page = await queryBuyer(store, 'acct_pager', { limit: 3, after })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(ids.toReversed())
  })
})

describe(`reads in batches on ${engineKind}`, () => {
  it('find every known handle among hundreds of keys, and the protected skeletons', async () => {
    const names = Array.from({ length: 130 }, (_, index) => `batch${index}`)
    await Promise.all(
      names
        .slice(0, 120)
        .map((name) => commit(store, context, [{ kind: 'handle', before: null, after: importedHandle(name) }])),
    )
    const by = { kind: 'operator', id: 'acct_operator' } as const
    const event = { type: 'account_protected', handle: 'batchl', importId: 'imp_1' } as const
    await commit(store, context, [
      { kind: 'look', before: null, after: advance('look', 'batch1', null, [event], at(0), by) },
    ])
    const { handles, looks } = await loadHandles(store, [...names, 'batch0'], ['batch1', 'nothing'])
    expect([...handles.keys()].toSorted()).toEqual(names.slice(0, 120).toSorted())
    expect([...looks]).toEqual([['batch1', { skeleton: 'batch1', handle: 'batchl', accountSince: at(0), marks: [] }]])
  })
})

describe(`the audit on ${engineKind}`, () => {
  it('misses the entries that nobody filed, and names their aggregate', async () => {
    const report = await auditTables(store)
    expect(report.ledgerSumMinor).toBe(0)
    // No stream runs here, so every replaced entry without postings is missing from the archive.
    expect(report.faults).toContainEqual({ aggregate: 'handle:zz_indexed', seq: 4, fault: 'entry 1 is missing' })
  })
})
