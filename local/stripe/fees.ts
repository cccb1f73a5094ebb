/**
 * What the local server takes as Stripe's fee, in minor units, rounded half up. Modelled on the published US prices:
 * cards 2.9 % + 30, bank debits 0.8 % but at most 500; a refund returns no fee; a dispute costs 1,500 more.
 */
export const paymentFee = (method: string, amount: number): number =>
  method === 'card' ? Math.round((amount * 290) / 10_000) + 30 : Math.min(Math.round((amount * 80) / 10_000), 500)

export const disputeFee = 1500

/** Card money is available two days after the payment, bank money on the day it settles. */
export const availableAfterDays = (method: string): number => (method === 'card' ? 2 : 0)

/** A bank debit succeeds or fails this long after the buyer agreed to it, and a refund to a bank takes as long. */
export const bankDays = 4
