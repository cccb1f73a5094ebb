import type Stripe from 'stripe'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idOf } from '../../local/stripe/resource-types.ts'
import { sessionFor, startLocal, type Local } from './fixture.ts'

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

const expressAccount = (more: Stripe.AccountCreateParams = {}): Promise<Stripe.Account> =>
  local.stripe.accounts.create({
    controller: {
      fees: { payer: 'application' },
      losses: { payments: 'application' },
      stripe_dashboard: { type: 'express' },
    },
    capabilities: { transfers: { requested: true } },
    ...more,
  })

/** A seller who can be paid. */
const seller = async (bankAccount?: string): Promise<string> => {
  const { id } = await expressAccount()
  local.server.control.onboard(id, bankAccount === undefined ? {} : { bankAccount })
  return id
}

/** A paid charge of a group of its own. */
const charge = async (amount = 10_000, group = 'ord_1'): Promise<string> => {
  const session = await local.stripe.checkout.sessions.create(
    sessionFor(amount, { payment_intent_data: { transfer_group: group } }),
  )
  local.server.control.pay(session.id)
  return (await local.stripe.charges.list({ limit: 1 })).data[0]?.id ?? ''
}

/** Available and pending, minor units: the platform's, or an account's. */
const balance = async (stripeAccount?: string): Promise<[number, number]> => {
  const { available, pending } = await local.stripe.balance.retrieve({}, stripeAccount ? { stripeAccount } : {})
  return [available[0]?.amount ?? 0, pending[0]?.amount ?? 0]
}

const eventsOf = async (type: string): Promise<Stripe.Event[]> => {
  await local.server.control.idle()
  return local.endpoint.received.map(({ event }) => event).filter((event) => event.type === type)
}

describe('an account', () => {
  it('is born owing everything and may be paid nothing', async () => {
    const account = await expressAccount({ email: 'seller@example.com', metadata: { sellerId: 'acc_1' } })
    expect(account).toMatchObject({
      capabilities: { transfers: 'inactive' },
      charges_enabled: false,
      payouts_enabled: false,
      details_submitted: false,
      controller: { losses: { payments: 'application' }, stripe_dashboard: { type: 'express' } },
      requirements: { disabled_reason: 'requirements.past_due' },
      metadata: { sellerId: 'acc_1' },
    })
    expect(account.requirements?.currently_due).toContain('external_account')
    expect((await local.stripe.accounts.retrieve(account.id)).id).toBe(account.id)
    expect((await local.stripe.accounts.list()).data.map(({ id }) => id)).toEqual([account.id])
  })

  it('is made by type as well, and not by both', async () => {
    const account = await local.stripe.accounts.create({ type: 'express' })
    expect(account).toMatchObject({ type: 'express', capabilities: {}, controller: { is_controller: true } })
    await expect(
      local.stripe.accounts.create({ type: 'express', controller: { fees: { payer: 'account' } } }),
    ).rejects.toMatchObject({ param: 'controller' })
    await expect(local.stripe.accounts.create({ country: 'Narnia' })).rejects.toMatchObject({
      code: 'country_unsupported',
    })
  })

  it('says what it is called for the calls in its name, and others may not use a stranger', async () => {
    const id = await seller()
    expect(await balance(id)).toEqual([0, 0])
    await expect(balance('acct_none')).rejects.toMatchObject({ statusCode: 403, code: 'account_invalid' })
    await expect(local.stripe.checkout.sessions.create(sessionFor(), { stripeAccount: id })).rejects.toMatchObject({
      statusCode: 501,
      code: 'local_server_unserved',
    })
  })
})

describe('onboarding', () => {
  const linkOf = (account: string): Promise<Stripe.AccountLink> =>
    local.stripe.accountLinks.create({
      account,
      type: 'account_onboarding',
      return_url: 'https://market.example/selling?back',
      refresh_url: 'https://market.example/selling?again',
    })
  const told = {
    first_name: 'Ada',
    last_name: 'Seller',
    birth: '1990-12-10',
    ssn_last_4: '0000',
    bank_account: '000123456789',
    outcome: 'complete',
  }
  const go = async (
    url: string,
    fields?: Record<string, string>,
  ): Promise<{ status: number; location: string; page: string }> => {
    const response = await fetch(url, {
      redirect: 'manual',
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    })
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      page: await response.text(),
    }
  }

  it('a person fills in the form, comes back, and can be paid', async () => {
    const { id } = await expressAccount()
    const { url } = await linkOf(id)
    const opened = await go(url)
    expect(opened.status).toBe(303)
    const form = `${local.server.url}${opened.location}`
    expect((await go(form)).page).toContain('individual.last_name')
    const done = await go(form, told)
    expect(done.location).toBe('https://market.example/selling?back')
    expect(await local.stripe.accounts.retrieve(id)).toMatchObject({
      capabilities: { transfers: 'active' },
      charges_enabled: true,
      payouts_enabled: true,
      details_submitted: true,
      requirements: { currently_due: [], disabled_reason: null },
    })
    const [updated] = await eventsOf('account.updated')
    expect(updated).toMatchObject({ account: id, data: { previous_attributes: { payouts_enabled: false } } })
    // Its own list has it, and the platform's has not.
    const type = 'account.updated'
    const listed = await local.stripe.events.list({ type }, { stripeAccount: id })
    expect(listed.data.map((event) => event.id)).toContain(updated?.id)
    expect((await local.stripe.events.list({ type })).data).toEqual([])
  })

  it('a link opens once, and for five minutes; then its owner is sent for another', async () => {
    const { id } = await expressAccount()
    const first = await linkOf(id)
    await go(first.url)
    expect((await go(first.url)).location).toBe('https://market.example/selling?again')
    const second = await linkOf(id)
    local.clock.move({ minutes: 5 })
    expect((await go(second.url)).location).toBe('https://market.example/selling?again')
    const third = await linkOf(id)
    const { location } = await go(third.url)
    local.clock.move({ hours: 1 })
    expect((await go(`${local.server.url}${location}`, told)).location).toBe('https://market.example/selling?again')
    expect((await local.stripe.accounts.retrieve(id)).details_submitted).toBe(false)
  })

  it.each([
    ['no name', { last_name: ' ' }, 'Your name is incomplete'],
    ['a child', { birth: '2015-01-01' }, 'at least 18'],
    ['no date', { birth: 'yesterday' }, 'at least 18'],
    ['no number', { ssn_last_4: '12' }, 'last four digits'],
    ['a bank account of nobody', { bank_account: '1' }, 'Choose a test account'],
    ['no outcome', { outcome: 'maybe' }, 'Choose what the check finds'],
  ])('%s is told on the form, and nothing changes', async (_, fault, message) => {
    const { id } = await expressAccount()
    const { location } = await go((await linkOf(id)).url)
    const refused = await go(`${local.server.url}${location}`, { ...told, ...fault })
    expect(refused.status).toBe(422)
    expect(refused.page).toContain(message)
    expect((await local.stripe.accounts.retrieve(id)).details_submitted).toBe(false)
  })

  it('a link that is none, and parameters that are none', async () => {
    expect((await go(`${local.server.url}/setup/none`)).status).toBe(404)
    const { id } = await expressAccount()
    await expect(
      local.stripe.accountLinks.create({ account: id, type: 'account_onboarding', return_url: 'https://a.example' }),
    ).rejects.toMatchObject({ code: 'parameter_missing', param: 'refresh_url' })
    await expect(linkOf('acct_none')).rejects.toMatchObject({ code: 'resource_missing', param: 'account' })
  })

  it('a check that takes a day leaves transfers pending until then', async () => {
    const { id } = await expressAccount()
    local.server.control.onboard(id, { outcome: 'pending' })
    expect(await local.stripe.accounts.retrieve(id)).toMatchObject({
      capabilities: { transfers: 'pending' },
      requirements: { disabled_reason: 'requirements.pending_verification' },
    })
    local.clock.move({ days: 1 })
    expect(await local.stripe.accounts.retrieve(id)).toMatchObject({
      capabilities: { transfers: 'active' },
      requirements: { disabled_reason: null },
    })
  })

  it('a document that is asked for keeps the account closed', async () => {
    const { id } = await expressAccount()
    const asked = local.server.control.onboard(id, { outcome: 'document' })
    expect(asked).toMatchObject({
      details_submitted: true,
      capabilities: { transfers: 'inactive' },
      requirements: {
        currently_due: ['individual.verification.document'],
        disabled_reason: 'requirements.past_due',
        errors: [{ requirement: 'individual.verification.document' }],
      },
    })
  })
})

describe('a restriction', () => {
  it('stops transfers and payouts until it is lifted', async () => {
    const id = await seller()
    await charge()
    local.clock.move({ days: 2 })
    local.server.control.restrictAccount(id, 'rejected.fraud')
    expect(await local.stripe.accounts.retrieve(id)).toMatchObject({
      capabilities: { transfers: 'inactive' },
      payouts_enabled: false,
      requirements: { disabled_reason: 'rejected.fraud' },
    })
    await expect(
      local.stripe.transfers.create({ amount: 100, currency: 'usd', destination: id }),
    ).rejects.toMatchObject({ statusCode: 400, code: 'insufficient_capabilities_for_transfer' })
    local.server.control.liftRestriction(id)
    expect((await local.stripe.accounts.retrieve(id)).requirements?.disabled_reason).toBeNull()
    expect((await local.stripe.transfers.create({ amount: 100, currency: 'usd', destination: id })).amount).toBe(100)
  })
})

describe('a transfer', () => {
  it('from a charge: before the charge is available, and available with it', async () => {
    const id = await seller()
    const source = await charge(10_000)
    const transfer = await local.stripe.transfers.create({
      amount: 8_000,
      currency: 'usd',
      destination: id,
      source_transaction: source,
      metadata: { orderId: 'ord_1', number: '1' },
      expand: ['balance_transaction', 'destination_payment'],
    })
    expect(transfer).toMatchObject({
      transfer_group: 'ord_1',
      amount_reversed: 0,
      balance_transaction: {
        amount: -8_000,
        fee: 0,
        type: 'transfer',
        reporting_category: 'transfer',
        status: 'pending',
      },
      destination_payment: { amount: 8_000, source_transfer: transfer.id, status: 'succeeded' },
    })
    expect(await balance()).toEqual([0, 9_680 - 8_000])
    expect(await balance(id)).toEqual([0, 8_000])
    local.clock.move({ days: 2 })
    expect(await balance(id)).toEqual([8_000, 0])
    expect((await eventsOf('transfer.created')).map(({ account }) => account)).toEqual([undefined])
    expect((await local.stripe.transfers.list({ transfer_group: 'ord_1' })).data.map((one) => one.id)).toEqual([
      transfer.id,
    ])
    expect((await local.stripe.transfers.list({ transfer_group: 'ord_2' })).data).toEqual([])
  })

  it('no more than the charge it comes from, and in no other group', async () => {
    const id = await seller()
    const source = await charge(10_000)
    const wanted = { currency: 'usd', destination: id, source_transaction: source }
    await local.stripe.transfers.create({ ...wanted, amount: 8_000 })
    await expect(local.stripe.transfers.create({ ...wanted, amount: 2_001 })).rejects.toThrow(
      'Transfers using this transaction as a source must not exceed the source amount of $100.00. (There is already a transfer using this source, amounting to $80.00.)',
    )
    await expect(
      local.stripe.transfers.create({ ...wanted, amount: 1, transfer_group: 'ord_9' }),
    ).rejects.toMatchObject({ param: 'transfer_group' })
    expect((await local.stripe.transfers.create(wanted)).amount).toBe(2_000)
  })

  it('from the balance: only what is available there', async () => {
    const id = await seller()
    await charge(10_000)
    const wanted = { amount: 5_000, currency: 'usd', destination: id }
    await expect(local.stripe.transfers.create(wanted)).rejects.toMatchObject({
      statusCode: 400,
      code: 'balance_insufficient',
    })
    local.clock.move({ days: 2 })
    expect((await local.stripe.transfers.create(wanted)).transfer_group).toBeNull()
    await expect(local.stripe.transfers.create(wanted)).rejects.toMatchObject({ code: 'balance_insufficient' })
  })

  it('to nobody, of nothing, or of a charge that is none', async () => {
    const id = await seller()
    await expect(
      local.stripe.transfers.create({ amount: 1, currency: 'usd', destination: 'acct_none' }),
    ).rejects.toMatchObject({ code: 'resource_missing', message: "No such destination: 'acct_none'" })
    await expect(local.stripe.transfers.create({ amount: 0, currency: 'usd', destination: id })).rejects.toMatchObject({
      code: 'parameter_invalid_integer',
    })
    await expect(local.stripe.transfers.create({ currency: 'usd', destination: id })).rejects.toMatchObject({
      code: 'parameter_missing',
      param: 'amount',
    })
    await expect(
      local.stripe.transfers.create({ currency: 'usd', destination: id, source_transaction: 'ch_none' }),
    ).rejects.toMatchObject({ param: 'source_transaction' })
  })

  it('is made once under one key', async () => {
    const id = await seller()
    const source = await charge()
    const wanted = { amount: 100, currency: 'usd', destination: id, source_transaction: source }
    const first = await local.stripe.transfers.create(wanted, { idempotencyKey: 'ord_1:transfer:1' })
    const again = await local.stripe.transfers.create(wanted, { idempotencyKey: 'ord_1:transfer:1' })
    expect(again.id).toBe(first.id)
    expect((await local.stripe.transfers.list()).data).toHaveLength(1)
  })
})

describe('a reversal', () => {
  const paidSeller = async (amount = 8_000): Promise<{ id: string; transfer: string }> => {
    const id = await seller()
    const source = await charge()
    const transfer = await local.stripe.transfers.create({
      amount,
      currency: 'usd',
      destination: id,
      source_transaction: source,
    })
    return { id, transfer: transfer.id }
  }

  it('in part and then the rest, and no more', async () => {
    const { id, transfer } = await paidSeller()
    local.clock.move({ days: 2 })
    const first = await local.stripe.transfers.createReversal(transfer, {
      amount: 3_000,
      metadata: { number: '1' },
      expand: ['balance_transaction'],
    })
    expect(first).toMatchObject({
      balance_transaction: { amount: 3_000, type: 'transfer_refund', reporting_category: 'transfer_reversal' },
    })
    expect(await balance(id)).toEqual([5_000, 0])
    await expect(local.stripe.transfers.createReversal(transfer, { amount: 5_001 })).rejects.toThrow(
      'is greater than unreversed amount on transfer',
    )
    const second = await local.stripe.transfers.createReversal(transfer)
    expect(second.amount).toBe(5_000)
    await expect(local.stripe.transfers.createReversal(transfer)).rejects.toThrow('already fully reversed')
    expect(await local.stripe.transfers.retrieve(transfer)).toMatchObject({ reversed: true, amount_reversed: 8_000 })
    expect((await local.stripe.transfers.listReversals(transfer)).data.map((one) => one.id)).toEqual([
      second.id,
      first.id,
    ])
    expect(await balance()).toEqual([9_680, 0])
    expect(await eventsOf('transfer.reversed')).toHaveLength(2)
  })

  it('is refused where the connected account has less than that available', async () => {
    const { id, transfer } = await paidSeller()
    await expect(local.stripe.transfers.createReversal(transfer)).rejects.toMatchObject({
      statusCode: 400,
      code: 'balance_insufficient',
    })
    local.clock.move({ days: 3 })
    expect(await balance(id)).toEqual([0, 0])
    await expect(local.stripe.transfers.createReversal(transfer)).rejects.toMatchObject({
      code: 'balance_insufficient',
    })
  })
})

describe('payouts of a connected account', () => {
  it('are made each day and arrive the day after', async () => {
    const id = await seller()
    const source = await charge()
    await local.stripe.transfers.create({ amount: 7_000, currency: 'usd', destination: id, source_transaction: source })
    local.clock.move({ days: 2, hours: 12 })
    const [payout] = (await local.stripe.payouts.list({}, { stripeAccount: id })).data
    expect(payout).toMatchObject({ amount: 7_000, status: 'in_transit', automatic: true })
    expect(await balance(id)).toEqual([0, 0])
    local.clock.move({ days: 1 })
    const paid = await local.stripe.payouts.retrieve(
      payout?.id ?? '',
      { expand: ['balance_transaction', 'destination'] },
      { stripeAccount: id },
    )
    expect(paid).toMatchObject({
      status: 'paid',
      balance_transaction: { amount: -7_000, type: 'payout' },
      destination: { object: 'bank_account', last4: '6789' },
    })
    expect((await eventsOf('payout.paid')).map(({ account }) => account)).toEqual([id])
    expect((await local.stripe.payouts.list()).data).toEqual([])
    await expect(local.stripe.payouts.retrieve(paid.id)).rejects.toMatchObject({ code: 'resource_missing' })
  })

  it('that come back leave the money in the account and end payouts until there is another bank', async () => {
    const id = await seller('000111111116')
    const source = await charge()
    await local.stripe.transfers.create({ amount: 7_000, currency: 'usd', destination: id, source_transaction: source })
    local.clock.move({ days: 4 })
    const [payout] = (await local.stripe.payouts.list({}, { stripeAccount: id })).data
    expect(payout).toMatchObject({ status: 'failed', failure_code: 'no_account' })
    expect(await balance(id)).toEqual([7_000, 0])
    expect(await local.stripe.accounts.retrieve(id)).toMatchObject({
      capabilities: { transfers: 'active' },
      payouts_enabled: false,
      requirements: { currently_due: ['external_account'], disabled_reason: null },
    })
    expect(await eventsOf('payout.failed')).toHaveLength(1)
    local.clock.move({ days: 3 })
    expect(await balance(id)).toEqual([7_000, 0])
    local.server.control.onboard(id)
    local.clock.move({ days: 2 })
    const statuses = (await local.stripe.payouts.list({}, { stripeAccount: id })).data.map(({ status }) => status)
    expect(statuses).toEqual(['paid', 'failed'])
  })

  it('that had arrived may still come back', async () => {
    const id = await seller()
    const source = await charge()
    await local.stripe.transfers.create({ amount: 7_000, currency: 'usd', destination: id, source_transaction: source })
    local.clock.move({ days: 2 })
    const [payout] = local.server.control.payOut(id)
    local.server.control.settlePayout(payout?.id ?? '', 'paid')
    expect(local.server.control.settlePayout(payout?.id ?? '', 'failed').status).toBe('failed')
    expect(() => local.server.control.settlePayout(payout?.id ?? '', 'failed')).toThrow('cannot fail')
  })
})

describe('balance transactions', () => {
  it('are listed by time, type and source, page by page, with what they are of', async () => {
    const id = await seller()
    const source = await charge()
    local.clock.move({ days: 2 })
    const since = local.clock.seconds()
    const transfer = await local.stripe.transfers.create({
      amount: 900,
      currency: 'usd',
      destination: id,
      source_transaction: source,
    })
    await local.stripe.transfers.createReversal(transfer.id, { amount: 400 })
    await local.stripe.refunds.create({ charge: source, amount: 1_000 })
    const { id: dispute } = local.server.control.dispute(source)
    local.server.control.closeDispute(dispute, 'won')
    const all: Stripe.BalanceTransaction[] = []
    for await (const one of local.stripe.balanceTransactions.list({
      created: { gte: since },
      limit: 2,
      expand: ['data.source'],
    }))
      all.push(one)
    expect(all.map(({ type, amount }) => [type, amount]).toReversed()).toEqual([
      ['transfer', -900],
      ['transfer_refund', 400],
      ['refund', -1_000],
      ['adjustment', -9_000],
      ['adjustment', 9_000],
    ])
    expect(all.map((one) => (one.source as { object: string }).object).toReversed()).toEqual([
      'transfer',
      'transfer_reversal',
      'refund',
      'dispute',
      'dispute',
    ])
    const ofTransfer = await local.stripe.balanceTransactions.list({ source: transfer.id })
    expect(ofTransfer.data).toHaveLength(1)
    const ofAccount = await local.stripe.balanceTransactions.list({}, { stripeAccount: id })
    expect(ofAccount.data.map(({ type, amount }) => [type, amount])).toEqual([
      ['payment_refund', -400],
      ['payment', 900],
    ])
  })
})

it('several refunds of one payment, a part each, under keys of their own', async () => {
  const source = await charge(10_000)
  const intent = idOf((await local.stripe.charges.retrieve(source)).payment_intent) ?? ''
  for (const [number, amount] of [1_000, 2_500, 6_500].entries()) {
    const wanted = { payment_intent: intent, amount, metadata: { number: String(number) } }
    await local.stripe.refunds.create(wanted, { idempotencyKey: `ord_1:refund:${number}` })
    await local.stripe.refunds.create(wanted, { idempotencyKey: `ord_1:refund:${number}` })
  }
  const { data } = await local.stripe.refunds.list({ payment_intent: intent })
  expect(data.map(({ amount }) => amount)).toEqual([6_500, 2_500, 1_000])
  await expect(local.stripe.refunds.create({ payment_intent: intent, amount: 1 })).rejects.toMatchObject({
    code: 'charge_already_refunded',
  })
})

it('whatever is transferred, reversed and paid out, no money is made or lost', async () => {
  const act = fc.record({
    what: fc.constantFrom('charge', 'transfer', 'reverse', 'refund', 'pass'),
    amount: fc.integer({ min: 1, max: 6_000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 14 }), async (acts) => {
      const id = await seller()
      const before = await balance()
      const charges: string[] = [await charge(9_000)]
      const transfers: string[] = []
      for (const { what, amount } of acts) {
        const [source] = charges
        try {
          if (what === 'charge') charges.unshift(await charge(9_000))
          if (what === 'pass') local.clock.move({ hours: 18 })
          if (what === 'refund') await local.stripe.refunds.create({ charge: source ?? '', amount })
          if (what === 'transfer')
            transfers.push(
              (
                await local.stripe.transfers.create({
                  amount,
                  currency: 'usd',
                  destination: id,
                  source_transaction: source ?? '',
                })
              ).id,
            )
          const [reversible] = transfers
          if (what === 'reverse' && reversible) await local.stripe.transfers.createReversal(reversible, { amount })
        } catch (error) {
          // What is refused changes nothing; any other fault fails the test.
          if ((error as { statusCode?: number }).statusCode !== 400) throw error
        }
      }
      const sums = async (stripeAccount?: string): Promise<Record<string, number>> => {
        const byType: Record<string, number> = {}
        const options = stripeAccount ? { stripeAccount } : {}
        for await (const one of local.stripe.balanceTransactions.list({ limit: 100 }, options))
          byType[one.type] = (byType[one.type] ?? 0) + one.net
        return byType
      }
      const own = await sums(id)
      const [available, pending] = await balance(id)
      expect(available).toBeGreaterThanOrEqual(0)
      const sum = Object.values(own).reduce((total, net) => total + net, 0)
      expect(sum).toBe(available + pending)
      const after = await balance()
      const ofSeller = (own['payment'] ?? 0) + (own['payment_refund'] ?? 0)
      const refunds = await Promise.all(charges.map((one) => local.stripe.charges.retrieve(one)))
      const refunded = refunds.reduce((total, one) => total + one.amount_refunded, 0)
      expect(after[0] + after[1]).toBe(before[0] + before[1] + charges.length * (9_000 - 291) - refunded - ofSeller)
    }),
    { numRuns: 12 },
  )
})
