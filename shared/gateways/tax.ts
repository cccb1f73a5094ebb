import type { Currency } from '../contract/money.ts'

/** What a sale between users is about. Amounts are minor units of one currency. */
export type TaxQuestion = {
  /** Absent where anybody asks what a price would bring. */
  readonly sellerId?: string | undefined
  readonly priceMinor: number
  readonly commissionMinor: number
  readonly currency: Currency
}

/** What of the price and of the commission is tax, in minor units: neither amount grows by it. */
export type TaxDue = { readonly inPriceMinor: number; readonly inCommissionMinor: number }

/**
 * The hook for tax: what of a quote is tax. It is asked when a quote is given. An adapter that asks a service answers within
 * the patience of a caller, about three seconds, or throws `TaxUnavailable`: the quote is then a 503, and never one without
 * its tax.
 */
export type Tax = { readonly taxOn: (question: TaxQuestion) => Promise<TaxDue> }

/** The service did not answer; asking again later is safe. */
export class TaxUnavailable extends Error {
  override readonly name = 'TaxUnavailable'
}

/** The shipped adapter: no tax is due. Who owes which depends on where platform, seller and buyer are. */
export const noTax: Tax = { taxOn: async () => ({ inPriceMinor: 0, inCommissionMinor: 0 }) }
