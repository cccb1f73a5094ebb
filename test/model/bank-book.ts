import { movementKey, movementsOf, bookOf } from '../../shared/domain/book.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import { orderAccount } from '../../shared/domain/ledger.ts'
import { heldMinor } from '../../shared/domain/order-money.ts'
import { type Order } from '../../shared/domain/order.ts'
import { newTrialBalance } from '../../shared/domain/trial-balance.ts'
import { aggregateAt, type Item, readAggregate, readOrder } from '../../shared/store/items.ts'

const faultsKeptMax = 20

/**
 * The ledger as it is written, entry by entry, and what must hold of it at every moment: held money is what its order holds,
 * nobody is owed less than nothing, nobody owes us less than nothing.
 */
export const newLiveBook = () => {
  const book = new Map<string, number>()
  const faults: string[] = []
  const happened = new Map<string, number>()
  let postings = 0
  const fault = (text: string): void => {
    if (faults.length < faultsKeptMax) faults.push(text)
  }
  const add = (account: string, amountMinor: number): void => {
    const sum = (book.get(account) ?? 0) + amountMinor
    if (sum === 0) book.delete(account)
    else book.set(account, sum)
  }
  return {
    faults,
    fault,
    book: book as ReadonlyMap<string, number>,
    postings: () => postings,
    /** How often each event of an order was written. */
    happened: happened as ReadonlyMap<string, number>,
    onEntry: ({ aggregate, events, postings: moved }: Entry, item: Item): void => {
      postings += moved.length
      for (const { source, destination, amountMinor } of moved) {
        add(source, -amountMinor)
        add(destination, amountMinor)
      }
      const told = () => `after ${events.map(({ type }) => type).join(', ')} of ${aggregate}`
      for (const account of moved.flatMap(({ source, destination }) => [source, destination])) {
        const balance = book.get(account) ?? 0
        if (account.startsWith('seller:') && balance < 0) fault(`${account} is ${balance} ${told()}`)
        if (account.startsWith('receivable:') && balance > 0) fault(`${account} is ${balance} ${told()}`)
      }
      if (!aggregate.startsWith('order:')) return
      for (const { type } of events) happened.set(type, (happened.get(type) ?? 0) + 1)
      const order = readOrder(item).state
      const held = book.get(orderAccount(order.id)) ?? 0
      if (held !== heldMinor(order)) fault(`${order.id} holds ${held} and not ${heldMinor(order)} ${told()}`)
    },
  }
}

export type LiveBook = ReturnType<typeof newLiveBook>

/** What the trial balance says of these orders, against the ledger as it was written. Everything that is wrong, in words. */
export const readTrialBalance = (orders: readonly Order[], { book }: LiveBook): string[] => {
  const faults: string[] = []
  const trial = newTrialBalance()
  const fromState = new Map<string, number>()
  for (const order of orders) {
    const one = bookOf(order)
    trial.addOrder(one)
    for (const [key, balance] of one) {
      const [account = ''] = key.split(' ')
      fromState.set(account, (fromState.get(account) ?? 0) + balance)
    }
  }
  const { sums, wrongSide } = trial.report()
  for (const { sumMinor } of sums) if (sumMinor !== 0) faults.push(`the trial balance sums to ${sumMinor}`)
  for (const { account, balanceMinor } of wrongSide) faults.push(`${account} is ${balanceMinor} by the trial balance`)
  for (const account of new Set([...book.keys(), ...fromState.keys()])) {
    const [posted, stated] = [book.get(account) ?? 0, fromState.get(account) ?? 0]
    if (posted !== stated) faults.push(`${account} is ${posted} by its postings and ${stated} by the orders`)
  }
  const open = orders.reduce((sum, order) => sum + heldMinor(order), 0)
  const held = [...book].reduce((sum, [account, balance]) => sum + (account.startsWith('order:') ? balance : 0), 0)
  if (open !== held) faults.push(`${held} are held, and open orders hold ${open}`)
  return faults
}

/**
 * What the orders say has moved at the provider, against the provider's own ledger, to the cent. Refunds by their order: they
 * are booked by their sum, so that two under way at once may stand under the name of the newer one.
 */
export const compareWithProvider = (orders: readonly Order[], movements: ReadonlyMap<string, number>): string[] => {
  const booked = new Map<string, number>()
  for (const order of orders) {
    for (const { kind, reference, amountMinor } of movementsOf(order)) {
      const key = movementKey({ kind, reference })
      booked.set(key, (booked.get(key) ?? 0) + amountMinor)
    }
  }
  return [...new Set([...booked.keys(), ...movements.keys()])].flatMap((key) => {
    const [here, there] = [booked.get(key) ?? 0, movements.get(key) ?? 0]
    return here === there ? [] : [`${key} is ${here} here and ${there} at the provider`]
  })
}

/** What every seller owes: the debts that are noted, against the accounts of the ledger. */
export const compareDebts = (items: readonly Item[], { book }: LiveBook): string[] =>
  items.flatMap((item) => {
    if (aggregateAt(item)?.startsWith('seller:') !== true) return []
    const { accountId, debts, plans } = readAggregate('seller', item).state
    const noted = debts.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
    const owed = -(book.get(`receivable:${accountId}`) ?? 0)
    return [
      ...(noted === owed ? [] : [`${accountId} has debts of ${noted}, and owes ${owed} by the ledger`]),
      ...(plans.length === 0 ? [] : [`${accountId} has ${plans.length} plans that came to no end`]),
    ]
  })
