/** What accounts have in common: `order` for every `order:ord_…`, the account itself for those of the platform. */
const classOf = (account: string): string =>
  account.startsWith('platform:') ? account : (account.split(':')[0] ?? account)

/**
 * The side of zero on which an account of a class can be: an order's holds what belongs to its parties and a seller's what
 * we owe, so that below it somebody was given what is not there; a receivable is what a seller owes, and never the reverse.
 */
const sideOf: ReadonlyMap<string, 1 | -1> = new Map([
  ['order', 1],
  ['seller', 1],
  ['receivable', -1],
])

export type TrialBalance = {
  readonly orders: number
  /** By class of account and currency, in minor units. */
  readonly totals: readonly { readonly account: string; readonly currency: string; readonly balanceMinor: number }[]
  /** Over all accounts, by currency: each zero, or the book is broken. */
  readonly sums: readonly { readonly currency: string; readonly sumMinor: number }[]
  /** Accounts on the wrong side of zero; the first `wrongSideShownMax` of them. */
  readonly wrongSide: readonly { readonly account: string; readonly currency: string; readonly balanceMinor: number }[]
  readonly wrongSideCount: number
}

export const wrongSideShownMax = 100

/** Adds the books of all orders up. Only accounts that are not zero in the end take memory. */
export const newTrialBalance = () => {
  const totals = new Map<string, number>()
  const open = new Map<string, number>()
  const moving = new Set<string>()
  let orders = 0

  const add = (book: Map<string, number>, key: string, amountMinor: number): void => {
    const sum = (book.get(key) ?? 0) + amountMinor
    if (sum === 0) book.delete(key)
    else book.set(key, sum)
  }

  return {
    /**
     * The balances of one order by `account currency`. One that has moved since the adding up began may share an account
     * with another that was added before it moved: such accounts are not judged this time.
     */
    addOrder: (book: ReadonlyMap<string, number>, isMoving = false): void => {
      orders += 1
      for (const [key, balance] of book) {
        const [account = '', currency = ''] = key.split(' ')
        const accountClass = classOf(account)
        totals.set(`${accountClass} ${currency}`, (totals.get(`${accountClass} ${currency}`) ?? 0) + balance)
        // Several orders share the accounts of a seller.
        if (sideOf.has(accountClass)) add(open, key, balance)
        if (isMoving) moving.add(key)
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
      const wrongSide = rows(
        [...open].filter(([key, balance]) => {
          const side = sideOf.get(classOf(key.split(' ')[0] ?? '')) ?? 1
          return balance * side < 0 && !moving.has(key)
        }),
      )
      return {
        orders,
        totals: all,
        sums: [...sums].map(([currency, sumMinor]) => ({ currency, sumMinor })),
        wrongSide: wrongSide.slice(0, wrongSideShownMax),
        wrongSideCount: wrongSide.length,
      }
    },
  }
}
