import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../shared/contract/client.ts'
import { type OperationId, routes } from '../../shared/contract/routes.ts'
import { type Market, startMarket, value } from './market.ts'
import { isOfDispute, newNoting } from './noting.ts'
import { buyFromUser, chargeOf, newKey, usd } from './users-sale.ts'

let market: Market
const { succeeded, noting } = newNoting()
const clientOf = (sub: string, claims: Readonly<Record<string, unknown>> = {}) =>
  createClient({ baseUrl: market.system.url, token: () => market.system.token(sub, claims), fetch: noting })
const operator = (sub: string) => clientOf(sub, { groups: ['operator'] })
const bea = () => clientOf('bea')

beforeAll(async () => {
  market = await startMarket()
  const held = ['amberlight', 'bluewater'].map((handle) => market.account(handle, 1, { accountId: `sam_${handle}` }))
  await market.importFeed([...held, market.suspended('coldspring'), market.suspended('darkforest')])
  await market.sweep()
})
afterEach(() => market.checkInvariants())
afterAll(() => market.stop())

/** A handle of the platform's own that `bea` has bought: settled at once. */
const buyFromPlatform = async (handle: string, priceMinor = 2_000_00) => {
  const price = usd(priceMinor)
  const listing = { price, dutch: null, reason: 'a round price' }
  value(await operator('olga').changeListing({ params: { handle }, body: listing }))
  const { id: orderId } = value(await bea().placeOrder({ body: { handle, price }, idempotencyKey: newKey() }))
  const { url } = value(await bea().openCheckout({ params: { orderId } }))
  const form = { email: 'b@example.com', number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123', name: 'Bea' }
  await fetch(`${url}/card`, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  await market.system.idle()
  return { orderId, priceMinor }
}

test('disputes: opened, answered, with evidence, decided by two operators; and one that is withdrawn', async () => {
  const open = async (handle: string) => {
    const orderId = await buyFromUser(market, { handle, seller: `sam_${handle}`, buyer: 'bea', priceMinor: 1_500_00 })
    const body = { reason: 'not_handed_over' as const, words: 'I never got to see the name' }
    const { id } = value(await bea().openDispute({ params: { orderId }, body, idempotencyKey: newKey() }))
    return { orderId, params: { disputeId: id } }
  }
  const { orderId, params } = await open('amberlight')
  const content = 'what I see when I open it'
  const file = {
    name: 'note.txt',
    contentType: 'text/plain' as const,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }
  const upload = value(await bea().addEvidence({ params, body: file, idempotencyKey: newKey() }))
  await fetch(upload.uploadUrl, { method: 'PUT', headers: upload.headers, body: content })
  await market.system.idle()
  const answer = { words: 'It is in the account since yesterday' }
  value(await clientOf('sam_amberlight').addStatement({ params, body: answer, idempotencyKey: newKey() }))
  const [waiting] = value(await operator('olga').listDisputes({})).items
  expect(waiting).toMatchObject({ id: params.disputeId, orderId })
  const decision = { outcome: 'settle' as const, reason: 'it was handed over', basedOn: waiting?.version ?? 0 }
  const { version } = value(await operator('olga').decideDispute({ params, body: decision }))
  value(
    await operator('omar').approveDispute({ params, body: { approve: true, reason: 'so it is', basedOn: version } }),
  )
  expect(value(await bea().getDispute({ params })).status).toBe('settled')
  expect(value(await bea().getTimeline({ params: { orderId } })).disputeId).toBe(params.disputeId)
  expect(value(await operator('olga').exportSale({ params: { orderId } })).orderId).toBe(orderId)

  const other = await open('bluewater')
  expect(value(await bea().withdrawDispute({ params: other.params })).status).toBe('withdrawn')
})

test('refunds by goodwill: small ones at once, large ones by two operators, never more than is left', async () => {
  const { orderId, priceMinor } = await buyFromPlatform('coldspring')
  const params = { orderId }
  const refund = (sub: string, amountMinor: number, idempotencyKey = newKey()) =>
    operator(sub).refundOrder({ params, body: { amount: usd(amountMinor), reason: 'they waited' }, idempotencyKey })
  const approve = (sub: string, amountMinor: number, yes = true) =>
    operator(sub).approveRefund({ params, body: { approve: yes, amount: usd(amountMinor), reason: 'agreed' } })

  const first = value(await refund('olga', 10_00, 'small'))
  expect(first).toMatchObject({ refunded: usd(0), underWay: usd(10_00), pending: null })
  await market.system.settle()
  expect(value(await bea().getOrder({ params })).refunded).toEqual(usd(10_00))
  // The same key again gives nothing twice; with another amount it is refused.
  expect(value(await refund('olga', 10_00, 'small'))).toMatchObject({ refunded: usd(10_00), underWay: null })
  expect(await refund('olga', 11_00, 'small')).toMatchObject({ problem: { code: 'idempotency_key_reused' } })
  expect(await refund('olga', priceMinor)).toMatchObject({ problem: { code: 'refund_too_large' } })
  expect(await refund('bea', 1_00)).toMatchObject({ problem: { code: 'own_case' } })

  // Counted with what was given before, this is a cent above the limit.
  const large = 990_01
  expect(value(await refund('olga', large))).toMatchObject({ pending: { proposedBy: 'olga' }, underWay: null })
  expect(await refund('omar', 1_00)).toMatchObject({ problem: { code: 'transition_not_allowed' } })
  expect(await approve('olga', large)).toMatchObject({ problem: { code: 'second_operator_wanted' } })
  expect(await approve('omar', large - 1)).toMatchObject({ problem: { code: 'dispute_changed' } })
  expect(value(await approve('omar', large, false))).toMatchObject({ pending: null, underWay: null })
  value(await refund('olga', large))
  expect(value(await approve('omar', large))).toMatchObject({ pending: null, underWay: usd(large) })
  await market.system.settle()
  expect(value(await bea().getOrder({ params })).refunded).toEqual(usd(1_000_01))
  const told = value(await bea().getTimeline({ params })).steps.map(({ event }) => event)
  expect(told.filter((event) => event === 'goodwill_refunded')).toHaveLength(2)
  expect(told).not.toContain('goodwill_proposed')
})

test('a chargeback: found in the list, looked at with its pack, and shown to the bank', async () => {
  const { orderId } = await buyFromPlatform('darkforest')
  const charge = await chargeOf(market, orderId)
  market.system.stripe?.control.dispute(charge.id, { reason: 'product_not_received' })
  await market.system.settle()
  const [head] = value(await operator('olga').listChargebacks({})).items
  expect(head).toMatchObject({ orderId, status: 'staged', reason: 'product_not_received' })
  const params = { chargebackId: head?.chargebackId ?? '' }
  const shown = value(await operator('olga').getChargeback({ params }))
  expect(shown).toMatchObject({ orderStatus: 'chargeback', clawback: 'none' })
  const pack = await (await fetch(shown.packUrl)).text()
  expect(createHash('sha256').update(pack).digest('hex')).toBe(shown.packSha256)
  expect(value(await operator('olga').submitChargeback({ params })).status).toBe('submitting')
  await market.system.settle()
  expect(value(await operator('omar').submitChargeback({ params })).status).toBe('submitted')
})

test('that was every operation about what becomes of a sale', () => {
  const every = (Object.keys(routes) as OperationId[]).filter(isOfDispute)
  expect(every.filter((operationId) => !succeeded.has(operationId))).toEqual([])
})
