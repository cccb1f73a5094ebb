import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import type { auctionSchema, ownBidSchema } from '../../shared/contract/auction-resources.ts'
import { createClient } from '../../shared/contract/client.ts'
import { usd } from '../../shared/contract/money.ts'
import { costOf, searchCostOf, units } from '../costs/counted.ts'
import { checkedFetch } from './contract-check.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

type Auction = z.infer<typeof auctionSchema>
type OwnBid = z.infer<typeof ownBidSchema>

const hourMs = 3_600_000
const minuteMs = 60_000
const names = Array.from({ length: 26 }, (_, number) => `gavel${String.fromCharCode(97 + number)}`)

let market: Market
let left: string[]
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed(names.map((name) => market.suspended(name)))
  await market.sweep()
  left = [...names]
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

/** Every account here has an address that the platform has verified. */
const clientOf = async (sub: string) => {
  const token = await market.system.token(sub, { email: `${sub}@example.com`, email_verified: true })
  return createClient({ baseUrl: market.system.url, token, fetch: checkedFetch })
}

let keys = 0
const key = () => {
  keys += 1
  return `own-${keys}`
}

/** An auction of ten hours from $10.00 with steps of $1.00. */
const open = async (more: Readonly<Record<string, unknown>> = {}): Promise<Auction> => {
  const handle = left.pop() ?? ''
  const increments = { rows: [{ belowMinor: null, stepMinor: 1_00 }] }
  const endsAt = new Date(market.system.clock.now() + 10 * hourMs).toISOString()
  const body = { handle, start: usd(10_00), endsAt, increments, ...more }
  return value(await (await clientOf('operator')).openAuction({ body, idempotencyKey: key() }))
}

const bid = async ({ id }: Auction, as: string, maxMinor: number) =>
  value(
    await (
      await clientOf(as)
    ).placeBid({ params: { auctionId: id }, body: { maximum: usd(maxMinor) }, idempotencyKey: key() }),
  )

/** The whole list of an account, page by page. */
const bidsOf = async (as: string, limit = 20): Promise<OwnBid[]> => {
  await market.system.idle()
  const client = await clientOf(as)
  const found: OwnBid[] = []
  let cursor: string | undefined
  do {
    const page = value(await client.listMyBids({ query: { limit, ...(cursor !== undefined && { cursor }) } }))
    found.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

const pass = async (instant: string): Promise<void> => {
  await market.system.clock.move(Math.max(0, Date.parse(instant) + 1 - market.system.clock.now()), { settle: true })
  market.system.schedules.fire(market.system.schedules.names.find((name) => name.endsWith('sweep-deadlines')) ?? '')
  await market.system.idle()
}

const mailsTo = async (who: string, { handle }: Auction) => {
  await market.system.idle()
  const sent = (await market.system.mail?.sent(`${who}@example.com`)) ?? []
  return sent.filter(({ subject, text }) => `${subject} ${text}`.includes(`@${handle}`))
}
const subjectsTo = async (who: string, auction: Auction) =>
  (await mailsTo(who, auction)).map(({ subject }) => subject.replaceAll(`@${auction.handle}`, '@it'))
const outbid = 'You were outbid in the auction of @it'
const ended = 'The auction of @it has ended'

describe('the auctions that an account has bid in', () => {
  test('are listed page by page, open and ended, with its own maximum, the least to bid now, and the order', async () => {
    const [first, second, third] = [await open(), await open(), await open({ reserve: usd(400_00) })]
    await bid(first, 'ann', 80_00)
    await bid(second, 'ann', 30_00)
    await bid(second, 'ben', 90_00)
    await bid(third, 'ann', 50_00)
    const list = await bidsOf('ann', 2)
    expect(list.map(({ auctionId, outcome }) => [auctionId, outcome])).toEqual([
      [third.id, 'leading'],
      [second.id, 'outbid'],
      [first.id, 'leading'],
    ])
    expect(list[2]).toMatchObject({ maximum: usd(80_00), price: usd(10_00), minimumNext: usd(80_01), orderId: null })
    expect(list[1]).toMatchObject({ maximum: usd(30_00), price: usd(31_00), minimumNext: usd(32_00) })
    expect(await bidsOf('nobody')).toEqual([])

    await pass(third.endsAt)
    const over = await bidsOf('ann')
    expect(over.map(({ outcome }) => outcome)).toEqual(['unsold', 'lost', 'won'])
    expect(over.map(({ minimumNext }) => minimumNext)).toEqual([null, null, null])
    const [order] = value(await (await clientOf('ann')).listOrders({})).items
    expect(over[2]).toMatchObject({ orderId: order?.id, status: 'awaiting_payment' })
    expect(over[2]?.payBy).not.toBeNull()
    expect(over[1]).toMatchObject({ orderId: null, payBy: null })
  })

  test('show nobody else’s maximum or account, and another account’s cursor opens nothing', async () => {
    const auction = await open()
    await bid(auction, 'cleo', 77_70)
    await bid(auction, 'dora', 66_60)
    await bid(await open(), 'dora', 20_00)
    expect(JSON.stringify(await bidsOf('dora'))).not.toMatch(/cleo|7770/)
    const page = value(await (await clientOf('dora')).listMyBids({ query: { limit: 1 } }))
    expect(page.nextCursor).not.toBeNull()
    const token = await market.system.token('cleo')
    await checkRefused(market, 'cursor_invalid', 'GET', `/v1/me/bids?cursor=${page.nextCursor}`, { token })
    expect((await market.send('GET', '/v1/me/bids')).status).toBe(401)
  })

  test('keep the maximum of a bidder whom eight others outbid', async () => {
    const auction = await open()
    await bid(auction, 'first', 20_00)
    for (let rival = 0; rival < 9; rival += 1) await bid(auction, `rival_${rival}`, 30_00 + rival * 10_00)
    expect(await bidsOf('first')).toMatchObject([{ outcome: 'outbid', maximum: usd(20_00) }])
  })

  test('cost two requests a page: half a unit for the list, and one for each auction at most', async () => {
    for (let count = 0; count < 5; count += 1) await bid(await open(), 'eve', 20_00)
    const client = await clientOf('eve')
    const cost = await costOf(market, async () => expect(value(await client.listMyBids({})).items).toHaveLength(5))
    expect(cost.calls).toMatchObject({ 'dynamodb:Query': 1, 'dynamodb:BatchGetItem': 1 })
    expect(units(cost)).toMatchObject({ indexReadUnits: 0, writeUnits: 0, indexWriteUnits: 0 })
    expect(cost.readUnits).toBeLessThanOrEqual(0.5 + 5)
    // A bid is listed at one write unit, by the stream. At the price of the start no row of the search changes.
    const auction = await open()
    const listed = await searchCostOf(market, () => bid(auction, 'eve', 20_00))
    expect(units(listed)).toEqual({ readUnits: 0, indexReadUnits: 0, writeUnits: 1, indexWriteUnits: 0 })
  })
})

describe('a bidder who is overtaken', () => {
  test('is told once by mail, and not by its own higher maximum or where it led before', async () => {
    const auction = await open()
    await bid(auction, 'fay', 30_00)
    await bid(auction, 'fay', 60_00)
    await bid(auction, 'gil', 40_00)
    expect(await mailsTo('fay', auction)).toEqual([])
    // Whoever is outbid at once was told by the answer.
    expect(await mailsTo('gil', auction)).toEqual([])
    await bid(auction, 'gil', 90_00)
    expect(await subjectsTo('fay', auction)).toEqual([outbid])
    const [mail] = await mailsTo('fay', auction)
    expect(mail?.text).toContain('it stands at $61.00')
    expect(mail?.text).toContain('bid $62.00 or more')
    expect(`${mail?.text} ${mail?.html}`).not.toMatch(/gil|bidder_|90\.00/)
  })

  test('is told at two reads and two writes, beside the mail', async () => {
    const auction = await open()
    await bid(auction, 'sue', 20_00)
    await costOf(market, () => bid(auction, 'tom', 40_00))
    const cost = market.system.door.counts.total(['workers-send-party-mails'])
    expect(cost.calls).toEqual({ 'dynamodb:GetItem': 2, 'dynamodb:PutItem': 2, 'ses:SendEmail': 1 })
    expect(units(cost)).toEqual({ readUnits: 1.5, indexReadUnits: 0, writeUnits: 2, indexWriteUnits: 0 })
  })

  test('is told once where the message comes again, and in another order', async () => {
    const auction = await open()
    const messages: string[] = []
    market.system.onBusEvent((event) => {
      if (event['detail-type'] === 'auction.leader_outbid') messages.push(JSON.stringify(event))
    })
    await bid(auction, 'hal', 20_00)
    await bid(auction, 'ida', 40_00)
    await market.system.idle()
    await market.system.clock.move(2 * minuteMs)
    await bid(auction, 'hal', 60_00)
    await market.system.idle()
    await bid(auction, 'ida', 80_00)
    expect(await subjectsTo('hal', auction)).toEqual([outbid, outbid])
    expect(await subjectsTo('ida', auction)).toEqual([outbid])
    await market.system.clock.move(2 * minuteMs)
    expect(messages).toHaveLength(3)
    for (const message of messages.toReversed()) market.system.queues.send('party-mails', message)
    await market.system.idle()
    expect([await subjectsTo('hal', auction), await subjectsTo('ida', auction)]).toEqual([[outbid, outbid], [outbid]])
  })

  test('hears of a burst once at its beginning and once when its minute is over', async () => {
    const auction = await open()
    for (let round = 1; round <= 6; round += 1) {
      await bid(auction, 'jan', round * 20_00)
      await market.system.idle()
      await bid(auction, 'kim', round * 20_00 + 10_00)
      await market.system.idle()
    }
    expect(await subjectsTo('jan', auction)).toEqual([outbid])
    await market.system.clock.move(minuteMs, { settle: true })
    expect(await subjectsTo('jan', auction)).toEqual([outbid, outbid])
    expect((await mailsTo('jan', auction))[1]?.text).toContain('it stands at $121.00')
    await market.system.clock.move(10 * minuteMs, { settle: true })
    expect(await subjectsTo('jan', auction)).toHaveLength(2)
    // It was overtaken as often, and led when its minute was over.
    expect(await subjectsTo('kim', auction)).toEqual([outbid])
  })

  test('is not told after the end, but of the end', async () => {
    const auction = await open({ extensionMinutes: 0 })
    await bid(auction, 'leo', 20_00)
    await bid(auction, 'mia', 40_00)
    await market.system.idle()
    await bid(auction, 'leo', 60_00)
    await market.system.idle()
    await bid(auction, 'mia', 80_00)
    await market.system.idle()
    expect(await subjectsTo('leo', auction)).toEqual([outbid])
    // The second message of its burst comes when the auction is over.
    await pass(auction.endsAt)
    await market.system.settle()
    expect(await subjectsTo('leo', auction)).toEqual([outbid, ended])
    expect(await subjectsTo('mia', auction)).toEqual([outbid, 'You won @it for $61.00'])
  })

  test('is written to again where the mail service refused, and never twice where a worker died or an answer was lost', async () => {
    const auction = await open()
    await bid(auction, 'ned', 20_00)
    const refused = market.system.door.inject({ kind: 'throttle', service: 'ses', times: 4 })
    await bid(auction, 'olly', 40_00)
    await market.system.settle()
    expect(refused.hits).toBe(4)
    expect(await subjectsTo('ned', auction)).toEqual([outbid])
    market.system.door.clearFaults()
    await market.system.clock.move(2 * minuteMs)
    const killed = market.system.door.inject({
      kind: 'kill',
      when: 'after',
      function: 'workers-send-party-mails',
      service: 'ses',
    })
    await bid(auction, 'ned', 60_00)
    await market.system.settle()
    expect(killed.hits).toBe(1)
    expect(await subjectsTo('olly', auction)).toEqual([outbid])
    await market.system.clock.move(2 * minuteMs)
    const lost = market.system.door.inject({ kind: 'cut', when: 'after', service: 'ses' })
    await bid(auction, 'olly', 80_00)
    await market.system.settle()
    expect(lost.hits).toBe(1)
    expect(await subjectsTo('ned', auction)).toEqual([outbid, outbid])
  })
})

test('at the close the winner is told to pay, the others that they did not win; then the runner-up what it is offered', async () => {
  const auction = await open()
  await bid(auction, 'pia', 80_00)
  await bid(auction, 'quin', 40_00)
  await bid(auction, 'ray', 300_00)
  await market.system.idle()
  await pass(auction.endsAt)
  expect(await subjectsTo('ray', auction)).toEqual(['You won @it for $81.00'])
  expect(await subjectsTo('pia', auction)).toEqual([outbid, ended])
  expect(await subjectsTo('quin', auction)).toEqual([ended])
  const [{ payBy } = { payBy: null }] = await bidsOf('ray')
  await pass(payBy ?? '')
  expect(await subjectsTo('pia', auction)).toEqual([outbid, ended, '@it is offered to you for $41.00'])
  expect((await bidsOf('ray'))[0]).toMatchObject({ outcome: 'passed_over', payBy: null })
  expect((await bidsOf('pia'))[0]).toMatchObject({ outcome: 'won', price: usd(41_00) })
})
