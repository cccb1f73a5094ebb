import { expect } from 'vitest'
import { balances, providerAccount } from '../../shared/domain/ledger.ts'
import { canonicalJson, type Entry } from '../../shared/domain/journal.ts'
import { heldMinor } from '../../shared/domain/order-money.ts'
import { aggregateAt, entryOnItem, readOrder, type Item } from '../../shared/store/items.ts'
import { readEntry } from '../../shared/store/journal.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import type { Market } from './market.ts'

/**
 * What must hold after every case, once nothing is under way: the audit finds no fault, the book sums to zero, held money
 * is what open orders cost, Stripe's own objects say what the book says, and no dead-letter queue holds anything.
 * @param deadLetters names (their ends) and depths of the dead-letter queues that this case fills on purpose
 */
export const expectInvariants = async (
  market: Market,
  deadLetters: Readonly<Record<string, number>> = {},
): Promise<void> => {
  await market.system.settle()
  const report = await auditTables(market.store)
  expect(report.faults).toEqual([])
  expect(report.ledgerSumMinor).toBe(0)

  const items = await escrowItems(market)
  const orders = items
    .filter((item) => aggregateAt(item)?.startsWith('order:') === true)
    .map((item) => readOrder(item).state)
  const openMinor = orders.reduce((sum, order) => sum + heldMinor(order), 0)
  expect(report.heldMinor).toBe(openMinor)
  expect(bookedAtProvider(items)).toEqual(await takenByProvider(market))
  expect(deadLetterDepths(market)).toEqual(deadLetters)
}

const escrowItems = async (market: Market): Promise<Item[]> => {
  const items: Item[] = []
  for await (const item of scanTable(market.store.db, market.store.escrowTable)) items.push(item)
  return items
}

/** The balances of all ledger accounts, as `account currency`, in minor units. */
export const ledgerOf = async (market: Market): Promise<ReadonlyMap<string, number>> =>
  bookOfItems(await escrowItems(market))

/** The same of these items alone. */
export const bookOfItems = (items: readonly Item[]): Map<string, number> => {
  const entries = new Map<string, Entry>()
  for (const item of items) {
    const pk = String(item['pk'])
    const aggregate = aggregateAt(item)
    const entry = pk.startsWith('J#')
      ? readEntry(pk.slice(2), item)
      : aggregate === null
        ? null
        : entryOnItem(aggregate, item)
    if (entry !== null) entries.set(`${entry.aggregate} ${entry.seq}`, entry)
  }
  return balances([...entries.values()].flatMap(({ postings }) => postings))
}

/** By currency, what the book says lies at the provider: taken, less given back and transferred, in minor units. */
const bookedAtProvider = (items: readonly Item[]): Record<string, number> => {
  const taken: Record<string, number> = {}
  for (const [account, balance] of bookOfItems(items)) {
    const [name, currency = ''] = account.split(' ')
    if (name === providerAccount && balance !== 0) taken[currency] = -balance
  }
  return taken
}

/** By currency, what Stripe's own objects say: captured, less refunded, disputed and transferred, in minor units. */
const takenByProvider = async ({ provider }: Market): Promise<Record<string, number>> => {
  const taken: Record<string, number> = {}
  const add = (currency: string, amountMinor: number) => {
    const key = currency.toUpperCase()
    taken[key] = (taken[key] ?? 0) + amountMinor
  }
  for await (const charge of provider.charges.list({ limit: 100 })) {
    if (charge.status === 'succeeded') add(charge.currency, charge.amount_captured)
  }
  for await (const refund of provider.refunds.list({ limit: 100 })) {
    if (refund.status === 'succeeded' || refund.status === 'pending') add(refund.currency, -refund.amount)
  }
  for await (const transfer of provider.transfers.list({ limit: 100 })) {
    add(transfer.currency, transfer.amount_reversed - transfer.amount)
  }
  for await (const dispute of provider.disputes.list({ limit: 100 })) {
    // Won: it came back. A warning took nothing.
    if (dispute.status !== 'won' && !dispute.status.startsWith('warning_')) add(dispute.currency, -dispute.amount)
  }
  return Object.fromEntries(Object.entries(taken).filter(([, amountMinor]) => amountMinor !== 0))
}

/** Dead-letter queues that are not empty, by the end of their name. */
const deadLetterDepths = ({ system }: Market): Record<string, number> =>
  Object.fromEntries(
    system.queues
      .depths()
      .map(({ name, ready, inflight }) => [name.replace(/^marketplace-[a-z]+-/, ''), ready + inflight] as const)
      .filter(([name, depth]) => depth > 0 && /-dead(\.fifo)?$|-failures$/.test(name)),
  )

/** Every item of both tables, once nothing is under way. */
const tableContents = async (market: Market): Promise<Map<string, string>> => {
  await market.system.idle()
  const items = new Map<string, string>()
  for (const table of [market.store.handlesTable, market.store.escrowTable]) {
    for await (const item of scanTable(market.store.db, table)) {
      const pk = String(item['pk'])
      // A request is counted whatever becomes of it; the count is no state.
      if (!pk.startsWith('Y#')) items.set(`${pk} ${String(item['sk'])}`, canonicalJson(item))
    }
  }
  return items
}

/** Does `work` and returns the keys of the items that are new, changed or gone afterwards: none, where nothing was written. */
export const writesOf = async (market: Market, work: () => Promise<void>): Promise<string[]> => {
  const before = await tableContents(market)
  await work()
  const after = await tableContents(market)
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .toSorted()
}

/** The charges that took money, newest first, of one order or of all. */
export const chargesOf = async ({ provider }: Market, orderId: string) => {
  const charges = []
  for await (const charge of provider.charges.list({ limit: 100 })) {
    if (charge.metadata['orderId'] === orderId && charge.status === 'succeeded') charges.push(charge)
  }
  return charges
}

/** The refunds of one order at Stripe. */
export const refundsOf = async (market: Market, orderId: string) => {
  const refunds = []
  for (const charge of await chargesOf(market, orderId)) {
    for await (const refund of market.provider.refunds.list({ charge: charge.id })) refunds.push(refund)
  }
  return refunds
}

/** The types of the events in an order's journal, oldest first. */
export const eventsOf = async (market: Market, orderId: string): Promise<string[]> => {
  const operator = await market.system.token('acct_operator', { groups: ['operator'] })
  const response = await fetch(new URL(`/v1/operator/journal/order:${orderId}`, market.system.url), {
    headers: { authorization: `Bearer ${operator}` },
  })
  const { entries } = (await response.json()) as { entries: { events: { type: string }[] }[] }
  return entries.flatMap(({ events }) => events.map(({ type }) => type))
}

/** All orders of one handle, whatever became of them. */
export const ordersOf = async (market: Market, handle: string) =>
  (await escrowItems(market))
    .filter((item) => aggregateAt(item)?.startsWith('order:') === true)
    .map((item) => readOrder(item).state)
    .filter((order) => order.handle === handle)
