import { type Movement, movementKey, type MovementKind } from './book.ts'
import type { Order } from './order.ts'

/** One change of the balance at the provider, as it is compared. Amounts are minor units; negative: money left. */
export type ProviderChange = {
  readonly id: string
  /** The provider's word, for example `charge`, `refund`, `adjustment`, `payout`. */
  readonly type: string
  readonly at: string
  readonly amountMinor: number
  readonly feeMinor: number
  readonly currency: string
  readonly sourceId: string | null
  readonly paymentIntentId: string | null
  readonly orderId: string | null
}

/** A movement of the book; `at` is when it was booked, null where that is not known. */
export type BookedMovement = { readonly orderId: string; readonly movement: Movement; readonly at: string | null }

/**
 * `missing_here`: money moved at the provider, and the book does not say so. `missing_there`: the reverse.
 * `amount_differs`: both say so, and not the same amount or currency.
 */
export const differenceKinds = ['missing_here', 'missing_there', 'amount_differs'] as const
export type DifferenceKind = (typeof differenceKinds)[number]

export type Difference = {
  readonly kind: DifferenceKind
  /** What it is of: a kind of movement, or the provider's word where the book knows none. */
  readonly of: string
  readonly reference: string
  readonly orderId: string | null
  readonly currency: string
  readonly hereMinor: number | null
  readonly thereMinor: number | null
  readonly at: string | null
}

export type Comparison = {
  readonly matched: number
  /** Refunds that the provider has under way to a bank, of orders that wait for them: no difference yet. */
  readonly inFlight: number
  readonly differences: readonly Difference[]
  /** What the provider kept or took besides, by currency. */
  readonly fees: readonly { readonly currency: string; readonly feeMinor: number }[]
  /** Changes that no order makes, such as the platform's own payouts, by the provider's word for them. */
  readonly apart: readonly {
    readonly type: string
    readonly currency: string
    readonly amountMinor: number
    readonly count: number
  }[]
}

export type Span = { readonly from: string; readonly to: string }

/** The changes of one movement, together. */
type Group = {
  readonly change: ProviderChange
  readonly of: string
  readonly reference: string
  amountMinor: number
  orderId: string | null
}

/** What a change is in the words of the book, and the provider's id of it; null: no order makes such a change. */
export const meaningOf = (
  change: ProviderChange,
): { readonly of: MovementKind | 'refund_failed'; readonly reference: string } | null => {
  const { type, sourceId, paymentIntentId, amountMinor } = change
  const reference = sourceId ?? change.id
  switch (type) {
    case 'charge':
    case 'payment':
      return { of: 'capture', reference: paymentIntentId ?? reference }
    case 'refund':
    case 'payment_refund':
      return { of: 'refund', reference }
    case 'refund_failure':
      return { of: 'refund_failed', reference }
    case 'transfer':
      return { of: 'transfer', reference }
    case 'transfer_refund':
      return { of: 'reversal', reference }
    case 'adjustment':
      return { of: amountMinor < 0 ? 'chargeback' : 'chargeback_returned', reference }
    default:
      return null
  }
}

/**
 * Compares the book of a span with the balance at the provider. Give all changes since the span's beginning first, then
 * every order, then what was found of the movements in `unconfirmed`. A movement is known by its kind and the provider's
 * id of it, whenever either side booked it, so nothing differs for having been told late.
 */
export const newReconciliation = ({ from, to }: Span) => {
  const groups = new Map<string, Group>()
  const groupsOfPayment = new Map<string, Group[]>()
  const unmatched = new Map<string, BookedMovement>()
  const refunding = new Set<string>()
  const differences: Difference[] = []
  const fees = new Map<string, number>()
  const apart = new Map<string, { type: string; currency: string; amountMinor: number; count: number }>()
  let matched = 0

  const compare = ({ orderId, movement, at }: BookedMovement, amountMinor: number, currency: string): void => {
    matched += 1
    if (movement.amountMinor === amountMinor && movement.currency === currency) return
    differences.push({
      kind: 'amount_differs',
      of: movement.kind,
      reference: movement.reference,
      orderId,
      currency,
      hereMinor: movement.amountMinor,
      thereMinor: amountMinor,
      at,
    })
  }

  const countApart = (change: ProviderChange): void => {
    const key = `${change.type} ${change.currency}`
    const row = apart.get(key) ?? { type: change.type, currency: change.currency, amountMinor: 0, count: 0 }
    apart.set(key, { ...row, amountMinor: row.amountMinor + change.amountMinor, count: row.count + 1 })
  }

  return {
    addChange: (change: ProviderChange): void => {
      const inside = change.at >= from && change.at < to
      if (inside && change.feeMinor !== 0) fees.set(change.currency, (fees.get(change.currency) ?? 0) + change.feeMinor)
      const meaning = meaningOf(change)
      if (meaning === null) {
        if (inside) countApart(change)
        return
      }
      const key = `${meaning.of} ${meaning.reference}`
      const known = groups.get(key)
      if (known !== undefined) {
        known.amountMinor += change.amountMinor
        return
      }
      const group: Group = { change, ...meaning, amountMinor: change.amountMinor, orderId: change.orderId }
      groups.set(key, group)
      const { paymentIntentId } = change
      if (paymentIntentId === null) return
      const others = groupsOfPayment.get(paymentIntentId)
      if (others === undefined) groupsOfPayment.set(paymentIntentId, [group])
      else others.push(group)
    },

    /** The movements of one order. Those without a time, or booked in the span, must stand at the provider. */
    addOrder: (
      order: Pick<Order, 'id' | 'paymentIntentId'> & { readonly waitsForRefund: boolean },
      booked: readonly BookedMovement[],
    ): void => {
      // A refund or a dispute at the provider names the payment and not the order.
      const { id, paymentIntentId } = order
      for (const group of groupsOfPayment.get(paymentIntentId ?? '') ?? []) group.orderId = id
      if (order.waitsForRefund) refunding.add(id)
      for (const one of booked) {
        const key = movementKey(one.movement)
        const group = groups.get(key)
        if (group !== undefined) {
          groups.delete(key)
          compare(one, group.amountMinor, group.change.currency)
        } else if (one.at === null || (one.at >= from && one.at < to)) unmatched.set(key, one)
      }
    },

    /** Movements that the span's changes do not show: the provider may have made them before it, and is asked for each. */
    unconfirmed: (): readonly BookedMovement[] => [...unmatched.values()],

    /** What the provider says of one of them: the sum of its changes; null: it knows of none. */
    confirm: (
      booked: BookedMovement,
      found: { readonly amountMinor: number; readonly currency: string } | null,
    ): void => {
      unmatched.delete(movementKey(booked.movement))
      if (found !== null) return compare(booked, found.amountMinor, found.currency)
      differences.push({
        kind: 'missing_there',
        of: booked.movement.kind,
        reference: booked.movement.reference,
        orderId: booked.orderId,
        currency: booked.movement.currency,
        hereMinor: booked.movement.amountMinor,
        thereMinor: null,
        at: booked.at,
      })
    },

    report: (): Comparison => {
      let inFlight = 0
      const left: Difference[] = []
      for (const { change, of, reference, amountMinor, orderId } of groups.values()) {
        if (change.at < from || change.at >= to) continue
        // A refund that the bank sent back before the book knew of it has changed nothing.
        const other = of === 'refund' ? 'refund_failed' : of === 'refund_failed' ? 'refund' : null
        const opposite = other === null ? undefined : groups.get(`${other} ${reference}`)
        if (opposite !== undefined && opposite.amountMinor === -amountMinor) continue
        if (of === 'refund' && orderId !== null && refunding.has(orderId)) {
          inFlight += 1
          continue
        }
        left.push({
          kind: 'missing_here',
          of,
          reference,
          orderId,
          currency: change.currency,
          hereMinor: null,
          thereMinor: amountMinor,
          at: change.at,
        })
      }
      return {
        matched,
        inFlight,
        differences: [...differences, ...left],
        fees: [...fees].map(([currency, feeMinor]) => ({ currency, feeMinor })),
        apart: [...apart.values()],
      }
    },
  }
}
