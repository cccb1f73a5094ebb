import {
  aggregateName,
  type EventOf,
  fold,
  type Folded,
  type Kind,
  type StateOf,
  type VersionedHandle,
  type VersionedOf,
  type VersionedOrder,
} from './aggregate.ts'
import { sellerFaults } from './audit-sellers.ts'
import type { Handle, HandleStatus } from './handle.ts'
import { canonicalJson, chainFaults, type Entry } from './journal.ts'
import { balances, orderAccount, type Posting } from './ledger.ts'
import { heldMinor } from './order-money.ts'
import { holdingStatuses, type Order, type OrderEvent } from './order.ts'
import type { Seller } from './seller.ts'

export type AuditFault = { readonly aggregate: string; readonly fault: string }

export type AuditReport = {
  readonly handles: number
  readonly handlesByStatus: Readonly<Record<HandleStatus, number>>
  readonly orders: number
  readonly entries: number
  readonly postings: number
  /** Sum over all ledger accounts, in minor units: zero, or the book is broken. */
  readonly ledgerSumMinor: number
  /** Held for open orders, in minor units. */
  readonly heldMinor: number
  readonly faults: readonly AuditFault[]
}

/**
 * Verifies everything that can be verified from the tables alone: every chain is whole and unchanged; every state is what
 * its entries fold to; every posting is the one that the rules give for its event; the book sums to zero; held money is
 * what open orders hold (I4); a capture is booked once (I5); a handle is on hold for at most one order and for that one
 * (I3), and belongs to whom its last order gave it (I2); what sellers owe and are owed is what the ledger says.
 */
export const newAudit = () => {
  const faults: AuditFault[] = []
  const filed = new Map<string, Entry[]>()
  const postings: Posting[] = []
  const holding = new Map<string, string[]>()
  const handedOver = new Map<string, Order>()
  const handlesByStatus = { active: 0, dormant: 0, unreachable: 0, released: 0, reserved: 0, locked: 0 }
  let handles = 0
  const orders: Order[] = []
  const sellers: Seller[] = []
  let entries = 0

  const chainOf = (head: Entry): Entry[] => {
    const before = (filed.get(head.aggregate) ?? []).filter((entry) => entry.seq < head.seq)
    filed.delete(head.aggregate)
    const chain = [...before.toSorted((a, b) => a.seq - b.seq), head]
    entries += chain.length
    faults.push(...chainFaults(chain))
    return chain
  }

  /** Replays an aggregate from its chain: state and postings must be what its events give. */
  const replay = <K extends Kind>(kind: K, id: string, { state, entry }: VersionedOf<K>): Entry<EventOf<K>>[] => {
    const aggregate = aggregateName(kind, id)
    const chain = chainOf(entry) as Entry<EventOf<K>>[]
    let replayed: StateOf<K> | null = null
    try {
      for (const one of chain) {
        const folded: Folded<K> = fold(kind, id, replayed, one.events, one.at)
        if (canonicalJson(folded.postings) !== canonicalJson(one.postings)) {
          faults.push({ aggregate, fault: `the postings of entry ${one.seq} are not what its events move` })
        }
        postings.push(...one.postings)
        replayed = folded.state
      }
      if (canonicalJson(state) !== canonicalJson(replayed)) {
        faults.push({ aggregate, fault: 'the state is not what its entries fold to' })
      }
    } catch (error) {
      faults.push({ aggregate, fault: error instanceof Error ? error.message : String(error) })
    }
    return chain
  }

  const compareWithOrders = (handle: Handle) => {
    const aggregate = `handle:${handle.name}`
    const holds = holding.get(handle.name) ?? []
    if (holds.length > 1) faults.push({ aggregate, fault: `on hold for ${holds.length} orders` })
    if (handle.listing?.orderId !== holds[0]) faults.push({ aggregate, fault: 'its hold and its order do not agree' })
    const { holder } = handle
    if (handle.status === 'locked' || holder?.orderId === undefined) return
    const order = handedOver.get(holder.orderId)
    const due = order?.replacedBy === handle.name ? order.sellerId : order?.buyerId
    if (due !== holder.accountId) faults.push({ aggregate, fault: 'its holder is not whom its order gave it to' })
  }

  return {
    /** Entries that were replaced on their item; give all of them before the items. */
    addFiled: (entry: Entry): void => {
      const chain = filed.get(entry.aggregate)
      if (chain === undefined) filed.set(entry.aggregate, [entry])
      else chain.push(entry)
    },

    /** Give all orders before: a handle is compared with those that hold it, and is not kept. */
    addHandle: (handle: VersionedHandle): void => {
      const { state } = handle
      handles += 1
      handlesByStatus[state.status] += 1
      compareWithOrders(state)
      replay('handle', state.name, handle)
    },

    addOrder: (order: VersionedOrder): void => {
      const { state } = order
      orders.push(state)
      const events = replay('order', state.id, order).flatMap((one): readonly OrderEvent[] => one.events)
      const captures = events.filter(({ type }) => type === 'payment_captured').length
      if (captures > 1) {
        faults.push({ aggregate: order.entry.aggregate, fault: `${captures} captures are booked` })
      }
      if (holdingStatuses.has(state.status)) {
        holding.set(state.handle, [...(holding.get(state.handle) ?? []), state.id])
      }
      if (state.settledAt !== undefined || state.handedOverAt !== undefined) handedOver.set(state.id, state)
    },

    /** An aggregate of any other kind. */
    add: <K extends Exclude<Kind, 'handle' | 'order'>>(kind: K, id: string, versioned: VersionedOf<K>): void => {
      replay(kind, id, versioned)
      if (kind === 'seller') sellers.push(versioned.state as Seller)
    },

    report: (): AuditReport => {
      for (const aggregate of filed.keys()) faults.push({ aggregate, fault: 'entries are filed, but the item is gone' })
      const book = balances(postings)
      for (const order of orders) {
        const held = book.get(`${orderAccount(order.id)} ${order.currency}`) ?? 0
        const due = heldMinor(order)
        if (held !== due) faults.push({ aggregate: `order:${order.id}`, fault: `${held} is held, ${due} is due` })
      }
      faults.push(...sellerFaults(sellers, orders, book))
      const allHeldMinor = [...book].reduce(
        (sum, [account, balance]) => sum + (account.startsWith('order:') ? balance : 0),
        0,
      )
      return {
        handles,
        handlesByStatus,
        orders: orders.length,
        entries,
        postings: postings.length,
        ledgerSumMinor: [...book.values()].reduce((sum, balance) => sum + balance, 0),
        heldMinor: allHeldMinor,
        faults,
      }
    },
  }
}
