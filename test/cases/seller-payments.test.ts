import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../../local/stripe/api.ts'
import { createClient } from '../../shared/contract/client.ts'
import type { Problem } from '../../shared/contract/problems.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import { ScreeningUnavailable } from '../../shared/gateways/screening.ts'
import { openPayments } from '../../shared/gateways/payments.ts'
import { openSellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { openTransfers } from '../../shared/gateways/transfers.ts'
import { paySeller } from '../../shared/workflows/pay-seller.ts'
import { pauseWebhooks, resumeWebhooks } from './events.ts'
import { chargesOf, eventsOf, expectInvariants, ledgerOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { buy, freshKey, openPage, payOnPage, type Placed } from './purchase.ts'

// How a user who sells is paid: held funds until then, one transfer whatever fails, taken back after a chargeback.

const dayMs = 86_400_000
/** How many handles each of them sells in these cases. */
const stock = {
  ada: 1,
  bess: 1,
  cleo: 1,
  dina: 1,
  emma: 5,
  fay: 3,
  gwen: 3,
  hope: 3,
  iris: 2,
  june: 1,
  kate: 1,
  lena: 1,
} as const
type Seller = keyof typeof stock

let market: Market
/** Handles that each seller bought here, long enough ago to sell them on. */
const held = new Map<string, string[]>()
beforeAll(async () => {
  market = await startMarket()
  for (const [seller, handles] of Object.entries(stock)) {
    for (let count = 0; count < handles; count += 1) {
      const { offer } = await buy(market, seller)
      held.set(seller, [...(held.get(seller) ?? []), offer.handle])
    }
  }
  await market.system.settle()
  await pass(8)
}, 120_000)
afterEach(async () => {
  market.stripe.control.setFault(undefined)
  await expectInvariants(market)
})
afterAll(() => market.stop())

type Answer<T> = { ok: true; value: T } | { ok: false; problem: Problem }
const value = <T>(answer: Answer<T>): T => {
  if (!answer.ok) throw new Error(`${answer.problem.code}: ${answer.problem.detail}`)
  return answer.value
}
const stripe = () => market.stripe.control
const pass = (days: number) => market.system.clock.move(Math.round(days * dayMs), { settle: true })
const operator = () =>
  createClient({
    baseUrl: market.system.url,
    token: () => market.system.token('acct_operator', { groups: ['operator'] }),
  })

const begin = async (seller: Seller): Promise<string> => {
  value(await market.buyer(seller).beginOnboarding({ body: { country: 'US' } }))
  const { stripeAccountId } = value(await operator().getSellerOf({ params: { accountId: seller } }))
  if (stripeAccountId === null) throw new Error(`${seller} has no connected account`)
  return stripeAccountId
}
const enable = async (seller: Seller): Promise<string> => {
  const connected = await begin(seller)
  stripe().onboard(connected)
  await market.system.idle()
  return connected
}

const thousand = { amountMinor: 1_000_00, currency: 'USD' as const }
const netMinor = 800_00

/** A handle of the seller's, listed, bought and paid for; the inspection runs. */
const sell = async (seller: Seller, price = thousand): Promise<Placed> => {
  const handle = held.get(seller)?.pop()
  if (handle === undefined) throw new Error(`${seller} has nothing to sell any more`)
  value(await market.buyer(seller).openListing({ params: { handle }, body: { price } }))
  const buyer = `buyer_of_${handle}`
  const { id } = value(await market.buyer(buyer).placeOrder({ body: { handle, price }, idempotencyKey: freshKey() }))
  const order = { id, buyer, offer: { handle, price } }
  expect(await payOnPage(await openPage(market, order))).toBe('paid')
  await market.system.settle()
  return order
}
const accept = async (order: Placed) => {
  value(await market.buyer(order.buyer).acceptInspection({ params: { orderId: order.id } }))
  await market.system.settle()
}
const saleOf = async (seller: Seller, order: Placed) =>
  value(await market.buyer(seller).getMySale({ params: { orderId: order.id } }))
const debtOf = async (seller: Seller) => value(await market.buyer(seller).getSeller({})).debt.amountMinor
const transfersOf = async ({ id }: Placed) =>
  (await market.provider.transfers.list({ transfer_group: id, limit: 100 })).data

/** Balances of a sale and its seller in the ledger, those that are not zero. */
const booksOf = async (seller: Seller, order: Placed): Promise<Record<string, number>> => {
  const accounts = [`order:${order.id}`, `seller:${seller}`, `receivable:${seller}`]
  return Object.fromEntries(
    [...(await ledgerOf(market))]
      .map(([account, balance]) => [account.replace(' USD', ''), balance] as const)
      .filter(([account, balance]) => accounts.includes(account) && balance !== 0),
  )
}

/** The lines of this year's statement, without their head. */
const statementOf = async (seller: Seller) => {
  const { csv, next } = value(await market.buyer(seller).getSellerStatement({ query: {} }))
  expect(next).toBeNull()
  const [head = '', ...lines] = csv.trim().split('\r\n')
  const names = head.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index] ?? '', cell])))
}

/**
 * Sold, paid, and the transfer available at the seller's connected account: card money is after two days. The next midnight
 * pays it out to the bank.
 */
const sellAndPay = async (seller: Seller): Promise<Placed> => {
  const order = await sell(seller)
  await pass(2)
  const untilMorning = dayMs - (market.system.clock.now() % dayMs) + 60_000
  await market.system.clock.move(untilMorning, { settle: true })
  if ((await saleOf(seller, order)).status === 'inspection') await accept(order)
  return order
}

/** The payer's bank takes the money of this order back. */
const chargeBack = async (order: Placed): Promise<string> => {
  const [charge] = await chargesOf(market, order.id)
  const { id } = stripe().dispute(charge?.id ?? '', { reason: 'fraudulent' })
  await market.system.settle()
  return id
}
const closeChargeback = async (disputeId: string, outcome: 'won' | 'lost') => {
  stripe().closeDispute(disputeId, outcome)
  await market.system.settle()
}

describe('a sale is paid', () => {
  test('to a seller who can be paid: price less commission in one transfer, and the statement and the ledger say the same', async () => {
    const connected = await enable('ada')
    const order = await sell('ada')
    expect(await booksOf('ada', order)).toEqual({ [`order:${order.id}`]: 1_000_00 })
    await accept(order)
    expect(await saleOf('ada', order)).toMatchObject({
      status: 'settled',
      paid: { amountMinor: netMinor },
      payoutBlocked: null,
    })
    const [transfer, ...more] = await transfersOf(order)
    expect(more).toEqual([])
    expect(transfer).toMatchObject({ amount: netMinor, destination: connected })
    expect(await booksOf('ada', order)).toEqual({})

    const [line, ...others] = await statementOf('ada')
    expect(others).toEqual([])
    expect(line).toMatchObject({
      movement: 'paid',
      order_id: order.id,
      gross_minor: '100000',
      commission_minor: '20000',
      net_minor: '80000',
      transferred_minor: '80000',
      transfer_id: transfer?.id,
      total_net_minor: '80000',
    })
    const year = value(await market.buyer('ada').getSellerYear({ query: {} }))
    expect(year).toMatchObject({ sales: 1, grossMinor: 1_000_00, netMinor, transferredMinor: netMinor })

    await pass(4)
    const { payouts } = value(await market.buyer('ada').getSeller({}))
    expect(payouts).toMatchObject([{ amountMinor: netMinor, currency: 'USD', status: 'paid' }])
  })

  test('by the clock, when the inspection ends and nobody says anything', async () => {
    await enable('bess')
    const order = await sell('bess')
    await pass(2.9)
    expect((await saleOf('bess', order)).status).toBe('inspection')
    await pass(0.2)
    expect((await saleOf('bess', order)).status).toBe('settled')
  })

  test('after the onboarding, where it was not begun before: until then the money is held, and it is then paid by itself', async () => {
    const order = await sell('cleo')
    await accept(order)
    expect(await saleOf('cleo', order)).toMatchObject({
      status: 'settling',
      payoutBlocked: 'not_onboarded',
      paid: null,
    })
    expect(await booksOf('cleo', order)).toEqual({ [`order:${order.id}`]: 1_000_00 })
    // The clock tries again, and notes no reason twice.
    await pass(1.1)
    const events = await eventsOf(market, order.id)
    expect(events.filter((type) => type === 'transfer_blocked')).toHaveLength(1)
    await enable('cleo')
    await market.system.settle()
    expect(await saleOf('cleo', order)).toMatchObject({ status: 'settled', payoutBlocked: null })
    expect(await transfersOf(order)).toHaveLength(1)
  })

  test('when a restriction is lifted: until then the money is held, with the reason', async () => {
    const connected = await enable('dina')
    const order = await sell('dina')
    stripe().restrictAccount(connected)
    await market.system.settle()
    await accept(order)
    expect(await saleOf('dina', order)).toMatchObject({ status: 'settling', payoutBlocked: 'restricted' })
    expect(await booksOf('dina', order)).toEqual({ [`order:${order.id}`]: 1_000_00 })
    expect(await transfersOf(order)).toEqual([])
    stripe().liftRestriction(connected)
    await market.system.settle()
    expect((await saleOf('dina', order)).status).toBe('settled')
    expect(await transfersOf(order)).toHaveLength(1)
  })
})

test('case 21: after another bank account was given the money waits for the longest cooling-off, and is then paid', async () => {
  const connected = await enable('lena')
  const order = await sell('lena')
  stripe().onboard(connected, { bankAccount: '000222222227' })
  await market.system.settle()
  await accept(order)
  expect(await saleOf('lena', order)).toMatchObject({ status: 'settling', payoutBlocked: 'payout_account_changed' })
  await pass(2.9)
  expect(await transfersOf(order)).toEqual([])
  expect(await booksOf('lena', order)).toEqual({ [`order:${order.id}`]: 1_000_00 })
  await pass(1.2)
  expect((await saleOf('lena', order)).status).toBe('settled')
  expect(await transfersOf(order)).toHaveLength(1)
})

/** Stripe fails this often at one operation. */
const failing = (operationId: string, fault: Fault, phase: 'before' | 'after', times: number): void => {
  let left = times
  stripe().setFault((call) => {
    if (call.operationId !== operationId || call.phase !== phase || left === 0) return undefined
    left -= 1
    return fault
  })
}

describe('one transfer, though Stripe', () => {
  test.each([
    ['says nothing, having made it', { kind: 'timeout' }, 'after', 1],
    ['cuts the connection, having made it', { kind: 'cut' }, 'after', 1],
    ['answers 503 for as long as one call is tried, having made it', { kind: 'status', status: 503 }, 'after', 4],
    ['answers 429 twice', { kind: 'status', status: 429 }, 'before', 2],
    ['answers 500, having made it', { kind: 'status', status: 500 }, 'after', 1],
  ] as const)('%s', async (_, fault, phase, times) => {
    const seller = 'emma'
    if (value(await market.buyer(seller).getSeller({})).status === 'none') await enable(seller)
    const order = await sell(seller)
    failing('PostTransfers', fault, phase, times)
    await accept(order)
    stripe().setFault(undefined)
    await market.system.settle()
    expect((await saleOf(seller, order)).status).toBe('settled')
    expect(await transfersOf(order)).toHaveLength(1)
    expect((await eventsOf(market, order.id)).filter((type) => type === 'order_settled')).toHaveLength(1)
  })
})

const deadEffects = (): number =>
  market.system.queues
    .depths()
    .filter(({ name }) => name.endsWith('effects-dead'))
    .reduce((sum, { ready }) => sum + ready, 0)

/** Stripe makes what it is asked for, does not say so, and lists nothing from then on: the message becomes a dead letter. */
const unheard = async (made: string, listed: string, work: () => Promise<void>): Promise<void> => {
  let done = false
  stripe().setFault(({ operationId, phase }) => {
    if (operationId === made && phase === 'after') done = true
    return (operationId === made && phase === 'after') || (operationId === listed && done)
      ? { kind: 'status', status: 503 }
      : undefined
  })
  await work()
  expect(deadEffects()).toBe(1)
}
/** The fault is over, and the dead letter is sent back. */
const heardAgain = async (): Promise<void> => {
  stripe().setFault(undefined)
  expect(market.system.queues.redrive('effects-dead')).toBe(1)
  await market.system.settle()
}

describe('after a chargeback', () => {
  test('of a sale that was paid: the transfer is taken back, and lost is lost', async () => {
    await enable('gwen')
    const order = await sellAndPay('gwen')
    const disputeId = await chargeBack(order)
    const [transfer] = await transfersOf(order)
    expect(transfer).toMatchObject({ amount: netMinor, amount_reversed: netMinor })
    expect(await booksOf('gwen', order)).toEqual({})
    expect(await debtOf('gwen')).toBe(0)
    expect((await statementOf('gwen')).map((line) => [line['movement'], line['total_net_minor']])).toEqual([
      ['paid', '80000'],
      ['taken_back', '0'],
    ])
    await closeChargeback(disputeId, 'lost')
    expect((await saleOf('gwen', order)).status).toBe('charged_back')
    expect(value(await market.buyer('gwen').getSellerYear({ query: {} }))).toMatchObject({ sales: 0, grossMinor: 0 })
  })

  test('that the bank decides for the seller: it is paid again', async () => {
    const order = await sellAndPay('gwen')
    await closeChargeback(await chargeBack(order), 'won')
    expect((await saleOf('gwen', order)).status).toBe('settled')
    const transfers = await transfersOf(order)
    expect(transfers.map(({ amount, amount_reversed }) => amount - amount_reversed)).toEqual([netMinor, 0])
    expect(await booksOf('gwen', order)).toEqual({})
  })

  test('of a sale that was not paid: nothing is transferred, and nothing is owed', async () => {
    const order = await sell('gwen')
    const disputeId = await chargeBack(order)
    await closeChargeback(disputeId, 'lost')
    expect(await transfersOf(order)).toEqual([])
    expect(await booksOf('gwen', order)).toEqual({})
    expect(await debtOf('gwen')).toBe(0)
  })

  test('when the connected balance is empty: a debt, and the next sale pays it off before anything is transferred', async () => {
    await enable('hope')
    const first = await sell('hope')
    await accept(first)
    await pass(4)
    expect(value(await market.buyer('hope').getSeller({})).payouts).toMatchObject([{ status: 'paid' }])
    const disputeId = await chargeBack(first)
    expect(await debtOf('hope')).toBe(netMinor)
    expect(await booksOf('hope', first)).toEqual({ 'receivable:hope': -netMinor })
    await closeChargeback(disputeId, 'lost')
    expect((await saleOf('hope', first)).status).toBe('charged_back')

    const second = await sell('hope')
    await accept(second)
    expect((await saleOf('hope', second)).status).toBe('settled')
    expect(await transfersOf(second)).toEqual([])
    expect(await debtOf('hope')).toBe(0)
    expect(await booksOf('hope', second)).toEqual({})

    const third = await sell('hope')
    await accept(third)
    expect(await transfersOf(third)).toHaveLength(1)
    const lines = await statementOf('hope')
    expect(
      lines.map((line) => [line['movement'], line['net_minor'], line['debt_minor'], line['transferred_minor']]),
    ).toEqual([
      ['paid', '80000', '0', '80000'],
      ['taken_back', '-80000', '-80000', '0'],
      ['paid', '80000', '80000', '0'],
      ['paid', '80000', '0', '80000'],
    ])
    expect(lines.at(-1)).toMatchObject({ total_net_minor: '160000', total_transferred_minor: '160000' })
  })

  test('and with a debt smaller than the next net: the next transfer is reduced by it', async () => {
    await enable('iris')
    const first = await sell('iris')
    await accept(first)
    await pass(4)
    await chargeBack(first)
    const second = await sell('iris', { ...thousand, amountMinor: 2_000_00 })
    await accept(second)
    expect((await transfersOf(second)).map(({ amount }) => amount)).toEqual([1_600_00 - netMinor])
    expect(await debtOf('iris')).toBe(0)
    expect((await statementOf('iris')).at(-1)).toMatchObject({
      net_minor: '160000',
      debt_minor: '80000',
      transferred_minor: '80000',
    })
  })
})

/** What the worker pays with, and a screening that answers so. */
const deps = (answer: 'clear' | 'hit' | 'unavailable') => {
  const config = { secretKey: market.secrets.secretKey, apiUrl: market.stripe.url }
  return {
    store: market.store,
    terms: termsInForce,
    now: () => market.system.clock.now(),
    random: Math.random,
    pause: (ms: number) => new Promise<void>((resume) => setTimeout(resume, ms)),
    screening: { screen: () => Promise.resolve(answer) },
    sellerAccounts: () => Promise.resolve(openSellerAccounts(config)),
    transfers: () => Promise.resolve(openTransfers(config)),
    payments: () => Promise.resolve(openPayments(config)),
  }
}

test('eight workers that pay one sale at once make one transfer, and one of them settles it', async () => {
  const connected = await enable('kate')
  const order = await sell('kate')
  stripe().restrictAccount(connected)
  await market.system.settle()
  await accept(order)
  pauseWebhooks(market)
  stripe().liftRestriction(connected)
  await Promise.allSettled(Array.from({ length: 8 }, () => paySeller(deps('clear'), order.id)))
  resumeWebhooks(market)
  await market.system.settle()
  expect(await transfersOf(order)).toHaveLength(1)
  expect((await eventsOf(market, order.id)).filter((type) => type === 'order_settled')).toHaveLength(1)
  expect(await statementOf('kate')).toHaveLength(1)
})

describe('a seller is screened before each transfer', () => {
  test('a hit holds the money back and tells the seller nothing; a screening that does not answer changes nothing', async () => {
    const connected = await enable('june')
    const order = await sell('june')
    stripe().restrictAccount(connected)
    await market.system.settle()
    await accept(order)
    // The word that it was lifted is lost: whoever pays asks Stripe anew.
    pauseWebhooks(market)
    stripe().liftRestriction(connected)
    await paySeller(deps('hit'), order.id)
    resumeWebhooks(market)
    expect(await saleOf('june', order)).toMatchObject({ status: 'settling', payoutBlocked: 'under_review' })
    expect(await booksOf('june', order)).toEqual({ [`order:${order.id}`]: 1_000_00 })
    const [found] = value(await operator().listCases({})).items
    expect(found).toMatchObject({ ground: 'screening_hit', accountIds: ['june'] })
    await expect(paySeller(deps('unavailable'), order.id)).rejects.toThrow(ScreeningUnavailable)
    expect(await transfersOf(order)).toEqual([])
    await paySeller(deps('clear'), order.id)
    await market.system.settle()
    expect((await saleOf('june', order)).status).toBe('settled')
    expect(await transfersOf(order)).toHaveLength(1)
  })
})

describe('whatever came in between is found', () => {
  test('a transfer that was made while the chargeback came in: it is booked, and taken back', async () => {
    await enable('fay')
    const order = await sell('fay')
    await pass(2.5)
    await unheard('PostTransfers', 'GetTransfers', () => accept(order))
    const disputeId = await chargeBack(order)
    expect((await eventsOf(market, order.id)).includes('transfer_found')).toBe(false)
    await heardAgain()
    expect(await eventsOf(market, order.id)).toEqual(expect.arrayContaining(['transfer_found', 'clawback_completed']))
    expect((await transfersOf(order)).map(({ amount, amount_reversed }) => amount - amount_reversed)).toEqual([0])
    expect(await booksOf('fay', order)).toEqual({})
    await closeChargeback(disputeId, 'lost')
    expect((await saleOf('fay', order)).status).toBe('charged_back')
    expect(await debtOf('fay')).toBe(0)
    expect(value(await operator().getSellerOf({ params: { accountId: 'fay' } })).planned).toEqual([])
  })

  test('a reversal whose answer was lost: one reversal', async () => {
    const order = await sellAndPay('fay')
    failing('PostTransfersIdReversals', { kind: 'cut' }, 'after', 1)
    await chargeBack(order)
    const [transfer] = await transfersOf(order)
    expect((await market.provider.transfers.listReversals(transfer?.id ?? '')).data).toHaveLength(1)
    expect(await eventsOf(market, order.id)).toContain('clawback_completed')
  })

  test('a reversal that was made before the bank decided for the seller: it is paid again', async () => {
    const order = await sellAndPay('fay')
    let disputeId = ''
    await unheard('PostTransfersIdReversals', 'GetTransfersIdReversals', async () => {
      disputeId = await chargeBack(order)
    })
    await closeChargeback(disputeId, 'won')
    expect((await eventsOf(market, order.id)).at(-1)).toBe('chargeback_won')
    await heardAgain()
    expect((await saleOf('fay', order)).status).toBe('settled')
    expect((await transfersOf(order)).map(({ amount, amount_reversed }) => amount - amount_reversed)).toEqual([
      netMinor,
      0,
    ])
    expect(await booksOf('fay', order)).toEqual({})
    const year = value(await market.buyer('fay').getSellerYear({ query: {} }))
    expect(year).toMatchObject({ sales: 1, grossMinor: 1_000_00, transferredMinor: netMinor })
  })
})

test('and the provider says of all of it what the ledger says: every transfer and reversal, to the cent', async () => {
  await market.system.clock.move(2 * 3_600_000, { settle: true })
  const from = new Date(market.system.clock.now() - 34 * dayMs).toISOString()
  const { id } = value(await operator().startReconciliation({ body: { from }, idempotencyKey: freshKey() }))
  await market.system.idle()
  const report = value(await operator().getReconciliation({ params: { reconciliationId: id } }))
  expect(report).toMatchObject({ state: 'complete', differences: [], agrees: true })
  expect(report.matched).toBeGreaterThan(40)
  const trial = value(await operator().getTrialBalance({}))
  expect(trial).toMatchObject({ wrongSide: [], unbalancedOrders: [], sums: [{ currency: 'USD', sumMinor: 0 }] })
  expect(trial.totals.map(({ account }) => account)).toContain('platform:commission')
})
