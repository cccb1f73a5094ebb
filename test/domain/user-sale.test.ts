import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advanceOrder, type VersionedOrder } from '../../shared/domain/aggregate.ts'
import { commissionOf, leastPriceMinor, quoteOf, scheduleInForce } from '../../shared/domain/commission.ts'
import { balances, orderAccount, type Posting } from '../../shared/domain/ledger.ts'
import {
  debtAfterClawback,
  decideChargebackClosed,
  decideChargebackOpened,
  decideClawbackCompleted,
  decideClawbackFailed,
  decideTransferFound,
  wantsClawback,
} from '../../shared/domain/order-chargebacks.ts'
import { decideCapture, decideDeadline, decideInspectionAccepted } from '../../shared/domain/order-decisions.ts'
import { bookOf, type Movement, movementKey, movementOf, movementsOf, withoutZeros } from '../../shared/domain/book.ts'
import { heldMinor } from '../../shared/domain/order-money.ts'
import { decideRefunded, type ProviderRefund, refundToMake, refundWanted } from '../../shared/domain/order-refunds.ts'
import {
  decideDispute,
  decideDisputeOpened,
  decideDisputeWithdrawn,
  decideSettled,
  decideTransferBlocked,
} from '../../shared/domain/order-settlement.ts'
import {
  dueToSeller,
  evolveOrder,
  type Order,
  orderDueAt,
  type OrderEvent,
  takenMinor,
} from '../../shared/domain/order.ts'
import { decideGoodwill, decideGoodwillApproval } from '../../shared/domain/order-goodwill.ts'
import type { Result } from '../../shared/domain/result.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { termsInForce } from '../../shared/domain/terms.ts'

const start = Date.parse('2026-11-24T12:00:00.000Z')
const at = (ms: number) => new Date(start + ms).toISOString()
const buyer = { kind: 'buyer', id: 'b' } as const
const operator = { kind: 'operator', id: 'o' } as const

describe('commission', () => {
  it.each([
    [10_00, 10_00],
    [75_00, 15_00],
    [100_00, 20_00],
    [5_000_00, 1_000_00],
    [25_000_00, 4_000_00],
    [50_000_00, 6_500_00],
    [100_03, 20_01],
  ])('of %i minor units is %i, by bands of 20, 15 and 10 percent and at least 15 dollars', (price, commission) => {
    expect(commissionOf(price, scheduleInForce)).toBe(commission)
  })

  it('never takes more than the price, rises with it, and leaves the seller something from the least price on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999_998 }), (price) => {
        const { commissionMinor, netMinor } = quoteOf(price)
        expect(commissionMinor + netMinor).toBe(price)
        expect(netMinor).toBeGreaterThanOrEqual(0)
        expect(netMinor > 0).toBe(price >= leastPriceMinor())
        expect(quoteOf(price + 1).netMinor).toBeGreaterThanOrEqual(netMinor)
      }),
    )
  })
})

const placed = (priceMinor: number): VersionedOrder =>
  advanceOrder(
    'ord_1',
    null,
    [
      {
        type: 'order_placed',
        handle: 'moons',
        display: 'Moons',
        tier: 'rare',
        buyerId: 'b',
        sellerId: 's',
        quote: quoteOf(priceMinor),
        priceMinor,
        currency: 'USD',
        termsVersion: termsInForce.version,
        payBy: at(3_600_000),
        requestHash: 'h',
      },
    ],
    at(0),
    buyer,
  )

/** What seller and provider do in a history: the debts of the seller here are those of this one sale. */
type World = {
  order: VersionedOrder
  postings: Posting[]
  moved: Movement[]
  debtMinor: number
  transfers: number
  /** Of the provider, the oldest first. */
  refunds: readonly ProviderRefund[]
}

const unchanged: Result<readonly OrderEvent[]> = { ok: true, value: [] }
const leftOf = ({ order, refunds }: World): number =>
  order.state.priceMinor - refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
const madeRefund = ({ refunds }: World, amountMinor: number, purpose: string | null): ProviderRefund => ({
  refundId: `re_${refunds.length}`,
  amountMinor,
  status: 'succeeded',
  purpose,
})
const refund = (world: World, amountMinor: number, purpose: string | null): Result<readonly OrderEvent[]> => {
  world.refunds = [...world.refunds, madeRefund(world, amountMinor, purpose)]
  return decideRefunded(world.order.state, world.refunds)
}
/** The provider gives nothing back that was not taken, or that a bank has taken. */
const fromDashboard = (world: World, amountMinor: number): Result<readonly OrderEvent[]> => {
  const { capturedAt, chargebackId, status } = world.order.state
  const isTaken = capturedAt !== undefined && !(chargebackId !== undefined && status.startsWith('charge'))
  return isTaken && amountMinor > 0 && amountMinor <= leftOf(world) ? refund(world, amountMinor, null) : unchanged
}

/** What the world may say to a user's sale, in any order and as often as it likes. */
const words: Record<string, (world: World) => Result<readonly OrderEvent[]>> = {
  captured: ({ order: { state } }) =>
    decideCapture(state, { paymentIntentId: 'pi', amountMinor: state.priceMinor, currency: 'usd' }),
  accepted: ({ order: { state } }) => decideInspectionAccepted(state, buyer),
  deadline: ({ order: { state } }) => decideDeadline(state, orderDueAt(state) ?? state.updatedAt),
  disputed: ({ order: { state } }) => decideDisputeOpened(state, 'not_as_described', buyer),
  withdrawn: ({ order: { state } }) => decideDisputeWithdrawn(state, buyer),
  decidedForSeller: ({ order: { state } }) => decideDispute(state, { kind: 'settle' }, operator),
  decidedForBuyer: ({ order: { state } }) => decideDispute(state, { kind: 'refund' }, operator),
  split: ({ order: { state } }) =>
    decideDispute(state, { kind: 'split', refundMinor: Math.ceil(state.priceMinor / 3) }, operator),
  /** What the order wants given back is. */
  refunded: (world) => {
    const { state } = world.order
    const wanted = refundWanted(state)
    const missing = wanted === null ? null : refundToMake(state, wanted, world.refunds)
    return missing === null ? unchanged : refund(world, missing.amountMinor, missing.purpose)
  },
  /** Somebody gives a part, or the rest, back in the provider's dashboard. */
  dashboardPart: (world) => fromDashboard(world, Math.ceil(leftOf(world) / 4)),
  dashboardAward: (world) => fromDashboard(world, world.order.state.award?.refundMinor ?? 0),
  dashboardRest: (world) => fromDashboard(world, leftOf(world)),
  /** Another refund was under way and left less than what was awarded; then it came back. */
  awardShort: (world) => {
    const wanted = refundWanted(world.order.state)
    const missing = wanted?.purpose === 'award' ? refundToMake(world.order.state, wanted, world.refunds) : null
    return missing === null ? unchanged : refund(world, Math.ceil(missing.amountMinor / 2), missing.purpose)
  },
  /** Both are made, and told together. */
  dashboardMeanwhile: (world) => {
    const wanted = refundWanted(world.order.state)
    const missing = wanted === null ? null : refundToMake(world.order.state, wanted, world.refunds)
    const amountMinor = Math.ceil((leftOf(world) - (missing?.amountMinor ?? 0)) / 2)
    if (missing === null || amountMinor === 0) return unchanged
    world.refunds = [...world.refunds, madeRefund(world, amountMinor, null)]
    return refund(world, missing.amountMinor, missing.purpose)
  },
  goodwill: ({ order: { state } }) =>
    decideGoodwill(
      state,
      {
        amountMinor: Math.ceil(takenMinor(state) / 10),
        reason: 'kind',
        request: { id: `rfd_${state.updatedAt}`, hash: 'h' },
      },
      operator,
      Math.ceil(state.priceMinor / 8),
    ),
  goodwillApproved: ({ order: { state } }) =>
    decideGoodwillApproval(
      state,
      { approve: true, amountMinor: state.goodwillProposal?.amountMinor ?? 0, reason: 'agreed' },
      { kind: 'operator', id: 'second' },
    ),
  blocked: ({ order: { state } }) => decideTransferBlocked(state, 'account_restricted'),
  paid: (world) => {
    const { state } = world.order
    if (state.status !== 'settling') return { ok: true, value: [] }
    const due = dueToSeller(state)
    const offsetMinor = Math.min(due, world.debtMinor)
    world.debtMinor -= offsetMinor
    return decideSettled(state, {
      offsetMinor,
      ...(due > offsetMinor && { transferId: `tr_${(world.transfers += 1)}` }),
    })
  },
  /** The transfer was made while the chargeback came in. */
  paidLate: (world) => {
    const { state } = world.order
    const undone = state.status === 'chargeback' || state.status === 'refunded'
    if (!undone || state.settledAt !== undefined || state.handedOverAt === undefined) return unchanged
    // Of these nobody asked for a transfer.
    if (state.refundDue === true) return unchanged
    return decideTransferFound(state, { offsetMinor: 0, transferId: `tr_${(world.transfers += 1)}` })
  },
  chargeback: ({ order: { state } }) => decideChargebackOpened(state, { id: 'dp', amountMinor: takenMinor(state) }),
  won: ({ order: { state } }) => decideChargebackClosed(state, 'dp', 'won'),
  lost: ({ order: { state } }) => decideChargebackClosed(state, 'dp', 'lost'),
  clawedBack: (world) => {
    const { state } = world.order
    if (!wantsClawback(state) || state.transferId === undefined) return { ok: true, value: [] }
    world.debtMinor += debtAfterClawback(state, 'completed')
    return decideClawbackCompleted(state, `trr_${world.transfers}`)
  },
  /** The provider took the transfer back a moment after the chargeback was won. */
  clawedBackLate: (world) => {
    const { state } = world.order
    if (state.status !== 'settled' || state.chargebackId === undefined || state.transferId === undefined) {
      return { ok: true, value: [] }
    }
    return decideClawbackCompleted(state, `trr_${world.transfers}`)
  },
  notClawedBack: (world) => {
    const { state } = world.order
    if (wantsClawback(state)) world.debtMinor += debtAfterClawback(state, 'failed')
    return decideClawbackFailed(state, 'insufficient_funds')
  },
}

const sorted = (movements: readonly Movement[]): Movement[] =>
  movements.toSorted((a, b) => (movementKey(a) < movementKey(b) ? -1 : 1))

const check = ({ order: { state }, postings, moved, debtMinor }: World) => {
  const book = balances(postings)
  const of = (account: string) => book.get(`${account} USD`) ?? 0
  expect([...book.values()].reduce((sum, balance) => sum + balance, 0)).toBe(0)
  expect([state.status, of(orderAccount(state.id))]).toEqual([state.status, heldMinor(state)])
  // What we owe a seller is never below nothing, and what a seller owes us is the debt that is written down.
  expect(of('seller:s')).toBe(state.status === 'settling' ? (state.owedMinor ?? 0) : 0)
  const undecided = wantsClawback(state) ? debtAfterClawback(state, 'failed') : 0
  expect([state.status, of('receivable:s') + undecided + debtMinor]).toEqual([state.status, 0])
  expect(of('platform:commission')).toBeGreaterThanOrEqual(0)
  // Goodwill only gives.
  expect(of('platform:goodwill')).toBeLessThanOrEqual(0)
  // The state alone tells the book, and each movement at the provider.
  expect(Object.fromEntries(bookOf(state))).toEqual(Object.fromEntries(withoutZeros(book)))
  expect(sorted(movementsOf(state))).toEqual(sorted(moved))
  expect(moved.reduce((sum, { amountMinor }) => sum + amountMinor, 0) + of('stripe')).toBe(0)
}

/** What histories must have reached for the property to mean something. */
const everyEnd = [
  'settled',
  'refunded',
  'charged_back',
  'chargeback',
  'disputed',
  'settling',
  'split',
  'goodwill',
  'clawed back',
  'clawback failed',
  'paid twice',
  'owed again',
  'given besides',
  'undone',
  'undone and clawed back',
  'refund due',
  'refunded after a chargeback',
]
const isUndone = ({ status, handedOverAt, givenMinor }: Order): boolean =>
  status === 'refunded' && handedOverAt !== undefined && givenMinor === 0
const factsOf = (order: Order): string[] => [
  order.status,
  ...(order.award === undefined ? [] : ['split']),
  ...((order.givenMinor ?? 0) > 0 && order.status === 'settled' ? ['goodwill'] : []),
  ...(order.reversalId === undefined ? [] : ['clawed back']),
  ...(order.clawbackFailed === undefined ? [] : ['clawback failed']),
  ...(order.earlierTransfers !== undefined ? ['paid twice'] : []),
  ...(order.owedMinor === undefined ? [] : ['owed again']),
  ...((order.givenMinor ?? 0) > 0 && order.settledAt === undefined ? ['given besides'] : []),
  ...(isUndone(order) ? ['undone'] : []),
  ...(isUndone(order) && order.reversalId !== undefined ? ['undone and clawed back'] : []),
  ...(order.refundDue === true ? ['refund due'] : []),
  ...(order.status === 'refunded' && order.chargebackId !== undefined ? ['refunded after a chargeback'] : []),
]

/** Everything that can be said now and changes something, each in a world of its own. */
const moves = (world: World): { world: World; events: readonly OrderEvent[] }[] =>
  Object.values(words).flatMap((word) => {
    const own = { ...world }
    const decided = word(own)
    return decided.ok && decided.value.length > 0 ? [{ world: own, events: decided.value }] : []
  })

/** What these events move at the provider, one after another. */
const movementsIn = (order: Order, events: readonly OrderEvent[]): Movement[] => {
  let state = order
  return events.flatMap((event) => {
    const movement = movementOf(state, event)
    state = evolveOrder(state.id, state, event, at(0))
    return movement === null ? [] : [movement]
  })
}

describe('a sale between users, whatever happens in whatever order', () => {
  it('conserves money, holds what it must, and owes nobody less than nothing', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(
        fc.integer({ min: leastPriceMinor(), max: 5_000_000 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (price, picks) => {
          let world: World = { order: placed(price), postings: [], moved: [], debtMinor: 0, transfers: 0, refunds: [] }
          picks.forEach((pick, index) => {
            const possible = moves(world)
            const next = possible[pick % possible.length]
            if (next === undefined) return
            const order = advanceOrder('ord_1', world.order, next.events, at((index + 1) * 1000), systemActor)
            const moved = [...world.moved, ...movementsIn(world.order.state, next.events)]
            world = { ...next.world, order, moved, postings: [...world.postings, ...order.entry.postings] }
            for (const fact of factsOf(order.state)) seen.add(fact)
            check(world)
          })
        },
      ),
      { numRuns: 3_000 },
    )
    // The histories reach every end of it.
    expect([...seen]).toEqual(expect.arrayContaining(everyEnd))
  })

  it('gives what a dispute awarded whole, where a refund under way left too little of it at first', () => {
    const world: World = { order: placed(1_000_00), postings: [], moved: [], debtMinor: 0, transfers: 0, refunds: [] }
    const happened = (word: string): void => {
      const decided = words[word]?.(world)
      if (decided?.ok !== true) throw new Error(word)
      world.order = advanceOrder('ord_1', world.order, decided.value, at(1), systemActor)
      world.postings.push(...world.order.entry.postings)
    }
    for (const word of ['captured', 'disputed', 'split', 'awardShort']) happened(word)
    expect(world.order.state).toMatchObject({ status: 'refunding', refundedMinor: 166_67, givenMinor: 166_67 })
    happened('refunded')
    expect(world.order.state).toMatchObject({ status: 'settling', refundedMinor: 333_34, givenMinor: 0 })
    expect(balances(world.postings).get('platform:goodwill USD')).toBe(0)
  })

  it('pays the seller the quote less nothing, and the platform its commission', () => {
    const world: World = { order: placed(50_000_00), postings: [], moved: [], debtMinor: 0, transfers: 0, refunds: [] }
    for (const word of ['captured', 'accepted', 'paid']) {
      const decided = words[word]?.(world)
      if (decided?.ok !== true) throw new Error(word)
      world.order = advanceOrder('ord_1', world.order, decided.value, at(1), systemActor)
      world.postings.push(...world.order.entry.postings)
    }
    const book = balances(world.postings)
    expect(Object.fromEntries(book)).toMatchObject({
      'platform:commission USD': 6_500_00,
      'seller:s USD': 0,
      'order:ord_1 USD': 0,
      'stripe USD': -6_500_00,
    })
    expect(world.order.state).toMatchObject({
      status: 'settled',
      paidMinor: 43_500_00,
      transferId: 'tr_1',
    } satisfies Partial<Order>)
  })
})
