import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Movement } from '../../shared/domain/book.ts'
import {
  type BookedMovement,
  type Comparison,
  newReconciliation,
  type ProviderChange,
} from '../../shared/domain/reconciliation.ts'
import { newTrialBalance } from '../../shared/domain/trial-balance.ts'

const span = { from: '2026-11-24T00:00:00.000Z', to: '2026-11-25T00:00:00.000Z' }
const within = '2026-11-24T12:00:00.000Z'
const before = '2026-11-23T12:00:00.000Z'
const after = '2026-11-25T12:00:00.000Z'

const typeOf = {
  capture: 'charge',
  refund: 'refund',
  transfer: 'transfer',
  reversal: 'transfer_refund',
  chargeback: 'adjustment',
  chargeback_returned: 'adjustment',
} as const

/** The change at the provider that a movement is. */
const changeOf = ({ kind, reference, amountMinor, currency }: Movement, at = within): ProviderChange => ({
  id: `txn_${kind}_${reference}`,
  type: typeOf[kind],
  at,
  amountMinor,
  feeMinor: kind === 'capture' ? 30 : 0,
  currency,
  sourceId: kind === 'capture' ? `ch_${reference}` : reference,
  paymentIntentId: kind === 'capture' ? reference : null,
  orderId: null,
})

const signs = { capture: 1, refund: -1, transfer: -1, reversal: 1, chargeback: -1, chargeback_returned: 1 } as const
const movement = (kind: Movement['kind'], reference: string, amount: number): Movement => ({
  kind,
  reference,
  amountMinor: signs[kind] * amount,
  currency: 'USD',
})
const booked = (one: Movement, at: string | null = within): BookedMovement => ({ orderId: 'ord_1', movement: one, at })
const order = (waitsForRefund = false) => ({ id: 'ord_1', waitsForRefund, paymentIntentId: 'pi_1' })

const compare = (
  changes: readonly ProviderChange[],
  here: readonly BookedMovement[],
  status?: 'refunding',
): Comparison & { asked: number } => {
  const comparison = newReconciliation(span)
  for (const change of changes) comparison.addChange(change)
  comparison.addOrder(order(status === 'refunding'), here)
  const open = comparison.unconfirmed()
  for (const one of open) comparison.confirm(one, null)
  return { ...comparison.report(), asked: open.length }
}

describe('a comparison', () => {
  it('tells exactly what was broken, and nothing else', () => {
    const kinds = Object.keys(signs) as Movement['kind'][]
    const one = fc.record({
      kind: fc.constantFrom(...kinds),
      amount: fc.integer({ min: 1, max: 1_000_000 }),
      fault: fc.constantFrom('none', 'none', 'none', 'here', 'there', 'amount'),
      off: fc.constantFrom(-1, 1, 100),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), (all) => {
        const parts = all.map((part, index) => ({
          ...part,
          moved: movement(part.kind, `x${index}`, part.amount + 200),
        }))
        const changes = parts
          .filter(({ fault }) => fault !== 'there')
          .map(({ moved, fault, off }) =>
            changeOf(fault === 'amount' ? { ...moved, amountMinor: moved.amountMinor + off } : moved),
          )
        const here = parts.filter(({ fault }) => fault !== 'here').map(({ moved }) => booked(moved))
        const told = compare(changes, here).differences.map(
          ({ kind, of, reference, hereMinor, thereMinor }) =>
            `${kind} ${of} ${reference} ${hereMinor ?? '-'} ${thereMinor ?? '-'}`,
        )
        const expected = parts.flatMap(({ fault, moved: { kind, reference, amountMinor }, off }) => {
          if (fault === 'here') return [`missing_here ${kind} ${reference} - ${amountMinor}`]
          if (fault === 'there') return [`missing_there ${kind} ${reference} ${amountMinor} -`]
          if (fault === 'amount') return [`amount_differs ${kind} ${reference} ${amountMinor} ${amountMinor + off}`]
          return []
        })
        expect(new Set(told)).toEqual(new Set(expected))
        expect(told).toHaveLength(expected.length)
      }),
      { numRuns: 500 },
    )
  })

  it('takes what was told late for what it is, on either side of the span', () => {
    const late = movement('transfer', 'tr_1', 700)
    // The provider made it within the span, and the book knew of it before or after.
    expect(compare([changeOf(late)], [booked(late, before)]).differences).toEqual([])
    expect(compare([changeOf(late)], [booked(late, after)]).differences).toEqual([])
    // The book has it within the span, and the provider made it after: it was read up to now.
    expect(compare([changeOf(late, after)], [booked(late)])).toMatchObject({ differences: [], matched: 1 })
    // What lies outside of the span on the one side it is on is another span's affair.
    expect(compare([changeOf(late, after)], []).differences).toEqual([])
    expect(compare([], [booked(late, after)])).toMatchObject({ differences: [], asked: 0 })
    expect(compare([], [booked(late, before)])).toMatchObject({ differences: [], asked: 0 })
  })

  it('asks the provider for what the span does not show, and believes it', () => {
    const old = movement('capture', 'pi_1', 900)
    const comparison = newReconciliation(span)
    comparison.addOrder(order(), [booked(old, null), booked(movement('refund', 're_1', 900))])
    expect(comparison.unconfirmed()).toHaveLength(2)
    const [first, second] = comparison.unconfirmed()
    if (first === undefined || second === undefined) throw new Error('nothing is asked for')
    comparison.confirm(first, { amountMinor: 900, currency: 'USD' })
    comparison.confirm(second, { amountMinor: -899, currency: 'USD' })
    expect(comparison.report()).toMatchObject({
      matched: 2,
      differences: [{ kind: 'amount_differs', of: 'refund', hereMinor: -900, thereMinor: -899 }],
    })
  })

  it('another currency is another amount', () => {
    const paid = movement('capture', 'pi_1', 900)
    const [difference] = compare([{ ...changeOf(paid), currency: 'EUR' }], [booked(paid)]).differences
    expect(difference).toMatchObject({ kind: 'amount_differs', currency: 'EUR' })
  })

  it('a refund on its way to a bank is no difference while its order waits for it', () => {
    const refund = { ...changeOf(movement('refund', 'pyr_1', 900)), paymentIntentId: 'pi_1' }
    expect(compare([refund], [], 'refunding')).toMatchObject({ inFlight: 1, differences: [] })
    expect(compare([refund], [])).toMatchObject({
      inFlight: 0,
      differences: [{ kind: 'missing_here', of: 'refund', orderId: 'ord_1' }],
    })
  })

  it('a refund that the bank sent back before it was booked changed nothing; one that was booked is told', () => {
    const moved = movement('refund', 'pyr_1', 900)
    const refund = changeOf(moved)
    const failure = { ...refund, id: 'txn_2', type: 'refund_failure', amountMinor: 900 }
    expect(compare([refund, failure], []).differences).toEqual([])
    expect(compare([refund, failure], [booked(moved)]).differences).toMatchObject([
      { kind: 'missing_here', of: 'refund_failed', thereMinor: 900 },
    ])
  })

  it('fees, payouts and top-ups of the platform stand apart', () => {
    const paid = movement('capture', 'pi_1', 900)
    const payout = { ...changeOf(paid), id: 'txn_3', type: 'payout', amountMinor: -500, feeMinor: 0, sourceId: 'po_1' }
    expect(compare([changeOf(paid), payout, { ...payout, id: 'txn_4' }], [booked(paid)])).toMatchObject({
      differences: [],
      fees: [{ currency: 'USD', feeMinor: 30 }],
      apart: [{ type: 'payout', currency: 'USD', amountMinor: -1_000, count: 2 }],
    })
  })
})

describe('a trial balance', () => {
  it('adds accounts up by class, and names those below zero that must not be', () => {
    const trial = newTrialBalance()
    trial.addOrder(
      new Map([
        ['stripe USD', -100],
        ['order:a USD', 100],
      ]),
    )
    trial.addOrder(
      new Map([
        ['stripe USD', -50],
        ['platform:commission USD', 10],
        ['seller:s USD', 40],
      ]),
    )
    trial.addOrder(
      new Map([
        ['stripe USD', 60],
        ['seller:s USD', -60],
      ]),
    )
    trial.addOrder(
      new Map([
        ['stripe EUR', -5],
        ['platform:sales EUR', 5],
      ]),
    )
    expect(trial.report()).toEqual({
      orders: 4,
      totals: [
        { account: 'order', currency: 'USD', balanceMinor: 100 },
        { account: 'platform:commission', currency: 'USD', balanceMinor: 10 },
        { account: 'platform:sales', currency: 'EUR', balanceMinor: 5 },
        { account: 'seller', currency: 'USD', balanceMinor: -20 },
        { account: 'stripe', currency: 'EUR', balanceMinor: -5 },
        { account: 'stripe', currency: 'USD', balanceMinor: -90 },
      ],
      sums: [
        { currency: 'USD', sumMinor: 0 },
        { currency: 'EUR', sumMinor: 0 },
      ],
      wrongSide: [{ account: 'seller:s', currency: 'USD', balanceMinor: -20 }],
      wrongSideCount: 1,
    })
  })

  it('a receivable is what a seller owes: above zero it is wrong, unless one of its orders moves just now', () => {
    const owes = new Map([
      ['receivable:s USD', -40],
      ['stripe USD', 40],
    ])
    const paysOff = new Map([
      ['receivable:s USD', 50],
      ['stripe USD', -50],
    ])
    const wrong = newTrialBalance()
    wrong.addOrder(owes)
    expect(wrong.report().wrongSideCount).toBe(0)
    wrong.addOrder(paysOff)
    expect(wrong.report().wrongSide).toEqual([{ account: 'receivable:s', currency: 'USD', balanceMinor: 10 }])
    const moving = newTrialBalance()
    moving.addOrder(owes)
    moving.addOrder(paysOff, true)
    expect(moving.report().wrongSide).toEqual([])
  })

  it('says what does not sum to zero', () => {
    const trial = newTrialBalance()
    trial.addOrder(
      new Map([
        ['stripe USD', -100],
        ['order:a USD', 99],
      ]),
    )
    expect(trial.report().sums).toEqual([{ currency: 'USD', sumMinor: -1 }])
  })
})
