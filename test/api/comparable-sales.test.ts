import { afterAll, beforeAll, expect, test } from 'vitest'
import { appraise } from '../../shared/domain/appraisal/appraise.ts'
import { appraisalModel } from '../../shared/domain/appraisal/model.ts'
import { shippedPolicy } from '../../shared/domain/release-policy.ts'
import { payOnPage } from '../cases/purchase.ts'
import { dayMs, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  // Everything at its appraised price: a falling one would tell of other prices.
  const { version: basedOn, publishedAt: _, ...rest } = shippedPolicy
  const body = { basedOn, ...rest, reservedNames: [], dutch: null }
  value(await (await market.client('operator')).publishPolicy({ body, idempotencyKey: 'fixed-prices' }))
})
afterAll(() => market.stop())

/** Words of one tier, of five to seven letters. */
const sold = ['summer', 'forest', 'bridge', 'castle', 'planet']

const release = async (...handles: string[]) => {
  const suspendedAt = new Date(market.system.clock.now() - 200 * dayMs).toISOString()
  await market.importFeed(handles.map((handle) => market.account(handle, 400, { suspendedAt })))
  await market.sweep()
}

const buy = async (handle: string) => {
  const alice = await market.client('alice')
  const { listing } = value(await alice.getHandle({ params: { handle } }))
  if (listing === null) throw new Error(`${handle} is not for sale`)
  const order = value(await alice.placeOrder({ body: { handle, price: listing.price }, idempotencyKey: handle }))
  const page = value(await alice.openCheckout({ params: { orderId: order.id } }))
  expect(await payOnPage(page.url)).toBe('paid')
}

test('a released handle’s appraisal tells of the similar names that were sold, and is replayed from what it keeps', async () => {
  await release(...sold)
  const alice = await market.client('alice')
  const before = value(await alice.getHandle({ params: { handle: 'summer' } }))
  expect(before.appraisal?.comparableSales).toBeNull()
  for (const handle of sold) await buy(handle)
  await market.system.idle()
  expect(value(await alice.listSales({ query: {} })).items).toHaveLength(sold.length)

  // The worker looks at the sales again after five minutes.
  await market.system.clock.move(6 * 60_000)
  await release('garden')
  const { appraisal, listing } = value(await alice.getHandle({ params: { handle: 'garden' } }))
  // They fetched what was asked, which is what the model said: no news of the price, some of how far to trust it.
  expect(appraisal?.comparableSales).toMatchObject({ count: sold.length, withinThree: sold.length, weight: 0 })
  expect(sold).toContain(appraisal?.comparableSales?.nearest)
  const alone = appraise({ name: 'garden', display: 'garden' }, appraisalModel)
  expect(listing?.price.amountMinor).toBe(alone.expectedMinor)
  expect(appraisal?.confidence).toBeGreaterThan(alone.confidence)
  expect(appraisal?.high.amountMinor).toBeLessThan(alone.highMinor)
  const replayed = appraise(
    { name: 'garden', display: 'garden', comparables: appraisal?.comparableSales ?? undefined },
    appraisalModel,
  )
  expect([replayed.lowMinor, replayed.expectedMinor, replayed.highMinor, replayed.confidence]).toEqual([
    appraisal?.low.amountMinor,
    appraisal?.expected.amountMinor,
    appraisal?.high.amountMinor,
    appraisal?.confidence,
  ])

  // No price stands alone: a row of the search has its range and confidence beside it.
  const page = value(await alice.searchListings({ query: { prefix: 'garden' } }))
  expect(page.items).toMatchObject([
    { price: listing?.price, low: appraisal?.low, high: appraisal?.high, confidence: appraisal?.confidence },
  ])
  await market.checkInvariants()
})
