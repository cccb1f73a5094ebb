import type { Order } from './order.ts'

// What the lists of orders show, and so what their indexes carry of an order: its journal entry, and what decisions alone
// need, would double what each step of an order costs there. DynamoDB takes 20 attributes an index, and 100 a table.

/** Beside the keys of the index `byParty`. */
export const buyersColumns = [
  'id',
  'handle',
  'display',
  'status',
  'priceMinor',
  'currency',
  'sellerId',
  'saleId',
  'refundedMinor',
  'updatedAt',
  'since',
  'payBy',
  'termsVersion',
] as const satisfies readonly (keyof Order)[]

/** Beside the keys of the index `bySeller`. */
export const sellersColumns = [
  ...buyersColumns,
  'quote',
  'replacement',
  'replacedBy',
  'paidMinor',
  'payoutBlocked',
] as const satisfies readonly (keyof Order)[]

/** An order as the list of its buyer has it. */
export type BuyersOrder = Pick<Order, (typeof buyersColumns)[number] | 'createdAt'>

/** An order as the list of its seller has it. */
export type SellersOrder = Pick<Order, (typeof sellersColumns)[number] | 'createdAt'>
