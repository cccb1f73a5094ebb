import { describe, expect, it } from 'vitest'
import { systemActor } from '../../shared/domain/actors.ts'
import { premiumAfter } from '../../shared/domain/dutch.ts'
import { evolveHandle } from '../../shared/domain/handle-evolve.ts'
import type { Handle, HandleEvent, Listing } from '../../shared/domain/handle.ts'
import {
  decideHold,
  decideListingChanged,
  decideRightRecorded,
  decideRightWithdrawn,
  decideSaleClosed,
  decideSaleOpened,
  modeOf,
  phaseAt,
  phasesOf,
  priceAt,
  rightsMax,
} from '../../shared/domain/listing.ts'
import type { Result } from '../../shared/domain/result.ts'

const dayMs = 86_400_000
const released = Date.parse('2026-11-01T00:00:00.000Z')
const day = (days: number): string => new Date(released + days * dayMs).toISOString()

const listing: Listing = {
  status: 'open',
  priceMinor: 200_00,
  currency: 'USD',
  openedAt: day(0),
  rightsDays: 7,
  firstRefusalDays: 14,
  prospectsDays: 7,
  quarantineDays: 30,
}
const handle: Handle = {
  name: 'moons',
  display: 'Moons',
  status: 'released',
  holder: null,
  dormancy: null,
  formerHolderId: 'former',
  rights: ['owner'],
  listing,
}
const decay = { floorMinor: 10_00, premiumMinor: 80_000_00, halfLifeHours: 42, days: 21 }
const dutch: Handle = { ...handle, listing: { ...listing, decay } }

const hold = (of: Handle, buyerId: string, at: string, priceMinor: number, saleId?: string) => {
  const wanted = { orderId: 'ord_1', priceMinor, currency: 'USD', saleId } as const
  const decided = decideHold(of, wanted, { kind: 'buyer', id: buyerId }, buyerId, null, at)
  return decided.ok ? decided.value.priceMinor : decided.refusal.code
}

const outcome = (decided: Result<readonly HandleEvent[]>) =>
  decided.ok ? decided.value.map(({ type }) => type).join(' ') : decided.refusal.code

const fold = (of: Handle, decided: Result<readonly HandleEvent[]>, at: string): Handle => {
  if (!decided.ok) throw new Error(decided.refusal.message)
  return decided.value.reduce((state, event) => evolveHandle(state.name, state, event, at), of)
}

const operator = { kind: 'operator', id: 'op' } as const

describe('phases', () => {
  it('follow each other from the release, and the market opens with the end of the quarantine', () => {
    expect(phasesOf(listing)).toEqual([
      { phase: 'rights_holders', from: day(0), until: day(7) },
      { phase: 'first_refusal', from: day(7), until: day(21) },
      { phase: 'prospects', from: day(21), until: day(28) },
      { phase: 'quarantine', from: day(28), until: day(30) },
      { phase: 'open', from: day(30), until: null },
    ])
  })

  it('of no days are left out', () => {
    const none = { ...listing, rightsDays: 0, firstRefusalDays: 0, prospectsDays: 0, quarantineDays: 0 }
    expect(phasesOf(none)).toEqual([{ phase: 'open', from: day(0), until: null }])
    expect(phaseAt(none, day(0)).phase).toBe('open')
  })

  // Each phase from its first to its last millisecond, and who may buy in it.
  const last = (days: number) => new Date(Date.parse(day(days)) - 1).toISOString()
  it.each([
    [day(0), 'owner'],
    [last(7), 'owner'],
    [day(7), 'former'],
    [last(21), 'former'],
  ])('at %s only %s may buy', (at, who) => {
    const others = ['owner', 'former', 'anybody'].filter((one) => one !== who)
    expect(hold(handle, who, at, 200_00)).toBe(200_00)
    for (const other of others) expect(hold(handle, other, at, 200_00)).toBe('listing_not_open')
  })

  it.each([day(21), last(28), day(28), last(30)])('at %s nobody may buy without a private offer', (at) => {
    for (const who of ['owner', 'former', 'anybody']) expect(hold(handle, who, at, 200_00)).toBe('listing_not_open')
  })

  it('end in a market that is open to everybody', () => {
    for (const who of ['owner', 'former', 'anybody']) expect(hold(handle, who, day(30), 200_00)).toBe(200_00)
  })
})

describe('the price', () => {
  it('of a Dutch sale is the one set until the market opens, then falls to the floor, and stays there', () => {
    expect(priceAt(dutch.listing ?? listing, day(8))).toBe(200_00)
    expect(priceAt(dutch.listing ?? listing, day(30))).toBe(10_00 + premiumAfter(decay, 0))
    expect(priceAt(dutch.listing ?? listing, day(33.5))).toBe(10_00 + premiumAfter(decay, 3.5 * dayMs))
    expect(priceAt(dutch.listing ?? listing, day(51))).toBe(10_00)
    expect(priceAt(dutch.listing ?? listing, day(500))).toBe(10_00)
  })

  it('paid in a Dutch sale is that of the instant of the hold, whatever more the buyer agreed to', () => {
    const at = day(33.5)
    const now = priceAt(dutch.listing ?? listing, at)
    expect(hold(dutch, 'anybody', at, now + 5_000_00)).toBe(now)
    expect(hold(dutch, 'anybody', at, now)).toBe(now)
    expect(hold(dutch, 'anybody', at, now - 1)).toBe('price_changed')
  })

  it('that is fixed must be the one the buyer saw', () => {
    expect(hold(handle, 'anybody', day(30), 200_01)).toBe('price_changed')
    expect(hold(handle, 'anybody', day(30), 199_99)).toBe('price_changed')
  })

  it('is set by an operator, and a Dutch sale that is ordered in the open market begins at once', () => {
    const wanted = { priceMinor: 300_00, dutch: decay, reason: 'two buyers asked' }
    const early = fold(handle, decideListingChanged(handle, wanted, operator, day(3)), day(3))
    expect(early.listing?.decay).toEqual(decay)
    const late = fold(handle, decideListingChanged(handle, wanted, operator, day(40)), day(40))
    expect(late.listing?.decay).toEqual({ ...decay, startsAt: day(40) })
    expect(priceAt(late.listing ?? listing, day(40))).toBe(10_00 + premiumAfter(decay, 0))
    const fixed = fold(late, decideListingChanged(late, { ...wanted, dutch: null }, operator, day(41)), day(41))
    expect([modeOf(fixed.listing ?? listing, day(41)), priceAt(fixed.listing ?? listing, day(41))]).toEqual([
      'fixed_price',
      300_00,
    ])
    const tooMuch = { ...wanted, dutch: { ...decay, premiumMinor: 999_999_99 } }
    expect(outcome(decideListingChanged(handle, tooMuch, operator, day(3)))).toBe('validation_failed')
    expect(outcome(decideListingChanged(handle, wanted, { kind: 'buyer', id: 'b' }, day(3)))).toBe(
      'transition_not_allowed',
    )
  })
})

describe('a sale', () => {
  const auction = { mode: 'auction', id: 'auc_1', startsAt: day(31) } as const
  const offer = { mode: 'private_offer', id: 'pof_1', until: day(26), startsAt: day(22) } as const

  it('waits for the private phases of others', () => {
    for (const at of [day(0), day(10), day(22)]) {
      expect(outcome(decideSaleOpened(handle, auction, null, operator, at))).toBe('listing_not_open')
    }
    expect(outcome(decideSaleOpened(handle, { ...auction, startsAt: day(29) }, null, operator, day(28)))).toBe(
      'listing_not_open',
    )
    expect(outcome(decideSaleOpened(handle, auction, null, operator, day(28)))).toBe('sale_opened')
    expect(outcome(decideSaleOpened(handle, offer, null, operator, day(20)))).toBe('listing_not_open')
    expect(outcome(decideSaleOpened(handle, offer, null, operator, day(22)))).toBe('sale_opened')
  })

  it('alone may place an order, at its own price and in any phase', () => {
    const bound = fold(handle, decideSaleOpened(handle, auction, null, operator, day(30)), day(30))
    expect(hold(bound, 'anybody', day(32), 200_00)).toBe('handle_in_sale')
    expect(hold(bound, 'winner', day(32), 777_00, 'auc_1')).toBe(777_00)
    expect(hold(bound, 'winner', day(32), 777_00, 'auc_2')).toBe('handle_in_sale')
    expect(modeOf(bound.listing ?? listing, day(32))).toBe('auction')
    expect(outcome(decideListingChanged(bound, { priceMinor: 1, dutch: null, reason: 'no' }, operator, day(32)))).toBe(
      'handle_in_sale',
    )
  })

  it('may sell a handle whose price falls otherwise', () => {
    const bound = fold(dutch, decideSaleOpened(dutch, auction, null, operator, day(30)), day(30))
    expect(hold(bound, 'winner', day(32), 50_00, 'auc_1')).toBe(50_00)
  })

  it('binds a handle once, and a repeat changes nothing', () => {
    const bound = fold(handle, decideSaleOpened(handle, auction, null, operator, day(30)), day(30))
    expect(outcome(decideSaleOpened(bound, auction, null, operator, day(31)))).toBe('')
    expect(outcome(decideSaleOpened(bound, { ...auction, id: 'auc_2' }, null, operator, day(31)))).toBe(
      'handle_in_sale',
    )
  })

  it('whose time is over binds nothing any more', () => {
    const bound = fold(handle, decideSaleOpened(handle, offer, null, systemActor, day(22)), day(22))
    expect(hold(bound, 'prospect', day(25), 90_00, 'pof_1')).toBe(90_00)
    expect(hold(bound, 'prospect', day(26), 90_00, 'pof_1')).toBe('transition_not_allowed')
    expect(modeOf(bound.listing ?? listing, day(26))).toBe('fixed_price')
    // The first order after it clears it away, so that whoever closes it late finds nothing to do.
    const wanted = { orderId: 'ord_1', priceMinor: 200_00, currency: 'USD' } as const
    const held = decideHold(bound, wanted, { kind: 'buyer', id: 'b' }, 'b', null, day(30))
    const after = fold(bound, held.ok ? { ok: true, value: held.value.events } : held, day(30))
    expect(after.listing).toMatchObject({ status: 'held', orderId: 'ord_1' })
    expect(after.listing).not.toHaveProperty('sale')
    expect(outcome(decideSaleClosed(after, 'pof_1', systemActor))).toBe('')
    expect(
      outcome(decideSaleOpened(bound, { ...offer, id: 'pof_2', until: day(28) }, null, systemActor, day(26))),
    ).toBe('sale_opened')
  })

  it('frees the handle when it is closed, by its own id alone', () => {
    const bound = fold(handle, decideSaleOpened(handle, auction, null, operator, day(30)), day(30))
    expect(outcome(decideSaleClosed(bound, 'auc_2', systemActor))).toBe('')
    const free = fold(bound, decideSaleClosed(bound, 'auc_1', systemActor), day(33))
    expect(free.listing).toEqual(listing)
    expect(hold(free, 'anybody', day(33), 200_00)).toBe(200_00)
  })

  it('does not begin on a handle that is on hold, under a legal hold, or became protected', () => {
    const held: Handle = { ...handle, listing: { ...listing, status: 'held', orderId: 'ord_9' } }
    expect(outcome(decideSaleOpened(held, auction, null, operator, day(30)))).toBe('handle_on_hold')
    const stopped: Handle = { ...handle, legalHold: { reason: 'court', since: day(1) } }
    expect(outcome(decideSaleOpened(stopped, auction, null, operator, day(30)))).toBe('handle_not_for_sale')
    const guard = { code: 'protected_name', like: 'moons', by: 'mark' } as never
    expect(outcome(decideSaleOpened(handle, auction, guard, operator, day(30)))).toBe('handle_not_for_sale')
  })
})

describe('a right in a name', () => {
  const right = { accountId: 'second', ground: 'EUTM 018000000' }

  it('is recorded once and withdrawn once, by operators', () => {
    const more = fold(handle, decideRightRecorded(handle, right, operator), day(1))
    expect(more.rights).toEqual(['owner', 'second'])
    expect(outcome(decideRightRecorded(more, right, operator))).toBe('')
    const less = fold(more, decideRightWithdrawn(more, { accountId: 'owner', reason: 'expired' }, operator), day(2))
    expect(less.rights).toEqual(['second'])
    expect(outcome(decideRightWithdrawn(less, { accountId: 'owner', reason: 'expired' }, operator))).toBe('')
    const none = fold(less, decideRightWithdrawn(less, { accountId: 'second', reason: 'expired' }, operator), day(3))
    expect(none).not.toHaveProperty('rights')
    expect(outcome(decideRightRecorded(handle, right, { kind: 'buyer', id: 'second' }))).toBe('transition_not_allowed')
  })

  it('is had by a few accounts at most', () => {
    const full: Handle = { ...handle, rights: Array.from({ length: rightsMax }, (_, index) => `owner${index}`) }
    expect(outcome(decideRightRecorded(full, right, operator))).toBe('rights_full')
  })
})
