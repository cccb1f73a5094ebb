import { csvLine } from './csv.ts'
import type { Entry } from './journal.ts'
import { addMovement, type SellerEvent, type SellerMovement, type YearTotals } from './seller.ts'
import { offsetMinorOf } from './seller-payment.ts'

// A seller's year, line by line, from the seller's journal.

export const statementHead = [
  'date',
  'movement',
  'order_id',
  'handle',
  'currency',
  'gross_minor',
  'commission_minor',
  'net_minor',
  'debt_minor',
  'transferred_minor',
  'transfer_id',
  'total_gross_minor',
  'total_commission_minor',
  'total_net_minor',
  'total_transferred_minor',
] as const

/**
 * The lines of these entries, oldest first, with running totals that go on from `before`. Net = debt paid off + transferred;
 * a payment that was taken back has every figure with the other sign, and a debt that it left is negative. `transfer_id` is
 * the provider's id of the transfer, or of its reversal.
 */
export const statementOf = (
  entries: readonly Entry[],
  before: YearTotals,
): { readonly lines: readonly string[]; readonly totals: YearTotals } => {
  let totals = before
  const lines = entries
    .filter(({ at }) => Number(at.slice(0, 4)) === before.year)
    .flatMap(({ at, events }) =>
      (events as readonly SellerEvent[]).filter(isMovement).map((movement) => {
        totals = addMovement(totals, movement)
        return lineOf(at, movement, totals)
      }),
    )
  return { lines, totals }
}

const isMovement = (event: SellerEvent): event is SellerMovement =>
  event.type === 'sale_paid' || event.type === 'sale_taken_back'

const lineOf = (at: string, movement: SellerMovement, totals: YearTotals): string => {
  const { orderId, handle, currency, grossMinor, commissionMinor, netMinor } = movement
  const isPaid = movement.type === 'sale_paid'
  const sign = isPaid ? 1 : -1
  return csvLine([
    at,
    isPaid ? 'paid' : 'taken_back',
    orderId,
    handle,
    currency,
    sign * grossMinor,
    sign * commissionMinor,
    sign * netMinor,
    isPaid ? offsetMinorOf(movement.offsets) : -movement.debtMinor,
    isPaid ? movement.transferMinor : -movement.reversedMinor,
    (isPaid ? movement.transferId : movement.reversalId) ?? '',
    totals.grossMinor,
    totals.commissionMinor,
    totals.netMinor,
    totals.transferredMinor,
  ])
}
