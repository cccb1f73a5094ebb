import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import middy from '@middy/core'
import { openQueue } from '../../shared/gateways/queue.ts'
import { readStripeSecret } from '../../shared/gateways/secret.ts'
import { orderedBy, toPaymentMessage, verifyStripeEvent } from '../../shared/gateways/stripe-events.ts'
import { bodyBytesMax, faultResponse, jsonResponse, problemResponse } from '../../shared/runtime/api.ts'
import { readConfig } from '../../shared/runtime/config.ts'
import { log } from '../../shared/runtime/log.ts'
import { once } from '../../shared/runtime/once.ts'

const config = readConfig('STRIPE_SECRET_ARN', 'PAYMENTS_QUEUE_URL')
const secret = once(() => readStripeSecret(config.STRIPE_SECRET_ARN))
const queue = openQueue(config.PAYMENTS_QUEUE_URL)

/**
 * Verify the raw body, queue, 200. The queue delivers one payment's events one at a time and in order, drops an event id
 * it saw within 5 minutes, and the order itself knows what it has applied, so a later repeat changes nothing.
 */
export const handler = middy<APIGatewayProxyEventV2>()
  .use({ onError: (request) => void (request.response ??= faultResponse(request.event, request.error)) })
  .handler(async (event) => {
    const { requestId } = event.requestContext
    const raw = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '')
    if (Buffer.byteLength(raw) > 4 * bodyBytesMax) {
      return problemResponse({ code: 'body_too_large', message: 'No event is as large as this' }, requestId)
    }
    const { webhookSecret, connectWebhookSecret } = await secret()
    const secrets = connectWebhookSecret === undefined ? [webhookSecret] : [webhookSecret, connectWebhookSecret]
    const verified = verifyStripeEvent(raw, event.headers['stripe-signature'], secrets, Date.now())
    if (!verified.ok) {
      log('warn', 'webhook_refused', { requestId, code: verified.refusal.code })
      return problemResponse(verified.refusal, requestId)
    }
    const message = toPaymentMessage(verified.value)
    await queue.sendInOrder(message, orderedBy(message), message.eventId)
    log('info', 'webhook_queued', { requestId, eventId: message.eventId, type: message.type })
    return jsonResponse(200, { received: true }, requestId)
  })
