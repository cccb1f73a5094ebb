import type Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { termsInForce } from '../../shared/domain/terms.ts'
import { type Chargebacks, openChargebacks } from '../../shared/gateways/chargebacks.ts'
import { openEvidenceFiles } from '../../shared/gateways/evidence.ts'
import { loadHandle } from '../../shared/store/handles.ts'
import { packEvidence } from '../../shared/workflows/chargebacks.ts'
import { deliver, findEvent, pauseWebhooks, resumeWebhooks, textOf } from './events.ts'
import { chargesOf, expectInvariants } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy, freshKey, payOnPage, type Placed, statusOf } from './purchase.ts'
import { holderOf, importHolders, operatorOf, orderFromUser } from './users-sale.ts'

const names = [
  'inspected',
  'contested',
  'paid_out',
  'paid_out_won',
  'told_1',
  'told_2',
  'told_3',
  'told_4',
  'told_5',
  'told_6',
  'decided',
]
let market: Market
beforeAll(async () => {
  market = await startMarket()
  const { endpoint, region, credentials } = market.system.aws
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint)
  vi.stubEnv('AWS_REGION', region)
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
  await importHolders(market, names)
  // Money of the platform's own, out of which a seller is paid again: the provider's fees have taken of a sale's.
  const { handle } = market.nextOffer()
  const price = { amountMinor: 5_000_00, currency: 'USD' as const }
  const listing = { price, dutch: null, reason: 'a round price' }
  await operatorOf(market).changeListing({ params: { handle }, body: listing })
  await buy(market, 'of_the_platform', { handle, price })
}, 120_000)
afterEach(() => expectInvariants(market))
afterAll(async () => {
  vi.unstubAllEnvs()
  await market.stop()
})

const control = () => market.stripe.control
const chargeOf = async (order: Placed): Promise<Stripe.Charge> => {
  const [charge] = await chargesOf(market, order.id)
  if (charge === undefined) throw new Error(`nothing was charged for ${order.id}`)
  return charge
}
const chargeBack = async (order: Placed) => {
  const { id } = control().dispute((await chargeOf(order)).id)
  await market.system.settle()
  return id
}
const decide = async (chargebackId: string, outcome: 'won' | 'lost') => {
  control().closeDispute(chargebackId, outcome)
  await market.system.settle()
}
const handleOf = async ({ offer }: Placed) => {
  const handle = await loadHandle(market.store, offer.handle)
  return { status: handle?.state.status, holder: handle?.state.holder?.accountId }
}
const chargebackAt = async (chargebackId: string) => {
  const answer = await operatorOf(market).getChargeback({ params: { chargebackId } })
  if (!answer.ok) throw new Error(`${chargebackId}: ${answer.problem.code}`)
  return answer.value
}
const sell = async (handle: string): Promise<Placed> => {
  const order = await orderFromUser(market, `buyer_of_${handle}`, handle, 1_000_00)
  expect(await payOnPage(order.page)).toBe('paid')
  await market.system.settle()
  return order
}
const onboard = async (seller: string) => {
  const begun = await market.buyer(seller).beginOnboarding({ body: { country: 'US' } })
  if (!begun.ok) throw new Error(begun.problem.code)
  const known = await operatorOf(market).getSellerOf({ params: { accountId: seller } })
  control().onboard(known.ok ? (known.value.stripeAccountId ?? '') : '')
  await market.system.settle()
}
const transfersOf = async ({ id }: Placed) =>
  (await market.provider.transfers.list({ transfer_group: id, limit: 100 })).data

test.each(['won', 'lost'] as const)(
  'case 28: of the platform’s own sale: reversed, the handle locked, the evidence shown to the bank; then %s',
  async (outcome) => {
    const order = await buy(market, `platform_${outcome}`)
    await market.system.settle()
    const chargebackId = await chargeBack(order)
    expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(['chargeback', 'locked'])
    expect(await chargebackAt(chargebackId)).toMatchObject({ status: 'staged', clawback: 'none' })
    const staged = await market.provider.disputes.retrieve(chargebackId)
    expect(staged).toMatchObject({ status: 'needs_response', evidence_details: { submission_count: 0 } })
    expect(staged.evidence.uncategorized_text).toContain('The name was handed over at')
    // Nobody outside of the platform is named in what the bank is shown.
    expect(JSON.stringify(staged.evidence)).not.toContain(order.buyer)

    const submitted = await operatorOf(market).submitChargeback({ params: { chargebackId } })
    expect(submitted.ok).toBe(true)
    await market.system.settle()
    expect((await market.provider.disputes.retrieve(chargebackId)).evidence_details.submission_count).toBe(1)
    expect((await chargebackAt(chargebackId)).status).toBe('submitted')

    await decide(chargebackId, outcome)
    expect((await chargebackAt(chargebackId)).status).toBe(outcome)
    expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(
      outcome === 'won' ? ['settled', 'active'] : ['charged_back', 'locked'],
    )
  },
)

test('case 28: of a user’s sale that is inspected: the payout is frozen, and lost gives the seller the handle back', async () => {
  const order = await sell('inspected')
  const chargebackId = await chargeBack(order)
  expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(['chargeback', 'locked'])
  await market.system.clock.move(5 * 86_400_000, { settle: true })
  expect(await transfersOf(order)).toEqual([])
  expect((await chargebackAt(chargebackId)).clawback).toBe('not_paid')
  await decide(chargebackId, 'lost')
  expect(await statusOf(market, order)).toBe('charged_back')
  expect(await handleOf(order)).toEqual({ status: 'active', holder: holderOf('inspected') })
})

test('case 28: of a user’s sale that is disputed: the chargeback overtakes the dispute, and won pays the seller', async () => {
  const order = await sell('contested')
  const body = { reason: 'other' as const, words: 'I do not know what this is' }
  const params = { orderId: order.id }
  const opened = await market.buyer(order.buyer).openDispute({ params, body, idempotencyKey: freshKey() })
  const disputeId = opened.ok ? opened.value.id : ''
  const chargebackId = await chargeBack(order)
  const dispute = await operatorOf(market).getDispute({ params: { disputeId } })
  expect(dispute).toMatchObject({ value: { status: 'overtaken', possible: [] } })
  expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(['chargeback', 'locked'])
  await decide(chargebackId, 'won')
  expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(['settling', 'active'])
  await onboard(holderOf('contested'))
  expect(await statusOf(market, order)).toBe('settled')
  expect(await transfersOf(order)).toHaveLength(1)
})

test.each([
  ['paid_out', 'lost', 'charged_back'],
  ['paid_out_won', 'won', 'settled'],
] as const)(
  'case 28: of a user’s sale that was paid out (%s): clawed back, locked; then %s',
  async (handle, outcome, ends) => {
    await onboard(holderOf(handle))
    const order = await sell(handle)
    // Card money is available on the third day, and with it what is transferred out of it.
    const dayMs = 86_400_000
    await market.system.clock.move(2 * dayMs, { settle: true })
    await market.system.clock.move(dayMs - (market.system.clock.now() % dayMs) + 60_000, { settle: true })
    await market.buyer(order.buyer).acceptInspection({ params: { orderId: order.id } })
    await market.system.settle()
    expect(await statusOf(market, order)).toBe('settled')
    const chargebackId = await chargeBack(order)
    expect([await statusOf(market, order), (await handleOf(order)).status]).toEqual(['chargeback', 'locked'])
    expect((await chargebackAt(chargebackId)).clawback).toBe('completed')
    expect((await transfersOf(order)).map(({ reversed }) => reversed)).toEqual([true])
    await decide(chargebackId, outcome)
    expect(await statusOf(market, order)).toBe(ends)
    expect(await handleOf(order)).toEqual({
      status: 'active',
      holder: outcome === 'lost' ? holderOf(handle) : order.buyer,
    })
  },
)

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))

test('case 28: the payment, the chargeback and its loss of a user’s sale, told in every order: the same end', async () => {
  const tells = ['checkout.session.completed', 'charge.dispute.created', 'charge.dispute.closed']
  for (const [n, arrival] of permutations(tells).entries()) {
    const order = await orderFromUser(market, `buyer_of_told_${n + 1}`, `told_${n + 1}`, 500_00)
    pauseWebhooks(market)
    expect(await payOnPage(order.page)).toBe('paid')
    const charge = await chargeOf(order)
    control().closeDispute(control().dispute(charge.id).id, 'lost')
    for (const type of arrival) {
      expect((await deliver(market, textOf(await findEvent(market, type, charge)))).status).toBe(200)
      await market.system.idle()
    }
    resumeWebhooks(market)
    await market.system.settle()
    expect([arrival, await statusOf(market, order)]).toEqual([arrival, 'charged_back'])
    expect([arrival, await handleOf(order)]).toEqual([
      arrival,
      { status: 'active', holder: holderOf(order.offer.handle) },
    ])
  }
})

test('a bank that decides while the evidence is put together is heard: nobody is asked for evidence any more', async () => {
  const { door, functions } = market.system
  const worker = functions.plans.find(({ label }) => label === 'workers-carry-out-effects')
  const files = openEvidenceFiles(worker?.environment['EVIDENCE_BUCKET'] ?? '')
  const config = { secretKey: market.secrets.secretKey, apiUrl: market.stripe.url }
  const order = await sell('decided')
  door.inject({
    kind: 'cut',
    function: 'workers-carry-out-effects',
    where: ({ path }) => path.startsWith('/v1/disputes'),
    times: Number.POSITIVE_INFINITY,
  })
  const { id } = control().dispute((await chargeOf(order)).id)
  await market.system.idle()
  expect(await statusOf(market, order)).toBe('chargeback')
  const real = openChargebacks(config)
  const stage: Chargebacks['stage'] = async (...told) => {
    await real.stage(...told)
    control().closeDispute(id, 'lost')
    await market.system.idle()
  }
  const deps = { store: market.store, terms: termsInForce, now: () => market.system.clock.now(), random: Math.random }
  const pause = () => Promise.reject(new Error('nobody else writes here'))
  await packEvidence({ ...deps, pause, files, chargebacks: () => Promise.resolve({ ...real, stage }) }, order.id)
  expect(await chargebackAt(id)).toMatchObject({ status: 'lost', orderStatus: 'charged_back' })
  door.clearFaults()
})

test('a part of a settled sale that is refunded in the dashboard is booked, part by part', async () => {
  const order = await buy(market, 'dashboard')
  await market.system.settle()
  const charge = await chargeOf(order)
  for (const part of [1, 2]) {
    control().refundFromDashboard(charge.id, part)
    await market.system.settle()
  }
  const answer = await market.buyer(order.buyer).getOrder({ params: { orderId: order.id } })
  expect(answer).toMatchObject({ value: { status: 'settled', refunded: { amountMinor: 3 } } })
})
