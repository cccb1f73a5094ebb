import { Buffer } from 'node:buffer'
import { gzipSync } from 'node:zlib'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import type Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { balances } from '../../shared/domain/ledger.ts'
import { verifyStripeEvent } from '../../shared/gateways/stripe-events.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { filedEntries } from '../../shared/store/journal.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { deliver, findEvent, pauseWebhooks, payUnheard, resumeWebhooks, signatureOf, textOf } from './events.ts'
import { chargesOf, eventsOf, expectInvariants, refundsOf, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy, placeOrder, type Placed, statusOf } from './purchase.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

const settledEvents = ['order_placed', 'payment_captured', 'handover_started', 'order_settled']

/** An order that is paid at Stripe, with the event that tells so, not delivered yet. */
const paidUnheard = async (buyer: string) => {
  const order = await placeOrder(market, buyer)
  const charge = await payUnheard(market, order)
  return { order, charge, event: await findEvent(market, 'checkout.session.completed', charge) }
}

test('case 12: one webhook 100 times at once: one entry, 100 × 200', async () => {
  const { order, event } = await paidUnheard('webhook_100')
  const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(market, textOf(event))))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200))
  await market.system.idle()
  expect(await eventsOf(market, order.id)).toEqual(settledEvents)
  await expectInvariants(market)
})

test('case 12, past the queue: the same payment told by 20 events of other ids makes one entry', async () => {
  const { order, event } = await paidUnheard('webhook_20')
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => deliver(market, textOf(event, { id: `${event.id}${n}` }))),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  await market.system.idle()
  expect(await eventsOf(market, order.id)).toEqual(settledEvents)
  expect(await chargesOf(market, order.id)).toHaveLength(1)
  await expectInvariants(market)
})

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))

/** Everything that must not depend on the order of arrival: the order, its handle, the book. */
/** Of the book, shares of the order's price. */
const finalState = async ({ id, buyer, offer }: Placed) => {
  const order = await loadOrder(market.store, id)
  const handle = await loadHandle(market.store, offer.handle)
  if (order === null || handle === null) throw new Error(`${id} or ${offer.handle} is gone`)
  const filed = (await filedEntries(market.store, `order:${id}`)).filter(({ seq }) => seq < order.entry.seq)
  const { status, capturedAt, refundId, chargebackId } = order.state
  return {
    order: {
      status,
      captured: capturedAt !== undefined,
      refunded: refundId !== undefined,
      chargedBack: chargebackId !== undefined,
    },
    handle: {
      status: handle.state.status,
      listing: handle.state.listing?.status,
      buyers: handle.state.holder?.accountId === buyer,
    },
    book: Object.fromEntries(
      [...balances([...filed, order.entry].flatMap(({ postings }) => postings))]
        .map(([account, minor]) => [account.replace(id, 'id'), minor / order.state.priceMinor] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  }
}

/** What happens at Stripe after the payment, the events that tell of it, and how it must end however they arrive. */
const aftermaths = [
  {
    name: 'a refund',
    late: false,
    act: (charge: Stripe.Charge) => void market.stripe.control.refundFromDashboard(charge.id),
    tells: ['charge.refunded'],
    ends: {
      status: 'refunded',
      handle: 'locked',
      book: { 'order:id USD': 0, 'platform:sales USD': 0, 'stripe USD': 0 },
    },
  },
  {
    name: 'a refund of a payment that came too late',
    late: true,
    act: (charge: Stripe.Charge) => void market.stripe.control.refundFromDashboard(charge.id),
    tells: ['charge.refunded'],
    ends: { status: 'refunded', handle: 'released', book: { 'order:id USD': 0, 'stripe USD': 0 } },
  },
  {
    name: 'a dispute that is open',
    late: false,
    act: (charge: Stripe.Charge) => void market.stripe.control.dispute(charge.id),
    tells: ['charge.dispute.created', 'charge.dispute.funds_withdrawn'],
    ends: {
      status: 'chargeback',
      handle: 'locked',
      book: { 'order:id USD': 0, 'platform:sales USD': 0, 'stripe USD': 0 },
    },
  },
  {
    name: 'a dispute that is lost',
    late: false,
    act: (charge: Stripe.Charge) => {
      market.stripe.control.closeDispute(market.stripe.control.dispute(charge.id).id, 'lost')
    },
    tells: ['charge.dispute.created', 'charge.dispute.closed'],
    ends: {
      status: 'charged_back',
      handle: 'locked',
      book: { 'order:id USD': 0, 'platform:sales USD': 0, 'stripe USD': 0 },
    },
  },
  {
    name: 'a dispute that is won',
    late: false,
    act: (charge: Stripe.Charge) => {
      market.stripe.control.closeDispute(market.stripe.control.dispute(charge.id).id, 'won')
    },
    tells: ['charge.dispute.created', 'charge.dispute.closed'],
    ends: {
      status: 'settled',
      handle: 'active',
      book: { 'order:id USD': 0, 'platform:sales USD': 1, 'stripe USD': -1 },
    },
  },
  {
    name: 'an inquiry, which takes no money',
    late: false,
    act: (charge: Stripe.Charge) => void market.stripe.control.dispute(charge.id, { inquiry: true }),
    tells: ['charge.dispute.created'],
    ends: {
      status: 'settled',
      handle: 'active',
      book: { 'order:id USD': 0, 'platform:sales USD': 1, 'stripe USD': -1 },
    },
  },
] as const

for (const aftermath of aftermaths) {
  test(`case 13: ${aftermath.name}, told before the payment: the same end in every order of arrival`, async () => {
    const types = ['checkout.session.completed', ...aftermath.tells]
    for (const [n, arrival] of permutations(types).entries()) {
      const order = await placeOrder(market, `aftermath_${n}`)
      const charge = await payUnheard(market, order)
      if (aftermath.late) {
        await market.system.clock.move(61 * 60_000, { settle: true })
      }
      pauseWebhooks(market)
      aftermath.act(charge)
      for (const type of arrival) {
        const answer = await deliver(market, textOf(await findEvent(market, type, charge)))
        expect(answer.status).toBe(200)
        await market.system.idle()
      }
      resumeWebhooks(market)
      await market.system.settle()
      const { order: ended, handle, book } = await finalState(order)
      expect([arrival, { status: ended.status, handle: handle.status, book }]).toEqual([arrival, aftermath.ends])
      expect([arrival, ended.captured, handle.buyers]).toEqual([arrival, true, !aftermath.late])
    }
    await expectInvariants(market)
  })
}

test('case 14: a webhook again after 3 days: 200, no effect', async () => {
  const order = await buy(market, 'three_days')
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  const [charge] = await chargesOf(market, order.id)
  if (charge === undefined) throw new Error('nothing was charged')
  const event = await findEvent(market, 'checkout.session.completed', charge)
  await market.system.clock.move(3 * 86_400_000, { settle: true })
  const written = await writesOf(market, async () => {
    expect((await deliver(market, textOf(event))).status).toBe(200)
    const [delivery] = market.stripe.control.resendEvent(event.id)
    await market.system.idle()
    const sent = market.stripe.control.deliveries({ event: event.id }).find(({ id }) => id === delivery)
    expect(sent?.responseStatus).toBe(200)
  })
  expect(written).toEqual([])
  expect(await refundsOf(market, order.id)).toEqual([])
  await expectInvariants(market)
})

test('case 16: a webhook forged, unsigned, changed or re-encoded: 400, no write, no secret in a log', async () => {
  const { order, event } = await paidUnheard('forged')
  const text = textOf(event)
  const genuine = signatureOf(market, text)
  const hex = genuine.replace(/^.*v1=/, '')
  const forgeries: Record<string, Parameters<typeof deliver>[2]> = {
    unsigned: { signature: null },
    'an empty signature': { signature: '' },
    'no time in the signature': { signature: `v1=${hex}` },
    'another scheme': { signature: genuine.replace('v1=', 'v0=') },
    'another time': { signature: genuine.replace(/t=\d+/, (t) => `t=${Number(t.slice(2)) - 1}`) },
    'signed with another secret': { secret: 'whsec_of_somebody_else' },
    'signed with the empty secret': { secret: ' ' },
    'signed over another body': { signature: signatureOf(market, '{}') },
    'an amount changed': {
      signature: genuine,
      wire: textOf(event, { data: { object: { ...event.data.object, amount_total: 1 } } }),
    },
    'one byte more': { signature: genuine, wire: `${text}\n` },
    'one byte less': { signature: genuine, wire: text.slice(0, -1) },
    'with other white space': { signature: genuine, wire: JSON.stringify(JSON.parse(text), null, 2) },
    'with escapes': {
      signature: genuine,
      wire: text.replaceAll('/', String.raw`\u002f`).replace('evt_', String.raw`\u0065vt_`),
    },
    'with a byte order mark': { signature: genuine, wire: `\uFEFF${text}` },
    'in UTF-16': { signature: genuine, wire: new Uint8Array(Buffer.from(text, 'utf16le')) },
    'in base 64': { signature: genuine, wire: Buffer.from(text).toString('base64') },
    compressed: { signature: genuine, wire: new Uint8Array(gzipSync(text)), headers: { 'content-encoding': 'gzip' } },
    'as a form': { signature: genuine, wire: new URLSearchParams({ payload: text }).toString() },
  }
  const lines: string[] = []
  const unsubscribe = market.system.logs.subscribe(({ line }) => void lines.push(line))
  const written = await writesOf(market, async () => {
    for (const [what, sending] of Object.entries(forgeries)) {
      const answer = await deliver(market, text, sending)
      expect([what, answer.status, answer.code]).toEqual([what, 400, 'signature_invalid'])
    }
  })
  expect(written).toEqual([])
  expect(await statusOf(market, order)).toBe('awaiting_payment')

  // The same bytes with the same signature are taken: it was the forgery that was refused.
  expect((await deliver(market, text, { signature: genuine })).status).toBe(200)
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  unsubscribe()
  expect(lines.filter((line) => line.includes('webhook_refused'))).toHaveLength(Object.keys(forgeries).length)
  const secrets = [
    market.secrets.webhookSecret,
    market.secrets.secretKey,
    hex,
    'whsec_',
    'buyer@example.com',
    'Bearer ',
  ]
  for (const secret of secrets) {
    expect([...lines, ...market.system.logs.lines()].filter((line) => line.includes(secret))).toEqual([])
  }
  await expectInvariants(market)
})

test('case 17: a genuine signature 301 s old, or from the future: 400; 299 s old: accepted', async () => {
  const { order, event } = await paidUnheard('aged')
  const text = textOf(event)
  const nowSeconds = () => Math.floor(market.system.clock.now() / 1000)
  const written = await writesOf(market, async () => {
    // The clock runs on while a delivery is under way: the future ones stand a little further off than one second.
    for (const ageSeconds of [301, 3_600, -310, -3_600]) {
      const answer = await deliver(market, text, { signedAt: nowSeconds() - ageSeconds })
      expect([ageSeconds, answer.status, answer.code]).toEqual([ageSeconds, 400, 'signature_invalid'])
    }
  })
  expect(written).toEqual([])
  expect(await statusOf(market, order)).toBe('awaiting_payment')
  expect((await deliver(market, text, { signedAt: nowSeconds() - 299 })).status).toBe(200)
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  await expectInvariants(market)
})

test('case 17, to the second: 300 s either way is the last that is accepted', () => {
  const now = 1_800_000_000
  const accepted = [-301, -300, -299, 0, 299, 300, 301].filter((ageSeconds) => {
    const signature = signatureOf(market, '{"id":"evt_1","object":"event"}', { signedAt: now - ageSeconds })
    return verifyStripeEvent('{"id":"evt_1","object":"event"}', signature, [market.secrets.webhookSecret], now * 1000)
      .ok
  })
  expect(accepted).toEqual([-300, -299, 0, 299, 300])
})

test('case 18: an event with a wrong amount, currency, account or livemode: no settlement, alarm, order kept', async () => {
  const { order, event } = await paidUnheard('mismatch')
  const session = event.data.object as Stripe.Checkout.Session
  const total = order.offer.price.amountMinor
  const wrong: Record<string, object> = {
    'less money': { data: { object: { ...session, amount_total: total - 1 } } },
    'more money': { data: { object: { ...session, amount_total: total + 1 } } },
    'another currency': { data: { object: { ...session, currency: 'eur' } } },
    'another account': { account: 'acct_somebody_else' },
    'another mode': { livemode: true },
  }
  for (const [n, [what, changes]] of Object.entries(wrong).entries()) {
    const id = `${event.id}wrong${n}`
    const lines: string[] = []
    const unsubscribe = market.system.logs.subscribe(({ line }) => void lines.push(line))
    const written = await writesOf(market, async () => {
      expect((await deliver(market, textOf(event, { id, ...changes }))).status).toBe(200)
      await market.system.idle()
    })
    unsubscribe()
    // Nothing but the record of the event itself, and the line that the alarm counts.
    expect([what, written]).toEqual([what, [`E#${id} event`]])
    const alarms = lines.filter((line) => line.includes('payment_set_aside')).map((line) => JSON.parse(line) as object)
    expect([what, alarms]).toEqual([
      what,
      [expect.objectContaining({ level: 'ERROR', message: expect.objectContaining({ eventId: id }) as object })],
    ])
    expect(await statusOf(market, order)).toBe('awaiting_payment')
  }
  const { db, escrowTable } = market.store
  const record = await db.send(
    new GetCommand({ TableName: escrowTable, Key: { pk: `E#${event.id}wrong0`, sk: 'event' } }),
  )
  expect(record.Item).toMatchObject({ orderId: order.id, why: expect.stringContaining(String(total - 1)) as string })

  expect((await deliver(market, textOf(event))).status).toBe(200)
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('settled')
  expect(await eventsOf(market, order.id)).toEqual(settledEvents)
  await expectInvariants(market)
})
