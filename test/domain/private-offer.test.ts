import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OfferEvent, PrivateOffer } from '../../shared/domain/private-offer.ts'
import {
  decideAccept,
  decideAnswer,
  decideCounter,
  decideDecline,
  decideMake,
  decideOpened,
  decideOrderEnded,
  decidePlan,
  decideUnsubscribe,
  decideWindowEnd,
  decideWithdraw,
  hoursAfter,
  linkRefusal,
} from '../../shared/domain/private-offer-acts.ts'
import { evolveOffer } from '../../shared/domain/private-offer-evolve.ts'
import { offerDueAt } from '../../shared/domain/private-offer-machine.ts'
import {
  decideComplaint,
  decideMailFailed,
  decideMailSent,
  isMailWanted,
} from '../../shared/domain/private-offer-mail.ts'
import type { OfferDecision } from '../../shared/domain/private-offer-steps.ts'
import { decideRoundLost, decideRoundWon, roundWinner } from '../../shared/domain/sealed-round.ts'

const at = '2026-12-01T09:00:00.000Z'
const plan = {
  campaignId: 'cmp_1',
  operatorId: 'op',
  prospect: 'upl_1#0000',
  addressHash: 'hash',
  handle: 'cinder',
  display: 'Cinder',
  mode: 'exclusive',
  priceMinor: 1_000,
  currency: 'USD',
  exclusivityHours: 72,
  counterRoundsMax: 3,
  paymentHours: 24,
} as const

const fold = (offer: PrivateOffer | null, events: readonly OfferEvent[], now = at): PrivateOffer => {
  const after = events.reduce<PrivateOffer | null>((state, event) => evolveOffer('pof_1', state, event, now), offer)
  if (after === null) throw new Error('nothing happened')
  return after
}
const after = (offer: PrivateOffer, decided: OfferDecision, now = at): PrivateOffer => {
  if (!decided.ok) throw new Error(`${decided.refusal.code}: ${decided.refusal.message}`)
  return fold(offer, decided.value, now)
}
const codeOf = (decided: OfferDecision | ReturnType<typeof linkRefusal>): string | null =>
  decided === null || decided.ok ? null : decided.refusal.code

const planned = (more: Partial<Omit<typeof plan, 'mode'>> & { readonly mode?: 'exclusive' | 'sealed' } = {}) =>
  fold(null, decidePlan({ ...plan, ...more }))
const made = (more: Parameters<typeof planned>[0] = {}): PrivateOffer => {
  const offer = planned(more)
  return after(offer, decideMake(offer, at))
}
const countered = (amountMinor: number): PrivateOffer => {
  const offer = made()
  return after(offer, decideCounter(offer, amountMinor, at))
}

describe('an offer that goes out', () => {
  test('wants one mail, and stands until the end of its window', () => {
    const offer = made()
    expect(offer).toMatchObject({ status: 'offered', askedMinor: 1_000, mail: { number: 1, result: 'wanted' } })
    expect([offer.until, offerDueAt(offer)]).toEqual([hoursAfter(at, 72), hoursAfter(at, 72)])
    expect(codeOf(decideMake(offer, at))).toBe('transition_not_allowed')
  })

  test('notes its first opening, and no other', () => {
    const offer = made()
    const opened = after(offer, decideOpened(offer, at))
    expect(opened.status).toBe('opened')
    expect(decideOpened(opened, at)).toEqual({ ok: true, value: [] })
  })

  test.each([
    ['before its turn', planned(), 'offer_link_invalid'],
    ['in its window', made(), null],
    ['declined', after(made(), decideDecline(made(), at)), 'offer_link_used'],
    ['withdrawn', after(made(), decideWithdraw(made(), 'operator', 'operator', 'sold')), 'offer_link_expired'],
  ] as const)('answers to its link %s', (_, offer, code) => {
    expect(codeOf(linkRefusal(offer, at))).toBe(code)
  })

  test('ends with the last millisecond of its window', () => {
    const offer = made()
    const end = Date.parse(hoursAfter(at, 72))
    expect(codeOf(linkRefusal(offer, new Date(end - 1).toISOString()))).toBeNull()
    expect(codeOf(linkRefusal(offer, new Date(end).toISOString()))).toBe('offer_link_expired')
    expect(codeOf(decideWindowEnd(offer, new Date(end - 1).toISOString()))).toBe('not_due')
    expect(after(offer, decideWindowEnd(offer, new Date(end).toISOString())).status).toBe('expired')
  })
})

describe('a counter-offer', () => {
  test.each([
    [0, 'counter_out_of_range'],
    [1, null],
    [1_000, null],
    [1_001, 'counter_out_of_range'],
  ])('of %i where 1,000 is asked', (amountMinor, code) => {
    expect(codeOf(decideCounter(made(), amountMinor, at))).toBe(code)
  })

  test('waits for its answer, is found again when it is repeated, and leaves the asked price open to be taken', () => {
    const offer = countered(600)
    expect(decideCounter(offer, 600, at)).toEqual({ ok: true, value: [] })
    expect(codeOf(decideCounter(offer, 700, at))).toBe('transition_not_allowed')
    expect(codeOf(decideAccept(offer, 'alice', 600, 'ord_1', at))).toBe('price_changed')
    expect(after(offer, decideAccept(offer, 'alice', 1_000, 'ord_1', at))).toMatchObject({
      status: 'accepted',
      agreedMinor: 1_000,
    })
  })

  test.each([
    ['taken', { answer: 'accepted', reason: 'fine' }, 600],
    ['answered with a price between', { answer: 'new_price', priceMinor: 800, reason: 'middle' }, 800],
    ['refused', { answer: 'refused' }, 1_000],
  ] as const)('that is %s leaves the newest price to be accepted', (_, answer, askedMinor) => {
    const offer = countered(600)
    const answered = after(offer, decideAnswer(offer, answer, at))
    expect(answered).toMatchObject({ status: 'answered', askedMinor, mail: { number: 2, about: 'answer' } })
    expect(after(answered, decideAccept(answered, 'alice', askedMinor, 'ord_1', at)).agreedMinor).toBe(askedMinor)
  })

  test.each([
    ['a price above the asked one', { answer: 'new_price', priceMinor: 1_001, reason: 'no' }, 'counter_out_of_range'],
    ['the asked price', { answer: 'new_price', priceMinor: 1_000, reason: 'no' }, 'counter_out_of_range'],
    ['the counter-offer', { answer: 'new_price', priceMinor: 600, reason: 'no' }, 'counter_out_of_range'],
    ['another price without a reason', { answer: 'new_price', priceMinor: 800 }, 'price_reason_missing'],
    ['its acceptance without a reason', { answer: 'accepted' }, 'price_reason_missing'],
    ['no price', { answer: 'new_price', reason: 'no' }, 'validation_failed'],
  ] as const)('is not answered with %s', (_, answer, code) => {
    expect(codeOf(decideAnswer(countered(600), answer, at))).toBe(code)
  })

  test('that is answered late leaves a day to accept', () => {
    const offer = countered(600)
    const late = hoursAfter(at, 71)
    const answered = after(offer, decideAnswer(offer, { answer: 'refused' }, late), late)
    expect(answered.until).toBe(hoursAfter(at, 95))
    const { until } = after(offer, decideAnswer(offer, { answer: 'refused' }, at))
    expect(until).toBe(hoursAfter(at, 72))
  })

  test('rises, asks fall, rounds end: whatever both sides do, a price is between the last two', () => {
    const step = fc.record({ amount: fc.integer({ min: -5, max: 1_100 }), answer: fc.integer({ min: 0, max: 3 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let offer = made()
        for (const { amount, answer } of steps) {
          const before = offer
          const counter = decideCounter(offer, amount, at)
          if (counter.ok) offer = fold(offer, counter.value)
          const rise = (offer.counterMinor ?? 0) - (before.counterMinor ?? 0)
          expect(offer.counters > before.counters ? rise > 0 : rise === 0).toBe(true)
          const reply = (['accepted', 'new_price', 'refused'] as const)[answer]
          if (reply === undefined) continue
          const answered = decideAnswer(offer, { answer: reply, priceMinor: amount + 1, reason: 'why' }, at)
          if (answered.ok) offer = fold(offer, answered.value)
          expect(offer.askedMinor).toBeLessThanOrEqual(before.askedMinor)
          expect(offer.counterMinor ?? 0).toBeLessThanOrEqual(offer.askedMinor)
          expect(offer.counters).toBeLessThanOrEqual(3)
          expect(offer.asked.at(-1)?.priceMinor).toBe(offer.askedMinor)
        }
      }),
    )
  })
})

describe('an acceptance', () => {
  test('binds the first account; any other meets a wrong link', () => {
    const offer = made()
    const accepted = after(offer, decideAccept(offer, 'alice', 1_000, 'ord_1', at))
    expect(codeOf(decideAccept(accepted, 'bob', 1_000, 'ord_2', at))).toBe('offer_link_invalid')
    expect(codeOf(linkRefusal(accepted, at, 'alice'))).toBe('offer_link_used')
    expect(codeOf(decideDecline(accepted, at))).toBe('offer_link_used')
    expect(codeOf(decideWithdraw(accepted, 'operator', 'operator'))).toBe('transition_not_allowed')
    expect(decideUnsubscribe(accepted)).toEqual([])
    expect(offerDueAt(accepted)).toBeNull()
  })

  test.each([
    ['settled', 'sold'],
    ['expired', 'lapsed'],
    ['cancelled', 'lapsed'],
    ['refunding', 'lapsed'],
    ['refunded', 'lapsed'],
    ['funded', 'accepted'],
    ['payment_processing', 'accepted'],
  ])('whose order is %s is %s', (orderStatus, status) => {
    const accepted = after(made(), decideAccept(made(), 'alice', 1_000, 'ord_1', at))
    const ended = fold(accepted, decideOrderEnded(accepted, orderStatus))
    expect(ended.status).toBe(status)
    expect(decideOrderEnded({ ...accepted, status: 'sold' }, orderStatus)).toEqual([])
  })
})

describe('mail of an offer', () => {
  test('has one result, and is not wanted once it has one or a newer one is', () => {
    const offer = made()
    expect([isMailWanted(offer, 1), isMailWanted(offer, 2)]).toEqual([true, false])
    const sent = fold(offer, decideMailSent(offer, { number: 1, messageId: 'm', addressHash: 'hash' }))
    expect(sent).toMatchObject({ status: 'offered', sentAt: at, mail: { result: 'sent' } })
    expect([isMailWanted(sent, 1), decideMailSent(sent, { number: 1, messageId: 'n', addressHash: 'hash' })]).toEqual([
      false,
      [],
    ])
  })

  test('that never arrived ends an offer nobody has answered, and no other', () => {
    const offer = made()
    const failed = { number: 1, reason: 'bounced: Permanent, General' }
    expect(fold(offer, decideMailFailed(offer, failed))).toMatchObject({
      status: 'withdrawn',
      reason: 'undeliverable',
      mail: { result: 'failed' },
    })
    const answered = countered(600)
    expect(fold(answered, decideMailFailed(answered, failed)).status).toBe('countered')
    const ended = fold(offer, decideMailFailed(offer, failed))
    expect(decideMailFailed(ended, failed)).toEqual([])
  })

  test('that was called unwelcome ends the offer, but not an amount that somebody stands for', () => {
    expect(fold(made(), decideComplaint(made(), 1))).toMatchObject({ status: 'withdrawn', complainedAt: at })
    const offer = made({ mode: 'sealed' })
    const pledged = after(offer, decideAccept(offer, 'alice', 1_000, '', at))
    expect(fold(pledged, decideComplaint(pledged, 1))).toMatchObject({ status: 'pledged', complainedAt: at })
  })
})

describe('a sealed round', () => {
  const end = hoursAfter(at, 72)
  const pledged = (prospect: string, amountMinor: number, secondsLater: number): PrivateOffer => {
    const offer = { ...made({ mode: 'sealed' }), id: `pof_${prospect}`, prospect }
    const then = new Date(Date.parse(at) + secondsLater * 1000).toISOString()
    const named = after(offer, decideAccept(offer, `acct_${prospect}`, amountMinor, '', then), then)
    return after(named, decideWindowEnd(named, end), end)
  }
  const silent = (): PrivateOffer => {
    const offer = made({ mode: 'sealed' })
    return after(offer, decideWindowEnd(offer, end), end)
  }

  test('takes amounts from the asked price on, which rise and never fall', () => {
    const offer = made({ mode: 'sealed' })
    const name = (state: PrivateOffer, amount: number) => decideAccept(state, 'alice', amount, '', at)
    expect(codeOf(name(offer, 999))).toBe('counter_out_of_range')
    const first = after(offer, name(offer, 1_000))
    expect(name(first, 1_000)).toEqual({ ok: true, value: [] })
    const second = after(first, name(first, 2_000))
    expect(codeOf(name(second, 1_999))).toBe('counter_out_of_range')
    expect(codeOf(decideAccept(second, 'bob', 9_000, '', at))).toBe('offer_link_invalid')
    expect(codeOf(decideDecline(second, at))).toBe('transition_not_allowed')
    expect(codeOf(decideCounter(offer, 500, at))).toBe('transition_not_allowed')
  })

  test('is undecided while one offer can still be answered, and nobody’s where nobody named an amount', () => {
    expect(roundWinner([pledged('a', 1_000, 0), made({ mode: 'sealed' })])).toBe('undecided')
    expect(roundWinner([silent(), silent()])).toBeNull()
  })

  test('goes to the highest amount, the earlier of equal ones, in whatever order the offers are read', () => {
    const amounts = fc.array(
      fc.record({ amount: fc.integer({ min: 1_000, max: 1_005 }), seconds: fc.integer({ min: 0, max: 3 }) }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(amounts, fc.infiniteStream(fc.nat()), (named, shuffle) => {
        const offers = named.map(({ amount, seconds }, index) => pledged(`${index}`, amount, seconds))
        const winner = roundWinner(offers)
        const mixed = offers.map((offer) => ({ offer, by: shuffle.next().value as number }))
        const again = roundWinner([...mixed.toSorted((a, b) => a.by - b.by).map(({ offer }) => offer), silent()])
        if (winner === null || winner === 'undecided' || again === null || again === 'undecided') {
          throw new Error('nobody won')
        }
        expect(again.id).toBe(winner.id)
        const best = Math.max(...named.map(({ amount }) => amount))
        expect(winner.pledge?.amountMinor).toBe(best)
        const earliest = Math.min(...named.filter(({ amount }) => amount === best).map(({ seconds }) => seconds))
        expect(Date.parse(winner.pledge?.at ?? '') - Date.parse(at)).toBe(earliest * 1000)
      }),
    )
  })

  test('stays with its winner when it is looked at again half-way', () => {
    const [low, high] = [pledged('low', 1_000, 0), pledged('high', 2_000, 1)]
    const won = after(high, decideRoundWon(high, 'ord_1'), end)
    expect(won).toMatchObject({
      status: 'accepted',
      accountId: 'acct_high',
      agreedMinor: 2_000,
      mail: { about: 'won' },
    })
    expect(roundWinner([low, won])).toBe(won)
    const lost = fold(low, decideRoundLost(low), end)
    expect(lost).toMatchObject({ status: 'outbid', mail: { about: 'outbid' } })
    const lapsed = fold(won, decideOrderEnded(won, 'expired'), end)
    expect(roundWinner([lost, lapsed])).toBe(lapsed)
  })
})
