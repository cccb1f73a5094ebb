import { randomUUID } from 'node:crypto'
import type { Client } from '../shared/contract/client.ts'
import { formatMoney, usd } from '../shared/contract/money.ts'
import { fail, payByCard, type reachInstance, submit, value } from './demo-instance.ts'
import type { Telling } from './demo-telling.ts'

type Sale = {
  readonly reach: ReturnType<typeof reachInstance>
  readonly telling: Telling
  readonly seller: Client
  readonly buyer: Client
  /** The buyer's. */
  readonly card: string | undefined
  /** Held by the seller. */
  readonly handle: string
}

/** Days after which a handle that was bought here can be sold on, with one to spare. */
const coolingDays = 8

/**
 * A handle changes hands between users: the holder takes offers, they agree on a price, the money is held, the buyer looks
 * at the handle, and the seller is paid less commission. Returns the order.
 */
export const sellBetweenUsers = async ({ reach, telling, seller, buyer, card, handle }: Sale): Promise<string> => {
  const { instance, moveClock } = reach
  await moveClock(coolingDays * 24 * 60)
  const { url, seller: begun } = value(await seller.beginOnboarding({ body: { country: 'US' } }))
  await fillInOnboarding(url)
  await instance('idle')
  telling.line(
    `the seller was ${begun.status} at the payment provider and is ${value(await seller.getSeller({})).status}`,
  )

  const params = { handle }
  const settings = { offers: 'on', floor: usd(500_00), from: 'anyone' } as const
  value(await seller.changeOfferSettings({ params, body: settings }))
  const low = value(await buyer.makeOffer({ body: { handle, amount: usd(100_00) }, idempotencyKey: randomUUID() }))
  telling.line(`${formatMoney(usd(100_00))} is below the holder's floor: ${low.status} at once, and nobody is troubled`)
  await moveClock(25 * 60)
  const offer = value(await buyer.makeOffer({ body: { handle, amount: usd(900_00) }, idempotencyKey: randomUUID() }))
  const [received] = value(await seller.listNegotiations({ query: { side: 'received' } })).items
  telling.line(`${received?.counterpart.alias} offers ${formatMoney(offer.amount)}; who that is, nobody is told`)
  const offerId = { offerId: offer.id }
  const asked = value(await seller.counterNegotiation({ params: offerId, body: { amount: usd(1_300_00) } }))
  const { quote } = asked
  telling.line(
    `the holder asks ${formatMoney(quote.price)}: ${formatMoney(quote.commission)} commission, ${formatMoney(quote.net)} net`,
  )
  const accepted = value(await buyer.acceptNegotiation({ params: offerId, body: { amount: usd(1_300_00) } }))
  const orderId = accepted.orderId ?? fail('the acceptance placed no order')

  await payByCard(value(await buyer.openCheckout({ params: { orderId } })).url, card)
  await instance('idle')
  const paid = value(await buyer.getOrder({ params: { orderId } }))
  telling.line(`paid, and handed over at once: ${paid.status} until ${paid.next?.by}`)
  const { replacedBy } = value(await seller.getMySale({ params: { orderId } }))
  telling.line(`the seller's account is @${replacedBy} now`)
  value(await buyer.acceptInspection({ params: { orderId } }))
  await instance('idle')
  const sold = value(await seller.getMySale({ params: { orderId } }))
  telling.line(`the buyer accepts; ${formatMoney(sold.paid ?? usd(0))} is transferred to the seller`)
  return orderId
}

/** The provider's hosted form, as a person fills it in. */
const fillInOnboarding = async (url: string): Promise<void> => {
  await fetch(url, { redirect: 'manual' })
  await submit(`${url}/form`, {
    first_name: 'Alice',
    last_name: 'Example',
    birth: '1990-01-31',
    ssn_last_4: '0000',
    bank_account: '000123456789',
    outcome: 'complete',
  })
}
