import type { LookupFunction } from 'node:net'
import * as http from 'node:http'
import * as https from 'node:https'
import { RequestFilteringHttpsAgent } from 'request-filtering-agent'
import { webhookHeaders, webhookKeys, type WebhookMessage } from './webhook-signature.ts'

export type OutboundConfig = {
  /** Where messages go: configured by an operator with the deployment, never by a user. */
  readonly url: string
  readonly secret: string
  /**
   * The one origin that may be at the machine's own address, `http` allowed: for a whole system on one machine. Absent in a
   * cloud, where every private address is refused.
   */
  readonly loopbackOrigin?: string | undefined
  readonly now: () => number
  /** How a name becomes an address; the system's resolver when not given. */
  readonly lookup?: LookupFunction
  /** All of one try: name, connection, request and answer. */
  readonly timeoutMs?: number
}

export type Outbound = {
  /** Sends once. Done where the receiver answered 2xx; what it said beside that is not read. */
  readonly send: (message: WebhookMessage) => Promise<void>
}

/** The message was not taken: no connection, one that is not allowed, or another answer than 2xx. Sending again is safe. */
export class OutboundFailed extends Error {
  override readonly name = 'OutboundFailed'
}

/** Less than a worker has for a message, and more than a healthy endpoint ever needs. */
const patienceMs = 10_000

/** An answer's headers are bounded by the runtime (16 kB); of its body so much is let by before the line is cut. */
const answerBytesMax = 16 * 1024

/**
 * Signed messages to one configured endpoint. The address is checked where the connection is made: each connection asks the
 * resolver once and goes to what was checked, so a name cannot be one thing when looked at and another when called. Redirects
 * are answers other than 2xx, and no proxy of the environment is used.
 * @throws where the URL is not one to send to
 */
export const openOutbound = (config: OutboundConfig): Outbound => {
  const { loopbackOrigin, now, lookup, timeoutMs = patienceMs } = config
  const url = targetOf(config.url, loopbackOrigin)
  const keys = webhookKeys(config.secret)
  const { request } = url.protocol === 'https:' ? https : http
  const agent = agentFor(url, loopbackOrigin)

  const send = ({ id, body }: WebhookMessage): Promise<void> =>
    new Promise((done, fail) => {
      const failed = (why: string, cause?: unknown) => fail(new OutboundFailed(`${id}: ${why}`, { cause }))
      const payload = Buffer.from(body, 'utf8')
      const sent = request(url, {
        method: 'POST',
        agent,
        signal: AbortSignal.timeout(timeoutMs),
        ...(lookup === undefined ? {} : { lookup }),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': payload.length,
          'user-agent': 'handle-marketplace',
          ...webhookHeaders({ id, body }, keys, now()),
        },
      })
      sent.on('error', (error) => failed(error.message, error))
      sent.on('response', (answer) => {
        const { statusCode = 0 } = answer
        if (statusCode >= 200 && statusCode < 300) done()
        else failed(`the endpoint answered ${statusCode}`)
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > answerBytesMax) answer.destroy()
        })
        // What becomes of the rest of the answer matters to nobody: its status has decided.
        answer.on('error', () => undefined)
      })
      sent.end(payload)
    })
  return { send }
}

const targetOf = (text: string, loopbackOrigin: string | undefined): URL => {
  const url = URL.parse(text)
  if (url === null) throw new Error('the URL of the webhooks is none')
  if (url.username !== '' || url.password !== '') throw new Error('the URL of the webhooks must not hold credentials')
  if (url.protocol !== 'https:' && url.origin !== loopbackOrigin) {
    throw new Error('the URL of the webhooks must begin with https://')
  }
  return url
}

/** A connection each: nothing of one message is kept for the next, and none is older than its check. */
const agentFor = (url: URL, loopbackOrigin: string | undefined): http.Agent => {
  if (url.origin !== loopbackOrigin) return new RequestFilteringHttpsAgent({ keepAlive: false })
  return url.protocol === 'https:' ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false })
}
