import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Market, startMarket } from '../cases/market.ts'
import { openPage, payOnPage } from '../cases/purchase.ts'
import { comeToRest, newSale, type Sale } from '../cases/settlement.ts'
import { importHolders } from '../cases/users-sale.ts'
import { callsTo, costOf, units } from './counted.ts'

/** What each step of a sale between users costs at the door, with everything warm. The figures are budgets: a step that costs more fails. */

let market: Market
beforeAll(async () => {
  market = await startMarket({ stocked: false })
  await importHolders(market, ['warm', 'stepwise', 'whole', 'shown'])
  // Every environment that a sale needs has read its secrets and opened its connections.
  await sellAll(await sellable('warm'))
})
afterAll(() => market.stop())

const price = { amountMinor: 1_000_00, currency: 'USD' as const }

/** A handle whose holder can be paid; nothing is under way. */
const sellable = async (handle: string): Promise<Sale> => {
  const sale = await newSale(market, handle)
  await comeToRest(market)
  return sale
}

type Answer<T> = { ok: true; value: T } | { ok: false; problem: { code: string; detail: string } }
const valueOf = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}

const list = async ({ handle, seller }: Sale) =>
  valueOf(await market.buyer(seller).openListing({ params: { handle }, body: { price } }))

const order = async ({ handle, buyer, key }: Sale) =>
  valueOf(await market.buyer(buyer).placeOrder({ body: { handle, price }, idempotencyKey: key }))

const pageOf = ({ handle, buyer, orderId: id }: Sale) => openPage(market, { id, buyer, offer: { handle, price } })

const accept = async ({ buyer, orderId }: Sale) =>
  valueOf(await market.buyer(buyer).acceptInspection({ params: { orderId } }))

const statusOf = async ({ buyer, orderId }: Sale) =>
  valueOf(await market.buyer(buyer).getOrder({ params: { orderId } })).status

/** From the listing to the seller's payment. A mail tells of the order as it is when it is sent: a buyer who pays at once may be quicker. */
const sellAll = async (sale: Sale): Promise<void> => {
  await list(sale)
  await order(sale)
  await market.system.idle()
  expect(await payOnPage(await pageOf(sale))).toBe('paid')
  await market.system.idle()
  await accept(sale)
  await market.system.idle()
}

it('each step, from the listing to the settlement', async () => {
  const sale = await sellable('stepwise')

  const listing = await costOf(market, () => list(sale))
  expect(listing.calls).toEqual({
    // The handle and whether its looks are protected; the seller's standing; the count of requests.
    'dynamodb:BatchGetItem': 1,
    'dynamodb:GetItem': 1,
    'dynamodb:UpdateItem': 1,
    'dynamodb:PutItem': 1,
    // The entry that it replaced.
    'dynamodb:BatchWriteItem': 1,
  })
  expect(units(listing)).toEqual({ readUnits: 3, indexReadUnits: 0, writeUnits: 3, indexWriteUnits: 1 })

  // As an order of the platform's own, and a mail to the seller: order, contact and handle are read, the mail is claimed and noted.
  const ordering = await costOf(market, () => order(sale))
  expect(ordering.calls).toEqual({
    'dynamodb:BatchGetItem': 1,
    'dynamodb:Query': 1,
    'dynamodb:UpdateItem': 1,
    'dynamodb:TransactWriteItems': 1,
    'dynamodb:BatchWriteItem': 1,
    'events:PutEvents': 1,
    'dynamodb:GetItem': 3,
    'dynamodb:PutItem': 2,
    'ses:SendEmail': 1,
  })
  // On indexes: the order in three, and the handle's place on its shelf.
  expect(units(ordering)).toEqual({ readUnits: 5.5, indexReadUnits: 0.5, writeUnits: 8, indexWriteUnits: 4 })

  let page = ''
  const checkout = await costOf(market, async () => {
    page = await pageOf(sale)
  })
  expect(checkout.calls).toEqual({ 'dynamodb:GetItem': 1, 'stripe:POST /v1/checkout/sessions': 1 })
  expect(units(checkout)).toEqual({ readUnits: 1, indexReadUnits: 0, writeUnits: 0, indexWriteUnits: 0 })

  const paying = await costOf(market, () => payOnPage(page))
  expect(await statusOf(sale)).toBe('inspection')
  expect(callsTo(paying, 'stripe')).toEqual({})
  expect(callsTo(paying, 'sqs')).toEqual({ 'sqs:SendMessage': 1 })
  // Capture, hand-over and the seller's other handle are one transaction of three items.
  expect(callsTo(paying, 'dynamodb')).toMatchObject({ 'dynamodb:TransactWriteItems': 1, 'dynamodb:GetItem': 8 })
  // Written: 8 in the transaction, 2 entries that it replaced, 2 of a mail. On indexes: 2 where the clock finds the order, 1 in
  // each list of orders, and of the two handles 6.
  expect(units(paying)).toEqual({ readUnits: 7, indexReadUnits: 0.5, writeUnits: 12, indexWriteUnits: 10 })

  const settling = await costOf(market, () => accept(sale))
  expect(await statusOf(sale)).toBe('settled')
  expect(callsTo(settling, 'stripe')).toEqual({
    // Whether the buyer has the price back already, whether the transfer was made before, which charge it is paid out of, and the transfer itself.
    'stripe:GET /v1/refunds': 1,
    'stripe:GET /v1/transfers': 1,
    'stripe:GET /v1/payment_intents/{id}': 1,
    'stripe:POST /v1/transfers': 1,
  })
  // The acceptance, and the settlement with the seller; the plan between them and a mail are the single writes.
  expect(callsTo(settling, 'dynamodb')).toMatchObject({
    'dynamodb:TransactWriteItems': 2,
    'dynamodb:GetItem': 10,
    'dynamodb:PutItem': 3,
  })
  expect(units(settling)).toEqual({ readUnits: 9.5, indexReadUnits: 0, writeUnits: 18, indexWriteUnits: 8 })
})

it('a whole sale costs at most 41 write units with its archive and its mails, 23 on indexes, 27 read units and five calls to Stripe', async () => {
  const sale = await sellable('whole')
  const cost = await costOf(market, () => sellAll(sale))
  expect(await statusOf(sale)).toBe('settled')
  expect(cost.writeUnits).toBeLessThanOrEqual(41)
  expect(cost.indexWriteUnits).toBeLessThanOrEqual(23)
  expect(cost.readUnits).toBeLessThanOrEqual(27)
  expect(cost.indexReadUnits).toBeLessThanOrEqual(1)
  expect(cost.calls['dynamodb:TransactWriteItems']).toBe(4)
  expect(Object.values(callsTo(cost, 'stripe'))).toEqual([1, 1, 1, 1, 1])
  // One message of the webhook; to the other queues events go by the rules of the bus, 7 of them.
  expect(callsTo(cost, 'sqs')).toEqual({ 'sqs:SendMessage': 1 })
  expect(cost.eventUnits).toBe(7)
  expect(cost.calls['ses:SendEmail']).toBe(3)
  // By stream batch, and not one more a table.
  expect(cost.calls['dynamodb:BatchWriteItem']).toBeLessThanOrEqual(8)
  expect(cost.calls['events:PutEvents']).toBeLessThanOrEqual(7)
})

it('the lists of buyer and seller are one query each, of what they show and no more', async () => {
  const sale = await sellable('shown')
  await sellAll(sale)
  const mine = await costOf(market, async () => {
    expect(valueOf(await market.buyer(sale.buyer).listOrders({})).items).toMatchObject([{ status: 'settled', price }])
    const net = { amountMinor: 800_00, currency: 'USD' }
    const [sold] = valueOf(await market.buyer(sale.seller).listMySales({})).items
    expect(sold).toMatchObject({ orderId: sale.orderId, status: 'settled', quote: { net }, paid: net })
  })
  expect(mine.calls).toEqual({ 'dynamodb:Query': 2 })
  expect(units(mine)).toEqual({ readUnits: 0, indexReadUnits: 1, writeUnits: 0, indexWriteUnits: 0 })
})
