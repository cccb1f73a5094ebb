import { systemActor } from './actors.ts'
import { decide, notAllowed } from './order-decisions.ts'
import { isPaidOut, type Order, type OrderEvent, takenMinor } from './order.ts'
import { ok, refuse, type Result } from './result.ts'

/** The payer's bank took the money back; it may still be won. A seller who was paid is to give it back meanwhile. */
export const decideChargebackOpened = (
  order: Order,
  chargeback: { readonly id: string; readonly amountMinor: number },
): Result<readonly OrderEvent[]> => {
  if (order.chargebackId === chargeback.id) return ok([])
  if (order.chargebackId !== undefined || chargeback.amountMinor !== takenMinor(order)) {
    return refuse(
      'payment_mismatch',
      `${chargeback.id} takes ${chargeback.amountMinor} of ${takenMinor(order)}: not booked by itself`,
    )
  }
  const opened: OrderEvent = { type: 'chargeback_opened', chargebackId: chargeback.id }
  const sold = order.status === 'settled' && order.sellerId !== undefined
  return sold ? decide(order, systemActor, opened, { type: 'clawback_wanted' }) : decide(order, systemActor, opened)
}

/**
 * The bank has decided. Won: what was to be given back is; else a seller who still has the money keeps it, and one who was
 * not paid, or gave it back, or owes it, is settled with anew.
 */
export const decideChargebackClosed = (
  order: Order,
  chargebackId: string,
  outcome: 'won' | 'lost',
): Result<readonly OrderEvent[]> => {
  if (order.chargebackId === chargebackId && order.status !== 'chargeback') return ok([])
  if (outcome === 'lost') return decide(order, systemActor, { type: 'chargeback_lost', chargebackId })
  if (order.refundDue === true) {
    return decide(order, systemActor, { type: 'chargeback_won_refund_due', chargebackId }, { type: 'refund_wanted' })
  }
  if (order.sellerId === undefined || (isPaidOut(order) && order.clawbackFailed === undefined)) {
    return decide(order, systemActor, { type: 'chargeback_won', chargebackId })
  }
  return decide(order, systemActor, { type: 'chargeback_won_unpaid', chargebackId }, { type: 'transfer_wanted' })
}

/** A transfer that was made while a chargeback or a refund came in: it is booked, and taken back. Again: nothing changes. */
export const decideTransferFound = (
  order: Order,
  found: { readonly transferId: string; readonly offsetMinor: number },
): Result<readonly OrderEvent[]> => {
  const { transferId, offsetMinor } = found
  if (order.transferId === transferId) return ok([])
  if (order.settledAt !== undefined) return notAllowed(order, 'transfer_found')
  return decide(
    order,
    systemActor,
    { type: 'transfer_found', transferId, ...(offsetMinor > 0 && { offsetMinor }) },
    { type: 'clawback_wanted' },
  )
}

/** Whether the transfer of this order is still to be taken back. */
export const wantsClawback = (order: Order): boolean =>
  order.clawbackWanted === true &&
  undone.has(order.status) &&
  order.reversalId === undefined &&
  order.clawbackFailed === undefined

const undone: ReadonlySet<Order['status']> = new Set(['chargeback', 'charged_back', 'refunded'])

/** The transfer was taken back. Where the chargeback was won in the meantime, the seller is paid again. */
export const decideClawbackCompleted = (order: Order, reversalId: string): Result<readonly OrderEvent[]> => {
  if (order.reversalId === reversalId) return ok([])
  const completed: OrderEvent = { type: 'clawback_completed', reversalId }
  return order.status === 'settled'
    ? decide(order, systemActor, completed, { type: 'transfer_wanted' })
    : decide(order, systemActor, completed)
}

/** The transfer cannot be taken back. Where nothing is to be taken back any more, that changes nothing. */
export const decideClawbackFailed = (order: Order, reason: string): Result<readonly OrderEvent[]> =>
  wantsClawback(order) ? decide(order, systemActor, { type: 'clawback_failed', reason }) : ok([])

/** What the seller owes once the clawback has come to this, in minor units: what earlier debts took of it comes back too. */
export const debtAfterClawback = (order: Order, outcome: 'completed' | 'failed'): number => {
  const { netMinor = 0 } = order.award ?? order.quote ?? {}
  return outcome === 'failed' ? netMinor : netMinor - (order.paidMinor ?? 0)
}
