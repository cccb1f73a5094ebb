import type { VersionedHandle, VersionedLook, VersionedOrder, VersionedPlan, VersionedPolicy } from './aggregate.ts'
import { evolveHandle } from './handle-evolve.ts'
import type { Handle, HandleEvent, HandleStatus } from './handle.ts'
import { canonicalJson, chainFaults, type Entry } from './journal.ts'
import { balances, orderAccount, type Posting } from './ledger.ts'
import { evolveLook, type LookEvent, type ProtectedLook } from './protected-names.ts'
import { evolvePlan, type PlanEvent, type ReleasePlan } from './release-plan.ts'
import { evolvePolicy, type PolicyEvent, type PublishedPolicy } from './release-policy.ts'
import { evolveOrder, heldStatuses, holdingStatuses, type Order, type OrderEvent, postingsOf } from './order.ts'

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
 * (I3), and belongs to the buyer of its settled order (I2).
 */
export const newAudit = () => {
  const faults: AuditFault[] = []
  const filed = new Map<string, Entry[]>()
  const postings: Posting[] = []
  const holding = new Map<string, string[]>()
  const settled = new Map<string, Order>()
  const handlesByStatus = { active: 0, dormant: 0, unreachable: 0, released: 0, reserved: 0, locked: 0 }
  let handles = 0
  const orders: Order[] = []
  let entries = 0

  const chainOf = (head: Entry): Entry[] => {
    const before = (filed.get(head.aggregate) ?? []).filter((entry) => entry.seq < head.seq)
    filed.delete(head.aggregate)
    const chain = [...before.toSorted((a, b) => a.seq - b.seq), head]
    entries += chain.length
    faults.push(...chainFaults(chain))
    return chain
  }

  const compare = (aggregate: string, stored: unknown, replayed: unknown) => {
    if (canonicalJson(stored) !== canonicalJson(replayed)) {
      faults.push({ aggregate, fault: 'the state is not what its entries fold to' })
    }
  }

  const replay = <S>(aggregate: string, fold: () => S): S | null => {
    try {
      return fold()
    } catch (error) {
      faults.push({ aggregate, fault: error instanceof Error ? error.message : String(error) })
      return null
    }
  }

  const compareWithOrders = (handle: Handle) => {
    const aggregate = `handle:${handle.name}`
    const holds = holding.get(handle.name) ?? []
    if (holds.length > 1) faults.push({ aggregate, fault: `on hold for ${holds.length} orders` })
    if (handle.listing?.orderId !== holds[0]) faults.push({ aggregate, fault: 'its hold and its order do not agree' })
    const bought = handle.status === 'locked' ? undefined : handle.holder?.orderId
    if (bought !== undefined && settled.get(bought)?.buyerId !== handle.holder?.accountId) {
      faults.push({ aggregate, fault: 'its holder is not the buyer of its settled order' })
    }
  }

  return {
    /** Entries that were replaced on their item; give all of them before the items. */
    addFiled: (entry: Entry): void => {
      const chain = filed.get(entry.aggregate)
      if (chain === undefined) filed.set(entry.aggregate, [entry])
      else chain.push(entry)
    },

    /** Give all orders before: a handle is compared with those that hold it, and is not kept. */
    addHandle: ({ state, entry }: VersionedHandle): void => {
      const chain = chainOf(entry) as Entry<HandleEvent>[]
      handles += 1
      handlesByStatus[state.status] += 1
      compareWithOrders(state)
      const folded = replay(entry.aggregate, () => {
        let handle: Handle | null = null
        for (const one of chain)
          for (const event of one.events) handle = evolveHandle(state.name, handle, event, one.at)
        return handle
      })
      compare(entry.aggregate, state, folded)
    },

    addLook: ({ state, entry }: VersionedLook): void => {
      const chain = chainOf(entry) as Entry<LookEvent>[]
      const folded = replay(entry.aggregate, () => {
        let look: ProtectedLook | null = null
        for (const one of chain) for (const event of one.events) look = evolveLook(state.skeleton, look, event, one.at)
        return look
      })
      compare(entry.aggregate, state, folded)
    },

    addPolicy: ({ state, entry }: VersionedPolicy): void => {
      const chain = chainOf(entry) as Entry<PolicyEvent>[]
      const folded = replay(entry.aggregate, () => {
        let policy: PublishedPolicy | null = null
        for (const one of chain) for (const event of one.events) policy = evolvePolicy(policy, event, one.at)
        return policy
      })
      compare(entry.aggregate, state, folded)
    },

    addPlan: ({ state, entry }: VersionedPlan): void => {
      const chain = chainOf(entry) as Entry<PlanEvent>[]
      const folded = replay(entry.aggregate, () => {
        let plan: ReleasePlan | null = null
        for (const one of chain) for (const event of one.events) plan = evolvePlan(state.id, plan, event, one.at)
        return plan
      })
      compare(entry.aggregate, state, folded)
    },

    addOrder: ({ state, entry }: VersionedOrder): void => {
      const chain = chainOf(entry) as Entry<OrderEvent>[]
      orders.push(state)
      let captures = 0
      const folded = replay(entry.aggregate, () => {
        let order: Order | null = null
        for (const one of chain) {
          const due: Posting[] = []
          for (const event of one.events) {
            const after: Order = evolveOrder(state.id, order, event, one.at)
            due.push(...postingsOf(order ?? after, event))
            if (event.type === 'payment_captured') captures += 1
            order = after
          }
          if (canonicalJson(due) !== canonicalJson(one.postings)) {
            faults.push({
              aggregate: entry.aggregate,
              fault: `the postings of entry ${one.seq} are not what its events move`,
            })
          }
          postings.push(...one.postings)
        }
        return order
      })
      compare(entry.aggregate, state, folded)
      if (captures > 1) faults.push({ aggregate: entry.aggregate, fault: `${captures} captures are booked` })
      if (holdingStatuses.has(state.status)) {
        holding.set(state.handle, [...(holding.get(state.handle) ?? []), state.id])
      }
      if (state.status === 'settled') settled.set(state.id, state)
    },

    report: (): AuditReport => {
      for (const aggregate of filed.keys()) faults.push({ aggregate, fault: 'entries are filed, but the item is gone' })
      const book = balances(postings)
      for (const order of orders) {
        const held = book.get(`${orderAccount(order.id)} ${order.currency}`) ?? 0
        const due = heldStatuses.has(order.status) ? order.priceMinor : 0
        if (held !== due) faults.push({ aggregate: `order:${order.id}`, fault: `${held} is held, ${due} is due` })
      }
      const heldMinor = [...book].reduce(
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
        heldMinor,
        faults,
      }
    },
  }
}
