import type Stripe from 'stripe'
import type { Market, RawAnswer } from './market.ts'
import { openPage, payOnPage, type Placed } from './purchase.ts'

const path = '/v1/webhooks/stripe'

/** How a delivery differs from a genuine one of this instant. */
export type Sending = {
  /** Seconds since the epoch at which it was signed. */
  readonly signedAt?: number
  readonly secret?: string
  /** The header itself; null leaves it out. */
  readonly signature?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** The bytes that go over the wire, where they are not the signed ones. */
  readonly wire?: string | Uint8Array<ArrayBuffer>
}

/** Stripe's header over this text, by Stripe's own client. */
export const signatureOf = (market: Market, text: string, { signedAt, secret }: Sending = {}): string =>
  market.provider.webhooks.generateTestHeaderString({
    payload: text,
    secret: secret ?? market.secrets.webhookSecret,
    timestamp: signedAt ?? Math.floor(market.system.clock.now() / 1000),
  })

/** Delivers an event as Stripe would, except for what `sending` says. */
export const deliver = async (market: Market, text: string, sending: Sending = {}): Promise<RawAnswer> => {
  const signature = sending.signature === undefined ? signatureOf(market, text, sending) : sending.signature
  const response = await fetch(new URL(path, market.system.url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(signature === null ? {} : { 'stripe-signature': signature }),
      ...sending.headers,
    },
    body: sending.wire ?? text,
  })
  const answer = await response.text()
  const { code } = JSON.parse(answer) as { code?: string }
  return { status: response.status, headers: response.headers, text: answer, code }
}

/** Stripe keeps its events to itself until `resumeWebhooks`. */
export const pauseWebhooks = ({ stripe }: Market): void => stripe.control.setWebhooks([])

export const resumeWebhooks = ({ stripe, system, secrets }: Market): void => {
  const url = `${system.url}${path}`
  stripe.control.setWebhooks([
    { url, secret: secrets.webhookSecret },
    { url, secret: secrets.connectWebhookSecret, connect: true },
  ])
}

/** Pays an order on its page while Stripe's webhooks are lost, and tells Stripe's charge. */
export const payUnheard = async (market: Market, order: Placed): Promise<Stripe.Charge> => {
  const page = await openPage(market, order)
  pauseWebhooks(market)
  try {
    const outcome = await payOnPage(page)
    if (outcome !== 'paid') throw new Error(`the page of ${order.id} was ${outcome}`)
  } finally {
    resumeWebhooks(market)
  }
  for await (const charge of market.provider.charges.list({ limit: 100 })) {
    if (charge.metadata['orderId'] === order.id) return charge
  }
  throw new Error(`Stripe has no charge of ${order.id}`)
}

/** The newest event of a type that is about this payment, as Stripe keeps it. */
export const findEvent = async (market: Market, type: string, charge: Stripe.Charge): Promise<Stripe.Event> => {
  for await (const event of market.provider.events.list({ type, limit: 100 })) {
    const { id, payment_intent: payment } = event.data.object as { id?: string; payment_intent?: unknown }
    if (id === charge.id || payment === charge.payment_intent) return event
  }
  throw new Error(`Stripe has no event ${type} of ${charge.id}`)
}

/** An event as Stripe would write it, with some fields otherwise. */
export const textOf = (event: Stripe.Event, changes: object = {}): string => JSON.stringify({ ...event, ...changes })
