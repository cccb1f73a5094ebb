import { bookOf } from '../../shared/domain/book.ts'
import { commissionAccount, type Posting, sellerAccount } from '../../shared/domain/ledger.ts'
import { newTrialBalance } from '../../shared/domain/trial-balance.ts'
import type { Store } from '../../shared/store/client.ts'
import { scanOrders } from '../../shared/store/scan-orders.ts'
import { auditTables } from '../../shared/workflows/audit-tables.ts'

/** What both tables say of the sales, in minor units. */
export type Books = {
  readonly settled: number
  readonly ledgerSumMinor: number
  readonly creditedToSellersMinor: number
  readonly commissionMinor: number
  /** What the audit and the trial balance find wrong; the first ten. */
  readonly faults: readonly string[]
}

const faultsShownMax = 10

/** Reads both tables whole: every chain, every posting, and the trial balance from the orders alone. */
export const readBooks = async (store: Store): Promise<Books> => {
  let settled = 0
  let creditedToSellersMinor = 0
  let commissionMinor = 0
  const count = (postings: readonly Posting[]): void => {
    for (const { source, destination, amountMinor } of postings) {
      if (destination.startsWith(sellerAccount('')) && source.startsWith('order:'))
        creditedToSellersMinor += amountMinor
      if (destination === commissionAccount) commissionMinor += amountMinor
      if (source === commissionAccount) commissionMinor -= amountMinor
    }
  }
  const audit = await auditTables(store, { onFiled: ({ postings }) => count(postings) })
  const trial = newTrialBalance()
  for await (const orders of scanOrders(store)) {
    for (const { state, entry } of orders) {
      if (state.status === 'settled') settled += 1
      count(entry.postings)
      trial.addOrder(bookOf(state))
    }
  }
  const faults = audit.faults.map(({ aggregate, fault }) => `${aggregate}: ${fault}`)
  const { totals, sums, wrongSide } = trial.report()
  for (const { currency, sumMinor } of sums)
    if (sumMinor !== 0) faults.push(`the trial balance sums to ${sumMinor} ${currency}`)
  for (const { account, balanceMinor } of wrongSide) faults.push(`${account} is ${balanceMinor}`)
  const commission = totals.find(({ account }) => account === commissionAccount)?.balanceMinor ?? 0
  if (commission !== commissionMinor)
    faults.push(`commission: ${commissionMinor} posted, ${commission} by the trial balance`)
  return {
    settled,
    ledgerSumMinor: audit.ledgerSumMinor,
    creditedToSellersMinor,
    commissionMinor,
    faults: faults.slice(0, faultsShownMax),
  }
}
