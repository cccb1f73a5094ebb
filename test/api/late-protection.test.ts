import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Market, startMarket } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
})
afterAll(() => market.stop())

test('case 26: a look-alike that came to market before the account was verified cannot be bought any more', async () => {
  await market.importFeed([market.suspended('sunf1ower'), market.suspended('sunfish')])
  await market.sweep()
  await market.importFeed([market.account('Sunflower', 10, { class: 'verified' })])
  const alice = await market.client('alice')
  const buy = async (handle: string) => {
    const page = await alice.getHandle({ params: { handle } })
    const price = page.ok ? page.value.listing?.price : undefined
    if (price === undefined) throw new Error(`${handle} is not for sale`)
    return alice.placeOrder({ body: { handle, price }, idempotencyKey: handle })
  }
  expect(await buy('sunf1ower')).toMatchObject({ ok: false, problem: { code: 'handle_not_for_sale', status: 409 } })
  expect(await buy('sunfish')).toMatchObject({ ok: true })
  await market.checkInvariants()
})
