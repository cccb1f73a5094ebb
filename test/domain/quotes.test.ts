import { expect, test } from 'vitest'
import { usd } from '../../shared/contract/money.ts'
import { noTax, type Tax, TaxUnavailable } from '../../shared/gateways/tax.ts'
import { quoteWithTax } from '../../shared/workflows/quotes.ts'

const part = (inPriceMinor: number, inCommissionMinor: number): Tax => ({
  taxOn: () => Promise.resolve({ inPriceMinor, inCommissionMinor }),
})

test('no tax is due as shipped', async () => {
  expect(await quoteWithTax(noTax, usd(500_00))).toMatchObject({
    commission: usd(100_00),
    net: usd(400_00),
    tax: { inPrice: usd(0), inCommission: usd(0) },
  })
})

test('an adapter is asked about seller, price and commission, and what it names is shown', async () => {
  const asked: unknown[] = []
  const tax: Tax = {
    taxOn: (question) => {
      asked.push(question)
      return part(79_83, 15_97).taxOn(question)
    },
  }
  const quote = await quoteWithTax(tax, usd(500_00), 'acct_1')
  expect(quote.tax).toEqual({ inPrice: usd(79_83), inCommission: usd(15_97) })
  // Tax is within: neither commission nor net moves.
  expect([quote.commission, quote.net]).toEqual([usd(100_00), usd(400_00)])
  expect(asked).toEqual([{ sellerId: 'acct_1', priceMinor: 500_00, commissionMinor: 100_00, currency: 'USD' }])
})

test.each([
  [-1, 0],
  [500_01, 0],
  [0, 100_01],
  [0.5, 0],
  [Number.NaN, 0],
])(
  'a tax of %d in the price and %d in the commission is a fault of the adapter, and no quote',
  async (price, commission) => {
    await expect(quoteWithTax(part(price, commission), usd(500_00))).rejects.toThrow('a tax of')
  },
)

test('a tax that cannot be told now makes no quote without it', async () => {
  const silent: Tax = { taxOn: () => Promise.reject(new TaxUnavailable()) }
  await expect(quoteWithTax(silent, usd(500_00))).rejects.toThrow(TaxUnavailable)
})
