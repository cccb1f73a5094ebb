import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Stripe from 'stripe'
import { createClient } from '../../shared/contract/client.ts'
import { payOnPage } from '../cases/purchase.ts'
import { checkedFetch } from './contract-check.ts'
import { type Market, value } from './market.ts'

let keys = 0

/** A key that no request of this run has used. */
export const newKey = (): string => `users-sale-${(keys += 1)}`

/** A client whose tokens are fresh, however far the clock was moved. */
export const clientOf = (market: Market, sub: string, claims: Readonly<Record<string, unknown>> = {}) =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub, claims), fetch: checkedFetch })

export const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })

/** A user lists the handle they hold, another one buys and pays it; returned is the order, which is inspected now. */
export const buyFromUser = async (
  market: Market,
  { handle, seller, buyer, priceMinor }: { handle: string; seller: string; buyer: string; priceMinor: number },
): Promise<string> => {
  const [sells, buys] = [clientOf(market, seller), clientOf(market, buyer)]
  value(await sells.openListing({ params: { handle }, body: { price: usd(priceMinor) } }))
  const body = { handle, price: usd(priceMinor) }
  const { id: orderId } = value(await buys.placeOrder({ body, idempotencyKey: newKey() }))
  const { url } = value(await buys.openCheckout({ params: { orderId } }))
  const outcome = await payOnPage(url)
  if (outcome !== 'paid') throw new Error(`the page of ${orderId} was ${outcome}`)
  await market.system.idle()
  return orderId
}

/** The charge that took the money of an order, from Stripe itself. */
export const chargeOf = async ({ system }: Market, orderId: string): Promise<Stripe.Charge> => {
  const secrets = JSON.parse(readFileSync(join(system.dataDir, 'secrets.json'), 'utf8')) as { secretKey: string }
  const { hostname, port } = new URL(system.stripe?.url ?? '')
  const provider = new Stripe(secrets.secretKey, { protocol: 'http', host: hostname, port, telemetry: false })
  for await (const charge of provider.charges.list({ limit: 100 })) {
    if (charge.metadata['orderId'] === orderId && charge.status === 'succeeded') return charge
  }
  throw new Error(`Stripe has no charge of ${orderId}`)
}
