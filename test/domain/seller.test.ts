import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemActor } from '../../shared/domain/actors.ts'
import { advance, type VersionedOf } from '../../shared/domain/aggregate.ts'
import type { Entry } from '../../shared/domain/journal.ts'
import { reportingStateOf } from '../../shared/domain/reporting-thresholds.ts'
import {
  debtMinorOf,
  evolveSeller,
  payoutsKeptMax,
  type Seller,
  type SellerEvent,
  type SellerPayout,
  type SettledSale,
  totalsOf,
} from '../../shared/domain/seller.ts'
import {
  decideBegun,
  decideMirror,
  decidePayoutsTold,
  type ConnectedAccount,
} from '../../shared/domain/seller-account.ts'
import {
  decidePayoutPlanned,
  decidePlanDropped,
  decideSalePaid,
  decideSaleTakenBack,
  offsetMinorOf,
  paymentBlockedBy,
  planOf,
} from '../../shared/domain/seller-payment.ts'
import { statementOf } from '../../shared/domain/seller-statement.ts'

const now = '2026-11-24T12:00:00.000Z'
const facts: ConnectedAccount = {
  stripeAccountId: 'acct_1Stripe',
  country: 'US',
  transfersEnabled: false,
  payoutsEnabled: false,
  disabledReason: 'requirements.past_due',
  requirementsDue: ['individual.last_name', 'external_account'],
  payoutHash: null,
}
const complete: ConnectedAccount = {
  ...facts,
  transfersEnabled: true,
  payoutsEnabled: true,
  disabledReason: null,
  requirementsDue: [],
  payoutHash: 'a-bank',
}
const folded = (before: Seller | null, events: readonly SellerEvent[], at = now): Seller => {
  let seller = before
  for (const event of events) seller = evolveSeller('alice', seller, event, at)
  if (seller === null) throw new Error('nothing happened')
  return seller
}
const mirrored = (seller: Seller, told: ConnectedAccount): Seller => folded(seller, decideMirror(seller, told))
const types = (events: readonly SellerEvent[]) => events.map(({ type }) => type)

const begun = folded(null, decideBegun('alice', facts))
const enabled = mirrored(begun, complete)

describe('the mirror of the connected account', () => {
  it('begins with what the provider asks for, in order', () => {
    expect(begun).toMatchObject({
      status: 'onboarding',
      disabledReason: 'requirements.past_due',
      requirementsDue: ['external_account', 'individual.last_name'],
    })
  })

  it('enables a seller only where the money can go on to the bank', () => {
    expect(mirrored(begun, { ...complete, payoutsEnabled: false }).status).toBe('onboarding')
    expect(enabled).toMatchObject({ status: 'enabled', requirementsDue: [], payoutHash: 'a-bank' })
    expect(enabled.disabledReason).toBeUndefined()
  })

  it('says nothing of what is known', () => {
    expect(decideMirror(enabled, complete)).toEqual([])
    expect(decideMirror(begun, { ...facts, requirementsDue: [...facts.requirementsDue].toReversed() })).toEqual([])
  })

  it('restricts one that was enabled, lifts it, and rejects it for good', () => {
    const restricted = mirrored(enabled, { ...complete, payoutsEnabled: false, disabledReason: 'under_review' })
    expect(restricted).toMatchObject({ status: 'restricted', disabledReason: 'under_review' })
    expect(mirrored(restricted, complete).status).toBe('enabled')
    const rejected = mirrored(restricted, { ...complete, disabledReason: 'rejected.fraud' })
    expect(rejected.status).toBe('rejected')
    expect([null, begun, enabled, restricted, rejected].map(paymentBlockedBy)).toEqual([
      'not_onboarded',
      'not_onboarded',
      null,
      'restricted',
      'rejected',
    ])
  })

  it('tells another bank account from the first', () => {
    expect(types(decideMirror(begun, complete))).toEqual(['seller_enabled', 'payout_account_seen'])
    expect(types(decideMirror(enabled, { ...complete, payoutHash: 'another' }))).toEqual(['payout_account_replaced'])
    expect(decideMirror(enabled, { ...complete, payoutHash: null })).toEqual([])
  })

  it('keeps the newest payouts, and tells each step of one once', () => {
    const payout = (day: number, status: SellerPayout['status'] = 'paid'): SellerPayout => ({
      id: `po_${day}`,
      amountMinor: 100 + day,
      currency: 'EUR',
      status,
      arrivalAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
    })
    const all = Array.from({ length: 20 }, (_, index) => payout(20 - index))
    const seller = folded(enabled, decidePayoutsTold(enabled, all))
    expect(seller.payouts).toEqual(all.slice(0, payoutsKeptMax))
    expect(decidePayoutsTold(seller, all)).toEqual([])
    const failed = folded(seller, decidePayoutsTold(seller, [payout(19, 'failed')]))
    expect(failed.payouts.find(({ id }) => id === 'po_19')?.status).toBe('failed')
    expect(failed.payouts).toHaveLength(payoutsKeptMax)
  })
})

const sale = (orderId: string, grossMinor: number): SettledSale => {
  const commissionMinor = Math.floor(grossMinor / 5)
  const netMinor = grossMinor - commissionMinor
  return { orderId, handle: 'poem', currency: 'USD', grossMinor, commissionMinor, netMinor }
}
const owing = (...debts: readonly [orderId: string, amountMinor: number][]): Seller =>
  debts.reduce(
    (seller, [orderId, amountMinor]) =>
      folded(seller, decideSaleTakenBack({ ...sale(orderId, 0), netMinor: amountMinor }, { reversedMinor: 0 })),
    enabled,
  )

describe('a payment', () => {
  it('pays off the oldest debts first, and transfers the rest', () => {
    const seller = owing(['old', 300], ['new', 900])
    const planned = folded(seller, decidePayoutPlanned(seller, sale('next', 1000)))
    expect(planOf(planned, 'next')?.offsets).toEqual([
      { orderId: 'old', amountMinor: 300 },
      { orderId: 'new', amountMinor: 500 },
    ])
    const paid = folded(planned, decideSalePaid(planned, sale('next', 1000), { transferMinor: 0 }))
    expect(paid.debts).toEqual([{ orderId: 'new', amountMinor: 400, currency: 'USD' }])
    expect(paid.plans).toEqual([])
  })

  it('keeps its plan: what is owed since then waits for the next sale', () => {
    const planned = folded(enabled, decidePayoutPlanned(enabled, sale('next', 1000)))
    const later = folded(planned, decideSaleTakenBack(sale('old', 100), { reversedMinor: 0 }))
    expect(decidePayoutPlanned(later, sale('next', 1000))).toEqual([])
    const paid = folded(later, decideSalePaid(later, sale('next', 1000), { transferId: 'tr_1', transferMinor: 800 }))
    expect(debtMinorOf(paid, 'USD')).toBe(80)
  })

  it('takes no debt that another plan reckons with, until that plan is dropped', () => {
    const seller = owing(['old', 300])
    const first = folded(seller, decidePayoutPlanned(seller, sale('one', 250)))
    const both = folded(first, decidePayoutPlanned(first, sale('two', 250)))
    expect(both.plans.map(({ offsets }) => offsetMinorOf(offsets))).toEqual([200, 100])
    const dropped = folded(both, decidePlanDropped(both, 'one'))
    expect(decidePlanDropped(dropped, 'one')).toEqual([])
    expect(dropped.plans.map(({ orderId }) => orderId)).toEqual(['two'])
  })

  it('goes by what was transferred, where its plan was dropped meanwhile', () => {
    const seller = owing(['old', 300])
    const paid = folded(seller, decideSalePaid(seller, sale('one', 1000), { transferId: 'tr_1', transferMinor: 800 }))
    expect(debtMinorOf(paid, 'USD')).toBe(300)
    expect(() => decideSalePaid(seller, sale('one', 1000), { transferId: 'tr_1', transferMinor: 400 })).toThrow(
      'no debts explain the rest',
    )
    expect(() => decideSalePaid(seller, sale('one', 1000), { transferId: 'tr_1', transferMinor: 801 })).toThrow(
      'no debts explain the rest',
    )
  })
})

/** Sales that are paid, half-way, or taken back, in any order. */
const acts = fc.array(
  fc.record({
    act: fc.constantFrom('plan', 'pay', 'drop', 'take_back', 'fail_back'),
    order: fc.integer({ min: 0, max: 5 }),
    gross: fc.integer({ min: 1, max: 100_000 }),
  }),
  { maxLength: 60 },
)

it('whatever happens, debts are what was left of payments taken back less what sales paid off, and totals add up', () => {
  fc.assert(
    fc.property(acts, (history) => {
      let seller: VersionedOf<'seller'> = advance(
        'seller',
        'alice',
        null,
        decideBegun('alice', complete),
        now,
        systemActor,
      )
      const entries: Entry[] = [seller.entry]
      const paid = new Map<string, { sale: SettledSale; transferMinor: number }>()
      let owedMinor = 0
      const grosses = new Map<string, number>()
      for (const { act, order, gross } of history) {
        const orderId = `ord_${order}`
        const known = paid.get(orderId)
        const one = known?.sale ?? sale(orderId, grosses.get(orderId) ?? gross)
        grosses.set(orderId, one.grossMinor)
        const { state } = seller
        let events: readonly SellerEvent[] = []
        if (act === 'plan' && known === undefined) events = decidePayoutPlanned(state, one)
        if (act === 'drop') events = decidePlanDropped(state, orderId)
        if (act === 'pay' && known === undefined) {
          const plan = planOf(state, orderId)
          if (plan === undefined) continue
          const transferMinor = one.netMinor - offsetMinorOf(plan.offsets)
          events = decideSalePaid(state, one, { transferId: transferMinor === 0 ? undefined : 'tr', transferMinor })
          owedMinor -= one.netMinor - transferMinor
          paid.set(orderId, { sale: one, transferMinor })
        }
        if ((act === 'take_back' || act === 'fail_back') && known !== undefined) {
          const reversedMinor = act === 'take_back' ? known.transferMinor : 0
          events = decideSaleTakenBack(one, { reversedMinor })
          owedMinor += one.netMinor - reversedMinor
          paid.delete(orderId)
          grosses.delete(orderId)
        }
        if (events.length === 0) continue
        seller = advance('seller', 'alice', seller, events, now, systemActor)
        entries.push(seller.entry)
        expect(debtMinorOf(seller.state, 'USD')).toBe(owedMinor)
        expect(seller.state.debts.every(({ amountMinor }) => amountMinor > 0)).toBe(true)
        for (const { orderId: debtor, amountMinor } of seller.state.debts) {
          const planned = seller.state.plans.flatMap(({ offsets }) =>
            offsets.filter((offset) => offset.orderId === debtor),
          )
          expect(offsetMinorOf(planned)).toBeLessThanOrEqual(amountMinor)
        }
      }
      const totals = totalsOf(seller.state.years, 2026, 'USD')
      expect(totals.grossMinor).toBe(totals.commissionMinor + totals.netMinor)
      expect(totals.transferredMinor - totals.netMinor).toBe(owedMinor)
      expect(totals.sales).toBe(paid.size)
      const { lines, totals: told } = statementOf(entries, totalsOf([], 2026, 'USD'))
      expect(told).toEqual(totals)
      const sums = lines.map((line) => line.trim().split(',').slice(5, 10).map(Number))
      const column = (index: number) => sums.reduce((sum, line) => sum + (line[index] ?? 0), 0)
      expect([column(0), column(1), column(2)]).toEqual([totals.grossMinor, totals.commissionMinor, totals.netMinor])
      expect(column(3) + owedMinor).toBe(0)
      expect(column(4)).toBe(totals.transferredMinor)
    }),
  )
})

it('a statement holds the movements of its year alone, with the figures of a payment taken back the other way', () => {
  const entry = (at: string, ...events: SellerEvent[]): Entry => ({
    aggregate: 'seller:alice',
    seq: 1,
    at,
    by: 'system',
    events,
    postings: [],
    previous: null,
    hash: '',
  })
  const before = entry('2025-12-31T23:59:59.999Z', ...decideSalePaid(enabled, sale('ord_0', 50), { transferMinor: 40 }))
  const paid = entry(now, ...decideSalePaid(enabled, sale('ord_1', 1000), { transferId: 'tr_1', transferMinor: 800 }))
  const back = entry(now, ...decideSaleTakenBack(sale('ord_1', 1000), { reversalId: 'trr_1', reversedMinor: 800 }))
  expect(statementOf([before, paid, back], totalsOf([], 2026, 'USD')).lines).toEqual([
    `${now},paid,ord_1,poem,USD,1000,200,800,0,800,tr_1,1000,200,800,800\r\n`,
    `${now},taken_back,ord_1,poem,USD,-1000,-200,-800,0,-800,trr_1,0,0,0,0\r\n`,
  ])
})

describe('thresholds of reports', () => {
  const totals = { ...totalsOf([], 2026, 'USD') }
  const reached = (sales: number, grossMinor: number, country: string) =>
    reportingStateOf({ ...totals, sales, grossMinor }, country)
      .filter((state) => state.reached)
      .map(({ threshold, concerns }) => `${threshold.jurisdiction} ${concerns}`)

  it('a form 1099-K asks for more than 200 sales and more than 20,000 dollars', () => {
    expect(reached(200, 50_000_00, 'US')).toEqual(['EU false'])
    expect(reached(201, 20_000_00, 'US')).toEqual(['EU false'])
    expect(reached(201, 20_000_01, 'US')).toEqual(['US true', 'EU false'])
  })

  it('DAC7 asks for 30 sales or more than 2,000 euros', () => {
    expect(reached(29, 2_000_00, 'DE')).toEqual([])
    expect(reached(30, 1, 'DE')).toEqual(['EU true'])
    expect(reached(1, 2_000_01, 'DE')).toEqual(['EU true'])
  })
})
