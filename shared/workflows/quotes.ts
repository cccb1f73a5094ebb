import type * as z from 'zod'
import { type Money, usd } from '../contract/money.ts'
import type { taxedQuoteSchema } from '../contract/trading.ts'
import { quoteOf } from '../domain/commission.ts'
import type { Tax } from '../gateways/tax.ts'
import { viewQuote } from './trading-views.ts'

/**
 * What a seller gets of a price, and what of it is tax.
 * @throws TaxUnavailable where the tax cannot be told now; Error where the adapter names a tax that is no part of the amount
 */
export const quoteWithTax = async (
  tax: Tax,
  { amountMinor: priceMinor, currency }: Money,
  sellerId?: string,
): Promise<z.infer<typeof taxedQuoteSchema>> => {
  const quote = quoteOf(priceMinor)
  const { commissionMinor } = quote
  const { inPriceMinor, inCommissionMinor } = await tax.taxOn({ sellerId, priceMinor, commissionMinor, currency })
  if (!isPart(inPriceMinor, priceMinor) || !isPart(inCommissionMinor, commissionMinor)) {
    throw new Error(`a tax of ${inPriceMinor} in ${priceMinor} and ${inCommissionMinor} in ${commissionMinor}`)
  }
  return {
    ...viewQuote(priceMinor, quote),
    tax: { inPrice: usd(inPriceMinor), inCommission: usd(inCommissionMinor) },
  }
}

const isPart = (partMinor: number, wholeMinor: number): boolean =>
  Number.isSafeInteger(partMinor) && partMinor >= 0 && partMinor <= wholeMinor
