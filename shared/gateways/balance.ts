import type Stripe from 'stripe'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

/** One change of the platform's balance at the provider. Amounts are minor units; negative: money left. */
export type BalanceChange = {
  readonly id: string
  /** The provider's word, for example `charge`, `refund`, `transfer`, `transfer_refund`, `adjustment`, `payout`. */
  readonly type: string
  readonly at: string
  readonly amountMinor: number
  /** What the provider kept of it, or took besides. */
  readonly feeMinor: number
  /** Upper case, as everywhere here. */
  readonly currency: string
  /** What it is of: a charge, refund, transfer, reversal or dispute. */
  readonly sourceId: string | null
  readonly paymentIntentId: string | null
  readonly orderId: string | null
}

export type Balance = {
  /**
   * Every balance transaction that was made from `from` on and before `to` (RFC 3339, whole seconds), newest first, page
   * by page. @throws where there are more than `pagesMax` pages: a span that long is asked for in parts.
   */
  readonly changes: (from: string, to: string) => AsyncGenerator<readonly BalanceChange[]>
}

const pageSize = 100
const pagesMax = 10_000

export const openBalance = (config: StripeConfig): Balance => {
  const stripe = openStripe(config)
  return {
    changes: async function* (from, to) {
      const created = { gte: secondsOf(from), lt: secondsOf(to) }
      let after: string | undefined
      for (let pages = 1; ; pages += 1) {
        if (pages > pagesMax) throw new Error(`more than ${pagesMax} pages of balance transactions since ${from}`)
        const page = await callStripe(() =>
          stripe.balanceTransactions.list({
            created,
            limit: pageSize,
            expand: ['data.source'],
            ...(after !== undefined && { starting_after: after }),
          }),
        )
        if (page.data.length > 0) yield page.data.map(changeOf)
        after = page.data.at(-1)?.id
        if (!page.has_more || after === undefined) return
      }
    },
  }
}

const secondsOf = (instant: string): number => Math.floor(Date.parse(instant) / 1000)

const changeOf = (booked: Stripe.BalanceTransaction): BalanceChange => {
  const source = typeof booked.source === 'object' ? booked.source : null
  const named = source as {
    readonly payment_intent?: string | { readonly id: string } | null
    readonly transfer_group?: string | null
    readonly metadata?: Readonly<Record<string, string>> | null
  } | null
  const payment = named?.payment_intent ?? null
  return {
    id: booked.id,
    type: booked.type,
    at: new Date(booked.created * 1000).toISOString(),
    amountMinor: booked.amount,
    feeMinor: booked.fee,
    currency: booked.currency.toUpperCase(),
    sourceId: source?.id ?? (typeof booked.source === 'string' ? booked.source : null),
    paymentIntentId: typeof payment === 'string' ? payment : (payment?.id ?? null),
    orderId: named?.metadata?.['orderId'] ?? named?.transfer_group ?? null,
  }
}
