import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advanceHandle,
  advanceOrder,
  type VersionedHandle,
  type VersionedOrder,
} from '../../shared/domain/aggregate.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import type { HandleEvent } from '../../shared/domain/handle.ts'
import { decideForOrder, decideHold } from '../../shared/domain/listing.ts'
import { chainFaults, type Entry } from '../../shared/domain/journal.ts'
import { balances, orderAccount, type Posting } from '../../shared/domain/ledger.ts'
import { decideChargebackClosed, decideChargebackOpened } from '../../shared/domain/order-chargebacks.ts'
import { bookOf, withoutZeros } from '../../shared/domain/book.ts'
import { handleTouchOf } from '../../shared/domain/order-handle.ts'
import { heldMinor } from '../../shared/domain/order-money.ts'
import { decideRefunded } from '../../shared/domain/order-refunds.ts'
import {
  evolveOrder,
  holdingStatuses,
  type Order,
  orderDueAt,
  payByOf,
  type OrderEvent,
} from '../../shared/domain/order.ts'
import {
  decideCancel,
  decideCapture,
  decideDeadline,
  decidePaymentFailed,
  decidePaymentStarted,
} from '../../shared/domain/order-decisions.ts'
import { termsInForce } from '../../shared/domain/terms.ts'
import type { Result } from '../../shared/domain/result.ts'

const start = Date.parse('2026-11-23T12:00:00.000Z')
const at = (ms: number) => new Date(start + ms).toISOString()
const buyer = (id: string) => ({ kind: 'buyer', id }) as const

/** A handle as it comes to market: its import and its release. */
const born = (priceMinor: number): [VersionedHandle, VersionedHandle] => {
  const imported = advanceHandle(
    'moons',
    null,
    [
      {
        type: 'handle_imported',
        display: 'Moons',
        importId: 'imp_1',
        accountId: 'acct_1',
        class: 'ordinary',
        createdAt: at(-9e10),
        lastActiveAt: at(-8e10),
        followers: 3,
      },
    ],
    at(-1000),
    { kind: 'operator', id: 'op' },
  )
  const appraisal = { low: 1, expected: 2, high: 3, tier: 'rare', confidence: 50, reasons: '', model: 'm' } as const
  const released = advanceHandle(
    'moons',
    imported,
    [
      {
        type: 'handle_released',
        policyVersion: 1,
        rule: 'suspended',
        dueAt: at(-2000),
        noticesGiven: 0,
        rightsDays: 0,
        firstRefusalDays: 0,
        prospectsDays: 0,
        quarantineDays: 0,
        priceMinor,
        currency: 'USD',
        appraisal,
      },
    ],
    at(0),
    systemActor,
  )
  return [imported, released]
}

const place = (id: string, buyerId: string, handle: VersionedHandle, now: string) => {
  const price = { priceMinor: handle.state.listing?.priceMinor ?? 1, currency: 'USD' as const }
  const held = decideHold(handle.state, { orderId: id, ...price }, buyer(buyerId), buyerId, null, now)
  if (!held.ok) return held
  const order = advanceOrder(
    id,
    null,
    [
      {
        type: 'order_placed',
        handle: 'moons',
        display: 'Moons',
        tier: 'rare',
        buyerId,
        ...price,
        termsVersion: termsInForce.version,
        payBy: payByOf(now, termsInForce),
        requestHash: 'h',
      },
    ],
    now,
    buyer(buyerId),
  )
  return {
    ok: true as const,
    value: { order, handle: advanceHandle('moons', handle, held.value.events, now, buyer(buyerId)) },
  }
}

/** What the world may say to an order, in any order and as often as it likes. */
const words = {
  cancel: (order: Order) => decideCancel(order, buyer(order.buyerId)),
  started: (order: Order) => decidePaymentStarted(order, payment(order)),
  captured: (order: Order) => decideCapture(order, payment(order)),
  failed: (order: Order) => decidePaymentFailed(order, payment(order)),
  refunded: (order: Order) =>
    decideRefunded(order, [
      { refundId: `re_${order.id}`, amountMinor: order.priceMinor, status: 'succeeded', purpose: 'price' },
    ]),
  disputed: (order: Order) => decideChargebackOpened(order, { id: `dp_${order.id}`, amountMinor: order.priceMinor }),
  won: (order: Order) => decideChargebackClosed(order, `dp_${order.id}`, 'won'),
  lost: (order: Order) => decideChargebackClosed(order, `dp_${order.id}`, 'lost'),
  deadline: (order: Order) => {
    const due = orderDueAt(order)
    return decideDeadline(order, due ?? order.updatedAt)
  },
} as const satisfies Record<string, (order: Order) => Result<readonly OrderEvent[]>>

const payment = (order: Order) => ({
  paymentIntentId: `pi_${order.id}`,
  amountMinor: order.priceMinor,
  currency: 'usd',
})

type World = {
  handle: VersionedHandle
  orders: Map<string, VersionedOrder>
  entries: Map<string, Entry[]>
  postings: Posting[]
}

const record = (world: World, versioned: VersionedHandle | VersionedOrder) => {
  const { entry } = versioned
  world.entries.set(entry.aggregate, [...(world.entries.get(entry.aggregate) ?? []), entry])
  world.postings.push(...entry.postings)
}

/** Applies one word to one order as the workflows do: the order's events and the handle's in one step, or neither. */
const say = (world: World, id: string, word: keyof typeof words, now: string) => {
  const order = world.orders.get(id)
  if (order === undefined) return
  const decided = words[word](order.state)
  if (!decided.ok || decided.value.length === 0) return
  let state = order.state
  const touching: HandleEvent[] = []
  for (const event of decided.value) {
    const touched = handleTouchOf(state, event)
    if (touched !== null) {
      const allowed = decideForOrder(world.handle.state, touched, systemOr(word, state))
      expect(allowed).toMatchObject({ ok: true })
      touching.push(touched as HandleEvent)
    }
    state = evolveOrder(id, state, event, now)
  }
  const after = advanceOrder(id, order, decided.value, now, systemActor)
  world.orders.set(id, after)
  record(world, after)
  if (touching.length > 0) {
    world.handle = advanceHandle('moons', world.handle, touching, now, systemActor)
    record(world, world.handle)
  }
}

const systemOr = (word: string, order: Order) => (word === 'cancel' ? buyer(order.buyerId) : systemActor)

const check = (world: World) => {
  const book = balances(world.postings)
  // I1: the whole book sums to zero.
  expect([...book.values()].reduce((sum, balance) => sum + balance, 0)).toBe(0)
  const orders = [...world.orders.values()].map((order) => order.state)
  for (const order of orders) {
    // I4: held money is the price of an order in a held state, and nothing otherwise.
    const held = book.get(`${orderAccount(order.id)} USD`) ?? 0
    expect([order.status, held]).toEqual([order.status, heldMinor(order)])
    // The state alone tells the book.
    const postings = (world.entries.get(`order:${order.id}`) ?? []).flatMap((entry) => entry.postings)
    expect(Object.fromEntries(bookOf(order))).toEqual(Object.fromEntries(withoutZeros(balances(postings))))
    // I5: one capture at most.
    const captures = (world.entries.get(`order:${order.id}`) ?? []).flatMap((entry) =>
      entry.events.filter((event) => event.type === 'payment_captured'),
    )
    expect(captures.length).toBeLessThanOrEqual(1)
  }
  // I3: at most one order holds the handle, and it is the one on the listing.
  const holding = orders.filter((order) => holdingStatuses.has(order.status))
  expect(holding.length).toBeLessThanOrEqual(1)
  expect(world.handle.state.listing?.orderId).toBe(holding[0]?.id)
  // I2: one holder, who is the buyer of the one settled (or contested) order.
  const owning = orders.filter((order) => order.status === 'settled')
  expect(owning.length).toBeLessThanOrEqual(1)
  if (owning[0] !== undefined) {
    expect(world.handle.state.holder?.accountId).toBe(owning[0].buyerId)
    expect(world.handle.state.status).toBe('active')
  }
  for (const entries of world.entries.values()) expect(chainFaults(entries)).toEqual([])
}

const newWorld = (priceMinor: number): World => {
  const [imported, handle] = born(priceMinor)
  return {
    handle,
    orders: new Map(),
    entries: new Map([['handle:moons', [imported.entry, handle.entry]]]),
    postings: [],
  }
}

describe('orders of one handle, whatever the world says in whatever order', () => {
  it('conserve money, keep one hold and one holder, and chain every entry', () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ place: fc.integer({ min: 0, max: 3 }) }) },
      {
        weight: 5,
        arbitrary: fc.record({
          order: fc.integer({ min: 0, max: 3 }),
          word: fc.constantFrom(...(Object.keys(words) as (keyof typeof words)[])),
        }),
      },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), fc.array(step, { maxLength: 60 }), (price, steps) => {
        const world = newWorld(price)
        steps.forEach((one, index) => {
          const now = at((index + 1) * 1000)
          if ('place' in one) {
            const id = `ord_${one.place}`
            if (world.orders.has(id)) return
            const placed = place(id, `acct_${one.place}`, world.handle, now)
            if (!placed.ok) return
            world.orders.set(id, placed.value.order)
            world.handle = placed.value.handle
            record(world, placed.value.order)
            record(world, placed.value.handle)
          } else say(world, `ord_${one.order}`, one.word, now)
          check(world)
        })
      }),
      { numRuns: 400 },
    )
  })

  it('end the same whether the refund or the capture is heard first', () => {
    const orders = [['captured', 'refunded'] as const, ['captured', 'refunded', 'captured', 'refunded'] as const]
    const ends = orders.map((said) => {
      const world = newWorld(5_000_000)
      const placed = place('ord_1', 'acct_9', world.handle, at(1))
      if (!placed.ok) throw new Error(placed.refusal.message)
      world.orders.set('ord_1', placed.value.order)
      world.handle = placed.value.handle
      said.forEach((word, index) => say(world, 'ord_1', word, at(2 + index)))
      return [world.orders.get('ord_1')?.state.status, world.handle.state.status, world.postings.length]
    })
    expect(ends[1]).toEqual(ends[0])
    expect(ends[0]).toEqual(['refunded', 'locked', 4])
  })
})

const placed = (price = 25_000): Order => {
  const done = place('ord_1', 'acct_9', born(price)[1], at(1))
  if (!done.ok) throw new Error(done.refusal.message)
  return done.value.order.state
}

const after = (order: Order, ...events: OrderEvent[]): Order =>
  events.reduce((state, event) => evolveOrder(state.id, state, event, at(9)), order)

describe('a payment', () => {
  it('in time hands over and settles at once', () => {
    const decided = decideCapture(placed(), payment(placed()))
    expect(decided.ok && decided.value.map((event) => event.type)).toEqual([
      'payment_captured',
      'handover_started',
      'order_settled',
    ])
  })

  it('for an expired order is booked and given back', () => {
    const expired = after(placed(), { type: 'order_expired' })
    const decided = decideCapture(expired, payment(expired))
    expect(decided.ok && decided.value.map((event) => event.type)).toEqual(['payment_captured', 'refund_wanted'])
  })

  it.each([
    ['amount', { amountMinor: 24_999 }],
    ['currency', { currency: 'eur' }],
  ])('of the wrong %s changes nothing', (_, wrong) => {
    const decided = decideCapture(placed(), { ...payment(placed()), ...wrong })
    expect(decided).toMatchObject({ ok: false, refusal: { code: 'payment_mismatch' } })
  })

  it('by a second payment intent is not booked', () => {
    const order = after(placed(), { type: 'payment_started', paymentIntentId: 'pi_first' })
    expect(decideCapture(order, payment(order))).toMatchObject({ ok: false, refusal: { code: 'payment_mismatch' } })
  })
})

describe('a chargeback', () => {
  it('of a part of the price is not booked as if it were all of it', () => {
    const settled = after(
      placed(),
      { type: 'payment_captured', paymentIntentId: 'pi' },
      { type: 'handover_started' },
      { type: 'order_settled' },
    )
    const decided = decideChargebackOpened(settled, { id: 'dp', amountMinor: settled.priceMinor - 1 })
    expect(decided).toMatchObject({ ok: false, refusal: { code: 'payment_mismatch' } })
  })
})

describe('a deadline', () => {
  it('does nothing a millisecond before, and raises its event at the instant', () => {
    const order = placed()
    const due = Date.parse(orderDueAt(order) ?? '')
    expect(decideDeadline(order, new Date(due - 1).toISOString())).toMatchObject({
      ok: false,
      refusal: { code: 'not_due' },
    })
    expect(decideDeadline(order, new Date(due).toISOString())).toMatchObject({
      ok: true,
      value: [{ type: 'order_expired' }],
    })
  })
})

describe('an act out of turn', () => {
  it('is refused with what is possible now', () => {
    const funded = after(placed(), { type: 'payment_captured', paymentIntentId: 'pi' })
    expect(decideCancel(funded, buyer('acct_9'))).toMatchObject({
      ok: false,
      refusal: {
        code: 'transition_not_allowed',
        extra: { status: 'funded', possible: ['handover_started', 'refund_wanted', 'replacement_chosen'] },
      },
    })
  })
})
