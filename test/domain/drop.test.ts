import { describe, expect, it } from 'vitest'
import type { Actor } from '../../shared/domain/actors.ts'
import { systemActor } from '../../shared/domain/actors.ts'
import { commitmentOf, drawOrder } from '../../shared/domain/draw.ts'
import {
  type Drop,
  dropDueAt,
  dropMachine,
  type DropEvent,
  type DropTerms,
  entryIdOf,
  evolveDrop,
  sealDelaySeconds,
} from '../../shared/domain/drop.ts'
import {
  decideCancelDrop,
  decideCreateDrop,
  decideEntry,
  decideLotDrawn,
  decideReview,
  nextDropStep,
} from '../../shared/domain/drop-decisions.ts'

const seed = '11'.repeat(32)
const now = '2026-11-24T12:00:00.000Z'
const operator: Actor = { kind: 'operator', id: 'op' }
const terms: DropTerms = {
  title: 'Short ones',
  method: 'draw',
  opensAt: '2026-11-24T13:00:00.000Z',
  closesAt: '2026-11-25T13:00:00.000Z',
  questions: [],
  entriesPerAccountMax: 1,
  paymentWindowHours: 48,
  roundsMax: 2,
  reviewHours: 24,
  commitment: commitmentOf(seed),
  aliasKey: '22'.repeat(32),
  createdBy: 'op',
  requestHash: 'hash',
}
const id = 'drp_0000000000000000000000000D'
const lots = [{ handle: 'poem' }, { handle: 'river', askedMinor: 500_00 }]

const after = (drop: Drop | null, ...events: readonly DropEvent[]): Drop => {
  let state = drop
  for (const event of events) state = evolveDrop(id, state, event, now)
  if (state === null) throw new Error('no event')
  return state
}
const created = (more: Partial<DropTerms> = {}): Drop => {
  const decided = decideCreateDrop({ ...terms, ...more }, lots, now)
  if (!decided.ok) throw new Error(decided.refusal.message)
  return after(null, ...decided.value)
}
const bound = lots.map(({ handle }): DropEvent => ({ type: 'lot_bound', handle, priceMinor: 100_00, currency: 'USD' }))
const announced = (more?: Partial<DropTerms>) => after(created(more), ...bound, { type: 'drop_announced' })
const opened = (more?: Partial<DropTerms>) => after(announced(more), { type: 'drop_opened' })
const ended = (more?: Partial<DropTerms>) => after(opened(more), { type: 'drop_ended' })
const codeOf = (decided: { ok: boolean; refusal?: { code: string; field?: string } }) =>
  decided.ok ? 'ok' : [decided.refusal?.code, decided.refusal?.field].filter((part) => part !== undefined).join(' ')
const at = (instant: string, ms: number) => new Date(Date.parse(instant) + ms).toISOString()

describe('the fold of events', () => {
  it('comes to the states that the table names', () => {
    const atEach: Partial<Record<Drop['status'], Drop>> = {
      preparing: created(),
      announced: announced(),
      open: opened(),
      drawing: ended(),
      awarding: after(ended(), { type: 'drop_drawn', seed }),
      cancelling: after(announced(), { type: 'cancel_wanted', cancelReason: 'a mistake' }),
    }
    const ofDrop: readonly DropEvent[] = [
      { type: 'drop_announced' },
      { type: 'drop_opened' },
      { type: 'drop_ended' },
      { type: 'drop_drawn', seed },
      { type: 'drop_closed' },
      { type: 'cancel_wanted', cancelReason: 'a mistake' },
      { type: 'drop_cancelled' },
      { type: 'lot_bound', handle: 'poem', priceMinor: 1, currency: 'USD' },
      { type: 'lot_left_out', handle: 'poem', why: '' },
      { type: 'application_accepted', handle: 'poem', entryId: 'app_A', score: 1, reason: '' },
      { type: 'application_declined', handle: 'poem', entryId: 'app_A', reason: '' },
      { type: 'lot_drawn', handle: 'poem', entries: 0, listHash: '', order: [] },
      offer(1, 'app_A'),
      { type: 'lot_sold', handle: 'poem', orderId: 'ord_1' },
      { type: 'lot_unsold', handle: 'poem', why: '' },
      { type: 'lot_freed', handle: 'poem' },
    ]
    for (const { from, on, to } of dropMachine.transitions) {
      if (from === null) continue
      const event = ofDrop.find(({ type }) => type === on)
      const start = atEach[from]
      if (event === undefined || start === undefined) throw new Error(`${from} ${on} is not tried`)
      expect([from, on, after(start, event).status]).toEqual([from, on, to])
    }
  })
})

describe('creating a drop', () => {
  it.each([
    ['opensAt', { opensAt: '2026-11-24T12:09:59.999Z' }],
    ['opensAt', { opensAt: '2027-11-24T12:00:00.000Z', closesAt: '2027-11-25T12:00:00.000Z' }],
    ['closesAt', { closesAt: '2026-11-24T13:09:59.999Z' }],
    ['closesAt', { closesAt: '2026-12-31T13:00:00.000Z' }],
  ])('is refused with the field %s for %o', (field, more) => {
    expect(codeOf(decideCreateDrop({ ...terms, ...more }, lots, now))).toBe(`drop_invalid ${field}`)
  })

  it('is refused where a handle is named twice', () => {
    expect(codeOf(decideCreateDrop(terms, [...lots, { handle: 'poem' }], now))).toBe('drop_invalid handles.2.handle')
  })
})

describe('an entry', () => {
  it('is let in from the opening to the last millisecond, whatever the clock has told the drop', () => {
    for (const drop of [announced(), opened()]) {
      expect(codeOf(decideEntry(drop, 'poem', [], at(terms.opensAt, -1)))).toBe('drop_not_open')
      expect(codeOf(decideEntry(drop, 'poem', [], terms.opensAt))).toBe('ok')
      expect(codeOf(decideEntry(drop, 'poem', [], at(terms.closesAt, -1)))).toBe('ok')
      expect(codeOf(decideEntry(drop, 'poem', [], terms.closesAt))).toBe('drop_ended')
    }
  })

  it('answers every question, and names a handle of the drop', () => {
    const drop = opened({ questions: ['Why?', 'What for?'] })
    expect(codeOf(decideEntry(drop, 'poem', ['because', 'this'], terms.opensAt))).toBe('ok')
    expect(codeOf(decideEntry(drop, 'poem', ['because'], terms.opensAt))).toBe('answers_missing answers')
    expect(codeOf(decideEntry(drop, 'poem', ['because', ' '], terms.opensAt))).toBe('answers_missing answers.1')
    expect(codeOf(decideEntry(drop, 'other', ['a', 'b'], terms.opensAt))).toBe('not_found handle')
  })

  it('has a pseudonym that is the same each time, and another one for each handle, account and drop', () => {
    const drop = opened()
    const other = { ...drop, aliasKey: '33'.repeat(32) }
    const ids = [
      entryIdOf(drop, 'poem', 'alice'),
      entryIdOf(drop, 'river', 'alice'),
      entryIdOf(drop, 'poem', 'bob'),
      entryIdOf(other, 'poem', 'alice'),
    ]
    expect(entryIdOf(drop, 'poem', 'alice')).toBe(ids[0])
    expect(new Set(ids).size).toBe(4)
  })
})

describe('the clock', () => {
  it('binds every handle, announces, opens and ends at the instants told', () => {
    expect(nextDropStep(created(), now)).toMatchObject({ step: 'bind', lot: { handle: 'poem' } })
    expect(nextDropStep(after(created(), ...bound), now)).toEqual({ step: 'announce' })
    expect(nextDropStep(announced(), at(terms.opensAt, -1))).toBeNull()
    expect(nextDropStep(announced(), terms.opensAt)).toEqual({ step: 'open' })
    expect(nextDropStep(opened(), at(terms.closesAt, -1))).toBeNull()
    expect(nextDropStep(opened(), terms.closesAt)).toEqual({ step: 'end' })
  })

  it('calls a drop off whose handles could none of them be bound', () => {
    const left = lots.map(({ handle }): DropEvent => ({ type: 'lot_left_out', handle, why: 'handle_on_hold' }))
    expect(nextDropStep(after(created(), ...left), now)).toEqual({ step: 'call_off' })
  })

  it('draws when nothing that was let in can still be on its way, and publishes the seed when all is drawn', () => {
    const drop = ended()
    const decides = at(terms.closesAt, sealDelaySeconds * 1_000)
    expect(dropDueAt(drop)).toBe(decides)
    expect(nextDropStep(drop, at(decides, -1))).toBeNull()
    const step = nextDropStep(drop, decides)
    expect(step).toMatchObject({ step: 'draw', lot: { handle: 'poem' } })
    const drawn = lots.map(({ handle }) => {
      const lot = drop.lots.find((one) => one.handle === handle)
      if (lot === undefined) throw new Error('no lot')
      return decideLotDrawn(drop, lot, ['app_A', 'app_B', 'app_C'], seed)
    })
    expect(drawn[0]).toMatchObject({
      entries: 3,
      order: drawOrder(seed, id, 'poem', ['app_A', 'app_B', 'app_C']).slice(0, 2),
    })
    expect(nextDropStep(after(drop, ...drawn), decides)).toEqual({ step: 'publish_seed' })
  })

  it('offers a handle to one after another of its order, then gives it up', () => {
    const drop = after(
      ended(),
      { type: 'lot_drawn', handle: 'poem', entries: 2, listHash: '', order: ['app_A', 'app_B'] },
      { type: 'lot_drawn', handle: 'river', entries: 0, listHash: '', order: [] },
      { type: 'drop_drawn', seed },
    )
    expect(nextDropStep(drop, now)).toMatchObject({ step: 'offer', lot: { handle: 'poem', round: 0 } })
    const offered = after(drop, offer(1, 'app_A'))
    expect(nextDropStep(offered, now)).toMatchObject({ step: 'give_up', why: 'nobody_entered' })
    const waiting = after(offered, { type: 'lot_unsold', handle: 'river', why: 'nobody_entered' })
    expect(nextDropStep(waiting, now)).toBeNull()
    expect(nextDropStep(waiting, payBy)).toMatchObject({ step: 'check', lot: { handle: 'poem' } })
    expect(nextDropStep(waiting, payBy, new Set(['poem']))).toBeNull()
    const sold = after(waiting, offer(2, 'app_B'), { type: 'lot_sold', handle: 'poem', orderId: 'ord_2' })
    expect(nextDropStep(sold, now)).toEqual({ step: 'close' })
    expect(dropDueAt(after(sold, { type: 'drop_closed' }))).toBeNull()
  })
})

const payBy = '2026-11-30T12:00:00.000Z'
const offer = (round: number, entryId: string): DropEvent => ({
  type: 'lot_offered',
  handle: 'poem',
  round,
  entryId,
  buyerId: 'alice',
  orderId: `ord_${round}`,
  payBy,
})

describe('an operator', () => {
  it('calls a drop off before it opens, and not after', () => {
    expect(codeOf(decideCancelDrop(created(), 'a mistake', operator))).toBe('ok')
    expect(codeOf(decideCancelDrop(announced(), 'a mistake', operator))).toBe('ok')
    expect(codeOf(decideCancelDrop(opened(), 'a mistake', operator))).toBe('transition_not_allowed')
    expect(codeOf(decideCancelDrop(announced(), 'a mistake', systemActor))).toBe('transition_not_allowed')
    const freeing = after(announced(), { type: 'cancel_wanted', cancelReason: 'a mistake' })
    expect(decideCancelDrop(freeing, 'again', operator)).toEqual({ ok: true, value: [] })
    expect(nextDropStep(freeing, now)).toMatchObject({ step: 'free', lot: { handle: 'poem' } })
    const freed = after(freeing, { type: 'lot_freed', handle: 'poem' }, { type: 'lot_freed', handle: 'river' })
    expect(nextDropStep(freed, now)).toEqual({ step: 'cancel' })
  })

  it('orders applications by score, with the draw between equal ones, and only those that still stand', () => {
    const review = (drop: Drop, entryId: string, score: number, accepted = true) => {
      const decided = decideReview(drop, 'poem', entryId, { accepted, score, reason: 'read' }, operator, terms.closesAt)
      return decided.ok ? after(drop, ...decided.value) : codeOf(decided)
    }
    const start = ended({ method: 'application', roundsMax: 3 })
    let drop = start
    for (const [entryId, score] of [
      ['app_A', 50],
      ['app_B', 90],
      ['app_C', 50],
    ] as const) {
      const reviewed = review(drop, entryId, score)
      if (typeof reviewed === 'string') throw new Error(reviewed)
      drop = reviewed
    }
    expect(review(drop, 'app_D', 99)).toBe('shortlist_full entryId')
    expect(review(ended(), 'app_A', 1)).toBe('transition_not_allowed handle')
    const lot = drop.lots[0]
    if (lot === undefined) throw new Error('no lot')
    const tie = drawOrder(seed, id, 'poem', ['app_A', 'app_C'])
    const entries = ['app_A', 'app_B', 'app_C', 'app_D']
    expect(decideLotDrawn(drop, lot, entries, seed)).toMatchObject({ order: ['app_B', ...tie] })
    expect(decideLotDrawn(drop, lot, ['app_A', 'app_C', 'app_D'], seed)).toMatchObject({ order: tie })
    const declined = review(drop, 'app_B', 1, false)
    if (typeof declined === 'string') throw new Error(declined)
    expect(declined.lots[0]?.accepted?.map(({ entryId }) => entryId)).toEqual(['app_A', 'app_C'])
  })
})
