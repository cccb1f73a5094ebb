import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { premiumAfter } from '../../shared/domain/dutch.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { checkRefused, dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  const operator = await market.client('operator')
  const { version: basedOn, publishedAt: _, rules, ...rest } = shippedPolicy
  const suspended = {
    ...(rules.suspended ?? never()),
    rightsDays: 7,
    firstRefusalDays: 14,
    prospectsDays: 7,
    quarantineDays: 30,
  }
  const body = { basedOn, ...rest, reservedNames: [], rules: { ...rules, suspended } }
  value(await operator.publishPolicy({ body, idempotencyKey: 'phases' }))
})
afterAll(() => market.stop())
afterEach(() => market.checkInvariants())

const never = (): never => {
  throw new Error('the shipped policy has a rule for suspended accounts')
}

const viewOf = async (handle: string) => {
  const { listing, ...rest } = value(await (await market.client('nobody')).getHandle({ params: { handle } }))
  if (listing === null) throw new Error(`${handle} is not listed`)
  return { ...rest, listing }
}

let keys = 0
const order = async (account: string, handle: string, amountMinor?: number) => {
  keys += 1
  const { price } = (await viewOf(handle)).listing
  const body = { handle, price: { ...price, amountMinor: amountMinor ?? price.amountMinor } }
  const placed = await (await market.client(account)).placeOrder({ body, idempotencyKey: `phase-${keys}` })
  return placed.ok ? placed.value : placed.problem.code
}

describe('the phases of a listing', () => {
  test('are told on the handle page, and each lets in whom it names: rights holder, former holder, everybody', async () => {
    const operator = await market.client('operator')
    const former = market.suspended('riverbend_mill')
    await market.importFeed([former])
    const params = { handle: 'riverbend_mill' }
    const right = { accountId: 'acct_mill', ground: 'EU trade mark 018000000' }
    value(await operator.recordRight({ params, body: right }))
    value(await operator.recordRight({ params, body: right }))
    await market.sweep()

    const { listing } = await viewOf('riverbend_mill')
    expect(listing.phases.map(({ phase }) => phase)).toEqual([
      'rights_holders',
      'first_refusal',
      'prospects',
      'quarantine',
      'open',
    ])
    expect(listing.phase).toMatchObject({ phase: 'rights_holders', until: listing.phases[1]?.from })
    expect(await order('stranger', 'riverbend_mill')).toBe('listing_not_open')
    expect(await order(former.accountId, 'riverbend_mill')).toBe('listing_not_open')
    const placed = await order('acct_mill', 'riverbend_mill')
    if (typeof placed === 'string') throw new Error(placed)
    const owner = await market.client('acct_mill')
    expect(value(await owner.cancelOrder({ params: { orderId: placed.id } })).status).toBe('cancelled')

    value(await operator.withdrawRight({ params, body: { accountId: 'acct_mill', reason: 'the mark lapsed' } }))
    expect(await order('acct_mill', 'riverbend_mill')).toBe('listing_not_open')
    await market.system.clock.move(8 * dayMs, { settle: true })
    expect((await viewOf('riverbend_mill')).listing.phase.phase).toBe('first_refusal')
    expect(await order('stranger', 'riverbend_mill')).toBe('listing_not_open')
    await market.system.clock.move(14 * dayMs, { settle: true })
    expect((await viewOf('riverbend_mill')).listing.phase.phase).toBe('prospects')
    expect(await order(former.accountId, 'riverbend_mill')).toBe('listing_not_open')
    await market.system.clock.move(8 * dayMs, { settle: true })
    expect((await viewOf('riverbend_mill')).listing.phase).toMatchObject({ phase: 'open', until: null })
    expect(await order('stranger', 'riverbend_mill')).toMatchObject({ status: 'awaiting_payment', saleId: null })
  })
})

describe('a Dutch sale', () => {
  test('falls from the opening on, is paid at the price of the instant of the hold, and has one buyer', async () => {
    const operator = await market.client('operator')
    await market.importFeed([market.suspended('glass_harbour')])
    await market.sweep()
    const params = { handle: 'glass_harbour' }
    const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' as const })
    const dutch = { floor: usd(50_00), premium: usd(40_000_00), halfLifeHours: 42, days: 21 }
    const changed = await operator.changeListing({
      params,
      body: { price: usd(900_00), dutch, reason: 'hard to value' },
    })
    expect(value(changed).listing).toMatchObject({ mode: 'dutch', price: usd(900_00) })

    await market.system.clock.move(33 * dayMs, { settle: true })
    const { listing } = await viewOf('glass_harbour')
    const decay = { floorMinor: 50_00, premiumMinor: 40_000_00, halfLifeHours: 42, days: 21 }
    const startsAt = Date.parse(listing.decay?.startsAt ?? '')
    const priceAt = (at: number) => 50_00 + premiumAfter(decay, at - startsAt)
    expect(priceAt(market.system.clock.now())).toBeLessThanOrEqual(listing.price.amountMinor)

    expect(await order('early', 'glass_harbour', 50_00)).toBe('price_changed')
    const before = market.system.clock.now()
    const bought = await Promise.all(
      Array.from({ length: 8 }, (_, index) => order(`bidder${index}`, 'glass_harbour', 40_050_00)),
    )
    const after = market.system.clock.now()
    const placed = bought.filter((one) => typeof one !== 'string')
    expect(placed).toHaveLength(1)
    expect(bought.filter((one) => one === 'handle_on_hold')).toHaveLength(7)
    const paid = placed[0]?.price.amountMinor ?? 0
    expect(paid).toBeLessThanOrEqual(priceAt(before))
    expect(paid).toBeGreaterThanOrEqual(priceAt(after))
  })

  test('is refused to whoever is no operator, and where one payment could not carry its start', async () => {
    await market.importFeed([market.suspended('paper_lantern')])
    await market.sweep()
    const path = '/v1/operator/handles/paper_lantern/listing'
    const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
    const dutch = { floor: usd(1_00), premium: usd(999_999_99), halfLifeHours: 42, days: 21 }
    const body = { price: usd(100_00), dutch, reason: 'too much' }
    const token = await market.system.token('operator')
    const refused = await checkRefused(market, 'validation_failed', 'POST', path, { token, body })
    expect(refused.field).toBe('dutch.premium')
    await checkRefused(market, 'role_missing', 'POST', path, { token: await market.system.token('bob'), body })
  })
})
