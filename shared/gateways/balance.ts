import Stripe from 'stripe'
import type { Movement } from '../domain/book.ts'
import { meaningOf, type ProviderChange } from '../domain/reconciliation.ts'
import { callStripe, openStripe, type StripeConfig } from './stripe.ts'

export type Balance = {
  /**
   * Every balance transaction that was made from `from` on and before `to` (RFC 3339, whole seconds), newest first, page
   * by page. @throws where there are more than `pagesMax` pages: a span that long is asked for in parts.
   */
  readonly changes: (from: string, to: string) => AsyncGenerator<readonly ProviderChange[]>
  /** What a movement came to, whenever it was made: the sum of its changes; null: there is no such movement. */
  readonly find: (
    movement: Pick<Movement, 'kind' | 'reference'>,
  ) => Promise<{ readonly amountMinor: number; readonly currency: string } | null>
}

const pageSize = 100
const pagesMax = 10_000

export const openBalance = (config: StripeConfig): Balance => {
  const stripe = openStripe(config)

  /** The charge of a payment: the book knows a capture by its payment, the balance by its charge. */
  const chargeOf = async (paymentIntentId: string): Promise<string | null> => {
    try {
      const { latest_charge: charge } = await callStripe(() => stripe.paymentIntents.retrieve(paymentIntentId))
      return typeof charge === 'string' ? charge : (charge?.id ?? null)
    } catch (error) {
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing') return null
      throw error
    }
  }

  return {
    find: async ({ kind, reference }) => {
      const source = kind === 'capture' ? await chargeOf(reference) : reference
      if (source === null) return null
      const { data } = await callStripe(() => stripe.balanceTransactions.list({ source, limit: pageSize }))
      const changes = data.map(changeOf).filter((change) => meaningOf(change)?.of === kind)
      const [first] = changes
      if (first === undefined) return null
      return { amountMinor: changes.reduce((sum, change) => sum + change.amountMinor, 0), currency: first.currency }
    },
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

const changeOf = (booked: Stripe.BalanceTransaction): ProviderChange => {
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
