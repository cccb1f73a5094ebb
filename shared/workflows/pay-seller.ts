import { systemActor } from '../domain/actors.ts'
import type { Order } from '../domain/order.ts'
import { decideTransferFound } from '../domain/order-chargebacks.ts'
import { decideSettled, decideTransferBlocked, decideTransferWanted } from '../domain/order-settlement.ts'
import type { Seller } from '../domain/seller.ts'
import {
  decidePayoutPlanned,
  decidePlanDropped,
  decideSalePaid,
  isBankTooNew,
  offsetMinorOf,
  paymentBlockedBy,
  planOf,
} from '../domain/seller-payment.ts'
import { settledSaleOf, transfersMade } from '../domain/seller-sale.ts'
import type { Payments } from '../gateways/payments.ts'
import type { Transfers } from '../gateways/transfers.ts'
import { log } from '../runtime/log.ts'
import { load } from '../store/aggregates.ts'
import { CommitUnavailable } from '../store/commit.ts'
import type { Store } from '../store/client.ts'
import { loadOrder, settlingOrderIds } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { changeSeller, mirrorAccount, type MirrorDeps, sellerChange } from './mirror-seller.ts'
import { orderChanges } from './order-changes.ts'
import { readPolicyInForce } from './policies.ts'
import { screenAccounts, type ScreeningDeps } from './screening.ts'
import { recordRefunds } from './told-order.ts'

export type PayDeps = MirrorDeps &
  ScreeningDeps & {
    readonly transfers: () => Promise<Transfers>
    readonly payments: () => Promise<Pick<Payments, 'readRefunds'>>
  }

/** A transfer that the provider made, or none, where debts took all of it. */
type Paid = { readonly transferId?: string | undefined; readonly transferMinor: number }

/**
 * Pays the seller of an order that is being settled. What goes to debts is planned and committed first, so that every try
 * asks the provider for the same transfer, and the provider is asked under keys that follow from order and number: a call
 * that worked and was not heard of is found, and never made twice. Where the seller cannot be paid the money stays on the
 * order's account, with the reason.
 */
export const paySeller = async (deps: PayDeps, orderId: string): Promise<void> => {
  const order = await orderOf(deps, orderId)
  const { sellerId } = order
  if (sellerId === undefined) return
  if (order.status !== 'settling') return endPlan(deps, order, sellerId)
  const seller = await payableSeller(deps, sellerId)
  if (typeof seller === 'string') return block(deps, orderId, sellerId, seller)
  if (await isGivenBack(deps, order)) return endPlan(deps, await orderOf(deps, orderId), sellerId)
  const transferMinor = await planTransfer(deps, order, sellerId)
  // Whoever was asked at the same time may have paid before this plan was made: nothing is paid twice.
  const present = await orderOf(deps, orderId)
  if (present.status !== 'settling') return endPlan(deps, present, sellerId)
  if (numberOf(present) !== numberOf(order)) throw new CommitUnavailable(`${orderId} was paid and is to be paid anew`)
  if (transferMinor === 0) return recordPaid(deps, orderId, sellerId, { transferMinor })
  const transfers = await deps.transfers()
  const made = await transfers.transfer(order, transferMinor, seller.stripeAccountId, numberOf(order))
  if (typeof made !== 'string') return recordPaid(deps, orderId, sellerId, { ...made, transferMinor })
  if (made === 'account_restricted') await mirrorAccount(deps, seller.stripeAccountId)
  return block(deps, orderId, sellerId, made)
}

const orderOf = async ({ store }: Pick<PayDeps, 'store'>, orderId: string): Promise<Order> => {
  const order = await loadOrder(store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  return order.state
}

/**
 * Whether the buyer has the price back already: a refund that was made in the provider's dashboard, and not heard of yet,
 * is booked before anything leaves, so that nobody is paid for a sale that is undone.
 */
const isGivenBack = async (deps: PayDeps, order: Order): Promise<boolean> => {
  if (order.paymentIntentId === undefined) throw new Error(`${order.id} is to be settled and was not paid`)
  const refunds = await (await deps.payments()).readRefunds(order.paymentIntentId)
  if (refunds.length === 0) return false
  const refused = await recordRefunds(deps, order.id, refunds)
  if (refused !== null) log('error', 'refund_not_recorded', { orderId: order.id, why: refused })
  return (await orderOf(deps, order.id)).status !== 'settling'
}

const numberOf = (order: Order): number => transfersMade(order) + 1

/** The seller, or why it cannot be paid. What speaks against it is asked for anew: the provider's word may have been lost. */
const payableSeller = async (deps: PayDeps, sellerId: string): Promise<Seller | string> => {
  const known = (await load(deps.store, 'seller', sellerId))?.state ?? null
  if (known === null) return 'not_onboarded'
  const seller = paymentBlockedBy(known) === null ? known : await mirrorAccount(deps, known.stripeAccountId)
  if (typeof seller === 'string') return 'account_unknown'
  const blockedBy = paymentBlockedBy(seller)
  if (blockedBy !== null) return blockedBy
  if (seller.payoutReplacedAt !== undefined) {
    const { eligibility } = await readPolicyInForce(deps.store)
    const hours = Math.max(0, ...eligibility.coolingOff.map((row) => row.hours))
    if (isBankTooNew(seller, hours, instant(deps.now()))) return 'payout_account_changed'
  }
  const screened = await screenAccounts(deps, [{ accountId: sellerId, role: 'seller' }], 'transfer')
  return screened === null ? seller : 'under_review'
}

/** What is to be transferred, in minor units: the net less what is planned to go to debts. */
const planTransfer = async (deps: PayDeps, order: Order, sellerId: string): Promise<number> => {
  const sale = settledSaleOf(order)
  const seller = await changeSeller(deps, sellerId, systemActor, (known) =>
    known === null ? [] : decidePayoutPlanned(known, sale),
  )
  const plan = seller === null ? undefined : planOf(seller, order.id)
  if (plan === undefined) throw new Error(`the payment of ${order.id} to ${sellerId} was not planned`)
  return sale.netMinor - offsetMinorOf(plan.offsets)
}

/** What is planned to go to debts, in minor units; undefined: there is no plan. */
const plannedMinor = (seller: Seller, orderId: string): number | undefined => {
  const plan = planOf(seller, orderId)
  return plan === undefined ? undefined : offsetMinorOf(plan.offsets)
}

const block = (deps: PayDeps, orderId: string, sellerId: string, reason: string): Promise<void> =>
  committing<void>(deps, async () => {
    const [order, seller] = await Promise.all([loadOrder(deps.store, orderId), load(deps.store, 'seller', sellerId)])
    if (order === null) throw new Error(`there is no order ${orderId}`)
    const decided = decideTransferBlocked(order.state, reason)
    if (!decided.ok) throw new Error(decided.refusal.message)
    const now = instant(deps.now())
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    const dropped = seller === null ? [] : decidePlanDropped(seller.state, orderId)
    const change = sellerChange(sellerId, seller, dropped, now, systemActor)
    return moved && { changes: [...moved.changes, ...(change === null ? [] : [change])], answer: undefined }
  })

/** Order and seller take note of what was paid, in one transaction. Told again: nothing changes. */
const recordPaid = (deps: PayDeps, orderId: string, sellerId: string, paid: Paid): Promise<void> =>
  committing<void>(deps, async () => {
    const [order, seller] = await Promise.all([loadOrder(deps.store, orderId), load(deps.store, 'seller', sellerId)])
    if (order === null || seller === null) throw new Error(`there is no order ${orderId}, or no seller ${sellerId}`)
    const sale = settledSaleOf(order.state)
    const offsetMinor = sale.netMinor - paid.transferMinor
    const { transferId } = paid
    const isSettling = order.state.status === 'settling'
    // Without a transfer only the plan says that debts take all; another one that came in between says otherwise.
    if (transferId === undefined && isSettling && plannedMinor(seller.state, orderId) !== offsetMinor) {
      throw new CommitUnavailable(`the payment of ${orderId} was planned anew`)
    }
    const decided =
      isSettling || transferId === undefined
        ? decideSettled(order.state, { transferId, offsetMinor })
        : decideTransferFound(order.state, { transferId, offsetMinor })
    if (!decided.ok && transferId !== undefined) {
      log('error', 'transfer_not_recorded', { orderId, transferId, why: decided.refusal.message })
      return { changes: [], answer: undefined }
    }
    const now = instant(deps.now())
    if (!decided.ok || decided.value.length === 0) {
      // Another try was faster, and this one has planned anew what was paid already; or the bank was, and nothing was
      // transferred.
      const dropped = sellerChange(sellerId, seller, decidePlanDropped(seller.state, orderId), now, systemActor)
      return { changes: dropped === null ? [] : [dropped], answer: undefined }
    }
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    const change = sellerChange(sellerId, seller, decideSalePaid(seller.state, sale, paid), now, systemActor)
    return moved && { changes: [...moved.changes, ...(change === null ? [] : [change])], answer: undefined }
  })

/**
 * The order is not to be paid any more: its buyer's bank was faster, or a refund. A transfer that was made all the same, and not noted, is
 * noted now, so that it is taken back; otherwise the plan is given up.
 */
const endPlan = async (deps: PayDeps, order: Order, sellerId: string): Promise<void> => {
  const seller = (await load(deps.store, 'seller', sellerId))?.state
  if (seller === undefined || planOf(seller, order.id) === undefined) return
  const made = await (await deps.transfers()).find(order, numberOf(order))
  if (made !== null) return recordPaid(deps, order.id, sellerId, made)
  await changeSeller(deps, sellerId, systemActor, (known) => (known === null ? [] : decidePlanDropped(known, order.id)))
}

/** Sales of a seller that are looked through when it can be paid again; the clock finds the others within a day. */
const salesLookedAtMax = 1_000

/** The seller can be paid: what waits for that is asked for again. */
export const payWaitingSales = async (deps: CommitDeps<Store>, sellerId: string): Promise<void> => {
  for (const orderId of await settlingOrderIds(deps.store, sellerId, salesLookedAtMax)) {
    await committing<void>(deps, async () => {
      const order = await loadOrder(deps.store, orderId)
      const wanted = order === null ? [] : decideTransferWanted(order.state)
      if (order === null || wanted.length === 0) return { changes: [], answer: undefined }
      const moved = await orderChanges(deps, order, wanted, instant(deps.now()), systemActor)
      return moved && { changes: moved.changes, answer: undefined }
    })
  }
}
