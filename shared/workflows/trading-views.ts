import type * as z from 'zod'
import { usd } from '../contract/money.ts'
import type { quoteSchema, saleSchema } from '../contract/trading.ts'
import { quoteOf } from '../domain/commission.ts'
import type { SellersOrder } from '../domain/order-rows.ts'
import { viewOrder } from './views.ts'

/** What a seller gets of a price by the schedule in force. */
export const viewQuote = (priceMinor: number, quote = quoteOf(priceMinor)): z.infer<typeof quoteSchema> => ({
  price: usd(priceMinor),
  commission: usd(quote.commissionMinor),
  net: usd(quote.netMinor),
  scheduleVersion: quote.scheduleVersion,
})

/** A sale as its seller sees it: nothing of the buyer. */
export const viewSale = (order: SellersOrder): z.infer<typeof saleSchema> => {
  const { id, handle, display, status, createdAt, updatedAt, next } = viewOrder(order)
  return {
    orderId: id,
    handle,
    display,
    status,
    quote: viewQuote(order.priceMinor, order.quote),
    replacement: order.replacement ?? null,
    replacedBy: order.replacedBy ?? null,
    paid: order.paidMinor === undefined ? null : usd(order.paidMinor),
    payoutBlocked: order.payoutBlocked ?? null,
    createdAt,
    updatedAt,
    next,
  }
}
