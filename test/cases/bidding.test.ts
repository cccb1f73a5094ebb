import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { expectInvariants } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage } from './purchase.ts'

// Auctions from end to end with what bidders are asked for: the card before a large bid, and what becomes of it.

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const hourMs = 3_600_000
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
const value = <T>(answer: { ok: true; value: T } | { ok: false; problem: { code: string; detail: string } }): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
const codeOf = (answer: { ok: true } | { ok: false; problem: { code: string; status: number } }) =>
  answer.ok ? 'accepted' : `${answer.problem.status} ${answer.problem.code}`

const operatorId = 'acct_operator'
const operator = () =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(operatorId, { groups: ['operator'] }) })

const open = async () =>
  value(
    await operator().openAuction({
      body: {
        handle: market.nextOffer().handle,
        start: usd(10_00),
        endsAt: new Date(market.system.clock.now() + 10 * hourMs).toISOString(),
      },
      idempotencyKey: freshKey(),
    }),
  )

const bid = (auctionId: string, bidder: string, amountMinor: number) =>
  market
    .buyer(bidder)
    .placeBid({ params: { auctionId }, body: { maximum: usd(amountMinor) }, idempotencyKey: freshKey() })

/** Has a card authorised on the hosted page. */
const authorise = async (bidder: string, amountMinor: number, number = '4242 4242 4242 4242') => {
  const page = value(
    await market.buyer(bidder).openAuthorisation({ body: { amount: usd(amountMinor) }, idempotencyKey: freshKey() }),
  )
  expect(await payOnPage(page.url, { number })).toBe('paid')
  await market.system.idle()
}

const end = async (endsAt: string) => {
  await market.system.clock.move(Date.parse(endsAt) - market.system.clock.now() + 1000, { settle: true })
}

const orderOf = async (buyer: string) => {
  const [order] = value(await market.buyer(buyer).listOrders({ query: { limit: 1 } })).items
  if (order === undefined) throw new Error(`${buyer} has no order`)
  return order
}

const cardOf = async (bidder: string) => value(await market.buyer(bidder).getStanding({})).authorisation
const intentsOf = async (accountId: string) =>
  (await market.provider.paymentIntents.list({ limit: 100 })).data
    .filter(({ metadata }) => metadata['accountId'] === accountId)
    .map(({ status }) => status)

test('a large bid asks for a card; the cards of winner and loser are let go when the auction is paid', async () => {
  const auction = await open()
  const refused = await bid(auction.id, 'winner', 2_000_00)
  expect(refused).toMatchObject({
    problem: { status: 403, code: 'authorisation_required', facts: { authorisation: usd(200_00) } },
  })
  await authorise('winner', 200_00)
  await authorise('loser', 150_00, '5555 5555 5555 4444')
  expect(codeOf(await bid(auction.id, 'loser', 1_500_00))).toBe('accepted')
  expect(codeOf(await bid(auction.id, 'winner', 2_000_00))).toBe('accepted')
  expect((await cardOf('winner'))?.neededBy).toEqual([auction.id])

  await end(auction.endsAt)
  const { id, price } = await orderOf('winner')
  expect(price.amountMinor).toBeLessThanOrEqual(2_000_00)
  // The winner's card and the runner-up's stay until the sale is certain.
  expect([await cardOf('winner'), await cardOf('loser')]).not.toContain(null)
  const page = await openPage(market, { id, buyer: 'winner', offer: { handle: auction.handle, price } })
  expect(await payOnPage(page)).toBe('paid')
  await market.system.settle()
  expect((await orderOf('winner')).status).toBe('settled')
  expect([await cardOf('winner'), await cardOf('loser')]).toEqual([null, null])
  expect([...(await intentsOf('winner')), ...(await intentsOf('loser'))]).toEqual(['canceled', 'canceled'])
})

test('case 27: whoever bids with a card of the operator who opened the auction is refused: 403', async () => {
  const auction = await open()
  await authorise(operatorId, 100_00, '4000 0000 0000 0077')
  await authorise('straw', 100_00, '4000 0000 0000 0077')
  expect(codeOf(await bid(auction.id, 'straw', 50_00))).toBe('403 linked_account')
  expect(codeOf(await bid(auction.id, 'stranger', 50_00))).toBe('accepted')
})

test('case 27: two bidders with one card who bid each other up come before an operator, and both bids stand', async () => {
  const auction = await open()
  await authorise('left', 100_00, '5105 1051 0510 5100')
  await authorise('right', 100_00, '5105 1051 0510 5100')
  for (const [bidder, amountMinor] of [
    ['left', 20_00],
    ['right', 30_00],
    ['left', 40_00],
  ] as const) {
    expect(codeOf(await bid(auction.id, bidder, amountMinor))).toBe('accepted')
  }
  const { items } = value(await operator().listCases({ query: { limit: 5 } }))
  expect(items).toMatchObject([{ saleId: auction.id, accountIds: ['left', 'right'], shared: ['card'], status: 'open' }])
})

test('who wins twice and does not pay is suspended, and told so at the next bid', async () => {
  for (let round = 1; round <= 2; round += 1) {
    const auction = await open()
    expect(codeOf(await bid(auction.id, 'idler', 50_00))).toBe('accepted')
    await end(auction.endsAt)
    await market.system.clock.move(49 * hourMs, { settle: true })
  }
  const standing = value(await market.buyer('idler').getStanding({}))
  expect(standing.strikes).toHaveLength(2)
  expect(codeOf(await bid((await open()).id, 'idler', 50_00))).toBe('403 account_suspended')
})
