import { afterAll, beforeAll, expect, test } from 'vitest'
import { payOnPage } from '../cases/purchase.ts'
import { checkRefused, type Market, startMarket, value } from './market.ts'

let market: Market
beforeAll(async () => {
  market = await startMarket()
  await market.importFeed([market.suspended('Quiet_River'), market.suspended('stillwater')])
  await market.sweep()
  const alice = await market.client('alice')
  for (const handle of ['quiet_river', 'stillwater']) {
    const { listing } = value(await alice.getHandle({ params: { handle } }))
    if (listing === null) throw new Error(`${handle} is not for sale`)
    const order = value(await alice.placeOrder({ body: { handle, price: listing.price }, idempotencyKey: handle }))
    const page = value(await alice.openCheckout({ params: { orderId: order.id } }))
    await payOnPage(page.url)
    await market.system.idle()
  }
})
afterAll(() => market.stop())

test('the public sales history is filtered, and downloaded as CSV without a token', async () => {
  const alice = await market.client('alice')
  const { items } = value(await alice.listSales({ query: {} }))
  expect(items.map(({ handle }) => handle)).toEqual(['stillwater', 'quiet_river'])
  expect(value(await alice.listSales({ query: { prefix: 'Quiet' } })).items).toEqual(items.slice(1))
  expect(value(await alice.listSales({ query: { length: 10 } })).items).toEqual(items.slice(0, 1))

  const answer = await market.send('GET', '/v1/sales.csv?prefix=quiet')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="sales-\d{4}-\d{2}\.csv"$/)
  expect(answer.headers.get('link')).toBeNull()
  const [sale] = items.slice(1)
  expect(answer.body).toBe(
    'sold_at,handle,display,length,tier,price_minor,currency\r\n' +
      `${sale?.soldAt},quiet_river,Quiet_River,11,${sale?.tier},${sale?.price.amountMinor},USD\r\n`,
  )
  expect(value(await alice.exportSales({ query: {} }))).toMatchObject({ hasHead: true, next: null })
})

test('what is sold is found by no search any more', async () => {
  const alice = await market.client('alice')
  for (const query of [{ prefix: 'quiet' }, { word: 'river' }, { length: 11 }, { sort: 'price' }] as const) {
    expect(value(await alice.searchListings({ query })).items).toEqual([])
  }
})

test('a filter that is none is refused with its field', async () => {
  for (const path of ['/v1/sales', '/v1/sales.csv']) {
    expect(await checkRefused(market, 'validation_failed', 'GET', `${path}?tier=best`)).toMatchObject({ field: 'tier' })
    expect(await checkRefused(market, 'validation_failed', 'GET', `${path}?priceMin=9&priceMax=8`)).toMatchObject({
      field: 'priceMax',
    })
    await checkRefused(market, 'handle_character', 'GET', `${path}?prefix=a%20b`)
    await checkRefused(market, 'cursor_invalid', 'GET', `${path}?cursor=e30`)
  }
  expect(await checkRefused(market, 'validation_failed', 'GET', '/v1/sales.csv?limit=5')).toMatchObject({
    field: 'limit',
  })
})
