import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bookOf, movementKey, movementOf, movementsOf, type Movement, withoutZeros } from '../../shared/domain/book.ts'
import { balances, type Posting } from '../../shared/domain/ledger.ts'
import { evolveOrder, type Order, type OrderEvent, orderMachine, postingsOf } from '../../shared/domain/order.ts'
import { possibleEvents } from '../../shared/domain/transitions.ts'

const at = (second: number): string => new Date(Date.UTC(2026, 10, 24) + second * 1000).toISOString()

const placed = (priceMinor: number): Extract<OrderEvent, { type: 'order_placed' }> => ({
  type: 'order_placed',
  handle: 'moons',
  display: 'Moons',
  tier: 'rare',
  buyerId: 'acct_9',
  priceMinor,
  currency: 'USD',
  termsVersion: '1',
  payBy: at(1800),
  requestHash: 'x',
})

/** One event of each type as the decisions make them; null where they would not, in this state. */
const eventOf: { readonly [T in OrderEvent['type']]: (order: Order) => Extract<OrderEvent, { type: T }> | null } = {
  order_placed: () => null,
  payment_started: () => ({ type: 'payment_started', paymentIntentId: 'pi_1' }),
  payment_captured: (order) =>
    order.capturedAt === undefined ? { type: 'payment_captured', paymentIntentId: 'pi_1' } : null,
  payment_failed: () => ({ type: 'payment_failed', paymentIntentId: 'pi_1' }),
  handover_started: () => ({ type: 'handover_started' }),
  order_settled: () => ({ type: 'order_settled' }),
  order_cancelled: () => ({ type: 'order_cancelled' }),
  order_expired: () => ({ type: 'order_expired' }),
  refund_wanted: () => ({ type: 'refund_wanted' }),
  refund_completed: (order) => (order.refundId === undefined ? { type: 'refund_completed', refundId: 're_1' } : null),
  dispute_opened: (order) => (order.disputeId === undefined ? { type: 'dispute_opened', disputeId: 'du_1' } : null),
  dispute_won: () => ({ type: 'dispute_won', disputeId: 'du_1' }),
  dispute_lost: () => ({ type: 'dispute_lost', disputeId: 'du_1' }),
  dispute_review_due: () => ({ type: 'dispute_review_due' }),
}

type History = { order: Order; postings: Posting[]; movements: Movement[] }

/** Goes through the machine by these choices, as far as they lead. */
const historyOf = (priceMinor: number, choices: readonly number[], each: (history: History) => void): void => {
  const history: History = {
    order: evolveOrder('ord_1', null, placed(priceMinor), at(0)),
    postings: [],
    movements: [],
  }
  each(history)
  for (const [index, choice] of choices.entries()) {
    const { order } = history
    const events = possibleEvents(orderMachine, order.status).flatMap((type) => {
      const event = eventOf[type](order)
      return event === null ? [] : [event]
    })
    const event = events[choice % Math.max(events.length, 1)]
    if (event === undefined) return
    history.postings.push(...postingsOf(order, event))
    const movement = movementOf(order, event)
    if (movement !== null) history.movements.push(movement)
    history.order = evolveOrder('ord_1', order, event, at(index + 1))
    each(history)
  }
}

const sorted = (movements: readonly Movement[]): Movement[] =>
  movements.toSorted((a, b) => (movementKey(a) < movementKey(b) ? -1 : 1))

describe("an order's book, from its state alone", () => {
  it('is the sum of its postings, whatever happened to it', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 99_999_999 }),
        fc.array(fc.nat({ max: 30 }), { maxLength: 25 }),
        (price, choices) =>
          historyOf(price, choices, ({ order, postings, movements }) => {
            seen.add(order.status)
            const context = { status: order.status }
            expect({ ...context, book: Object.fromEntries(bookOf(order)) }).toEqual({
              ...context,
              book: Object.fromEntries(withoutZeros(balances(postings))),
            })
            expect({ ...context, moved: sorted(movementsOf(order)) }).toEqual({ ...context, moved: sorted(movements) })
            expect([...bookOf(order).values()].reduce((sum, balance) => sum + balance, 0)).toBe(0)
          }),
      ),
      { numRuns: 1_000 },
    )
    // The walk came to every state that an order can be in.
    expect([...seen].toSorted()).toEqual(Object.keys(orderMachine.states).toSorted())
  })

  it('moves at the provider what its postings move there', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 9_999 }),
        fc.array(fc.nat({ max: 30 }), { maxLength: 25 }),
        (price, choices) =>
          historyOf(price, choices, ({ postings, movements }) => {
            const there = movements.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
            expect(there + (balances(postings).get('stripe USD') ?? 0)).toBe(0)
          }),
      ),
    )
  })
})
