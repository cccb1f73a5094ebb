/** What accounts have in common: `order` for every `order:ord_…`, the account itself for those of the platform. */
const classOf = (account: string): string =>
  account.startsWith('platform:') ? account : (account.split(':')[0] ?? account)

/** Accounts of these classes hold, or say, what belongs to somebody: below zero, somebody was given what is not there. */
const neverNegative: ReadonlySet<string> = new Set(['order', 'seller', 'receivable'])

export type TrialBalance = {
  readonly orders: number
  /** By class of account and currency, in minor units. */
  readonly totals: readonly { readonly account: string; readonly currency: string; readonly balanceMinor: number }[]
  /** Over all accounts, by currency: each zero, or the book is broken. */
  readonly sums: readonly { readonly currency: string; readonly sumMinor: number }[]
  /** Accounts that are below zero and must not be; the first `negativeShownMax` of them. */
  readonly negative: readonly { readonly account: string; readonly currency: string; readonly balanceMinor: number }[]
  readonly negativeCount: number
}

export const negativeShownMax = 100

/** Adds the books of all orders up. Only accounts that are not zero in the end take memory. */
export const newTrialBalance = () => {
  const totals = new Map<string, number>()
  const open = new Map<string, number>()
  let orders = 0

  const add = (book: Map<string, number>, key: string, amountMinor: number): void => {
    const sum = (book.get(key) ?? 0) + amountMinor
    if (sum === 0) book.delete(key)
    else book.set(key, sum)
  }

  return {
    /** The balances of one order by `account currency`. */
    addOrder: (book: ReadonlyMap<string, number>): void => {
      orders += 1
      for (const [key, balance] of book) {
        const [account = '', currency = ''] = key.split(' ')
        const accountClass = classOf(account)
        totals.set(`${accountClass} ${currency}`, (totals.get(`${accountClass} ${currency}`) ?? 0) + balance)
        // Several orders share the accounts of a seller.
        if (neverNegative.has(accountClass)) add(open, key, balance)
      }
    },

    report: (): TrialBalance => {
      const rows = (book: Iterable<[string, number]>) =>
        [...book]
          .map(([key, balanceMinor]) => {
            const [account = '', currency = ''] = key.split(' ')
            return { account, currency, balanceMinor }
          })
          .toSorted((a, b) => (a.account + a.currency < b.account + b.currency ? -1 : 1))
      const sums = new Map<string, number>()
      const all = rows(totals)
      for (const { currency, balanceMinor } of all) sums.set(currency, (sums.get(currency) ?? 0) + balanceMinor)
      const negative = rows([...open].filter(([, balance]) => balance < 0))
      return {
        orders,
        totals: all,
        sums: [...sums].map(([currency, sumMinor]) => ({ currency, sumMinor })),
        negative: negative.slice(0, negativeShownMax),
        negativeCount: negative.length,
      }
    },
  }
}
