import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemActor } from '../../shared/domain/actors.ts'
import { advance, type VersionedOf } from '../../shared/domain/aggregate.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import { decideSalePaid } from '../../shared/domain/seller-payment.ts'
import { commit } from '../../shared/store/commit.ts'
import { fileEntries } from '../../shared/store/journal.ts'
import { exportStatement, statementEntriesMax } from '../../shared/workflows/seller-statement.ts'
import { startStore, type TestStore } from './engine.ts'
import { context } from './samples.ts'

// A seller with more payments than one page of the statement reads, of two years.

let store: TestStore
const sales = statementEntriesMax + 150
const perYear = sales - 100
const now = Date.parse('2026-12-31T00:00:00.000Z')
let entries: Entry[]

beforeAll(async () => {
  store = await startStore()
  const begun = { type: 'onboarding_begun', stripeAccountId: 'acct_1', country: 'US' } as const
  let seller: VersionedOf<'seller'> = advance('seller', 'alice', null, [begun], '2025-11-01T00:00:00.000Z', systemActor)
  entries = [seller.entry]
  for (let index = 1; index <= sales; index += 1) {
    const sale = { orderId: `ord_${index}`, handle: 'poem', currency: 'USD' as const }
    const amounts = { grossMinor: 10 + index, commissionMinor: 10, netMinor: index }
    const paid = decideSalePaid(
      seller.state,
      { ...sale, ...amounts },
      { transferId: `tr_${index}`, transferMinor: index },
    )
    const year = index <= sales - perYear ? 2025 : 2026
    seller = advance('seller', 'alice', seller, paid, `${year}-11-24T12:00:00.000Z`, systemActor)
    entries.push(seller.entry)
  }
  await commit(store, context, [{ kind: 'seller', before: null, after: seller }])
  await fileEntries(store, entries.slice(0, -1))
}, 60_000)
afterAll(() => store.stop())

/** All pages put one behind the other, and how many there were. */
const whole = async (year: string) => {
  let text = ''
  let pages = 0
  let cursor: string | undefined
  do {
    const page = await exportStatement({ store, now: () => now }, 'alice', { year, cursor })
    if (!page.ok) throw new Error(page.refusal.message)
    expect(page.value.hasHead).toBe(pages === 0)
    text += page.value.csv
    pages += 1
    cursor = new URL(page.value.next ?? '/', 'https://api.example').searchParams.get('cursor') ?? undefined
  } while (cursor !== undefined)
  const [, ...lines] = text.trim().split('\r\n')
  return { pages, lines: lines.map((line) => line.split(',')) }
}

it('is put together of its pages, each payment once and in order, and its running totals go on', async () => {
  const { pages, lines } = await whole('2026')
  expect(pages).toBe(2)
  expect(lines.map((cells) => cells[2])).toEqual(
    Array.from({ length: perYear }, (_, index) => `ord_${index + 1 + sales - perYear}`),
  )
  let net = 0
  for (const cells of lines) {
    net += Number(cells[7])
    expect([Number(cells[13]), Number(cells[14])]).toEqual([net, net])
  }
})

it('holds another year alone', async () => {
  expect((await whole('2025')).lines).toHaveLength(sales - perYear)
  expect((await whole('2024')).lines).toEqual([])
})

it('ends before an entry that is still on its way to the archive, and goes on from there', async () => {
  const late = await startStore()
  try {
    const [first, second, third] = entries
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are no entries')
    const state = { accountId: 'alice' } as VersionedOf<'seller'>['state']
    const head = { state, entry: third } as VersionedOf<'seller'>
    await commit(late, context, [{ kind: 'seller', before: null, after: head }])
    await fileEntries(late, [first])
    const page = await exportStatement({ store: late, now: () => now }, 'alice', { year: '2025' })
    if (!page.ok || page.value.next === null) throw new Error('the statement ends before its last payment')
    expect(page.value.csv.trim().split('\r\n')).toHaveLength(1)
    await fileEntries(late, [second])
    const cursor = new URL(page.value.next, 'https://api.example').searchParams.get('cursor') ?? ''
    const rest = await exportStatement({ store: late, now: () => now }, 'alice', { year: '2025', cursor })
    expect(rest.ok && rest.value.next).toBeNull()
    expect(rest.ok && rest.value.csv.trim().split('\r\n')).toHaveLength(2)
  } finally {
    await late.stop()
  }
})

it('takes no cursor of another seller or year', async () => {
  const page = await exportStatement({ store, now: () => now }, 'alice', { year: '2026' })
  const cursor =
    new URL((page.ok ? page.value.next : null) ?? '/', 'https://api.example').searchParams.get('cursor') ?? ''
  for (const [seller, year] of [
    ['bob', '2026'],
    ['alice', '2025'],
  ] as const) {
    const answer = await exportStatement({ store, now: () => now }, seller, { year, cursor })
    expect(answer.ok ? 'ok' : answer.refusal.code).toBe('cursor_invalid')
  }
})
