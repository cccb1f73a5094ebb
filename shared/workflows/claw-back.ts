import { systemActor } from '../domain/actors.ts'
import type { Order } from '../domain/order.ts'
import { decideClawbackCompleted, decideClawbackFailed, wantsClawback } from '../domain/order-chargebacks.ts'
import { decideSaleTakenBack } from '../domain/seller-payment.ts'
import { takenBackSaleOf, transfersMade } from '../domain/seller-sale.ts'
import type { Transfers } from '../gateways/transfers.ts'
import { log } from '../runtime/log.ts'
import { load } from '../store/aggregates.ts'
import type { Store } from '../store/client.ts'
import { loadOrder } from '../store/orders.ts'
import { type CommitDeps, committing, instant } from './committing.ts'
import { sellerChange } from './mirror-seller.ts'
import { orderChanges } from './order-changes.ts'

export type ClawBackDeps = CommitDeps<Store> & { readonly transfers: () => Promise<Transfers> }

type Outcome = { readonly reversalId: string } | { readonly failed: string }

/**
 * Takes the transfer of a sale back after its buyer's bank took the money back. Where the seller's connected account has too
 * little, the seller owes it, and the next sales pay it off. A reversal that was made and not heard of is found.
 */
export const clawBack = async (deps: ClawBackDeps, orderId: string): Promise<void> => {
  const order = await loadOrder(deps.store, orderId)
  if (order === null) throw new Error(`there is no order ${orderId}`)
  const outcome = wantsClawback(order.state) ? await reverse(deps, order.state) : await madeBefore(deps, order.state)
  if (outcome !== null) await recordOutcome(deps, orderId, outcome)
}

const reverse = async (deps: ClawBackDeps, order: Order): Promise<Outcome> => {
  const { transferId, paidMinor = 0 } = order
  if (transferId === undefined || paidMinor === 0) return { failed: 'nothing_transferred' }
  const reversed = await (await deps.transfers()).reverse(order, transferId, paidMinor, transfersMade(order))
  if (typeof reversed !== 'string') return reversed
  if (reversed === 'insufficient_funds') return { failed: reversed }
  throw new Error(`${transferId} of ${order.id} was taken back by somebody else: ${reversed}`)
}

/** The chargeback was won before this was done, or noted: a reversal that was made all the same is paid again. */
const madeBefore = async (deps: ClawBackDeps, order: Order): Promise<Outcome | null> => {
  const { status, transferId, reversalId } = order
  if (status !== 'settled' || transferId === undefined || reversalId !== undefined) return null
  return (await deps.transfers()).findReversal(transferId, transfersMade(order))
}

const recordOutcome = (deps: ClawBackDeps, orderId: string, outcome: Outcome): Promise<void> =>
  committing<void>(deps, async () => {
    const order = await loadOrder(deps.store, orderId)
    const sellerId = order?.state.sellerId
    const seller = sellerId === undefined ? null : await load(deps.store, 'seller', sellerId)
    if (order === null || sellerId === undefined || seller === null) {
      throw new Error(`there is no order ${orderId} of a seller`)
    }
    const completed = 'reversalId' in outcome
    const decided = completed
      ? decideClawbackCompleted(order.state, outcome.reversalId)
      : decideClawbackFailed(order.state, outcome.failed)
    if (!decided.ok) {
      log('error', 'clawback_not_recorded', { orderId, why: decided.refusal.message })
      return { changes: [], answer: undefined }
    }
    if (decided.value.length === 0) return { changes: [], answer: undefined }
    const now = instant(deps.now())
    const moved = await orderChanges(deps, order, decided.value, now, systemActor)
    const takenBack = decideSaleTakenBack(
      takenBackSaleOf(order.state),
      completed ? { reversalId: outcome.reversalId, reversedMinor: order.state.paidMinor ?? 0 } : { reversedMinor: 0 },
    )
    const change = sellerChange(sellerId, seller, takenBack, now, systemActor)
    return moved && { changes: [...moved.changes, ...(change === null ? [] : [change])], answer: undefined }
  })
