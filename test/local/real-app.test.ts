import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { stockMarket } from '../../local/stock.ts'
import { startSystem, type System } from '../../local/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ dataDir: mkdtempSync(join(tmpdir(), 'market-')), schedulesRun: false })
  await stockMarket(system, { lines: 200 })
}, 120_000)
afterAll(() => system.stop())

describe('the marketplace on one machine', () => {
  it('is stocked from the feed and sells a handle to one buyer', async () => {
    const visitor = createClient({ baseUrl: system.url })
    const page = await visitor.searchListings({})
    const card = page.ok ? page.value.items[0] : undefined
    if (card === undefined) throw new Error('nothing is on sale')
    expect(await visitor.getHandle({ params: { handle: card.handle } })).toMatchObject({ ok: true })
    const order = { body: { handle: card.handle, price: card.price } }
    const alice = createClient({ baseUrl: system.url, token: await system.token('alice') })
    const bob = createClient({ baseUrl: system.url, token: await system.token('bob') })
    const placed = await alice.placeOrder({ ...order, idempotencyKey: 'a' })
    expect(placed).toMatchObject({ ok: true, status: 201 })
    expect(await bob.placeOrder({ ...order, idempotencyKey: 'b' })).toMatchObject({ ok: false, status: 409 })
  })

  it('answers curl as the start prints it', async () => {
    const { stdout } = await promisify(execFile)('curl', ['-s', `${system.url}/v1/listings?limit=3`])
    expect((JSON.parse(stdout) as { items: unknown[] }).items).toHaveLength(3)
  })

  it('stocks the same market again without changing it', async () => {
    const before = system.door.counts.total(['workers-import-accounts']).writeUnits
    await stockMarket(system, { lines: 200 })
    expect(system.door.counts.total(['workers-import-accounts']).writeUnits).toBe(before)
  })

  it('used no right that a function does not have', () => {
    expect(system.logs.lines().filter((line) => line.includes('AccessDenied'))).toEqual([])
  })
})
