import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { startStripeServer, type StripeServer, type StripeServerOptions } from '../../local/stripe/server.ts'
import { StripeValidator } from './validator.ts'

export const secretKey = 'sk_test_local_0123456789'
export const webhookSecret = 'whsec_test_secret'

/** A clock that stands still until it is moved. */
export class TestClock {
  private at = Date.UTC(2026, 10, 24, 12)
  readonly now = (): number => this.at

  /** Moves it forward: hours, minutes, seconds. */
  move({
    days = 0,
    hours = 0,
    minutes = 0,
    seconds = 0,
  }: {
    days?: number
    hours?: number
    minutes?: number
    seconds?: number
  }): void {
    this.at += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
  }

  seconds(): number {
    return Math.floor(this.at / 1000)
  }
}

export interface Received {
  signature: string
  body: string
  event: Stripe.Event
}

/** A webhook endpoint that verifies what it gets and answers as told. */
export class Endpoint {
  readonly received: Received[] = []
  /** The status of the next answers; null for no answer at all. */
  status: number | null = 200
  private readonly server: Server
  private readonly clock: TestClock

  constructor(clock: TestClock) {
    this.clock = clock
    this.server = createServer((request, response) => {
      void this.take(request).then(() => {
        if (this.status !== null) response.writeHead(this.status).end()
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/webhooks`
  }

  types(): string[] {
    return this.received.map(({ event }) => event.type)
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const signature = String(request.headers['stripe-signature'])
    // Throws, and so never answers, when the signature is not right on the moved clock.
    const event = Stripe.webhooks.constructEvent(body, signature, webhookSecret, 300, undefined, this.clock.seconds())
    this.received.push({ signature, body, event })
  }
}

export interface Local {
  clock: TestClock
  endpoint: Endpoint
  webhookUrl: string
  server: StripeServer
  stripe: Stripe
  validator: StripeValidator
  stop(): Promise<void>
}

/** A server with an endpoint, a client that does not retry, and the validator switched on. */
export const startLocal = async (
  options: Partial<StripeServerOptions> = {},
  clock = new TestClock(),
): Promise<Local> => {
  const endpoint = new Endpoint(clock)
  const webhookUrl = await endpoint.start()
  const validator = new StripeValidator()
  const server = await startStripeServer({
    now: clock.now,
    secretKey,
    webhooks: [
      { url: webhookUrl, secret: webhookSecret },
      { url: webhookUrl, secret: webhookSecret, connect: true },
    ],
    onCall: validator.onCall,
    ...options,
  })
  return {
    clock,
    endpoint,
    webhookUrl,
    server,
    stripe: clientOf(server),
    validator,
    stop: async () => {
      await server.stop()
      endpoint.stop()
    },
  }
}

/** The official client, pointed at a server by configuration alone. */
export const clientOf = (server: StripeServer, key = secretKey): Stripe =>
  new Stripe(key, { host: '127.0.0.1', port: server.port, protocol: 'http', maxNetworkRetries: 0 })

/** Parameters of a session for one handle, in cents. */
export const sessionFor = (
  amount = 250_000,
  more: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Stripe.Checkout.SessionCreateParams => ({
  mode: 'payment',
  success_url: 'https://market.example/thanks?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://market.example/orders/ord_1',
  client_reference_id: 'ord_1',
  line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: amount, product_data: { name: '@nova' } } }],
  metadata: { order: 'ord_1' },
  payment_intent_data: { description: 'Handle @nova', metadata: { order: 'ord_1' }, transfer_group: 'ord_1' },
  ...more,
})

/** Pays a session on its page as a browser would. Returns the status and where the page leads. */
export const submit = async (
  server: StripeServer,
  session: { id: string },
  form: string,
  fields: Record<string, string> = {},
): Promise<{ status: number; location: string | null; page: string }> => {
  const card = {
    email: 'buyer@example.com',
    name: 'Ada Buyer',
    number: '4242 4242 4242 4242',
    expiry: '12 / 34',
    cvc: '123',
  }
  const response = await fetch(`${server.url}/c/pay/${session.id}/${form}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ ...(form === 'card' && card), ...fields }),
  })
  return { status: response.status, location: response.headers.get('location'), page: await response.text() }
}
