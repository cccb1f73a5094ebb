import type { FaultKind } from './faults.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** The refusal of a call that no policy allows, in the form that the service itself gives it. */
export function accessDenied(service: string, principal: string, action: string, resource: string): Answer {
  const message = `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`
  switch (service) {
    case 's3':
      return xml(403, 'AccessDenied', message)
    case 'sqs':
      return json(403, 'com.amazon.coral.service#AccessDeniedException', message, {
        'x-amzn-query-error': 'AccessDenied;Sender',
      })
    case 'ses':
      return json(403, 'AccessDeniedException', message)
    default:
      return json(400, 'com.amazon.coral.service#AccessDeniedException', message)
  }
}

/** A request that the local system does not know. */
export function unknownOperation(service: string, operation: string): Answer {
  const message = `the local system has no ${service}:${operation}`
  return service === 's3' ? xml(501, 'NotImplemented', message) : json(400, 'UnknownOperationException', message)
}

/** The error by which a service says what an injected fault says. `undefined` for faults that give no answer. */
export function faultAnswer(kind: FaultKind, service: string, operation: string, items: number): Answer | undefined {
  switch (kind) {
    case 'timeout':
    case 'cut':
    case 'kill':
      return undefined
    case 'throttle':
    case 'partial':
      return throttled(service)
    case 'conflict':
      return conflict(service, operation, items)
    case '429':
      return service === 'stripe' ? throttled(service) : withStatus(throttled(service), 429)
    case '500':
      return internal(service)
  }
}

function throttled(service: string): Answer {
  switch (service) {
    case 'stripe':
      return {
        status: 429,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Request rate limit exceeded.' },
        }),
      }
    case 'dynamodb':
      return json(
        400,
        'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
        'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
      )
    case 's3':
      return xml(503, 'SlowDown', 'Please reduce your request rate.')
    case 'sqs':
      return json(403, 'com.amazonaws.sqs#RequestThrottled', 'The request was denied due to request throttling.', {
        'x-amzn-query-error': 'RequestThrottled;Sender',
      })
    case 'ses':
      return json(429, 'TooManyRequestsException', 'Maximum sending rate exceeded.')
    default:
      return json(400, 'ThrottlingException', 'Rate exceeded')
  }
}

function conflict(service: string, operation: string, items: number): Answer {
  if (service !== 'dynamodb') return throttled(service)
  if (!operation.startsWith('Transact')) {
    return json(
      400,
      'com.amazonaws.dynamodb.v20120810#TransactionConflictException',
      'Transaction is ongoing for the item',
    )
  }
  const reasons = Array.from({ length: Math.max(1, items) }, (_, index) =>
    index === 0 ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' } : { Code: 'None' },
  )
  return {
    status: 400,
    headers: jsonHeaders,
    body: JSON.stringify({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
      CancellationReasons: reasons,
    }),
  }
}

function internal(service: string): Answer {
  switch (service) {
    case 'stripe':
      return {
        status: 500,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ error: { type: 'api_error', message: 'An unknown error occurred.' } }),
      }
    case 's3':
      return xml(500, 'InternalError', 'We encountered an internal error. Please try again.')
    case 'dynamodb':
      return json(500, 'com.amazonaws.dynamodb.v20120810#InternalServerError', 'Internal server error')
    default:
      return json(500, 'InternalFailure', 'The request processing has failed because of an unknown error.')
  }
}

const jsonHeaders = { 'content-type': 'application/x-amz-json-1.0' }

export function json(status: number, type: string, message: string, headers: Record<string, string> = {}): Answer {
  // Older services write Message, newer ones message; the clients read either.
  return {
    status,
    headers: { ...jsonHeaders, ...headers },
    body: JSON.stringify({ __type: type, message, Message: message }),
  }
}

export function xml(status: number, code: string, message: string): Answer {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message></Error>`,
  }
}

function withStatus(answer: Answer, status: number): Answer {
  return { ...answer, status }
}
