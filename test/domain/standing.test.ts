import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shippedEligibility as rules } from '../../shared/domain/eligibility-rules.ts'
import { plusDays } from '../../shared/domain/release-policy.ts'
import {
  decideStrike,
  decideSuspension,
  decideTakeoverSuspected,
  decideTraitSeen,
  evolveStanding,
  sharedTraits,
  type Standing,
  type StandingEvent,
  traitsPerKindMax,
} from '../../shared/domain/standing.ts'

const now = '2026-11-24T12:00:00.000Z'
const folded = (events: readonly StandingEvent[], at = now, before: Standing | null = null): Standing => {
  let standing = before
  for (const event of events) standing = evolveStanding('acct_1', standing, event, at)
  if (standing === null) throw new Error('nothing happened')
  return standing
}
const strike = (saleId: string) => ({ saleId, reason: 'The winner did not pay' })

describe('strikes', () => {
  it('the second unpaid sale in a year suspends for 90 days', () => {
    const once = folded(decideStrike(null, strike('auc_1'), rules, now))
    expect(once.suspendedUntil).toBeUndefined()
    const events = decideStrike(once, strike('auc_2'), rules, now)
    expect(events.map(({ type }) => type)).toEqual(['strike_recorded', 'account_suspended'])
    expect(folded(events, now, once)).toMatchObject({
      suspendedUntil: plusDays(now, 90),
      suspendedFor: '2 sales were not paid',
    })
  })

  it('the same sale strikes once', () => {
    const once = folded(decideStrike(null, strike('auc_1'), rules, now))
    expect(decideStrike(once, strike('auc_1'), rules, now)).toEqual([])
  })

  it('a strike of a year ago does not count any more', () => {
    const once = folded(decideStrike(null, strike('auc_1'), rules, plusDays(now, -365)), plusDays(now, -365))
    expect(decideStrike(once, strike('auc_2'), rules, now).map(({ type }) => type)).toEqual(['strike_recorded'])
  })
})

describe('a suspension by an operator', () => {
  it('does not shorten one that lasts longer', () => {
    const standing = folded(decideSuspension(null, { days: 90, reason: 'shill bids', caseId: 'cas_1' }, now))
    expect(decideSuspension(standing, { days: 30, reason: 'again', caseId: 'cas_2' }, now)).toEqual([])
    expect(decideSuspension(standing, { days: 91, reason: 'again', caseId: 'cas_2' }, now)).toHaveLength(1)
  })
})

describe('traits', () => {
  it('are known once, and the oldest go where there are too many', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 120 }), (numbers) => {
        let standing: Standing | null = null
        for (const number of numbers) {
          for (const event of decideTraitSeen(standing, { kind: 'card', hash: `h${number}` })) {
            standing = evolveStanding('acct_1', standing, event, now)
          }
        }
        const cards = standing?.traits.card ?? []
        expect(new Set(cards).size).toBe(cards.length)
        expect(cards.length).toBeLessThanOrEqual(traitsPerKindMax)
        expect(cards).toContain(`h${numbers.at(-1)}`)
      }),
    )
  })

  it('link two accounts by kind: a card is no device', () => {
    const of = (card: string[], device: string[]) => ({ card, device, payout: [] })
    expect(sharedTraits(of(['a'], ['b']), of(['a', 'c'], ['b']))).toEqual(['card', 'device'])
    expect(sharedTraits(of(['a'], []), of([], ['a']))).toEqual([])
    expect(sharedTraits(undefined, of(['a'], []))).toEqual([])
  })
})

describe('an account that may be taken over', () => {
  it('has its holder told once of each change of credentials', () => {
    const tried = { act: 'order', amountMinor: 100, credentialsChangedAt: now } as const
    const told = folded(decideTakeoverSuspected(null, tried))
    expect(decideTakeoverSuspected(told, tried)).toEqual([])
    expect(decideTakeoverSuspected(told, { ...tried, credentialsChangedAt: plusDays(now, 1) })).toHaveLength(1)
  })
})
