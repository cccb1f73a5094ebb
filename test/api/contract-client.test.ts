import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { openApi } from '../../shared/contract/openapi.ts'
import type { Route } from '../../shared/contract/route.ts'
import { type OperationId, routes } from '../../shared/contract/routes.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { checkedFetch } from './contract-check.ts'
import { dayMs, type Market, ndjson, startMarket, value } from './market.ts'
import { isOfDispute, isOfSale, newNoting } from './noting.ts'

let market: Market
/** Operations that were answered with success, by the typed client or by the provider's own webhook. */
const { succeeded, noting } = newNoting()
const clientOf = (sub: string) =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub), fetch: noting })

const never = (): never => {
  throw new Error('the policy has no such rule')
}

beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

test('one handle goes all the way through the typed client, every answer as the contract has it', async () => {
  const [operator, platform, alice] = [clientOf('operator'), clientOf('platform'), clientOf('alice')]
  const active = market.account('stays_here', 300)
  const begun = value(await operator.createImport({ body: { format: 'ndjson' }, idempotencyKey: 'all-the-way' }))
  const feed = ndjson([active, market.suspended('quietriver'), market.suspended('stillwater')])
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
  expect(value(await alice.exportSales({})).csv).toContain(',quietriver,')
  expect(value(await alice.findSimilarNames({ params: { handle: 'quietriver' } })).handle).toBe('quietriver')
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

test('an operator publishes a policy and acts on handles through the typed client', async () => {
  const [operator, platform] = [clientOf('operator'), clientOf('platform')]
  const [inForce] = value(await operator.listPolicies({})).policies
  const { version: basedOn, publishedAt: _, rules, ...rest } = inForce ?? shippedPolicy
  const suspended = { ...(rules.suspended ?? never()), firstRefusalDays: 14, quarantineDays: 30 }
  const body = { basedOn, ...rest, rules: { ...rules, suspended } }
  const { version } = value(await operator.publishPolicy({ body, idempotencyKey: 'quarantine' }))
  expect(value(await operator.getPolicy({ params: { version: String(version) } })).rules.suspended).toEqual(suspended)

  await market.importFeed([market.suspended('moonlit_path'), market.suspended('support')])
  const params = { handle: 'moonlit_path' }
  value(await operator.placeLegalHold({ params, body: { reason: 'a letter' } }))
  value(await operator.liftLegalHold({ params, body: { reason: 'another letter' } }))
  await market.sweep()
  const price = { amountMinor: 250_00, currency: 'USD' } as const
  const listed = await operator.changeListing({ params, body: { price, dutch: null, reason: 'a round price' } })
  expect(value(listed).listing).toMatchObject({ mode: 'fixed_price', price })
  value(await operator.recordRight({ params, body: { accountId: 'acct_mark', ground: 'a mark' } }))
  value(await operator.withdrawRight({ params, body: { accountId: 'acct_mark', reason: 'it lapsed' } }))
  const redirect = value(await platform.getRedirect({ params }))
  expect(Date.parse(redirect.until) - market.system.clock.now()).toBeGreaterThan(29 * dayMs)
  const overruled = await operator.overruleGate({
    params: { handle: 'support' },
    body: { code: 'reserved_name', reason: 'sold by decision of the board' },
  })
  expect(value(overruled).reserved?.overruled).toBe(true)

  const names = [{ name: 'Lanternfish', owner: 'Lanternfish Ltd' }]
  const { items } = value(await operator.importProtectedNames({ body: { source: 'marks', names } }))
  expect(items).toMatchObject([{ name: 'Lanternfish', outcome: 'protected' }])
  const mark = { name: 'lanternfish' }
  expect(value(await operator.getProtectedName({ params: mark })).gate).toBe('protected_name')
  const withdrawn = value(await operator.withdrawProtectedName({ params: mark, body: { reason: 'lapsed' } }))
  expect(withdrawn.gate).toBeNull()
})

test('a holder keeps a handle by the link of a notice', async () => {
  await market.importFeed([market.account('keepsake', 400, { email: 'keepsake@example.com' })])
  await market.sweep()
  const [notice] = (await market.system.mail?.sent('keepsake@example.com')) ?? []
  const token = /\/keep\/(\S+)/.exec(notice?.text ?? '')?.[1] ?? ''
  const kept = value(await clientOf('alice').keepHandle({ body: { token } }))
  expect(kept).toEqual({ handle: 'keepsake', display: 'keepsake', status: 'active' })
})

test('an operator plans a release, publishes the plan, and everybody sees its seal, through the typed client', async () => {
  const [operator, nobody] = [clientOf('operator'), clientOf('alice')]
  await market.importFeed([market.suspended('harbour_light')])
  const [inForce] = value(await operator.listPolicies({})).policies
  const body = { basedOn: inForce?.version ?? 0 }
  const { id } = value(await operator.planRelease({ body, idempotencyKey: 'plan' }))
  await market.system.idle()
  const params = { planId: id }
  expect(value(await operator.getReleasePlan({ params }))).toMatchObject({ status: 'computed', schedule: { lines: 1 } })
  expect(value(await operator.listReleasePlans({})).items).toMatchObject([{ id, status: 'computed' }])
  const { sha256 } = value(await operator.getPlanSchedule({ params }))
  expect(value(await operator.publishReleasePlan({ params }))).toMatchObject({ handles: 1, sha256 })
  expect(value(await nobody.listPublishedPlans({})).items).toMatchObject([{ id, sha256 }])
  expect(value(await nobody.getPublishedPlan({ params }))).toMatchObject({ id, sha256 })
  expect(value(await nobody.getPublishedSchedule({ params }))).toMatchObject({ lines: 1, sha256 })
})

test('a run is started and followed through the typed client', async () => {
  const operator = clientOf('operator')
  const { id } = value(await operator.startRun({ idempotencyKey: 'a-run' }))
  await market.system.idle()
  expect(value(await operator.getRun({ params: { runId: id } }))).toMatchObject({ id, state: 'complete' })
  expect(value(await operator.listRuns({})).items.map((run) => run.id)).toContain(id)
})

test('the books are compared and read through the typed client', async () => {
  const operator = clientOf('operator')
  const { id } = value(await operator.startReconciliation({ body: {}, idempotencyKey: 'books' }))
  await market.system.idle()
  const params = { reconciliationId: id }
  expect(value(await operator.getReconciliation({ params }))).toMatchObject({ id, state: 'complete' })
  expect(value(await operator.listReconciliations({})).items.map((one) => one.id)).toContain(id)
  expect(value(await operator.getTrialBalance({}))).toMatchObject({ reconciliationId: id, wrongSide: [] })
})

test('that was every operation but those of sales, of a platform that hands over, and the webhook of the provider', async () => {
  const client = clientOf('alice')
  const every = Object.keys(routes) as OperationId[]
  expect(Object.keys(client).toSorted()).toEqual(every.toSorted())
  const refused = await client.receiveStripeEvent({})
  expect(refused).toMatchObject({ ok: false, status: 400, problem: { code: 'signature_invalid' } })
  // Where a deployment leaves the hand-over to the platform: test/cases/hand-overs.test.ts.
  const elsewhere = (operationId: OperationId) =>
    isOfSale(operationId) || isOfDispute(operationId) || routes[operationId].group === 'hand-overs'
  const others = every.filter((operationId) => !elsewhere(operationId))
  expect(others.filter((operationId) => !succeeded.has(operationId))).toEqual(['receiveStripeEvent'])
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
