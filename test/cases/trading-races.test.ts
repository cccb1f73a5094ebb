import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { loadHandle } from '../../shared/store/handles.ts'
import { chargesOf, expectInvariants, ordersOf, refundsOf } from './invariants.ts'
import { type Market, startMarket } from './market.ts'
import { comeToRest, list, newSale, pay, type Sale } from './settlement.ts'
import { importHolders } from './users-sale.ts'

// Case 29: what seller, buyers and clock do with one handle at the same instant has one legal winner.

const handles = [
  'amberbrook',
  'azurecliff',
  'beigecreek',
  'coraldelta',
  'ivoryfjord',
  'ebonygrove',
  'lilacheath',
  'oliveknoll',
]
const price = { amountMinor: 1_000_00, currency: 'USD' as const }

let market: Market
beforeAll(async () => {
  market = await startMarket({ stocked: false })
  await importHolders(market, handles)
})
afterEach(() => expectInvariants(market))
afterAll(() => market.stop())

const listed = async (): Promise<Sale> => {
  const sale = await newSale(market, handles.pop() ?? '')
  await list(market, [sale])
  await market.system.settle()
  return sale
}

type Answer =
  | { readonly ok: true }
  | { readonly ok: false; readonly status: number; readonly problem: { readonly code: string } }
const saidOf = (answer: Answer): string => (answer.ok ? 'done' : `${answer.status} ${answer.problem.code}`)

const order = (sale: Sale, buyer: string, key: string) =>
  market.buyer(buyer).placeOrder({ body: { handle: sale.handle, price }, idempotencyKey: key })
const close = ({ seller, handle }: Sale) => market.buyer(seller).closeListing({ params: { handle } })

/** Both have read the handle before either has written, and the store is busy for the first writes of one of them. */
const holdUp = (name: 'api-purchases' | 'api-listings'): void => {
  const operation = name === 'api-purchases' ? 'TransactWriteItems' : 'PutItem'
  market.system.door.inject({ kind: 'throttle', function: name, operation, times: name === 'api-purchases' ? 4 : 3 })
}

test('case 29: the seller closes the listing while twenty buyers order: one has the handle, or nobody', async () => {
  const winners = new Set<string>()
  for (const [round, late] of (['api-purchases', 'api-listings', 'api-purchases', 'api-listings'] as const).entries()) {
    const sale = await listed()
    holdUp(late)
    const buyers = Array.from({ length: 20 }, (_, n) => (n === 0 ? sale.buyer : `racer_${round}_${n}`))
    const [closed, ...ordered] = await Promise.all([
      close(sale),
      ...buyers.map((buyer, n) => order(sale, buyer, n === 0 ? sale.key : `race_${round}_${n}`)),
    ])
    market.system.door.clearFaults()
    const won = ordered.filter(({ ok }) => ok).length
    expect(won + (closed?.ok === true ? 1 : 0)).toBe(1)
    const refusals = ordered.filter(({ ok }) => !ok).map(saidOf)
    const allowed = won === 1 ? ['409 handle_on_hold'] : ['409 handle_not_for_sale']
    expect(refusals.filter((said) => !allowed.includes(said))).toEqual([])
    expect(saidOf(closed as Answer)).toBe(won === 1 ? '409 handle_on_hold' : 'done')
    expect(await ordersOf(market, sale.handle)).toHaveLength(won)
    winners.add(won === 1 ? 'a buyer' : 'the seller')
  }
  expect([...winners].toSorted()).toEqual(['a buyer', 'the seller'])
})

test('case 29: the buyer pays, the buyer cancels, the seller closes and another buyer orders, at once: each capture is settled or refunded', async () => {
  for (let round = 0; round < 3; round += 1) {
    const sale = await listed()
    const { handle, buyer, orderId, key } = sale
    expect(saidOf(await order(sale, buyer, key))).toBe('done')
    await Promise.all([
      pay(market, [sale]),
      // What cannot be is refused; what was refused is not looked at, but that it has no effect.
      market.buyer(buyer).cancelOrder({ params: { orderId } }),
      close(sale),
      order(sale, `late_${round}`, `late_${round}`),
    ]).catch((error: unknown) => {
      // The cancellation was faster than the page: nothing was paid.
      if (!/transition_not_allowed|closed/.test(String(error))) throw error
    })
    await comeToRest(market)
    const [charge] = await chargesOf(market, orderId)
    const refunded = (await refundsOf(market, orderId)).reduce((sum, { amount }) => sum + amount, 0)
    const mine = (await ordersOf(market, handle)).find(({ id }) => id === orderId)
    const isSold = mine?.status === 'inspection'
    const ending = isSold ? 'inspection' : charge === undefined ? 'cancelled' : 'refunded'
    const keptMinor = (charge?.amount_captured ?? 0) - refunded
    expect([mine?.status, keptMinor]).toEqual([ending, isSold ? price.amountMinor : 0])
    const held = (await loadHandle(market.store, handle))?.state
    expect(held?.holder?.accountId).toBe(isSold ? buyer : sale.seller)
    const open = (await ordersOf(market, handle)).filter(({ status }) =>
      ['awaiting_payment', 'inspection'].includes(status),
    )
    expect(open.length).toBeLessThanOrEqual(1)
  }
})
