import * as z from 'zod'

/** ISO 4217 codes we sell in. Amounts are integers in the currency's minor unit (cents). */
export const currencySchema = z.enum(['USD']).meta({ id: 'Currency' })
export type Currency = z.infer<typeof currencySchema>

/** The largest amount we accept, in minor units: $10,000,000.00, far inside what a double counts exactly. */
export const amountMinorMax = 1_000_000_000

export const amountMinorSchema = z.int().min(0).max(amountMinorMax)

export const moneySchema = z
  .strictObject({ amountMinor: amountMinorSchema, currency: currencySchema })
  .meta({ id: 'Money', description: 'An integer amount in minor units (cents) and its currency' })
export type Money = z.infer<typeof moneySchema>

export const usd = (amountMinor: number): Money => ({ amountMinor, currency: 'USD' })

/** For people: `$1,234.50`. Never parsed back. */
export const formatMoney = (money: Money): string =>
  new Intl.NumberFormat('en-US', { style: 'currency', currency: money.currency }).format(money.amountMinor / 100)

/** Stripe takes at most $999,999.99 in one payment (docs.stripe.com/currencies). */
export const checkoutMaxMinor = 999_999_99

/** A price that one payment can carry: from one minor unit up to what Stripe takes. */
export const salePriceSchema = z
  .strictObject({ amountMinor: z.int().min(1).max(checkoutMaxMinor), currency: currencySchema })
  .meta({ id: 'SalePrice', description: 'An integer amount in minor units (cents) that one payment can be' })
