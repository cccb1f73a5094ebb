import { createHmac } from 'node:crypto'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Core } from './core.ts'
import type { Delivery } from './state.ts'

const minute = 60_000
/** Minutes until the next attempt, after the first, second, … failure; the last one repeats. */
const retryMinutes = [1, 5, 30, 120, 300, 600, 720]
const triedForMs = 3 * 24 * 60 * minute
const concurrentMax = 64

/**
 * Sends events to the webhook endpoints: signed, many at once over kept connections, so in no particular order.
 * Anything but a 2xx within the time limit is tried again, with growing delay on the server's clock, for three days.
 */
export class Deliveries {
  private readonly core: Core
  private readonly timeoutMs: number
  private readonly agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: concurrentMax }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: concurrentMax }),
  }
  private readonly ready: string[] = []
  private readonly known = new Set<string>()
  private readonly waiting: (() => void)[] = []
  private inFlight = 0
  private stopped = false

  constructor(core: Core, timeoutMs: number) {
    this.core = core
    this.timeoutMs = timeoutMs
    core.onDelivery = (id) => this.queue(id)
  }

  /** Takes up whatever has fallen due: retries, and what an earlier run of the server left behind. */
  takeDue(): void {
    if (this.stopped) return
    for (const { id } of this.core.state.dueDeliveries(this.core.now(), 1000)) this.queue(id)
    this.pump()
  }

  /** Sends what is queued, as far as connections allow. */
  pump(): void {
    while (!this.stopped && this.inFlight < concurrentMax) {
      const id = this.ready.shift()
      if (id === undefined) break
      const delivery = this.core.state.findDelivery(id)
      if (delivery?.status === 'pending') this.send(delivery)
      else this.known.delete(id)
    }
    if (this.inFlight === 0 && this.ready.length === 0) for (const resolve of this.waiting.splice(0)) resolve()
  }

  /** Resolves once nothing is queued or under way. Retries that fall due later do not count. */
  idle(): Promise<void> {
    if (this.inFlight === 0 && this.ready.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  stop(): void {
    this.stopped = true
    for (const agent of Object.values(this.agents)) agent.destroy()
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  private queue(id: string): void {
    if (this.known.has(id)) return
    this.known.add(id)
    this.ready.push(id)
  }

  private send(delivery: Delivery): void {
    const body = this.core.state.findText('event', delivery.event)
    const connected = this.core.state.find('event', delivery.event)?.account !== undefined
    const webhook = this.core.webhooks.find(({ url, connect = false }) => url === delivery.url && connect === connected)
    if (body === undefined || !webhook) {
      this.finish(delivery, { status: null, error: 'The endpoint is no longer configured', giveUp: true })
      return
    }
    this.inFlight += 1
    let settled = false
    const settle = (status: number | null, error: string | null): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      this.inFlight -= 1
      if (this.stopped) return
      this.finish(delivery, { status, error, giveUp: false })
      this.pump()
    }
    const target = new URL(delivery.url)
    const secure = target.protocol === 'https:'
    const request = (secure ? httpsRequest : httpRequest)(target, {
      method: 'POST',
      agent: this.agents[secure ? 'https:' : 'http:'],
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(body),
        'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        Accept: '*/*; q=0.5, application/xml',
        'Stripe-Signature': signatureHeader(body, webhook.secret, this.core.seconds()),
      },
    })
    const timer = setTimeout(() => {
      settle(null, `No answer within ${this.timeoutMs} ms`)
      request.destroy()
    }, this.timeoutMs)
    request.on('response', (response) => {
      response.resume()
      response.on('end', () => settle(response.statusCode ?? null, null))
      response.on('error', (error) => settle(null, error.message))
    })
    request.on('error', (error) => settle(null, error.message))
    request.end(body)
  }

  private finish(delivery: Delivery, answer: { status: number | null; error: string | null; giveUp: boolean }): void {
    this.known.delete(delivery.id)
    const attempts = delivery.attempts + (answer.giveUp ? 0 : 1)
    const succeeded = answer.status !== null && answer.status >= 200 && answer.status < 300
    const now = this.core.now()
    const nextAt = now + (retryMinutes[Math.min(attempts, retryMinutes.length) - 1] ?? 1) * minute
    const again = !succeeded && !answer.giveUp && nextAt <= delivery.createdAt + triedForMs
    this.core.state.updateDelivery({
      ...delivery,
      attempts,
      status: succeeded ? 'succeeded' : again ? 'pending' : 'failed',
      nextAt: again ? nextAt : null,
      responseStatus: answer.status,
      error: answer.error,
    })
  }
}

/** Stripe's scheme: an HMAC-SHA256 of time, point and the exact body. */
const signatureHeader = (body: string, secret: string, seconds: number): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
