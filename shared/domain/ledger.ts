import type { Currency } from '../contract/money.ts'

/**
 * Double entry with no way to be unbalanced: a posting moves a positive amount from one ledger account to another.
 * Accounts: `stripe` (money at the payment provider, outside our book: its balance is minus what we hold),
 * `order:<id>` (held for one order), `platform:sales` (sold names of the platform's own), `platform:commission`,
 * `platform:goodwill` (refunds that the platform bears), `seller:<account>` (owed to a seller, never negative),
 * `receivable:<account>` (owed by a seller, never positive). Each posting that touches `stripe` is one change of the balance there.
 */
export type Posting = {
  readonly source: string
  readonly destination: string
  readonly amountMinor: number
  readonly currency: Currency
}

export const posting = (source: string, destination: string, amountMinor: number, currency: Currency): Posting => {
  if (!Number.isSafeInteger(amountMinor) || amountMinor <= 0) {
    throw new RangeError(`a posting moves a positive integer of minor units, not ${amountMinor}`)
  }
  if (source === destination) throw new RangeError(`a posting moves between two accounts, not within ${source}`)
  return { source, destination, amountMinor, currency }
}

/** Undo: the same amounts the other way, last first. */
export const reverse = (postings: readonly Posting[]): Posting[] =>
  postings.toReversed().map((p) => posting(p.destination, p.source, p.amountMinor, p.currency))

/** Balances in minor units by `account` and currency; the sum over all accounts is zero by construction. */
export const balances = (postings: Iterable<Posting>): Map<string, number> => {
  const book = new Map<string, number>()
  const add = (account: string, currency: string, amountMinor: number) => {
    const key = `${account} ${currency}`
    book.set(key, (book.get(key) ?? 0) + amountMinor)
  }
  for (const p of postings) {
    add(p.source, p.currency, -p.amountMinor)
    add(p.destination, p.currency, p.amountMinor)
  }
  return book
}

export const providerAccount = 'stripe'
export const salesAccount = 'platform:sales'
export const orderAccount = (orderId: string): string => `order:${orderId}`
export const commissionAccount = 'platform:commission'
export const goodwillAccount = 'platform:goodwill'
export const sellerAccount = (accountId: string): string => `seller:${accountId}`
export const receivableAccount = (accountId: string): string => `receivable:${accountId}`
