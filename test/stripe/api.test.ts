import Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiVersion } from '../../local/stripe/api-version.ts'
import { clientOf, secretKey, sessionFor, startLocal, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal()
})

afterEach(async () => {
  await local.stop()
  local.validator.verify()
})

const raw = async (
  method: string,
  path: string,
  { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
): Promise<{
  status: number
  headers: Headers
  body: { error?: Record<string, unknown> } & Record<string, unknown>
}> => {
  const response = await fetch(`${local.server.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${secretKey}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    ...(body !== undefined && { body }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error?: Record<string, unknown> },
  }
}

const errorOf = async (promise: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error
    throw error
  }
  throw new Error('The call succeeded')
}

describe('the client in use', () => {
  it('speaks the API version that objects and events have here', () => {
    expect(Stripe.API_VERSION).toBe(apiVersion)
  })
})

describe('headers', () => {
  it('echo the version and the key, and name the request', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor(), { idempotencyKey: 'key-1' })
    expect(session.lastResponse.requestId).toMatch(/^req_\w{14}$/)
    expect(session.lastResponse.apiVersion).toBe(apiVersion)
    expect(session.lastResponse.idempotencyKey).toBe('key-1')
  })

  it('a version that is none is refused', async () => {
    const answer = await raw('GET', '/v1/balance', { headers: { 'stripe-version': 'latest' } })
    expect(answer).toMatchObject({ status: 400, body: { error: { message: 'Invalid Stripe API version: latest' } } })
  })
})

describe('authentication', () => {
  it('a wrong key: 401 with the key masked', async () => {
    const error = await errorOf(clientOf(local.server, 'sk_test_wrong_9876543210').balance.retrieve())
    expect(error).toBeInstanceOf(Stripe.errors.StripeAuthenticationError)
    expect(error.statusCode).toBe(401)
    expect(error.message).toBe('Invalid API Key provided: sk_test_************3210')
  })

  it('no key: 401', async () => {
    const response = await fetch(`${local.server.url}/v1/balance`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="Stripe"')
  })

  it('the key as the user of basic authentication', async () => {
    const authorization = `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`
    expect((await raw('GET', '/v1/balance', { headers: { authorization } })).status).toBe(200)
  })

  it('another account: 403', async () => {
    const error = await errorOf(local.stripe.balance.retrieve({}, { stripeAccount: 'acct_1' }))
    expect(error).toMatchObject({ statusCode: 403, code: 'account_invalid' })
  })
})

describe('refusals', () => {
  it.each([
    ['GET', '/v1/nothing'],
    ['POST', '/v1/charges'],
    ['DELETE', '/v1/refunds/re_1'],
  ])('an unknown URL: %s %s', async (method, path) => {
    const { status, body } = await raw(method, path)
    expect(status).toBe(404)
    expect(body.error).toMatchObject({
      type: 'invalid_request_error',
      message: expect.stringContaining(`Unrecognized request URL (${method}: ${path})`) as string,
    })
  })

  it.each([
    ['checkout.session', '/v1/checkout/sessions/cs_none', 'session'],
    ['payment_intent', '/v1/payment_intents/pi_none', 'intent'],
    ['charge', '/v1/charges/ch_none', 'charge'],
    ['refund', '/v1/refunds/re_none', 'refund'],
    ['dispute', '/v1/disputes/du_none', 'dispute'],
    ['event', '/v1/events/evt_none', 'id'],
    ['balance_transaction', '/v1/balance_transactions/txn_none', 'id'],
  ])('no such %s', async (kind, path, param) => {
    const { status, body } = await raw('GET', path)
    expect(status).toBe(404)
    expect(body.error).toMatchObject({
      code: 'resource_missing',
      message: `No such ${kind}: '${path.split('/').at(-1)}'`,
      param,
    })
  })

  it.each([
    ['an unknown parameter', 'foo=1', 'parameter_unknown', 'foo'],
    ['an unknown nested parameter', 'line_items[0][colour]=red', 'parameter_unknown', 'line_items[0][colour]'],
    ['an empty one', 'customer_email=', 'parameter_invalid_empty', 'customer_email'],
    ['text for a number', 'expires_at=soon', 'parameter_invalid_integer', 'expires_at'],
    ['a fraction for a number', 'expires_at=1.5', 'parameter_invalid_integer', 'expires_at'],
    ['a number too large', 'expires_at=9007199254740993', 'parameter_invalid_integer', 'expires_at'],
    ['a value outside the set', 'mode=gift', undefined, 'mode'],
    ['text for a list', 'line_items=x', undefined, 'line_items'],
    ['text for a record', 'payment_intent_data=x', undefined, 'payment_intent_data'],
    ['a missing one', 'mode=payment', 'parameter_missing', 'success_url'],
    [
      'a missing nested one',
      'line_items[0][price_data][unit_amount]=5',
      'parameter_missing',
      'line_items[0][price_data][currency]',
    ],
    ['no line items', 'mode=payment&success_url=https://a.example', 'parameter_missing', 'line_items'],
    ['a URL that is none', 'mode=payment&success_url=thanks', 'url_invalid', 'success_url'],
    ['what newer versions took away', 'payment_method_types[0]=card', 'parameter_unknown', 'payment_method_types'],
  ])('%s', async (_, body, code, param) => {
    const answer = await raw('POST', '/v1/checkout/sessions', { body })
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatchObject({ type: 'invalid_request_error', param })
    expect(answer.body.error?.['code']).toBe(code)
  })

  it('an unknown parameter writes nothing, also beside good ones', async () => {
    const parameters = { ...sessionFor(), holder: 'x' }
    const error = await errorOf(local.stripe.checkout.sessions.create(parameters))
    expect(error).toMatchObject({
      statusCode: 400,
      code: 'parameter_unknown',
      message: 'Received unknown parameter: holder',
    })
    expect((await local.stripe.checkout.sessions.list()).data).toEqual([])
  })

  it('what Stripe has and this server has not: 501, never ignored', async () => {
    const parameters = sessionFor(100, { customer: 'cus_1' })
    const error = await errorOf(local.stripe.checkout.sessions.create(parameters))
    expect(error).toMatchObject({ statusCode: 501, code: 'local_server_unserved' })
    expect(error.message).toContain('the parameter customer')
  })

  it.each([
    ['too small', 49, 'amount_too_small'],
    ['too large', 99_999_999 + 1, 'parameter_invalid_integer'],
  ])('an amount that is %s', async (_, amount, code) => {
    const error = await errorOf(local.stripe.checkout.sessions.create(sessionFor(amount)))
    expect(error).toMatchObject({ statusCode: 400, code })
  })

  it('a name from the prototype is an unknown parameter', async () => {
    const answer = await raw('POST', '/v1/refunds', { body: '__proto__[x]=1&constructor=2' })
    expect(answer.body.error).toMatchObject({ code: 'parameter_unknown' })
  })

  it('a body that is not a form, too deep, or too large', async () => {
    const json = await raw('POST', '/v1/refunds', { body: '{}', headers: { 'content-type': 'application/json' } })
    expect(json.status).toBe(400)
    const deep = await raw('POST', '/v1/refunds', { body: `a${'[b]'.repeat(50)}=1` })
    expect(deep.status).toBe(400)
    const large = await raw('POST', '/v1/refunds', { body: `charge=${'x'.repeat(1_100_000)}` })
    expect(large.status).toBe(413)
  })

  it('metadata beyond its limits', async () => {
    const long = await errorOf(
      local.stripe.checkout.sessions.create(sessionFor(100, { metadata: { note: 'x'.repeat(501) } })),
    )
    expect(long).toMatchObject({ statusCode: 400, param: 'metadata[note]' })
  })
})

describe('older API versions', () => {
  it('may name payment_method_types outright', async () => {
    const parameters: object = { ...sessionFor(), payment_method_types: ['card'] }
    const session = await local.stripe.checkout.sessions.create(parameters, { apiVersion: '2025-09-30.clover' })
    expect(session.payment_method_types).toEqual(['card'])
    expect(session.lastResponse.apiVersion).toBe('2025-09-30.clover')
  })
})

describe('lists', () => {
  it('page forwards and backwards, newest first', async () => {
    const ids: string[] = []
    for (let index = 0; index < 5; index += 1)
      ids.unshift((await local.stripe.checkout.sessions.create(sessionFor())).id)
    const idsOf = (list: { data: { id: string }[] }): string[] => list.data.map(({ id }) => id)
    const first = await local.stripe.checkout.sessions.list({ limit: 2 })
    expect([idsOf(first), first.has_more]).toEqual([ids.slice(0, 2), true])
    const last = await local.stripe.checkout.sessions.list({ limit: 3, starting_after: ids[1] ?? '' })
    expect([idsOf(last), last.has_more]).toEqual([ids.slice(2), false])
    const before = await local.stripe.checkout.sessions.list({ limit: 2, ending_before: ids[3] ?? '' })
    expect([idsOf(before), before.has_more]).toEqual([ids.slice(1, 3), true])
    const all: string[] = []
    for await (const session of local.stripe.checkout.sessions.list({ limit: 2 })) all.push(session.id)
    expect(all).toEqual(ids)
  })

  it('narrow by creation time', async () => {
    await local.stripe.checkout.sessions.create(sessionFor())
    local.clock.move({ hours: 1 })
    const later = await local.stripe.checkout.sessions.create(sessionFor())
    const found = await local.stripe.checkout.sessions.list({ created: { gt: later.created - 3600 } })
    expect(found.data.map(({ id }) => id)).toEqual([later.id])
    expect((await local.stripe.checkout.sessions.list({ created: later.created })).data).toHaveLength(1)
  })

  it.each([
    ['limit=101', 'limit'],
    ['limit=0', 'limit'],
    ['starting_after=cs_none', 'starting_after'],
  ])('refuse %s', async (query, param) => {
    const { status, body } = await raw('GET', `/v1/checkout/sessions?${query}`)
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ param })
  })
})

describe('expand', () => {
  it('refuses a property that cannot be expanded, and then writes nothing', async () => {
    const error = await errorOf(local.stripe.checkout.sessions.create(sessionFor(100, { expand: ['status'] })))
    expect(error.message).toContain('This property cannot be expanded (status)')
    expect((await local.stripe.checkout.sessions.list()).data).toEqual([])
  })

  it('reaches through lists, four levels at most', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    local.server.control.pay(session.id)
    const list = await local.stripe.checkout.sessions.list({ expand: ['data.payment_intent.latest_charge.refunds'] })
    expect(list.data[0]?.payment_intent).toMatchObject({ latest_charge: { refunds: { data: [], has_more: false } } })
    const deep = 'data.payment_intent.latest_charge.balance_transaction.source'
    expect((await errorOf(local.stripe.checkout.sessions.list({ expand: [deep] }))).message).toContain(
      'more than 4 levels',
    )
  })
})

describe('a PaymentIntent', () => {
  it('cannot be cancelled: its session has to expire', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const { intent } = local.server.control.pay(session.id, { outcome: 'card_declined' }) as { intent: { id: string } }
    const error = await errorOf(local.stripe.paymentIntents.cancel(intent.id))
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' })
    expect(error.message).toContain('Expire the Checkout Session')
  })

  it('takes metadata, merges it, and unsets what is emptied', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const { intent } = local.server.control.pay(session.id) as { intent: { id: string } }
    const changed = await local.stripe.paymentIntents.update(intent.id, { metadata: { settled: 'yes', order: '' } })
    expect(changed.metadata).toEqual({ settled: 'yes' })
  })
})
