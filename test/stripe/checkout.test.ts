import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idOf } from '../../local/stripe/resource-types.ts'
import { sessionFor, startLocal, submit, type Local } from './fixture.ts'

let local: Local

beforeEach(async () => {
  local = await startLocal()
})

afterEach(async () => {
  await local.server.control.idle()
  for (const { event } of local.endpoint.received) local.validator.checkEvent(event)
  await local.stop()
  local.validator.verify()
})

describe('creating a session', () => {
  it('keeps what it was given and creates no PaymentIntent yet', async () => {
    const session = await local.stripe.checkout.sessions.create(
      sessionFor(250_000, { customer_email: 'ada@example.com' }),
    )
    expect(session).toMatchObject({
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 250_000,
      currency: 'usd',
      client_reference_id: 'ord_1',
      metadata: { order: 'ord_1' },
      payment_intent: null,
      customer_email: 'ada@example.com',
      payment_method_types: ['card', 'us_bank_account'],
      expires_at: local.clock.seconds() + 24 * 3600,
      url: `${local.server.url}/c/pay/${session.id}`,
    })
    expect(await local.stripe.checkout.sessions.retrieve(session.id)).toEqual(session)
  })

  it('lists its line items, also expanded', async () => {
    const session = await local.stripe.checkout.sessions.create(
      sessionFor(100, {
        line_items: [
          { quantity: 2, price_data: { currency: 'usd', unit_amount: 100, product_data: { name: 'one' } } },
          { quantity: 1, price_data: { currency: 'usd', unit_amount: 50, product_data: { name: 'two' } } },
        ],
        expand: ['line_items'],
      }),
    )
    expect(session.amount_total).toBe(250)
    expect(session.line_items?.data.map((item) => [item.description, item.quantity, item.amount_total])).toEqual([
      ['one', 2, 200],
      ['two', 1, 50],
    ])
    const page = await local.stripe.checkout.sessions.listLineItems(session.id, { limit: 1 })
    expect(page.data.map((item) => item.description)).toEqual(['one'])
    expect(page.has_more).toBe(true)
  })

  it('accepts an expiry from 30 minutes to 24 hours and refuses others', async () => {
    const now = local.clock.seconds()
    const create = (expiresAt: number) =>
      local.stripe.checkout.sessions.create(sessionFor(100, { expires_at: expiresAt }))
    expect((await create(now + 1800)).expires_at).toBe(now + 1800)
    expect((await create(now + 86_400)).expires_at).toBe(now + 86_400)
    await expect(create(now + 1799)).rejects.toThrow('at least 30 minutes')
    await expect(create(now + 86_401)).rejects.toMatchObject({ statusCode: 400, param: 'expires_at' })
  })

  it('offers the methods that fit the currency, the allowed and the excluded ones', async () => {
    const offered = async (more: object) =>
      (await local.stripe.checkout.sessions.create(sessionFor(100, more))).payment_method_types
    expect(await offered({ allowed_payment_method_types: ['card', 'sepa_debit'] })).toEqual(['card'])
    expect(await offered({ excluded_payment_method_types: ['card'] })).toEqual(['us_bank_account'])
    await expect(offered({ allowed_payment_method_types: ['sepa_debit'] })).rejects.toMatchObject({ statusCode: 400 })
  })
})

describe('paying by card', () => {
  it('charges, completes the session, books the fee and tells it in events', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor(250_000))
    const answer = await submit(local.server, session, 'card')
    expect(answer).toMatchObject({ status: 303, location: `https://market.example/thanks?session=${session.id}` })
    const paid = await local.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge.balance_transaction'],
    })
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      customer_details: { email: 'buyer@example.com', name: 'Ada Buyer' },
      payment_intent: {
        status: 'succeeded',
        amount_received: 250_000,
        description: 'Handle @nova',
        metadata: { order: 'ord_1' },
        transfer_group: 'ord_1',
        latest_charge: {
          status: 'succeeded',
          captured: true,
          metadata: { order: 'ord_1' },
          transfer_group: 'ord_1',
          payment_method_details: { type: 'card', card: { last4: '4242' } },
          balance_transaction: { amount: 250_000, fee: 7_280, net: 242_720, type: 'charge', status: 'pending' },
        },
      },
    })
    await local.server.control.idle()
    expect(local.endpoint.types().toSorted()).toEqual([
      'charge.succeeded',
      'charge.updated',
      'checkout.session.completed',
      'payment_intent.created',
      'payment_intent.succeeded',
    ])
  })

  it('leaves the session open after a decline, and a second card pays it with the same PaymentIntent', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const declined = await submit(local.server, session, 'card', { number: '4000000000009995' })
    expect(declined.status).toBe(402)
    expect(declined.page).toContain('Your card has insufficient funds.')
    const open = await local.stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] })
    expect(open).toMatchObject({
      status: 'open',
      payment_intent: {
        status: 'requires_payment_method',
        last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
      },
    })
    expect((await submit(local.server, session, 'card')).status).toBe(303)
    const intents = await local.stripe.paymentIntents.list()
    expect(intents.data).toHaveLength(1)
    const charges = await local.stripe.charges.list({ payment_intent: intents.data[0]?.id ?? '' })
    expect(charges.data.map((charge) => charge.status)).toEqual(['succeeded', 'failed'])
  })

  it.each([
    ['4000000000000002', 'card_declined', 'generic_decline'],
    ['4000000000009987', 'card_declined', 'lost_card'],
    ['4000000000000069', 'expired_card', undefined],
    ['4000000000000127', 'incorrect_cvc', undefined],
    ['4000000000000119', 'processing_error', undefined],
  ])('card %s is declined: %s, %s', async (number, code, declineCode) => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    expect((await submit(local.server, session, 'card', { number })).status).toBe(402)
    const [charge] = (await local.stripe.charges.list()).data
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: code })
    const [intent] = (await local.stripe.paymentIntents.list()).data
    expect(intent?.last_payment_error?.decline_code).toBe(declineCode)
  })

  it.each([
    ['number', '4242424242424241', 'Your card number is invalid.'],
    ['expiry', '01 / 20', 'expiration date is in the past'],
    ['expiry', '13/34', 'expiration date is incomplete'],
    ['cvc', '1', 'security code is incomplete'],
    ['email', 'nobody', 'e-mail address is incomplete'],
  ])('a wrong %s (%s) is told on the page and charges nothing', async (field, value, message) => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const answer = await submit(local.server, session, 'card', { [field]: value })
    expect(answer.status).toBe(422)
    expect(answer.page.replaceAll('&#39;', "'")).toContain(message)
    expect((await local.stripe.charges.list()).data).toEqual([])
  })

  it('two payers at once: one charge, and the other is told that it is paid', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const answers = await Promise.all(Array.from({ length: 20 }, () => submit(local.server, session, 'card')))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    const late = answers.filter(({ status }) => status === 409)
    expect(late).toHaveLength(19)
    expect(late.every(({ page }) => page.includes('cannot be paid twice'))).toBe(true)
    const charges = await local.stripe.charges.list()
    expect(charges.data).toHaveLength(1)
    expect((await local.stripe.balance.retrieve()).pending[0]?.amount).toBe(242_720)
  })
})

it('a receipt is where the charge says', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor())
  local.server.control.pay(session.id)
  const [charge] = (await local.stripe.charges.list()).data
  const receipt = await fetch(charge?.receipt_url ?? '')
  expect(receipt.status).toBe(200)
  expect(await receipt.text()).toContain('$2,500.00')
})

it('the control object pays a session once, like anybody', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor())
  expect(local.server.control.pay(session.id).result).toBe('paid')
  expect(local.server.control.pay(session.id).result).toBe('closed')
  expect(local.server.control.pay(session.id, { method: 'bank' }).result).toBe('closed')
  expect((await local.stripe.charges.list()).data).toHaveLength(1)
})

describe('paying from a bank account', () => {
  it('completes unpaid, and the money arrives with the clock', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const answer = await submit(local.server, session, 'bank', {
      method: 'us_bank_account',
      email: 'b@example.com',
      name: 'B',
      account: '000123456789',
    })
    expect(answer).toMatchObject({ status: 303, location: `/c/pay/${session.id}` })
    const waiting = await local.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge'],
    })
    expect(waiting).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
      payment_intent: { status: 'processing', latest_charge: { status: 'pending', balance_transaction: null } },
    })
    local.clock.move({ days: 4 })
    const paid = await local.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge.balance_transaction'],
    })
    expect(paid).toMatchObject({
      payment_status: 'paid',
      payment_intent: {
        status: 'succeeded',
        latest_charge: { status: 'succeeded', balance_transaction: { type: 'payment', fee: 500, status: 'available' } },
      },
    })
    await local.server.control.idle()
    expect(local.endpoint.types().toSorted()).toEqual([
      'charge.pending',
      'charge.succeeded',
      'charge.updated',
      'checkout.session.async_payment_succeeded',
      'checkout.session.completed',
      'payment_intent.created',
      'payment_intent.processing',
      'payment_intent.succeeded',
    ])
  })

  it('fails on the follow-up page: the session stays unpaid and nothing is charged', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    local.server.control.pay(session.id, { method: 'bank' })
    const settled = await submit(local.server, session, 'settle', { outcome: 'failed' })
    expect(settled.status).toBe(303)
    const failed = await local.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge'],
    })
    expect(failed).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
      payment_intent: { status: 'requires_payment_method', latest_charge: { status: 'failed', paid: false } },
    })
    expect((await local.stripe.balanceTransactions.list()).data).toEqual([])
    await local.server.control.idle()
    expect(local.endpoint.types()).toContain('checkout.session.async_payment_failed')
    const page = await (await fetch(`${local.server.url}/c/pay/${session.id}`)).text()
    expect(page).toContain('The payment failed')
  })

  it('settles once: a second answer of the bank is refused', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    const attempt = local.server.control.pay(session.id, { method: 'bank', outcome: 'failed' })
    const intent = attempt.result === 'processing' ? attempt.intent.id : ''
    expect(local.server.control.settleAsync(intent, 'succeeded').status).toBe('succeeded')
    expect(() => local.server.control.settleAsync(intent, 'failed')).toThrow('only a payment that is processing')
    local.clock.move({ days: 5 })
    expect((await local.stripe.paymentIntents.retrieve(intent)).status).toBe('succeeded')
  })
})

it('an address that the shop gave is not for the buyer to change', async () => {
  const session = await local.stripe.checkout.sessions.create(sessionFor(100, { customer_email: 'ada@example.com' }))
  await submit(local.server, session, 'card', { email: 'eve@example.com' })
  const paid = await local.stripe.checkout.sessions.retrieve(session.id)
  expect(paid.customer_details?.email).toBe('ada@example.com')
})

describe('the end of a session', () => {
  it('expires by the clock; its page says so and takes no money', async () => {
    const session = await local.stripe.checkout.sessions.create(
      sessionFor(100, { expires_at: local.clock.seconds() + 1800 }),
    )
    local.clock.move({ minutes: 29, seconds: 59 })
    expect((await local.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
    local.clock.move({ seconds: 1 })
    const late = await submit(local.server, session, 'card')
    expect(late.status).toBe(409)
    expect(late.page).toContain('This page has expired')
    expect(await local.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'expired', url: null })
    expect((await local.stripe.charges.list()).data).toEqual([])
    await local.server.control.idle()
    expect(local.endpoint.types()).toEqual(['checkout.session.expired'])
  })

  it('expires on request, cancels the PaymentIntent of a declined attempt, and only once', async () => {
    const session = await local.stripe.checkout.sessions.create(sessionFor())
    await submit(local.server, session, 'card', { number: '4000000000000002' })
    expect((await local.stripe.checkout.sessions.expire(session.id)).status).toBe('expired')
    const [intent] = (await local.stripe.paymentIntents.list()).data
    expect(intent).toMatchObject({ status: 'canceled', cancellation_reason: 'expired' })
    await expect(local.stripe.checkout.sessions.expire(session.id)).rejects.toThrow('has a status of expired')
  })

  it('lists by status and by PaymentIntent', async () => {
    const sessions = [
      await local.stripe.checkout.sessions.create(sessionFor()),
      await local.stripe.checkout.sessions.create(sessionFor()),
    ]
    local.server.control.pay(sessions[0]?.id ?? '')
    const complete = await local.stripe.checkout.sessions.list({ status: 'complete' })
    expect(complete.data.map(({ id }) => id)).toEqual([sessions[0]?.id])
    const intent = idOf(complete.data[0]?.payment_intent) ?? ''
    expect((await local.stripe.checkout.sessions.list({ payment_intent: intent })).data).toHaveLength(1)
  })
})

describe('the page', () => {
  it('escapes what the shop and the buyer wrote, and runs no script', async () => {
    const session = await local.stripe.checkout.sessions.create(
      sessionFor(100, {
        line_items: [
          {
            quantity: 1,
            price_data: { currency: 'usd', unit_amount: 100, product_data: { name: '<script>alert(1)</script>' } },
          },
        ],
      }),
    )
    const { page } = await submit(local.server, session, 'card', { name: '"><script>x</script>', cvc: 'x' })
    expect(page).not.toContain('<script')
    const response = await fetch(session.url ?? '')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('shows the methods of the session only', async () => {
    const session = await local.stripe.checkout.sessions.create(
      sessionFor(100, { allowed_payment_method_types: ['card'] }),
    )
    const page = await (await fetch(session.url ?? '')).text()
    expect(page).toContain('Card number')
    expect(page).not.toContain('US bank account')
    const refused = await submit(local.server, session, 'bank', { method: 'us_bank_account', account: '000123456789' })
    expect(refused.status).toBe(409)
    expect((await local.stripe.charges.list()).data).toEqual([])
  })

  it('answers 404 for a session that is not', async () => {
    expect((await fetch(`${local.server.url}/c/pay/cs_test_none`)).status).toBe(404)
  })
})
