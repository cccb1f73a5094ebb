import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { openApi } from '../../shared/contract/openapi.ts'
import { type OperationId, type Route, routes } from '../../shared/contract/routes.ts'
import { checkedFetch, routeOf } from './contract-check.ts'
import { type Market, ndjson, startMarket, value } from './market.ts'

let market: Market
/** Operations that were answered with success, by the typed client or by the provider's own webhook. */
const succeeded = new Set<string>()
const noting: typeof fetch = async (input, init) => {
  const response = await checkedFetch(input, init)
  const { pathname } = new URL(input instanceof Request ? input.url : input)
  const route = routeOf(init?.method ?? 'GET', pathname)
  if (response.ok && route !== undefined) succeeded.add(route.operationId)
  return response
}
const clientOf = (sub: string) =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub), fetch: noting })

beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

test('one handle goes all the way through the typed client, every answer as the contract has it', async () => {
  const [operator, platform, alice] = [clientOf('operator'), clientOf('platform'), clientOf('alice')]
  const active = market.account('stays_here', 300)
  const begun = value(await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: 'all-the-way' }))
  const feed = ndjson([active, market.account('quietriver', 400), market.account('stillwater', 400)])
  await fetch(begun.uploadUrl, { method: 'PUT', body: `${feed}not a line\n` })
  await market.system.idle()
  const { importId } = { importId: begun.import.id }
  expect(value(await operator.getImport({ params: { importId } }))).toMatchObject({ created: 3, rejected: 1 })
  expect(value(await operator.listImportRejects({ params: { importId } })).items).toMatchObject([{ line: 4 }])
  const activeAt = new Date(market.system.clock.now()).toISOString()
  const report = { handle: 'stays_here', accountId: active.accountId, activeAt }
  expect(value(await platform.reportActivity({ body: report })).status).toBe('active')
  await market.sweep()

  const found = value(await alice.searchListings({ query: { prefix: 'Qui', limit: 5 } })).items
  expect(found).toMatchObject([{ handle: 'quietriver', status: 'open' }])
  const { listing } = value(await alice.getHandle({ params: { handle: 'QuietRiver' } }))
  if (listing === null) throw new Error('quietriver is not for sale')
  const body = { handle: 'quietriver', price: listing.price }
  const unpaid = value(await alice.placeOrder({ body, idempotencyKey: 'first' }))
  const cancelled = value(await alice.cancelOrder({ params: { orderId: unpaid.id } }))
  expect([unpaid.status, cancelled.status]).toEqual(['awaiting_payment', 'cancelled'])

  const { id: orderId } = value(await alice.placeOrder({ body, idempotencyKey: 'second' }))
  const checkout = value(await alice.openCheckout({ params: { orderId } }))
  const session = /cs_\w+/.exec(checkout.url)?.[0] ?? ''
  market.system.stripe?.control.pay(session)
  await market.system.idle()
  expect(value(await alice.getOrder({ params: { orderId } })).status).toBe('settled')
  expect(value(await alice.listOrders({})).items.map(({ status }) => status)).toEqual(['settled', 'cancelled'])
  expect(value(await alice.listMyHandles({})).items).toMatchObject([{ handle: 'quietriver' }])
  expect(value(await alice.listSales({})).items).toMatchObject([{ handle: 'quietriver', price: listing.price }])
  const journal = value(await operator.listJournal({ params: { aggregateId: `order:${orderId}` } }))
  expect(journal.entries.at(-1)?.events.at(-1)?.type).toBe('order_settled')
  expect(value(await alice.getOpenApi({}))).toEqual(openApi(market.system.url))
  await market.checkInvariants()
})

test('dead letters are counted, shown and sent back through the typed client', async () => {
  const operator = clientOf('operator')
  market.system.queues.send('chunks-dead', '{}')
  const { queues } = value(await operator.listDeadLetterQueues({}))
  expect(queues.filter(({ messages }) => messages > 0)).toMatchObject([{ queue: 'chunks', messages: 1 }])
  const params = { queue: 'chunks' } as const
  expect(value(await operator.listDeadLetters({ params })).items).toMatchObject([{ body: '{}', failure: null }])
  expect(value(await operator.redriveDeadLetters({ params }))).toMatchObject({ moved: 1, left: 0 })
})

test('that was every operation but the webhook, which only the provider can sign', async () => {
  const client = clientOf('alice')
  const every = Object.keys(routes) as OperationId[]
  expect(Object.keys(client).toSorted()).toEqual(every.toSorted())
  const refused = await client.receiveStripeEvent({})
  expect(refused).toMatchObject({ ok: false, status: 400, problem: { code: 'signature_invalid' } })
  expect(every.filter((operationId) => !succeeded.has(operationId))).toEqual(['receiveStripeEvent'])
})

test('what the gateway refuses by itself has the shape of every other refusal', async () => {
  const nobody = createClient({ baseUrl: market.system.url, fetch: checkedFetch })
  expect(await nobody.listOrders({})).toMatchObject({ ok: false, status: 401, problem: { code: 'token_invalid' } })
  const alice = clientOf('alice')
  const handle = 'x'.repeat(11 * 1024 * 1024)
  const body = { handle, price: { amountMinor: 1, currency: 'USD' as const } }
  expect(await alice.placeOrder({ body, idempotencyKey: 'large' })).toMatchObject({
    ok: false,
    status: 413,
    problem: { code: 'body_too_large' },
  })
})

test('a path is built from its parts, whatever they hold', async () => {
  const alice = clientOf('alice')
  for (const handle of ['a/b', '../orders', 'a?limit=1', 'a#b', '%2e']) {
    expect(await alice.getHandle({ params: { handle } })).toMatchObject({
      ok: false,
      problem: { code: 'handle_character' },
    })
  }
})

test('an answer outside the contract throws', async () => {
  const route: Route = routes.getHandle
  const odd: typeof fetch = () => Promise.resolve(Response.json({ handle: 'x', holderId: 'acct_1' }))
  const client = createClient({ baseUrl: market.system.url, fetch: odd })
  await expect(client.getHandle({ params: { handle: route.operationId } })).rejects.toThrow(/invalid/i)
})
