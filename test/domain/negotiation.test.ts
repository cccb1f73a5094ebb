import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Handle } from '../../shared/domain/handle.ts'
import {
  aliasOf,
  groupOf,
  isFunded,
  liveAmount,
  type Negotiation,
  type NegotiationEvent,
  negotiationIdOf,
  offerLimits,
  offerRank,
  type Party,
  roundsUsed,
  sideOf,
} from '../../shared/domain/negotiation.ts'
import {
  acceptedEvents,
  decideAcceptance,
  decideAnswerDue,
  decideCounterOffer,
  decideDecline,
  decideOffer,
  decideOfferOrderEnded,
  decideReport,
  decideWithdrawal,
  declinedEvents,
  earlierTry,
  fundingOf,
  isAcceptedAs,
  isStillHeld,
  type OfferFacts,
  offerHindrance,
  type OfferWanted,
  possibleActs,
  rangeOf,
  triesEnd,
} from '../../shared/domain/negotiation-acts.ts'
import { evolveNegotiation } from '../../shared/domain/negotiation-evolve.ts'
import { askedParty, negotiationDueAt } from '../../shared/domain/negotiation-machine.ts'
import type { RulesNow } from '../../shared/domain/offer-rules.ts'
import type { Result } from '../../shared/domain/result.ts'
import { noTraits, type Standing } from '../../shared/domain/standing.ts'

const hourMs = 3_600_000
const at = (hours: number) => new Date(Date.parse('2026-12-01T09:00:00.000Z') + hours * hourMs).toISOString()
const id = negotiationIdOf('a key', 'acct_buyer', 'cinder', 'acct_holder')

const heldHandle = (more: Partial<Handle> = {}): Handle => ({
  name: 'cinder',
  display: 'Cinder',
  status: 'active',
  holder: { accountId: 'acct_holder', class: 'ordinary', createdAt: at(-9999), lastActiveAt: at(-1), followers: 3 },
  dormancy: null,
  ...more,
})

const listing = (
  priceMinor: number,
  more: Partial<NonNullable<Handle['listing']>> = {},
): NonNullable<Handle['listing']> => ({
  status: 'open',
  priceMinor,
  currency: 'USD',
  openedAt: at(-24),
  rightsDays: 0,
  firstRefusalDays: 0,
  prospectsDays: 0,
  quarantineDays: 0,
  ...more,
})

const rules = (more: Partial<RulesNow['settings']> = {}, blocked: readonly string[] = []): RulesNow => ({
  settings: { open: true, from: 'anyone', roundsMax: 5, answerHours: 48, ...more },
  isDefault: false,
  blocked,
  belowFloor: 0,
})

const wanted = (amountMinor: number, more: Partial<OfferWanted> = {}): OfferWanted => ({
  proposerId: 'acct_buyer',
  verified: true,
  amountMinor,
  currency: 'USD',
  requestKey: `key-${amountMinor}`,
  requestHash: `hash-${amountMinor}`,
  ...more,
})

const facts = (more: Partial<OfferFacts> = {}): OfferFacts => ({
  handle: heldHandle(),
  holding: { accountId: 'acct_holder' },
  rules: rules(),
  askingMinor: null,
  standing: null,
  ...more,
})

const standing = (amountMinor: number, until: string, sales: readonly string[] = []): Standing => ({
  accountId: 'acct_buyer',
  firstSeenAt: at(-9999),
  strikes: [],
  traits: noTraits,
  ending: [],
  authorisation: { id: 'aut_1', paymentIntentId: 'pi_1', amountMinor, currency: 'USD', until, sales },
})

const fold = (before: Negotiation | null, events: readonly NegotiationEvent[], now = at(0)): Negotiation => {
  const after = events.reduce<Negotiation | null>((state, event) => evolveNegotiation(id, state, event, now), before)
  if (after === null) throw new Error('nothing happened')
  return after
}
const valueOf = <T>(decided: Result<T>): T => {
  if (!decided.ok) throw new Error(`${decided.refusal.code}: ${decided.refusal.message}`)
  return decided.value
}
const codeOf = (decided: Result<unknown>): string | null => (decided.ok ? null : decided.refusal.code)

const offered = (
  amountMinor = 100_00,
  more: Partial<OfferFacts> = {},
  now = at(0),
  before: Negotiation | null = null,
) => fold(before, valueOf(decideOffer(id, before, wanted(amountMinor), facts(more), now)).events, now)

const counter = (
  negotiation: Negotiation,
  side: Party,
  amountMinor: number,
  more: { asking?: number; now?: string } = {},
) =>
  decideCounterOffer(
    negotiation,
    side,
    { amountMinor },
    { askingMinor: more.asking ?? null, standing: null },
    more.now ?? at(1),
  )
const countered = (negotiation: Negotiation, side: Party, amountMinor: number, now = at(1)): Negotiation =>
  fold(negotiation, valueOf(counter(negotiation, side, amountMinor, { now })), now)

describe('a new offer', () => {
  test('waits for the holder as long as the holder set, and the terms of its beginning stay', () => {
    const offer = offered(100_00, { rules: rules({ answerHours: 72, roundsMax: 3 }) })
    expect(offer).toMatchObject({
      status: 'awaiting_holder',
      version: 1,
      roundsMax: 3,
      answerHours: 72,
      answerBy: at(72),
    })
    expect([negotiationDueAt(offer), groupOf(offer), roundsUsed(offer)]).toEqual([at(72), 'open', 0])
    expect(possibleActs(offer, 'holder', at(1))).toEqual(['accept', 'counter', 'decline'])
    expect(possibleActs(offer, 'buyer', at(1))).toEqual(['withdraw'])
  })

  test('is refused where the holder takes none, and a blocked buyer is told the very same', () => {
    const closed = decideOffer(id, null, wanted(20_00), facts({ rules: rules({ open: false }) }), at(0))
    const blocked = decideOffer(id, null, wanted(20_00), facts({ rules: rules({}, [id]) }), at(0))
    expect(codeOf(closed)).toBe('offers_closed')
    expect(blocked).toEqual(closed)
    const unverified = wanted(20_00, { verified: false })
    expect(codeOf(decideOffer(id, null, unverified, facts({ rules: rules({ from: 'verified' }) }), at(0)))).toBe(
      'verification_required',
    )
  })

  test('is never above the asking price, nor so low that nothing is left for the seller', () => {
    const decide = (amountMinor: number) =>
      decideOffer(id, null, wanted(amountMinor), facts({ askingMinor: 90_00 }), at(0))
    expect(codeOf(decide(90_00))).toBe(null)
    expect(decide(90_01)).toMatchObject({ refusal: { code: 'counter_out_of_range', extra: { mostMinor: 90_00 } } })
    expect(decide(15_00)).toMatchObject({ refusal: { code: 'price_too_low', extra: { leastMinor: 15_01 } } })
  })

  test('below the floor is declined at once and never told to the holder; at the bound it is accepted', () => {
    const bounded = { rules: rules({ floorMinor: 50_00, autoAcceptMinor: 200_00 }) }
    const low = valueOf(decideOffer(id, null, wanted(49_99), facts(bounded), at(0)))
    expect(low.outcome).toBe('below_floor')
    const declined = fold(null, low.events)
    expect([declined.status, sideOf(declined, 'acct_holder'), sideOf(declined, 'acct_buyer')]).toEqual([
      'declined',
      null,
      'buyer',
    ])
    const outcome = (amountMinor: number) =>
      valueOf(decideOffer(id, null, wanted(amountMinor), facts(bounded), at(0))).outcome
    expect([outcome(50_00), outcome(199_99), outcome(200_00)]).toEqual(['open', 'open', 'bound'])
  })

  test('is one at a time for a pair, and the same request finds it again', () => {
    const offer = offered()
    const again = decideOffer(id, offer, wanted(120_00), facts(), at(1))
    expect(again).toMatchObject({ refusal: { code: 'offer_open', extra: { offerId: id, possible: ['withdraw'] } } })
    expect(earlierTry(offer, wanted(100_00))).toMatchObject({ ok: true })
    expect(earlierTry(offer, wanted(100_00, { requestHash: 'other' }))).toMatchObject({
      refusal: { code: 'idempotency_key_reused' },
    })
    expect(earlierTry(offer, wanted(120_00))).toBe(null)
  })

  test('after its time is over opens the negotiation again, though the clock has not looked at it', () => {
    const again = offered(120_00, {}, at(48), offered())
    expect(again).toMatchObject({ status: 'awaiting_holder', version: 3, amounts: [{ amountMinor: 120_00 }] })
    expect(again.tries).toHaveLength(2)
  })
})

describe('limits against harassment', () => {
  test('a declined buyer waits; a buyer who took the offer back, or lost to another, does not', () => {
    const declined = fold(offered(), declinedEvents(offered(), 'holder'), at(1))
    const early = decideOffer(id, declined, wanted(110_00), facts(), at(24.9))
    expect(early).toMatchObject({ refusal: { code: 'offer_cooling', extra: { eligibleFrom: at(25) } } })
    expect(codeOf(decideOffer(id, declined, wanted(110_00), facts(), at(25)))).toBe(null)
    const lost = fold(offered(), declinedEvents(offered(), 'another_accepted'), at(1))
    expect(codeOf(decideOffer(id, lost, wanted(110_00), facts(), at(1)))).toBe(null)
    const withdrawn = fold(offered(), valueOf(decideWithdrawal(offered(), {}, at(1))), at(1))
    expect(codeOf(decideOffer(id, withdrawn, wanted(110_00), facts(), at(1)))).toBe(null)
  })

  test('a floor cannot be felt out: each offer below it is a try, and waits as any declined one', () => {
    const floor = { rules: rules({ floorMinor: 500_00 }) }
    const low = offered(100_00, floor)
    expect(codeOf(decideOffer(id, low, wanted(200_00), facts(floor), at(1)))).toBe('offer_cooling')
  })

  test('a buyer offers three times in thirty days, whatever became of the offers', () => {
    let offer: Negotiation | null = null
    for (let n = 0; n < offerLimits.triesMax; n += 1) {
      offer = offered(100_00 + n, {}, at(n * 50), offer)
    }
    const last = offer
    if (last === null) throw new Error('no offer was made')
    const month = offerLimits.triesDays * 24
    expect(decideOffer(id, last, wanted(20_00), facts(), at(160))).toMatchObject({
      refusal: { code: 'offer_tries_used', extra: { eligibleFrom: at(month) } },
    })
    expect(triesEnd(last, at(month))).toBe(null)
    expect(offered(20_00, {}, at(month), last).tries).toHaveLength(offerLimits.triesMax)
  })
})

describe('counter-offers', () => {
  test('void the amount before, lie strictly between, and move the time to answer', () => {
    const asked = countered(offered(), 'holder', 300_00)
    expect(asked).toMatchObject({ status: 'awaiting_buyer', version: 2, answerBy: at(49) })
    expect(liveAmount(asked)).toMatchObject({ by: 'holder', amountMinor: 300_00 })
    expect([counter(asked, 'buyer', 100_00), counter(asked, 'buyer', 300_00)].map(codeOf)).toEqual([
      'counter_out_of_range',
      'counter_out_of_range',
    ])
    const raised = countered(asked, 'buyer', 200_00)
    expect(rangeOf(raised, null)).toEqual({ leastMinor: 200_01, mostMinor: 299_99 })
    expect(codeOf(counter(raised, 'holder', 300_00))).toBe('counter_out_of_range')
    expect(codeOf(counter(raised, 'holder', 250_00, { asking: 249_99 }))).toBe('counter_out_of_range')
  })

  test('out of turn, on an old version, or after the end: a code of its own with what is possible', () => {
    const offer = offered()
    const outOfTurn = counter(offer, 'buyer', 150_00)
    expect(outOfTurn).toMatchObject({ refusal: { code: 'not_your_turn', extra: { possible: ['withdraw'] } } })
    const stale = decideCounterOffer(
      countered(countered(offer, 'holder', 300_00), 'buyer', 200_00),
      'holder',
      { amountMinor: 250_00, version: 1 },
      { askingMinor: null, standing: null },
      at(1),
    )
    expect(stale).toMatchObject({
      refusal: { code: 'offer_changed', extra: { version: 3, possible: ['accept', 'counter', 'decline'] } },
    })
    expect(counter(offer, 'holder', 150_00, { now: at(48) })).toMatchObject({
      refusal: { code: 'offer_ended', extra: { possible: [] } },
    })
  })

  test('the same again while it is the newest changes nothing', () => {
    const asked = countered(offered(), 'holder', 300_00)
    expect(valueOf(counter(asked, 'holder', 300_00))).toEqual([])
  })

  test('there are as many as were told from the start', () => {
    const offer = offered(100_00, { rules: rules({ roundsMax: 1 }) })
    const asked = countered(offer, 'holder', 300_00)
    expect(possibleActs(asked, 'buyer', at(2))).toEqual(['accept', 'withdraw'])
    expect(codeOf(counter(asked, 'buyer', 200_00))).toBe('counter_rounds_used')
  })
})

describe('acceptance', () => {
  const accept = (negotiation: Negotiation, side: Party, amountMinor: number, asking: number | null = null) =>
    decideAcceptance(negotiation, side, { amountMinor }, asking, at(1))

  test('is of the other side’s newest amount, by name', () => {
    const offer = offered()
    expect(valueOf(accept(offer, 'holder', 100_00))).toEqual({ amountMinor: 100_00 })
    expect(codeOf(accept(offer, 'holder', 99_00))).toBe('offer_changed')
    expect(codeOf(accept(offer, 'buyer', 100_00))).toBe('not_your_turn')
    const asked = countered(offer, 'holder', 300_00)
    expect([accept(asked, 'buyer', 300_00), accept(asked, 'holder', 100_00)].map(codeOf)).toEqual([
      null,
      'not_your_turn',
    ])
  })

  test('never comes to more than what everybody is asked by now', () => {
    expect(accept(offered(), 'holder', 100_00, 80_00)).toMatchObject({
      refusal: { code: 'price_changed', extra: { price: { amountMinor: 80_00 } } },
    })
  })

  test('ends with what becomes of its order; each acceptance of a pair is numbered', () => {
    const offer = offered()
    const take = { by: 'holder', amountMinor: 100_00, orderId: 'ord_1', payBy: at(49) } as const
    const accepted = fold(offer, acceptedEvents(offer, take), at(1))
    expect(accepted).toMatchObject({ status: 'accepted', acceptances: 1, agreedMinor: 100_00 })
    expect([isAcceptedAs(accepted, 'holder', 100_00), isAcceptedAs(accepted, 'buyer', 100_00)]).toEqual([true, false])
    expect(negotiationDueAt(accepted)).toBe(null)
    expect(decideOfferOrderEnded(accepted, { id: 'ord_1', status: 'funded' })).toEqual([])
    expect(decideOfferOrderEnded(accepted, { id: 'ord_2', status: 'settled' })).toEqual([])
    expect(fold(accepted, decideOfferOrderEnded(accepted, { id: 'ord_1', status: 'settled' })).status).toBe('sold')
    const lapsed = fold(accepted, decideOfferOrderEnded(accepted, { id: 'ord_1', status: 'expired' }))
    expect(lapsed.status).toBe('lapsed')
    expect(decideOfferOrderEnded(lapsed, { id: 'ord_1', status: 'expired' })).toEqual([])
    const again = offered(120_00, {}, at(200), lapsed)
    expect([again.acceptances, again.orderId]).toEqual([1, undefined])
  })
})

describe('ends', () => {
  test('either side ends it whoever’s turn it is, and saying so again changes nothing', () => {
    for (const negotiation of [offered(), countered(offered(), 'holder', 300_00)]) {
      const declined = fold(negotiation, valueOf(decideDecline(negotiation, {}, at(2))), at(2))
      const withdrawn = fold(negotiation, valueOf(decideWithdrawal(negotiation, {}, at(2))), at(2))
      expect([declined.status, withdrawn.status]).toEqual(['declined', 'withdrawn'])
      expect([valueOf(decideDecline(declined, {}, at(3))), valueOf(decideWithdrawal(withdrawn, {}, at(3)))]).toEqual([
        [],
        [],
      ])
      expect(codeOf(decideDecline(withdrawn, {}, at(3)))).toBe('offer_ended')
      expect(declinedEvents(declined, 'another_accepted')).toEqual([])
    }
  })

  test('the clock ends it when the time to answer is over, not before', () => {
    expect(codeOf(decideAnswerDue(offered(), at(47.9)))).toBe('not_due')
    const expired = fold(offered(), valueOf(decideAnswerDue(offered(), at(48))), at(48))
    expect([expired.status, codeOf(decideAnswerDue(expired, at(99)))]).toEqual(['expired', 'not_due'])
  })

  test('a report is noted once, in whatever state it is', () => {
    const reported = fold(offered(), decideReport(offered(), 'harassment', 'cas_1'))
    expect(reported).toMatchObject({ status: 'awaiting_holder', version: 1, caseId: 'cas_1' })
    expect(decideReport(reported, 'other', 'cas_1')).toEqual([])
  })
})

describe('a card that stands for an offer', () => {
  test('marks it, ranks it first, and is let go when it ends or is not enough any more', () => {
    const funded = offered(100_00, { standing: standing(150_00, at(100)) })
    expect([isFunded(funded), isFunded(offered())]).toEqual([true, false])
    expect(offerRank(funded) > offerRank(offered(900_000_00))).toBe(true)
    expect(offerRank(offered(200_00)) > offerRank(offered(30_00))).toBe(true)
    expect(declinedEvents(funded, 'holder').map(({ type }) => type)).toEqual(['offer_declined', 'funding_ended'])
    const asked = countered(funded, 'holder', 300_00)
    const more = { askingMinor: null, standing: standing(150_00, at(100), [id]) }
    const raised = valueOf(decideCounterOffer(asked, 'buyer', { amountMinor: 160_00 }, more, at(2)))
    expect(raised.map(({ type }) => type)).toEqual(['offer_countered', 'funding_ended'])
    expect(isFunded(fold(asked, raised, at(2)))).toBe(false)
  })

  test('stands as long as the offer can be answered, for enough, and for one offer at a time', () => {
    expect(isFunded(offered(100_00, { standing: standing(150_00, at(47)) }))).toBe(false)
    const until = (sales: readonly string[], amountMinor = 100_00) =>
      fundingOf(standing(100_00, at(100), sales), id, amountMinor, at(0))
    expect([until([]), until([id]), until(['auc_1'])]).toEqual([at(100), at(100), at(100)])
    expect([until(['off_other']), until([], 100_01), fundingOf(null, id, 1, at(0))]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

test('each state of a handle that cannot be offered for has a code of its own', () => {
  const codes = [
    heldHandle(),
    heldHandle({ listing: listing(90_00) }),
    heldHandle({ status: 'released', holder: null }),
    heldHandle({ status: 'locked' }),
    heldHandle({ status: 'dormant' }),
    heldHandle({ legalHold: { reason: 'a claim', since: at(0) } }),
    heldHandle({ listing: listing(90_00, { status: 'held', orderId: 'ord_1' }) }),
    heldHandle({ listing: listing(90_00, { sale: { mode: 'auction', id: 'auc_1' } }) }),
  ].map((handle) => offerHindrance(handle, at(0))?.code ?? null)
  expect(codes).toEqual([
    null,
    null,
    'handle_not_held',
    'handle_locked',
    'handle_not_active',
    'handle_not_for_sale',
    'handle_on_hold',
    'handle_in_sale',
  ])
})

test('a negotiation is with one holding: whoever buys the handle, or buys it back, starts anew', () => {
  const { holder } = heldHandle()
  if (holder === null) throw new Error('somebody holds it')
  expect(isStillHeld(offered(), heldHandle())).toBe(true)
  expect(isStillHeld(offered(), heldHandle({ holder: { ...holder, accountId: 'acct_other' } }))).toBe(false)
  expect(isStillHeld(offered(), heldHandle({ holder: { ...holder, orderId: 'ord_2' } }))).toBe(false)
})

test('ids and pseudonyms tell nobody’s account, and are the same each time', () => {
  expect(negotiationIdOf('a key', 'acct_buyer', 'cinder', 'acct_holder')).toBe(id)
  expect(negotiationIdOf('another key', 'acct_buyer', 'cinder', 'acct_holder')).not.toBe(id)
  expect([aliasOf(id, 'buyer'), aliasOf(id, 'holder')].map((alias) => alias.length)).toEqual([12, 13])
  expect(aliasOf(id, 'buyer').slice(6)).not.toBe(aliasOf(id, 'holder').slice(7))
})

type Act =
  | {
      readonly kind: 'offer' | 'counter' | 'accept'
      readonly side: Party
      readonly amountMinor: number
      /** By whoever is asked, of an amount that can be. */
      readonly isApt: boolean
    }
  | { readonly kind: 'decline' | 'withdraw' | 'clock' | 'lost' | 'order'; readonly side: Party }
  | { readonly kind: 'list'; readonly askingMinor: number | null }

const amountArb = fc.integer({ min: 15_01, max: 15_60 })
const sideArb = fc.constantFrom<Party>('buyer', 'holder')
const actArb: fc.Arbitrary<Act & { readonly hours: number }> = fc
  .tuple(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constantFrom('offer', 'offer', 'counter', 'counter', 'counter', 'accept'),
          side: sideArb,
          amountMinor: amountArb,
          isApt: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('decline', 'withdraw', 'clock', 'lost', 'order'), side: sideArb }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('list' as const),
          askingMinor: fc.option(fc.integer({ min: 15_20, max: 17_00 })),
        }),
      },
    ),
    // Now and then a month goes by, and everybody may offer again.
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 15 }) }, { weight: 1, arbitrary: fc.constant(31 * 24) }),
  )
  .map(([act, hours]) => ({ ...(act as Act), hours }))

/** The act as whoever is asked would do it, where it can be done. */
const apt = (act: Act, negotiation: Negotiation, askingMinor: number | null): Act => {
  const side = askedParty(negotiation)
  if (!('isApt' in act) || !act.isApt || side === null) return act
  if (act.kind === 'accept') return { ...act, side, amountMinor: liveAmount(negotiation).amountMinor }
  const range = rangeOf(negotiation, askingMinor)
  if (range === null) return act
  const width = Math.min(range.mostMinor, range.leastMinor + 50) - range.leastMinor + 1
  return { ...act, side, amountMinor: range.leastMinor + (act.amountMinor % width) }
}

/** What an act of a random history is decided to; null: it is none of the negotiation as it stands. */
const decideAct = (
  before: Negotiation | null,
  act: Act,
  {
    roundsMax,
    askingMinor,
    number,
    now,
  }: { roundsMax: number; askingMinor: number | null; number: number; now: string },
): Result<readonly NegotiationEvent[]> | null => {
  if (act.kind === 'offer') {
    const request = wanted(act.amountMinor, { requestKey: `${number}` })
    const answer = decideOffer(id, before, request, facts({ rules: rules({ roundsMax }), askingMinor }), now)
    return answer.ok ? { ok: true, value: answer.value.events } : answer
  }
  if (before === null) return null
  switch (act.kind) {
    case 'counter':
      return decideCounterOffer(before, act.side, act, { askingMinor, standing: null }, now)
    case 'accept': {
      const agreed = decideAcceptance(before, act.side, act, askingMinor, now)
      if (!agreed.ok) return agreed
      const order = { by: act.side, ...agreed.value, orderId: `ord_${number}`, payBy: now }
      return { ok: true, value: acceptedEvents(before, order) }
    }
    case 'decline':
      return decideDecline(before, {}, now)
    case 'withdraw':
      return decideWithdrawal(before, {}, now)
    case 'clock':
      return decideAnswerDue(before, now)
    case 'lost':
      return { ok: true, value: declinedEvents(before, 'another_accepted') }
    case 'order': {
      const order = { id: before.orderId ?? '', status: act.side === 'buyer' ? 'expired' : 'settled' }
      return { ok: true, value: decideOfferOrderEnded(before, order) }
    }
    case 'list':
      return null
  }
}

/** The laws that a negotiation breaks by this step. */
const broken = (
  before: Negotiation | null,
  after: Negotiation,
  events: readonly NegotiationEvent[],
  askingMinor: number | null,
  now: string,
): string[] => {
  const mostMinor = askingMinor ?? Number.POSITIVE_INFINITY
  const of = (party: Party) => after.amounts.filter(({ by }) => by === party).map(({ amountMinor }) => amountMinor)
  const [bids, asks] = [of('buyer'), of('holder')]
  const rises = (amounts: readonly number[]) => amounts.every((one, n) => n === 0 || one > (amounts[n - 1] ?? 0))
  const asked = askedParty(after)
  const isNamed = events.some(({ type }) => type === 'offer_made' || type === 'offer_countered')
  const accepted = events.find((event) => event.type === 'offer_accepted')
  const laws: Readonly<Record<string, boolean>> = {
    'the version grows': after.version > (before?.version ?? 0),
    'rounds are bounded': roundsUsed(after) <= after.roundsMax,
    'tries are bounded': after.tries.length <= offerLimits.triesMax,
    'bids rise': rises(bids),
    'asks fall': rises(asks.toReversed()),
    'each lies strictly between': Math.max(...bids) < Math.min(...asks, Number.POSITIVE_INFINITY),
    'the sides take turns': after.amounts.every(({ by }, n) => by === (n % 2 === 0 ? 'buyer' : 'holder')),
    'the other side of the live amount is asked': asked === null || liveAmount(after).by !== asked,
    'no amount is above the asking price': !isNamed || liveAmount(after).amountMinor <= mostMinor,
    'the time to answer begins anew': !isNamed || Date.parse(after.answerBy) - Date.parse(now) === 48 * hourMs,
    'what is agreed is the live amount, and at most the asking price':
      accepted === undefined ||
      (accepted.amountMinor === liveAmount(after).amountMinor && accepted.amountMinor <= mostMinor),
  }
  return Object.keys(laws).filter((law) => laws[law] !== true)
}

test('whatever both do: bids only rise, asks only fall, strictly between, below the asking price, in so many rounds', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(actArb, { minLength: 20, maxLength: 60, size: 'max' }),
      (roundsMax, acts) => {
        let negotiation: Negotiation | null = null
        let askingMinor: number | null = null
        let hours = 0
        for (const [number, { hours: later, ...one }] of acts.entries()) {
          hours += later
          const now = at(hours)
          const before: Negotiation | null = negotiation
          const act: Act = before === null ? one : apt(one, before, askingMinor)
          if (act.kind === 'list') askingMinor = act.askingMinor
          const decided = decideAct(before, act, { roundsMax, askingMinor, number, now })
          if (decided?.ok !== true || decided.value.length === 0) continue
          const after = fold(before, decided.value, now)
          for (const { type } of decided.value) seen.set(type, (seen.get(type) ?? 0) + 1)
          expect(broken(before, after, decided.value, askingMinor, now)).toEqual([])
          negotiation = after
        }
      },
    ),
    { numRuns: 500 },
  )
  // The histories reach what they are about.
  expect(seen.get('offer_countered')).toBeGreaterThan(500)
  expect(seen.get('offer_accepted')).toBeGreaterThan(100)
})
