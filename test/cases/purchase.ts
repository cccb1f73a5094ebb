import type { Market, Offer } from './market.ts'

/** An order that was placed, with its buyer. */
export type Placed = { readonly id: string; readonly buyer: string; readonly offer: Offer }

let keys = 0

/** A key that no request of this run has used. */
export const freshKey = (): string => `key-${(keys += 1)}`

/** Places an order; anything but 201 is an error of the test. */
export const placeOrder = async (
  market: Market,
  buyer: string,
  offer: Offer = market.nextOffer(),
  key: string = freshKey(),
): Promise<Placed> => {
  const answer = await market.buyer(buyer).placeOrder({ body: offer, idempotencyKey: key })
  if (!answer.ok) throw new Error(`${buyer} was refused ${offer.handle}: ${answer.problem.code}`)
  return { id: answer.value.id, buyer, offer }
}

/** The address of the hosted page of an order. */
export const openPage = async (market: Market, order: Placed): Promise<string> => {
  const answer = await market.buyer(order.buyer).openCheckout({ params: { orderId: order.id } })
  if (!answer.ok) throw new Error(`no page for ${order.id}: ${answer.problem.code}`)
  return answer.value.url
}

/** Types a card into the hosted page. `paid`: money was taken. `closed`: the page took none. */
export const payOnPage = async (
  page: string,
  card: { number?: string } = {},
): Promise<'paid' | 'closed' | 'declined'> => {
  const response = await fetch(`${page}/card`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      email: 'buyer@example.com',
      name: 'Test Buyer',
      number: card.number ?? '4242 4242 4242 4242',
      expiry: '12 / 34',
      cvc: '123',
    }),
  })
  await response.text()
  switch (response.status) {
    case 303:
      return 'paid'
    case 409:
      return 'closed'
    case 402:
      return 'declined'
    default:
      throw new Error(`the page answered ${response.status}`)
  }
}

/** From the market to the paid page; the webhook's work is left to the caller to wait for. */
export const buy = async (market: Market, buyer: string, offer: Offer = market.nextOffer()): Promise<Placed> => {
  const order = await placeOrder(market, buyer, offer)
  const outcome = await payOnPage(await openPage(market, order))
  if (outcome !== 'paid') throw new Error(`the page of ${order.id} was ${outcome}`)
  return order
}

/** The order's status as its buyer sees it. */
export const statusOf = async (market: Market, order: Placed): Promise<string> => {
  const answer = await market.buyer(order.buyer).getOrder({ params: { orderId: order.id } })
  if (!answer.ok) throw new Error(`${order.id}: ${answer.problem.code}`)
  return answer.value.status
}
