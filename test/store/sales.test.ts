import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tierOf } from '../../shared/domain/appraisal/appraisal.ts'
import { putFixedItems } from '../../shared/store/batch-write.ts'
import { csvRowsMax, exportSales, listSales, type SalesFilter } from '../../shared/workflows/sales.ts'
import { startStore, type TestStore } from './engine.ts'

/** The sales history of a month with more sales than one file holds, on the engine itself. */

const month = '2026-10'
const count = csvRowsMax + 345

type Sold = { handle: string; priceMinor: number; tier: string; soldAt: string }

/** Every third second one, so that some are sold at one instant. */
const sold: readonly Sold[] = Array.from({ length: count }, (_, index) => {
  const priceMinor = 5_00 + ((index * 7919) % 40_000) * 100
  return {
    handle: `${'abc'[index % 3]}${'x'.repeat(index % 7)}${index}`,
    priceMinor,
    tier: tierOf(priceMinor),
    soldAt: new Date(Date.UTC(2026, 9, 1) + Math.floor(index / 3) * 1000).toISOString(),
  }
})

let store: TestStore
beforeAll(async () => {
  store = await startStore()
  await putFixedItems(
    store.db,
    store.escrowTable,
    sold.map((sale, index) => ({
      pk: `O#ord_${String(index).padStart(26, '0')}`,
      sk: 'order',
      ...sale,
      display: sale.handle,
      currency: 'USD',
      saleMonth: month,
    })),
  )
}, 60_000)
afterAll(() => store.stop())

const all = async (filter: SalesFilter, limit: number): Promise<string[]> => {
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await listSales(store, { month, limit, cursor, ...filter })
    if (!page.ok) throw new Error(page.refusal.message)
    expect(page.value.items.length).toBeLessThanOrEqual(limit)
    found.push(...page.value.items.map(({ handle }) => handle))
    cursor = page.value.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

it.each<[SalesFilter, (sale: Sold) => boolean]>([
  [{}, () => true],
  [{ prefix: 'BX' }, ({ handle }) => handle.startsWith('bx')],
  [{ length: 9 }, ({ handle }) => handle.length === 9],
  [{ tier: 'priority' }, ({ tier }) => tier === 'priority'],
  [{ priceMin: 1_000_00, priceMax: 1_050_00 }, ({ priceMinor }) => priceMinor >= 1_000_00 && priceMinor <= 1_050_00],
  [
    { prefix: 'a', tier: 'rare', length: 6 },
    ({ handle, tier }) => handle.startsWith('a') && tier === 'rare' && handle.length === 6,
  ],
  [{ priceMin: 9_000_000_00 }, () => false],
])('%j: every sale that fits comes once, the newest first', async (filter, fits) => {
  const at = new Map(sold.map(({ handle, soldAt }) => [handle, soldAt]))
  const found = await all(filter, 100)
  expect(found.toSorted()).toEqual(
    sold
      .filter(fits)
      .map(({ handle }) => handle)
      .toSorted(),
  )
  const times = found.map((handle) => at.get(handle) ?? '')
  expect(times).toEqual(times.toSorted().toReversed())
})

it('the files of a month make one file, with one head', async () => {
  let text = ''
  let files = 0
  let next: string | null = `/v1/sales.csv?month=${month}`
  while (next !== null) {
    const cursor = new URL(next, 'https://api.example').searchParams.get('cursor') ?? undefined
    const page = await exportSales(store, { month, cursor })
    if (!page.ok) throw new Error(page.refusal.message)
    expect(page.value).toMatchObject({ hasHead: files === 0, fileName: 'sales-2026-10.csv' })
    text += page.value.csv
    files += 1
    next = page.value.next
  }
  expect(files).toBe(2)
  const rows: Record<string, string>[] = parse(text, { columns: true })
  expect(rows).toHaveLength(count)
  expect(new Set(rows.map(({ handle }) => handle)).size).toBe(count)
  const newest = sold.at(-1)
  expect(rows.find(({ handle }) => handle === newest?.handle)).toEqual({
    sold_at: newest?.soldAt,
    handle: newest?.handle,
    display: newest?.handle,
    length: String(newest?.handle.length),
    tier: newest?.tier,
    price_minor: String(newest?.priceMinor),
    currency: 'USD',
  })
})

it('a filter belongs to its cursor, and is kept in the link', async () => {
  const page = await exportSales(store, { month, priceMin: 6_00 })
  if (!page.ok) throw new Error(page.refusal.message)
  const { searchParams } = new URL(page.value.next ?? '', 'https://api.example')
  expect(searchParams.get('priceMin')).toBe('600')
  const cursor = searchParams.get('cursor') ?? ''
  for (const other of [{}, { priceMin: 7_00 }, { tier: 'rare' }] as const) {
    expect(await exportSales(store, { month, cursor, ...other })).toMatchObject({ refusal: { code: 'cursor_invalid' } })
  }
  expect(await listSales(store, { month, limit: 1, priceMin: 2, priceMax: 1 })).toMatchObject({
    refusal: { code: 'validation_failed', field: 'priceMax' },
  })
})
