import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../shared/contract/client.ts'
import { type Market, startMarket, value } from './market.ts'

const hourMs = 3_600_000

let market: Market
let alice: Client
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(['hammer_one', 'hammer_two', 'anvil_one', 'anvil_two'].map((name) => market.suspended(name)))
  await market.sweep()
  alice = await market.client('alice')
})
afterAll(() => market.stop())

const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const inHours = (hours: number) => new Date(market.system.clock.now() + hours * hourMs).toISOString()

const open = async (handle: string, endsAt: string) =>
  value(
    await (
      await market.client('operator')
    ).openAuction({ body: { handle, start: usd(10_00), endsAt }, idempotencyKey: `open-${handle}` }),
  )

const found = async () => {
  await market.system.idle()
  return value(await alice.searchListings({ query: { mode: 'auction' } })).items
}

test('auctions are found by their end and at their price, both as the newest bid left them', async () => {
  expect(await found()).toEqual([])
  const one = await open('hammer_one', inHours(10))
  const two = await open('hammer_two', inHours(5))
  expect(await found()).toMatchObject([
    { handle: 'hammer_two', mode: 'auction', saleId: two.id, endsAt: two.endsAt, price: usd(10_00) },
    { handle: 'hammer_one', mode: 'auction', saleId: one.id, endsAt: one.endsAt, price: usd(10_00) },
  ])
  // The last hour has begun, so that a bid moves the end.
  await market.system.clock.move(4.5 * hourMs, { settle: true })
  for (const [bidder, amount] of [
    ['bob', 60_00],
    ['carol', 40_00],
  ] as const) {
    const client = await market.client(bidder)
    value(
      await client.placeBid({
        params: { auctionId: two.id },
        body: { maximum: usd(amount) },
        idempotencyKey: `bid-${bidder}`,
      }),
    )
  }
  const [first] = await found()
  const { price, endsAt } = value(await alice.getAuction({ params: { auctionId: two.id } }))
  expect(first).toMatchObject({ handle: 'hammer_two', price, endsAt })
  expect((first?.endsAt ?? '') > two.endsAt).toBe(true)

  // It ends, and is not among those that end soon any more.
  await market.system.clock.move(2 * hourMs, { settle: true })
  expect((await found()).map(({ handle }) => handle)).toEqual(['hammer_one'])
  await market.checkInvariants()
})

test('the handles of a drop are found by its end while it takes entries', async () => {
  const operator = await market.client('operator')
  const drops = async () => {
    await market.system.idle()
    return value(await alice.searchListings({ query: { mode: 'drop' } })).items
  }
  const { id, closesAt } = value(
    await operator.createDrop({
      body: {
        title: 'Anvils',
        method: 'draw',
        handles: [{ handle: 'anvil_one', price: usd(50_00) }, { handle: 'anvil_two' }],
        opensAt: inHours(1),
        closesAt: inHours(25),
        entriesPerAccountMax: 1,
      },
      idempotencyKey: 'drop',
    }),
  )
  expect(await drops()).toEqual([])
  await market.system.clock.move(1.5 * hourMs, { settle: true })
  const open = await drops()
  expect(open).toMatchObject([
    { handle: 'anvil_one', mode: 'drop', saleId: id, endsAt: closesAt, price: usd(50_00) },
    { handle: 'anvil_two', mode: 'drop', saleId: id, endsAt: closesAt },
  ])
  expect(value(await alice.searchListings({ query: { sort: 'ending' } })).items.map(({ mode }) => mode)).toContain(
    'drop',
  )
  await market.system.clock.move(25 * hourMs, { settle: true })
  expect(await drops()).toEqual([])
})
