import { createHmac } from 'node:crypto'

/** A webhook as it is sent: the receiver knows a repetition by its id. Neither id nor body changes from try to try. */
export type WebhookMessage = { readonly id: string; readonly body: string }

/** Standard Webhooks asks for 24 bytes at least; a generated secret has 48. */
const secretBytesMin = 24

/**
 * The keys of a secret: one or more, apart by spaces, each in base64 with or without `whsec_` before it. While a secret is
 * changed both are in it, and each message is signed with both.
 * @throws where one of them is no base64 or too short; the message holds nothing of it
 */
export const webhookKeys = (secret: string): readonly Buffer[] => {
  const keys = secret.split(/\s+/).flatMap((text) => (text === '' ? [] : [keyOf(text.replace(/^whsec_/, ''))]))
  if (keys.length === 0) throw new Error('the secret of the webhooks has no value')
  return keys
}

const keyOf = (text: string): Buffer => {
  const key = Buffer.from(text, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < secretBytesMin) {
    throw new Error(`the secret of the webhooks must be base64 of ${secretBytesMin} bytes or more`)
  }
  return key
}

/** The headers of Standard Webhooks: what is signed is `id.timestamp.body`, with HMAC-SHA-256. */
export const webhookHeaders = ({ id, body }: WebhookMessage, keys: readonly Buffer[], nowMs: number) => {
  const timestamp = Math.floor(nowMs / 1000)
  const signatures = keys.map((key) => {
    const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    return `v1,${digest}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
