import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fault, FaultCall } from '../../local/stripe/api.ts'
import type { ProviderChange } from '../../shared/domain/reconciliation.ts'
import { openBalance } from '../../shared/gateways/balance.ts'
import { openSellerAccounts, type SellerAccounts } from '../../shared/gateways/seller-accounts.ts'
import { ProviderUnavailable } from '../../shared/gateways/stripe.ts'
import { openTransfers, type TransferredOrder, type Transfers } from '../../shared/gateways/transfers.ts'
import { secretKey, sessionFor, startLocal, type Local } from './fixture.ts'

let local: Local
let transfers: Transfers
let accounts: SellerAccounts

beforeEach(async () => {
  local = await startLocal()
  const config = { secretKey, apiUrl: local.server.url, patience: { timeoutMs: 5_000, retries: 0 } }
  transfers = openTransfers(config)
  accounts = openSellerAccounts(config)
})

afterEach(async () => {
  await local.server.control.idle()
  await local.stop()
  local.validator.verify()
})

const anyTransfer = { transferId: expect.stringMatching(/^tr_/) as string }
const orderId = 'ord_00000000000000000000000001'

/** An order that was paid. */
const paidOrder = async (amount = 10_000, id = orderId): Promise<TransferredOrder> => {
  const metadata = { orderId: id }
  const session = await local.stripe.checkout.sessions.create(
    sessionFor(amount, { metadata, payment_intent_data: { metadata, transfer_group: id } }),
  )
  const attempt = local.server.control.pay(session.id) as { intent: Stripe.PaymentIntent }
  return { id, currency: 'USD', paymentIntentId: attempt.intent.id }
}

/** The account of a seller who can be paid. */
const seller = async (): Promise<string> => {
  const made = await accounts.create('acc_seller', 'US')
  if (typeof made === 'string') throw new Error(made)
  local.server.control.onboard(made.stripeAccountId)
  return made.stripeAccountId
}

/** Lets calls of one operation go wrong, once each time this is called. */
const failOnce = (operationId: string, phase: FaultCall['phase'], fault: Fault): void => {
  local.server.control.setFault((call) => {
    if (call.operationId !== operationId || call.phase !== phase) return undefined
    local.server.control.setFault(undefined)
    return fault
  })
}

const madeTransfers = async (): Promise<Stripe.Transfer[]> => (await local.stripe.transfers.list({ limit: 100 })).data

describe("a seller's account", () => {
  it('is made once, and what it may do is read', async () => {
    const made = await accounts.create('acc_seller', 'US')
    expect(made).toMatchObject({
      sellerId: 'acc_seller',
      transfersEnabled: false,
      payoutsEnabled: false,
      disabledReason: 'requirements.past_due',
    })
    expect(await accounts.create('acc_seller', 'US')).toEqual(made)
    expect((await local.stripe.accounts.list()).data).toHaveLength(1)
    const { stripeAccountId } = made as { stripeAccountId: string }
    local.server.control.onboard(stripeAccountId)
    expect(await accounts.read(stripeAccountId)).toEqual({
      stripeAccountId,
      sellerId: 'acc_seller',
      transfersEnabled: true,
      payoutsEnabled: true,
      disabledReason: null,
      requirementsDue: [],
      country: 'US',
      bankFingerprint: expect.any(String) as string,
    })
  })

  it('in a country that is none is refused with a closed reason', async () => {
    expect(await accounts.create('acc_seller', 'Narnia')).toBe('country_not_served')
  })

  it('has a page for its owner, another one each time', async () => {
    const made = (await accounts.create('acc_seller', 'US')) as { stripeAccountId: string }
    const back = { returnUrl: 'https://market.example/back', refreshUrl: 'https://market.example/again' }
    const first = await accounts.onboardingLink(made.stripeAccountId, back)
    const second = await accounts.onboardingLink(made.stripeAccountId, back)
    expect(first.url).not.toBe(second.url)
    expect(Date.parse(first.expiresAt)).toBe(local.clock.now() + 300_000)
    expect((await fetch(first.url)).status).toBe(200)
  })
})

describe('a transfer', () => {
  it('is made once, however often it is asked for, also when the key is long forgotten', async () => {
    const order = await paidOrder()
    const destination = await seller()
    const first = await transfers.transfer(order, 8_000, destination, 1)
    expect(first).toEqual(anyTransfer)
    const together = await Promise.all([1, 2, 3].map(() => transfers.transfer(order, 8_000, destination, 1)))
    expect(together).toEqual([first, first, first])
    local.clock.move({ days: 30 })
    expect(await transfers.transfer(order, 8_000, destination, 1)).toEqual(first)
    expect(await madeTransfers()).toMatchObject([
      { amount: 8_000, destination, transfer_group: orderId, metadata: { orderId, number: '1' } },
    ])
  })

  it.each([
    ['the same hour', { hours: 1 }],
    ['two days later', { days: 2 }],
  ])('that worked and whose answer was lost is not made again, asked %s', async (_, later) => {
    const order = await paidOrder()
    const destination = await seller()
    failOnce('PostTransfers', 'after', { kind: 'status', status: 503 })
    await expect(transfers.transfer(order, 8_000, destination, 1)).rejects.toThrow(ProviderUnavailable)
    local.clock.move(later)
    const [standing] = await madeTransfers()
    expect(await transfers.transfer(order, 8_000, destination, 1)).toEqual({ transferId: standing?.id })
    expect(await madeTransfers()).toHaveLength(1)
  })

  it('to a restricted account is a closed reason, and is made as soon as the account is open again', async () => {
    const order = await paidOrder()
    const destination = await seller()
    local.server.control.restrictAccount(destination)
    expect(await transfers.transfer(order, 8_000, destination, 1)).toBe('account_restricted')
    expect(await transfers.transfer(order, 8_000, destination, 1)).toBe('account_restricted')
    local.server.control.liftRestriction(destination)
    expect(await transfers.transfer(order, 8_000, destination, 1)).toEqual(anyTransfer)
    expect(await madeTransfers()).toHaveLength(1)
    expect(await transfers.transfer(await paidOrder(5_000, 'ord_2'), 1_000, 'acct_none', 1)).toBe('account_restricted')
  })

  it('goes to another account where the first was refused', async () => {
    const order = await paidOrder()
    const closed = await seller()
    local.server.control.restrictAccount(closed)
    expect(await transfers.transfer(order, 8_000, closed, 1)).toBe('account_restricted')
    const made = (await accounts.create('acc_seller', 'GB')) as { stripeAccountId: string }
    local.server.control.onboard(made.stripeAccountId)
    expect(await transfers.transfer(order, 8_000, made.stripeAccountId, 1)).toEqual(anyTransfer)
    // Once it is made, another destination is no wish that can be met: a person has to look.
    await expect(transfers.transfer(order, 8_000, closed, 1)).rejects.toThrow('is not the transfer 1')
    expect(await madeTransfers()).toHaveLength(1)
  })

  it('of a later number comes from the balance, and waits until there is enough', async () => {
    const order = await paidOrder()
    const destination = await seller()
    expect(await transfers.transfer(order, 8_000, destination, 2)).toBe('insufficient_funds')
    local.clock.move({ days: 2 })
    expect(await transfers.transfer(order, 8_000, destination, 2)).toEqual(anyTransfer)
    expect(await madeTransfers()).toMatchObject([{ source_transaction: null }])
  })
})

describe('a reversal', () => {
  const settled = async (): Promise<{ order: TransferredOrder; destination: string; transferId: string }> => {
    const order = await paidOrder()
    const destination = await seller()
    const made = (await transfers.transfer(order, 8_000, destination, 1)) as { transferId: string }
    return { order, destination, transferId: made.transferId }
  }

  it('is made once, and found again when the answer was lost', async () => {
    const { order, transferId } = await settled()
    local.clock.move({ days: 2 })
    failOnce('PostTransfersIdReversals', 'after', { kind: 'status', status: 503 })
    await expect(transfers.reverse(order, transferId, 3_000, 1)).rejects.toThrow(ProviderUnavailable)
    const first = await transfers.reverse(order, transferId, 3_000, 1)
    expect(first).toEqual({ reversalId: expect.stringMatching(/^trr_/) as string })
    local.clock.move({ hours: 2 })
    expect(await transfers.reverse(order, transferId, 3_000, 1)).toEqual(first)
    expect((await local.stripe.transfers.retrieve(transferId)).amount_reversed).toBe(3_000)
  })

  it('finds nothing after the payout, and more than is left is a closed reason too', async () => {
    const { order, transferId } = await settled()
    local.clock.move({ days: 2 })
    local.server.control.reverseFromDashboard(transferId, 2_000)
    expect(await transfers.reverse(order, transferId, 8_000, 1)).toBe('already_reversed')
    local.clock.move({ days: 2 })
    expect(await transfers.reverse(order, transferId, 6_000, 2)).toBe('insufficient_funds')
  })
})

describe('the balance', () => {
  it('is read page by page, each change once, with the order it is of', async () => {
    const destination = await seller()
    const from = new Date(local.clock.now()).toISOString()
    local.clock.move({ seconds: 1 })
    const orders: TransferredOrder[] = []
    for (let number = 10; number < 65; number += 1) orders.push(await paidOrder(1_000, `ord_${number}`))
    for (const order of orders) await transfers.transfer(order, 700, destination, 1)
    const [first] = orders
    await local.stripe.refunds.create({ payment_intent: first?.paymentIntentId ?? '', amount: 100 })
    local.clock.move({ days: 2 })
    const to = new Date(local.clock.now()).toISOString()
    const [transfer] = (await local.stripe.transfers.list({ transfer_group: 'ord_10' })).data
    local.server.control.reverseFromDashboard(transfer?.id ?? '', 50)
    const read: ProviderChange[] = []
    const pages: number[] = []
    const balance = openBalance({ secretKey, apiUrl: local.server.url })
    for await (const page of balance.changes(from, to)) {
      pages.push(page.length)
      read.push(...page)
    }
    expect(pages).toEqual([100, 11])
    expect(new Set(read.map(({ id }) => id)).size).toBe(111)
    expect(read.filter(({ type }) => type === 'charge').map(({ orderId: id }) => id)).toEqual(
      orders.map(({ id }) => id).toReversed(),
    )
    expect(read.find(({ type }) => type === 'charge')).toMatchObject({
      amountMinor: 1_000,
      feeMinor: 59,
      currency: 'USD',
    })
    expect(read.filter(({ type }) => type === 'transfer')).toHaveLength(55)
    expect(read.find(({ type }) => type === 'refund')).toMatchObject({
      amountMinor: -100,
      paymentIntentId: first?.paymentIntentId,
    })
  })
})
