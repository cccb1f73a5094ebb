import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loadHandle } from '../../shared/store/handles.ts'
import { loadOrder } from '../../shared/store/orders.ts'
import { pauseWebhooks, resumeWebhooks } from './events.ts'
import { chargesOf, expectInvariants, ledgerOf, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { freshKey, payOnPage, type Placed, statusOf } from './purchase.ts'
import { holderOf, importHolders, operatorOf, orderFromUser } from './users-sale.ts'

// Somebody at the platform gives money back in the payment provider's dashboard, before the seller was paid.

const handles = ['inspected', 'in_part', 'unheard', 'contested', 'waiting', 'awarded', 'called_won', 'called_lost']
const priceMinor = 1_000_00

let market: Market
beforeAll(async () => {
  market = await startMarket({ stocked: false })
  await importHolders(market, handles)
})
afterEach(async () => {
  resumeWebhooks(market)
  await expectInvariants(market)
})
afterAll(() => market.stop())

const control = () => market.stripe.control
const onboard = async (handle: string): Promise<string> => {
  const seller = holderOf(handle)
  await market.buyer(seller).beginOnboarding({ body: { country: 'US' } })
  const known = await operatorOf(market).getSellerOf({ params: { accountId: seller } })
  const connected = known.ok ? (known.value.stripeAccountId ?? '') : ''
  control().onboard(connected, { bankAccount: `00091000${String(handles.indexOf(handle)).padStart(4, '0')}` })
  await market.system.settle()
  return connected
}
/** A handle that was paid for and handed over. */
const sell = async (handle: string): Promise<Placed> => {
  const order = await orderFromUser(market, `buyer_of_${handle}`, handle, priceMinor)
  expect(await payOnPage(order.page)).toBe('paid')
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('inspection')
  return order
}
const giveBack = async (order: Placed, amountMinor?: number): Promise<void> => {
  const [charge] = await chargesOf(market, order.id)
  control().refundFromDashboard(charge?.id ?? '', amountMinor)
  await market.system.settle()
}
const accept = async ({ buyer, id }: Placed): Promise<void> => {
  const answer = await market.buyer(buyer).acceptInspection({ params: { orderId: id } })
  expect(answer.ok).toBe(true)
  await market.system.settle()
}
const transfersOf = async ({ id }: Placed) => (await market.provider.transfers.list({ transfer_group: id })).data
const holderNow = async ({ offer }: Placed) => (await loadHandle(market.store, offer.handle))?.state.holder?.accountId
const mailsTo = async (address: string) => (await market.system.mail?.sent(address))?.map(({ subject }) => subject)
/** What is not zero of the platform's own accounts and this order's. */
const booked = async ({ id }: Placed) => {
  const book = await ledgerOf(market)
  const names = [`order:${id}`, 'platform:goodwill', 'platform:commission']
  return Object.fromEntries(names.flatMap((name) => (book.get(`${name} USD`) ? [[name, book.get(`${name} USD`)]] : [])))
}
const commissionMinor = 200_00
let soldMinor = 0
let givenMinor = 0
const expectBooked = async (order: Placed, of: { commission?: number; goodwill?: number; held?: number }) => {
  soldMinor += of.commission ?? 0
  givenMinor += of.goodwill ?? 0
  expect(await booked(order)).toEqual({
    ...(soldMinor > 0 && { 'platform:commission': soldMinor }),
    ...(givenMinor > 0 && { 'platform:goodwill': -givenMinor }),
    ...(of.held !== undefined && { [`order:${order.id}`]: of.held }),
  })
}

test('of the whole price: the sale is undone, the handle goes back, and the seller is not paid', async () => {
  await onboard('inspected')
  const order = await sell('inspected')
  const replacedBy = (await loadOrder(market.store, order.id))?.state.replacedBy ?? ''
  await giveBack(order)
  expect(await statusOf(market, order)).toBe('refunded')
  expect(await holderNow(order)).toBe(holderOf('inspected'))
  expect((await loadHandle(market.store, replacedBy))?.state.status).toBe('reserved')
  await market.system.clock.move(10 * 86_400_000, { settle: true })
  expect(await transfersOf(order)).toEqual([])
  expect(await refundsOf(market, order.id)).toHaveLength(1)
  // The platform's feed told this address, of the handle that is the seller's again.
  expect(await mailsTo('inspected@example.com')).toContain('The sale of @inspected is undone')
  await expectBooked(order, {})
})

test('of a part: the platform bears it, and the seller is paid what was quoted', async () => {
  await onboard('in_part')
  const order = await sell('in_part')
  await giveBack(order, 300_00)
  await giveBack(order, 50_00)
  expect(await statusOf(market, order)).toBe('inspection')
  await expectBooked(order, { goodwill: 350_00, held: priceMinor })
  await accept(order)
  expect(await statusOf(market, order)).toBe('settled')
  expect(await transfersOf(order)).toMatchObject([{ amount: priceMinor - commissionMinor }])
  await expectBooked(order, { commission: commissionMinor })
})

test('of the whole price, in parts: what the platform bore of it is the platform’s again', async () => {
  const order = await sell('waiting')
  await accept(order)
  expect(await statusOf(market, order)).toBe('settling')
  await giveBack(order, 400_00)
  await expectBooked(order, { goodwill: 400_00, held: priceMinor })
  await giveBack(order)
  expect([await statusOf(market, order), await holderNow(order)]).toEqual(['refunded', holderOf('waiting')])
  await expectBooked(order, { goodwill: -400_00 })
  await onboard('waiting')
  expect(await transfersOf(order)).toEqual([])
})

test('that nobody was told of: whoever pays the seller looks first, and pays nobody for a sale that is undone', async () => {
  await onboard('unheard')
  const order = await sell('unheard')
  pauseWebhooks(market)
  await giveBack(order)
  expect(await statusOf(market, order)).toBe('inspection')
  await accept(order)
  expect([await statusOf(market, order), await holderNow(order)]).toEqual(['refunded', holderOf('unheard')])
  expect(await transfersOf(order)).toEqual([])
})

const dispute = async ({ buyer, id }: Placed): Promise<string> => {
  const body = { reason: 'not_as_described' as const, words: 'It is another one' }
  const opened = await market.buyer(buyer).openDispute({ params: { orderId: id }, body, idempotencyKey: freshKey() })
  return opened.ok ? opened.value.id : ''
}

test('of the whole price while buyer and seller are heard: there is nothing left to decide', async () => {
  const order = await sell('contested')
  const disputeId = await dispute(order)
  await giveBack(order)
  expect([await statusOf(market, order), await holderNow(order)]).toEqual(['refunded', holderOf('contested')])
  const ended = await operatorOf(market).getDispute({ params: { disputeId } })
  expect(ended).toMatchObject({ value: { status: 'overtaken', possible: [] } })
})

test('before a dispute is split: the buyer gets no more than the price, and the seller what was awarded', async () => {
  await onboard('awarded')
  const order = await sell('awarded')
  const disputeId = await dispute(order)
  await giveBack(order, 800_00)
  const seller = market.buyer(holderOf('awarded'))
  await seller.addStatement({ params: { disputeId }, body: { words: 'It is the one' }, idempotencyKey: freshKey() })
  const decision = {
    outcome: 'split',
    refund: { amountMinor: 500_00, currency: 'USD' },
    reason: 'half',
    basedOn: 2,
  } as const
  const decided = await operatorOf(market).decideDispute({ params: { disputeId }, body: decision })
  expect(decided.ok).toBe(false)
  const less = { ...decision, refund: { ...decision.refund, amountMinor: 200_00 } }
  expect(await operatorOf(market).decideDispute({ params: { disputeId }, body: less })).toMatchObject({ ok: true })
  await market.system.settle()
  expect(await statusOf(market, order)).toBe('settled')
  // Of the 800 that is kept, 20 percent is commission.
  expect(await transfersOf(order)).toMatchObject([{ amount: 640_00 }])
  expect((await refundsOf(market, order.id)).map(({ amount }) => amount).toSorted((a, b) => a - b)).toEqual([
    200_00, 800_00,
  ])
  await expectBooked(order, { commission: 160_00, goodwill: 800_00 })
})

test.each([
  ['won', 'refunded', 1],
  ['lost', 'charged_back', 0],
] as const)(
  'a bank that takes the money while it is on its way back, and %s: the buyer has it, and the seller the handle',
  async (outcome, ends, refunds) => {
    const order = await sell(`called_${outcome}`)
    const disputeId = await dispute(order)
    const seller = market.buyer(holderOf(order.offer.handle))
    await seller.addStatement({ params: { disputeId }, body: { words: 'It is the one' }, idempotencyKey: freshKey() })
    pauseWebhooks(market)
    const [charge] = await chargesOf(market, order.id)
    const chargeback = control().dispute(charge?.id ?? '')
    const decision = { outcome: 'refund', reason: 'not as described', basedOn: 2 } as const
    expect(await operatorOf(market).decideDispute({ params: { disputeId }, body: decision })).toMatchObject({
      ok: true,
    })
    await market.system.idle()
    // The provider refuses to refund what a bank has taken.
    expect(await statusOf(market, order)).toBe('refunding')
    resumeWebhooks(market)
    const { data } = await market.provider.events.list({ type: 'charge.dispute.created', limit: 1 })
    control().resendEvent(data[0]?.id ?? '')
    await market.system.settle()
    expect([await statusOf(market, order), await holderNow(order)]).toEqual([
      'chargeback',
      holderOf(order.offer.handle),
    ])
    control().closeDispute(chargeback.id, outcome)
    await market.system.settle()
    expect([await statusOf(market, order), await holderNow(order)]).toEqual([ends, holderOf(order.offer.handle)])
    expect(await refundsOf(market, order.id)).toHaveLength(refunds)
    await expectBooked(order, {})
  },
)
