import type Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { canonicalJson } from '../../shared/domain/journal.ts'
import type { Order } from '../../shared/domain/order.ts'
import { transfersMade } from '../../shared/domain/seller-sale.ts'
import { openEvidenceFiles } from '../../shared/gateways/evidence.ts'
import { connectEventTypes, stripeEventTypes } from '../../shared/gateways/stripe-events.ts'
import { aggregateAt, type Item, kinds, readAggregate } from '../../shared/store/items.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { scanTable } from '../../shared/store/scan.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'
import { endsOfAllOrders } from './arrivals.ts'
import { deliver, resumeWebhooks, textOf } from './events.ts'
import { bookOfItems } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { type Copy, tellingOn } from './on-a-copy.ts'
import { stories, tellStory, toldTypes } from './sale-words.ts'
import { comeToRest, fillPlatform, newSale, type Sale } from './settlement.ts'
import { importHolders } from './users-sale.ts'

// The provider's words about a user's sale, each told twice, late, and in every order, with what the sale wants done outside
// at every moment in between: one end. A sale is brought to its stage on the product's own road, and what follows happens at
// the local Stripe. The orders are then gone through on copies of the tables in memory; one of each is delivered to the real
// webhook as well.

const colours = 'amber azure beige coral ivory ebony lilac olive pearl ochre khaki mauve peach'.split(' ')
const handles = ['brook', 'cliff', 'creek', 'delta', 'fjord'].flatMap((noun) =>
  colours.map((colour) => `${colour}${noun}`),
)

let market: Market
beforeAll(async () => {
  // A word that does not fit is set aside with an alarm, hundreds of times here.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  market = await startMarket({ stocked: false })
  const { endpoint, region, credentials } = market.system.aws
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint)
  vi.stubEnv('AWS_REGION', region)
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
  await importHolders(market, handles)
  await fillPlatform(market, await nextSale())
}, 120_000)
afterEach(() => resumeWebhooks(market))
afterAll(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await market.stop()
})

const nextSale = (): Promise<Sale> => newSale(market, handles.pop() ?? '')

const evidenceFiles = () => {
  const plan = market.system.functions.plans.find(({ environment }) => environment['EVIDENCE_BUCKET'] !== undefined)
  return openEvidenceFiles(plan?.environment['EVIDENCE_BUCKET'] ?? '')
}

/** The items that name this sale, as they are now. */
const copyOf = async ({ trail, orderId }: Sale): Promise<Copy> => {
  const items: [string, Item][] = []
  for (const table of [market.store.handlesTable, market.store.escrowTable]) {
    for await (const item of scanTable(market.store.db, table)) {
      if (trail.isNamedIn(JSON.stringify(item))) items.push([table, item])
    }
  }
  const order = (await loadOrder(market.store, orderId))?.state
  const made = order === undefined ? 0 : transfersMade(order)
  return { items, asked: new Set(Array.from({ length: made }, (_, n) => `transfer ${n + 1}`)), wanted: [] }
}

/** What a seller has of an order, however often it was taken back and paid again meanwhile. */
const orderAsPaid = (order: Order) => {
  const { transferId, earlierTransfers = [], reversalId, paidMinor = 0, ...rest } = order
  const standing = [...earlierTransfers, ...(transferId === undefined ? [] : [{ amountMinor: paidMinor, reversalId }])]
  const hasMinor = standing.reduce((sum, one) => sum + (one.reversalId === undefined ? one.amountMinor : 0), 0)
  return { ...rest, hasMinor }
}

/** Everything that must not depend on the order of arrival: what each aggregate is, and the book. Instants are left out. */
const endOf = ({ items }: Copy): string => {
  const aggregates = items.flatMap(([, item]) => {
    const name = aggregateAt(item)
    if (name === null) return []
    const kind = name.slice(0, name.indexOf(':')) as keyof typeof kinds
    const { state } = readAggregate(kind, item)
    return [[String(name), kind === 'order' ? orderAsPaid(state as Order) : state] as const]
  })
  const book = [...bookOfItems(items.map(([, item]) => item))].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const all = { ...Object.fromEntries(aggregates), book }
  return canonicalJson(
    JSON.parse(JSON.stringify(all, (name: string, value: unknown) => (isOfTheWay(name) ? 0 : value))),
  )
}
/** Instants, and the hash of a chargeback's evidence, which holds the journals as they were when it was made. */
const isOfTheWay = (name: string): boolean => /(At|since|until|packSha256)$/.test(name)

test('every type of event that is subscribed to is told in some story', () => {
  const subscribed: readonly string[] = [...stripeEventTypes, ...connectEventTypes]
  expect([...toldTypes].toSorted()).toEqual(subscribed.toSorted())
})

test.each(stories.map((story) => [`${String(story.stage)}, then ${story.name}`, story] as const))(
  '%s: the same end, in whatever order it is told and however often',
  { timeout: 600_000 },
  async (_, story) => {
    const sale = await nextSale()
    const words = await tellStory(market, sale, story)
    const telling = tellingOn(market, evidenceFiles(), market.system.clock.now())
    const { ends } = await endsOfAllOrders(await copyOf(sale), words, 2, telling, ({ type }) => type)
    const byEnd = new Map([...ends.values()].map(({ standing, way }) => [endOf(standing), way]))
    expect([...byEnd]).toHaveLength(1)

    resumeWebhooks(market)
    for (const word of words.toReversed()) {
      expect((await deliverAsTold(word)).status).toBe(200)
      await comeToRest(market)
    }
    expect(JSON.parse(endOf(await copyOf(sale)))).toEqual(JSON.parse([...byEnd.keys()][0] ?? ''))
  },
)

test('and every chain and the whole ledger are right after all of it', async () => {
  const report = await auditTables(market.store)
  expect([report.faults, report.ledgerSumMinor]).toEqual([[], 0])
})

/** Each of the two endpoints has a secret of its own. */
const deliverAsTold = (word: Stripe.Event) => {
  const { webhookSecret, connectWebhookSecret } = market.secrets
  return deliver(market, textOf(word), { secret: word.account === undefined ? webhookSecret : connectWebhookSecret })
}
