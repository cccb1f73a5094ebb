import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Fault } from '../../local/faults.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { decideCancel } from '../../shared/domain/order-decisions.ts'
import { running } from '../../shared/runtime/running.ts'
import { commit, conflictTriesMax } from '../../shared/store/commit.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { orderChanges } from '../../shared/workflows/order-changes.ts'
import { findEvent } from './events.ts'
import { chargesOf, eventsOf, expectInvariants, ordersOf, writesOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, openPage, payOnPage, placeOrder, statusOf } from './purchase.ts'
import { openStore } from './store.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  // The functions are warm: what a test counts is its own.
  await placeOrder(market, 'warm_up')
})
afterEach(() => market.system.door.clearFaults())
afterAll(() => market.stop())

const forever = Number.POSITIVE_INFINITY
/** The tries of the AWS client, the first included. */
const clientTries = 5

const inject = (fault: Fault) => market.system.door.inject(fault)

/** How often a function called an operation while `work` ran. */
const callsOf = async (label: string, operation: string, work: () => Promise<void>): Promise<number> => {
  const count = () => market.system.door.counts.snapshot()[label]?.calls[operation] ?? 0
  const before = count()
  await work()
  return count() - before
}

const ordersCall = { function: 'api-purchases', service: 'dynamodb', operation: 'TransactWriteItems' } as const

test('case 9: TransactionConflict several times, then success: the order is placed after as many tries', async () => {
  const offer = market.nextOffer()
  expect(conflictTriesMax).toBeGreaterThanOrEqual(5)
  inject({ kind: 'conflict', ...ordersCall, times: conflictTriesMax - 1 })
  const tries = await callsOf('api-purchases', 'dynamodb:TransactWriteItems', async () => {
    const answer = await market.send('POST', '/v1/orders', { as: 'contended', key: freshKey(), body: offer })
    expect(answer.status).toBe(201)
  })
  expect(tries).toBe(conflictTriesMax)
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 9, without end: TransactionConflict is given up after a bounded number of tries with 503, never "sold", and nothing is written', async () => {
  const offer = market.nextOffer()
  const request = { as: 'contended', key: freshKey(), body: offer }
  inject({ kind: 'conflict', ...ordersCall, times: forever })
  const written = await writesOf(market, async () => {
    const tries = await callsOf('api-purchases', 'dynamodb:TransactWriteItems', async () => {
      const answer = await market.send('POST', '/v1/orders', request)
      expect([answer.status, answer.code]).toEqual([503, 'service_unavailable'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    })
    expect(tries).toBe(conflictTriesMax)
  })
  expect(written).toEqual([])
  market.system.door.clearFaults()
  expect((await market.send('POST', '/v1/orders', request)).status).toBe(201)
  await expectInvariants(market)
})

test('case 9, the tries are spread by jitter: two contenders do not wait the same', async () => {
  const order = await placeOrder(market, 'jitter')
  const loaded = await loadOrder(market.store, order.id)
  if (loaded === null) throw new Error('the order is gone')
  const decided = decideCancel(loaded.state, { kind: 'buyer', id: order.buyer })
  if (!decided.ok) throw new Error(decided.refusal.message)
  const moved = await orderChanges(market, loaded, decided.value, new Date().toISOString(), systemActor)
  const [first, ...rest] = moved?.changes ?? []
  if (first === undefined) throw new Error('nothing is to change')
  const pausesWith = async (random: number) => {
    const pauses: number[] = []
    inject({ kind: 'conflict', function: 'direct', operation: 'TransactWriteItems', times: forever })
    const context = { terms: running.terms, random: () => random, pause: async (ms: number) => void pauses.push(ms) }
    await expect(commit(market.store, context, [first, ...rest])).rejects.toThrow('contended')
    market.system.door.clearFaults()
    return pauses
  }
  const [early, late] = [await pausesWith(0.25), await pausesWith(0.75)]
  expect(early).toHaveLength(conflictTriesMax - 1)
  expect(late.every((ms, n) => ms > (early[n] ?? 0) && ms <= 500)).toBe(true)
  expect(late.toSorted((a, b) => a - b)).toEqual(late)
  await expectInvariants(market)
})

test('case 10: throttling is retried: an order is placed, paid and settled through it', async () => {
  const throttled = [
    inject({ kind: 'throttle', ...ordersCall, times: 2 }),
    inject({ kind: 'throttle', ...ordersCall, operation: 'BatchGetItem', times: 2 }),
    inject({ kind: 'throttle', function: 'workers-apply-payments', operation: 'TransactWriteItems', times: 2 }),
    inject({ kind: 'throttle', function: 'webhooks-stripe', operation: 'SendMessage', times: 1 }),
    inject({ kind: 'throttle', function: 'workers-publish-outbox', service: 'dynamodb', times: 2 }),
    inject({ kind: 'throttle', function: 'workers-publish-outbox', operation: 'PutEvents', times: 1 }),
  ]
  const order = await placeOrder(market, 'throttled')
  expect(await payOnPage(await openPage(market, order))).toBe('paid')
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('settled')
  expect(throttled.map(({ hits }) => hits)).toEqual([2, 2, 2, 1, 2, 1])
  expect(await chargesOf(market, order.id)).toHaveLength(1)
  await expectInvariants(market)
})

for (const { name, fault } of [
  { name: 'writing with throttling', fault: { kind: 'throttle', ...ordersCall } },
  { name: 'reading with 500', fault: { kind: '500', ...ordersCall, operation: 'BatchGetItem' } },
  { name: 'writing with 500', fault: { kind: '500', ...ordersCall } },
] as const) {
  test(`case 10, without end, ${name}: 503 with Retry-After, and nothing is written`, async () => {
    const offer = market.nextOffer()
    const request = { as: 'throttled', key: freshKey(), body: offer }
    const struck = inject({ ...fault, times: forever })
    const written = await writesOf(market, async () => {
      const answer = await market.send('POST', '/v1/orders', request)
      expect([answer.status, answer.code]).toEqual([503, 'service_unavailable'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    })
    expect(written).toEqual([])
    expect(struck.hits).toBe(clientTries)
    struck.remove()
    expect((await market.send('POST', '/v1/orders', request)).status).toBe(201)
    await expectInvariants(market)
  })
}

test('case 10, a worker throttled to its end: the message comes back and the payment is booked once', async () => {
  const order = await placeOrder(market, 'throttled_worker')
  const struck = inject({
    kind: 'throttle',
    function: 'workers-apply-payments',
    operation: 'TransactWriteItems',
    times: clientTries,
  })
  expect(await payOnPage(await openPage(market, order))).toBe('paid')
  await market.system.idle()
  expect(struck.hits).toBe(clientTries)
  expect(await statusOf(market, order)).toBe('awaiting_payment')
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('settled')
  expect(await chargesOf(market, order.id)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 10, the webhook cannot queue: Stripe hears 503, tells again, and the payment is booked once', async () => {
  const order = await placeOrder(market, 'throttled_queue')
  const page = await openPage(market, order)
  const struck = inject({ kind: 'throttle', function: 'webhooks-stripe', service: 'sqs', times: forever })
  expect(await payOnPage(page)).toBe('paid')
  await market.system.idle()
  const [charge] = await chargesOf(market, order.id)
  if (charge === undefined) throw new Error('nothing was charged')
  const event = await findEvent(market, 'checkout.session.completed', charge)
  const answers = market.stripe.control.deliveries({ event: event.id }).map(({ responseStatus }) => responseStatus)
  expect(answers).toEqual([503])
  expect(await statusOf(market, order)).toBe('awaiting_payment')
  struck.remove()
  await market.system.clock.move(61_000, { settle: true })
  expect(await statusOf(market, order)).toBe('settled')
  await expectInvariants(market)
})

test('case 11: the socket is cut with the commit done: the same token is sent again and the order is placed once', async () => {
  const offer = market.nextOffer()
  const cut = inject({ kind: 'cut', when: 'after', ...ordersCall, times: 2 })
  const tries = await callsOf('api-purchases', 'dynamodb:TransactWriteItems', async () => {
    const answer = await market.send('POST', '/v1/orders', { as: 'cut_off', key: freshKey(), body: offer })
    expect(answer.status).toBe(201)
  })
  expect(cut.hits).toBe(2)
  expect(tries).toBe(3)
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  await expectInvariants(market)
})

test('case 11, cut every time: 503, and the order is read by whoever asks again at once or after 11 minutes', async () => {
  const offer = market.nextOffer()
  const request = { as: 'cut_off', key: freshKey(), body: offer }
  inject({ kind: 'cut', when: 'after', ...ordersCall, times: forever })
  const first = await market.send('POST', '/v1/orders', request)
  expect([first.status, first.code]).toEqual([503, 'service_unavailable'])
  expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0)
  market.system.door.clearFaults()
  const second = await market.send('POST', '/v1/orders', request)
  expect(second.status).toBe(201)
  await market.system.clock.move(11 * 60_000, { settle: true })
  const tries = await callsOf('api-purchases', 'dynamodb:TransactWriteItems', async () => {
    const third = await market.send('POST', '/v1/orders', request)
    expect([third.status, third.text]).toEqual([201, second.text])
  })
  expect(tries).toBe(0)
  expect(await ordersOf(market, offer.handle)).toHaveLength(1)
  await expectInvariants(market)
})

/** The tokens of all transactions that a client sends from now on, retries included, and a way to forge them. */
const spyOnTokens = (db: DynamoDBDocumentClient, forge?: string): string[] => {
  const tokens: string[] = []
  db.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body?: unknown; headers: Record<string, string> }
      if (request.headers['x-amz-target']?.endsWith('.TransactWriteItems') === true) {
        const body = JSON.parse(Buffer.from(request.body as Uint8Array).toString()) as { ClientRequestToken: string }
        tokens.push(body.ClientRequestToken)
        if (forge !== undefined) {
          const forged = Buffer.from(JSON.stringify({ ...body, ClientRequestToken: forge }))
          request.body = forged
          request.headers['content-length'] = String(forged.byteLength)
        }
      }
      return next(args)
    },
    // Inside the loop of retries.
    { step: 'finalizeRequest', priority: 'low', name: 'spyOnTokens' },
  )
  return tokens
}

test('case 11, the token: every try of a commit carries the same one, and when DynamoDB has forgotten it, our own entry is recognised', async () => {
  const order = await placeOrder(market, 'token')
  const store = openStore(market.system)
  const tokens = spyOnTokens(store.db)
  const loaded = await loadOrder(store, order.id)
  if (loaded === null) throw new Error('the order is gone')
  const buyer = { kind: 'buyer', id: order.buyer } as const
  const decided = decideCancel(loaded.state, buyer)
  if (!decided.ok) throw new Error(decided.refusal.message)
  const at = new Date(market.system.clock.now()).toISOString()
  const [first, ...rest] = (await orderChanges({ store }, loaded, decided.value, at, buyer))?.changes ?? []
  if (first === undefined) throw new Error('nothing is to change')

  inject({ kind: 'cut', when: 'after', function: 'direct', operation: 'TransactWriteItems', times: clientTries })
  await expect(commit(store, running, [first, ...rest])).rejects.toThrow(/socket hang up|ECONNRESET/)
  expect(await commit(store, running, [first, ...rest])).toEqual({ committed: true })
  expect(tokens).toHaveLength(clientTries + 1)
  expect(new Set(tokens).size).toBe(1)

  // Tokens live ten minutes. An engine that has forgotten ours checks the condition instead.
  const later = openStore(market.system)
  spyOnTokens(later.db, 'a-token-that-was-never-seen')
  expect(await commit(later, running, [first, ...rest])).toEqual({ committed: true })
  await market.system.idle()
  expect(await eventsOf(market, order.id)).toEqual(['order_placed', 'order_cancelled'])
  await expectInvariants(market)
})
