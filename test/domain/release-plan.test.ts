import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evolveHandle } from '../../shared/domain/handle-evolve.ts'
import type { Handle, HandleEvent } from '../../shared/domain/handle.ts'
import { isOneEdit, nearIndex, nearLengthMin } from '../../shared/domain/near-names.ts'
import { decideNoticeGiven } from '../../shared/domain/notice.ts'
import { checkListed, checkUnlisted } from '../../shared/domain/plan-check.ts'
import { namesAtRiskMax, newRanking, type RiskFacts, riskReasons, riskScore } from '../../shared/domain/plan-risk.ts'
import { forecast, newSummary } from '../../shared/domain/plan-summary.ts'
import { groupOf, project, type Projection } from '../../shared/domain/projection.ts'
import {
  decideComputed,
  decidePublishPlan,
  evolvePlan,
  opensAt,
  type ReleasePlan,
} from '../../shared/domain/release-plan.ts'
import { plusDays, type ReleasePolicy, shippedPolicy } from '../../shared/domain/release-policy.ts'
import { type Assess, decideDue } from '../../shared/domain/release.ts'
import { newSeal, scheduleLine, type ScheduleLine } from '../../shared/domain/schedule.ts'
import { dayMs } from '../../shared/domain/terms.ts'

const asOf = '2026-11-24T12:00:00.000Z'
const daysAgo = (days: number): string => new Date(Date.parse(asOf) - days * dayMs).toISOString()

const appraisal = {
  low: 1000,
  expected: 2000,
  high: 9000,
  tier: 'rare',
  confidence: 50,
  reasons: '',
  model: 'm',
} as const
const passes: Assess = () => ({ pass: true, appraisal, priceMinor: 2000, currency: 'USD' })
const refuses: Assess = () => ({ pass: false, code: 'reserved_name', reason: 'It is kept.' })

type Facts = {
  readonly class: 'ordinary' | 'verified' | 'government' | 'memorial'
  readonly inactiveDays: number
  readonly suspendedDays: number | null
}
const imported = ({ class: accountClass, inactiveDays, suspendedDays }: Facts, name = 'moons'): Handle =>
  evolveHandle(
    name,
    null,
    {
      type: 'handle_imported',
      display: name,
      importId: 'imp_1',
      accountId: 'acct_1',
      class: accountClass,
      createdAt: daysAgo(4000),
      lastActiveAt: daysAgo(inactiveDays),
      followers: 3,
      ...(suspendedDays === null ? {} : { suspendedAt: daysAgo(suspendedDays) }),
    },
    daysAgo(1),
  )
const sleeper = (inactiveDays: number): Handle => imported({ class: 'ordinary', inactiveDays, suspendedDays: null })

const fold = (handle: Handle, events: readonly HandleEvent[], at: string): Handle =>
  events.reduce((state, event) => evolveHandle(state.name, state, event, at), handle)

const facts = fc.record({
  class: fc.constantFrom('ordinary', 'verified', 'government', 'memorial'),
  inactiveDays: fc.integer({ min: 0, max: 3000 }),
  suspendedDays: fc.option(fc.integer({ min: 0, max: 400 })),
})

/** A handle that the clock has looked at on some days before the plan, its notices given or not yet. */
const handles = fc
  .record({ facts, looks: fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 6 }), isGiven: fc.boolean() })
  .map(({ facts: one, looks, isGiven }) => {
    let handle = imported(one)
    for (const days of looks.toSorted((a, b) => b - a)) {
      const at = daysAgo(days)
      const decided = decideDue(handle, shippedPolicy, passes, at)
      if (decided.ok && handle.holder !== null) handle = fold(handle, decided.value, at)
      if (!isGiven || handle.dormancy === null || handle.status !== 'dormant') continue
      const notice = { cycle: handle.dormancy.startedAt, attempt: handle.dormancy.attempts }
      const given = decideNoticeGiven(handle, { ...notice, messageId: 'm', addressHash: 'h' }, shippedPolicy)
      if (given.ok) handle = fold(handle, given.value, at)
    }
    return handle
  })

/** The clock, day by day, with every notice given at once: what a projection foretells. */
const live = (start: Handle, policy: ReleasePolicy, assess: Assess): { handle: Handle; at: string } => {
  let handle = start
  let at = asOf
  const give = () => {
    const { dormancy } = handle
    if (dormancy === null || handle.status !== 'dormant') return
    const notice = { cycle: dormancy.startedAt, attempt: dormancy.attempts, messageId: 'm', addressHash: 'h' }
    const given = decideNoticeGiven(handle, notice, policy)
    if (given.ok) handle = fold(handle, given.value, at)
  }
  give()
  for (let day = 0; day <= 400; day += 1) {
    at = plusDays(asOf, day)
    if (day > 0 && handle.status === 'active') break
    const decided = decideDue(handle, policy, assess, at)
    if (!decided.ok) continue
    handle = fold(handle, decided.value, at)
    if (handle.holder === null) break
    give()
  }
  return { handle, at }
}

describe('a projection', () => {
  it('is what the clock then does, and on the day that it says', () => {
    fc.assert(
      fc.property(handles, fc.boolean(), (handle, pass) => {
        const assess = pass ? passes : refuses
        const { end } = project(handle, shippedPolicy, assess, asOf, true)
        const lived = live(handle, shippedPolicy, assess)
        const decision = end === null || end === 'unreachable' ? null : end
        const wasDecided = handle.holder !== null && lived.handle.holder === null
        expect(wasDecided).toBe(decision !== null)
        const told = wasDecided ? lived.handle.release : undefined
        expect([told?.rule, told?.dueAt]).toEqual([decision?.event.rule, decision?.event.dueAt])
        const isOnItsDay = decision === null || (lived.at >= decision.at && lived.at < plusDays(decision.at, 1))
        const outcome = pass ? 'released' : 'reserved'
        expect([isOnItsDay, wasDecided ? lived.handle.status : outcome]).toEqual([true, outcome])
      }),
    )
  })

  it('never ends before what a holder was told, nor before the rule is due, nor at all under a legal hold', () => {
    fc.assert(
      fc.property(handles, fc.boolean(), (handle, reachable) => {
        const { end } = project(handle, shippedPolicy, passes, asOf, reachable)
        const decision = end === null || end === 'unreachable' ? null : end
        const earliest = [asOf, handle.dormancy?.releaseAt ?? asOf, decision?.event.dueAt ?? asOf]
        expect(earliest.every((instant) => decision === null || decision.at >= instant)).toBe(true)
        const held = { ...handle, legalHold: { reason: 'a letter', since: asOf } }
        expect(project(held, shippedPolicy, passes, asOf, reachable)).toEqual({ standing: 'legal_hold', end: null })
      }),
    )
  })

  it('leaves a holder without an address unreachable, or releases after every attempt, as the policy says', () => {
    const handle = sleeper(500)
    expect(project(handle, shippedPolicy, passes, asOf, false)).toEqual({ standing: 'noticed', end: 'unreachable' })
    const { end } = project(handle, { ...shippedPolicy, unreachable: 'release' }, passes, asOf, false)
    expect(end).toMatchObject({ event: { type: 'handle_released', noticesGiven: 0 } })
  })

  it('under a policy that no longer releases it ends a time of grace', () => {
    const dormant = fold(sleeper(500), events(sleeper(500)), asOf)
    const later = { ...shippedPolicy, rules: { ...shippedPolicy.rules, ordinary: null } }
    expect(project(dormant, later, passes, asOf, true)).toEqual({ standing: 'grace_ended', end: null })
  })

  it.each([
    [{ class: 'ordinary', inactiveDays: 500, suspendedDays: 100 }, 'decided_now', 'suspended'],
    [{ class: 'ordinary', inactiveDays: 500, suspendedDays: 10 }, 'not_due', 'suspended'],
    [{ class: 'ordinary', inactiveDays: 364, suspendedDays: null }, 'not_due', 'ordinary'],
    [{ class: 'ordinary', inactiveDays: 365, suspendedDays: null }, 'noticed', 'ordinary'],
    [{ class: 'verified', inactiveDays: 1100, suspendedDays: 100 }, 'noticed', 'verified'],
    [{ class: 'government', inactiveDays: 3000, suspendedDays: null }, 'no_rule', 'government'],
    [{ class: 'memorial', inactiveDays: 3000, suspendedDays: null }, 'no_rule', 'memorial'],
  ] as const)('of %j stands as %s by the rule for %s', (one, standing, group) => {
    const handle = imported(one)
    expect(project(handle, shippedPolicy, passes, asOf, true).standing).toBe(standing)
    expect(groupOf(handle)).toBe(group)
  })
})

const events = (handle: Handle): readonly HandleEvent[] => {
  const decided = decideDue(handle, shippedPolicy, passes, asOf)
  if (!decided.ok) throw new Error(decided.refusal.message)
  return decided.value
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{1,15}$/), { maxLength: 40 })
const lineOf = (handle: string, projection: Projection): ScheduleLine => {
  const line = scheduleLine(handle, projection)
  if (line === null) throw new Error('the projection comes to no decision')
  return line
}
const someLine = (handle: string): ScheduleLine =>
  lineOf(handle, project(sleeper(500), shippedPolicy, passes, asOf, true))

describe('a seal', () => {
  it('is another for any other names, and refuses lines out of order', () => {
    const sealOf = (list: readonly string[]) => {
      const seal = newSeal()
      for (const name of list) seal.add(someLine(name))
      return seal.close()
    }
    fc.assert(
      fc.property(names, names, (a, b) => {
        const [sortedA, sortedB] = [a.toSorted(), b.toSorted()]
        expect(sealOf(sortedA)).toEqual(sealOf(sortedA))
        expect(sealOf(sortedA).sha256 === sealOf(sortedB).sha256).toBe(sortedA.join() === sortedB.join())
      }),
    )
    expect(() => sealOf(['b', 'a'])).toThrow('a comes after b')
    expect(() => sealOf(['a', 'a'])).toThrow('a comes after a')
    expect(sealOf([]).firstReleaseAt).toBeNull()
  })
})

describe('the counts', () => {
  const projections = fc.array(fc.tuple(handles, fc.boolean(), fc.boolean()), { maxLength: 30 }).map((list) =>
    list.map(([handle, pass, reachable]) => ({
      group: groupOf(handle),
      projection: project(handle, shippedPolicy, pass ? passes : refuses, asOf, reachable),
    })),
  )

  it('of parts add up to those of the whole, wherever it is cut and in whatever order', () => {
    fc.assert(
      fc.property(projections, fc.nat(), (all, seed) => {
        const summaryOf = (list: typeof all) => {
          const summary = newSummary()
          for (const { group, projection } of list) summary.add(group, projection, projection.standing)
          return summary.close()
        }
        const cut = all.length === 0 ? 0 : seed % all.length
        const together = newSummary()
        together.addAll(summaryOf(all.slice(cut)))
        together.addAll(summaryOf(all.slice(0, cut)))
        expect(together.close()).toEqual(summaryOf(all))
        expect(summaryOf(all).cells.reduce((sum, { handles: count }) => sum + count, 0)).toBe(all.length)
      }),
    )
  })

  it('give a forecast whose low, asking and high never cross, and never exceed a sale of everything', () => {
    const share = fc.integer({ min: 0, max: 10_000 })
    const shares = fc.record({ common: share, notable: share, rare: share, priority: share })
    fc.assert(
      fc.property(projections, shares, (all, sellThrough) => {
        const summary = newSummary()
        for (const { group, projection } of all) summary.add(group, projection, null)
        const { byTier, total } = forecast(summary.close(), sellThrough)
        for (const line of [...byTier, total]) {
          expect(line.lowMinor <= line.atAskingMinor && line.atAskingMinor <= line.highMinor).toBe(true)
          expect(line.atAskingMinor <= line.ifAllSellMinor).toBe(true)
          expect(
            Object.values(line).every((figure) => typeof figure === 'string' || Number.isSafeInteger(figure)),
          ).toBe(true)
        }
        expect(total.ifAllSellMinor).toBe(2000 * total.handles)
      }),
    )
  })

  it('multiply sums of billions exactly', () => {
    const cell = {
      standing: 'decided_now',
      group: 'ordinary',
      end: 'release',
      detail: 'priority',
      earliestAt: asOf,
    } as const
    const minor = 900_719_925_474_099
    const cells = [{ ...cell, handles: 1, askingMinor: minor, lowMinor: minor, highMinor: minor }]
    const { total } = forecast({ cells, compared: [], months: {} }, { common: 0, notable: 0, rare: 0, priority: 9_999 })
    expect(total.atAskingMinor).toBe(900_629_853_481_551)
  })
})

describe('names one edit apart', () => {
  const name = fc.stringMatching(/^[a-e]{4,9}$/)
  it('are found whichever letter is missing, added, changed or swapped, and no others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), name, (list, asked) => {
        const expected = list
          .filter((one) => one.length >= nearLengthMin && one !== asked && distance(one, asked) === 1)
          .toSorted()
        const isOneOfThem = list.includes(asked) && asked.length >= nearLengthMin
        expect(nearIndex(list)(asked)).toBe(isOneOfThem ? undefined : expected[0])
      }),
    )
  })

  it.each([
    ['paypal', 'paypall', true],
    ['paypal', 'papal', true],
    ['paypal', 'paypol', true],
    ['paypal', 'apypal', true],
    ['paypal', 'paypal', false],
    ['paypal', 'pyapla', false],
    ['paypal', 'paypalll', false],
  ])('%s and %s: %s', (a, b, is) => {
    expect(isOneEdit(a, b)).toBe(is)
    expect(isOneEdit(b, a)).toBe(is)
  })
})

/** Optimal string alignment, by the book. */
const distance = (a: string, b: string): number => {
  const rows = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY
  for (let i = 0; i <= a.length; i += 1) {
    for (let j = 0; j <= b.length; j += 1) {
      const row = rows[i]
      if (row === undefined) continue
      if (i === 0 || j === 0) {
        row[j] = i + j
        continue
      }
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(at(i, j), at(i - 2, j - 2) + 1)
    }
  }
  return at(a.length, b.length)
}

describe('the risk of a name', () => {
  const calm: RiskFacts = {
    name: 'quiet_river',
    group: 'ordinary',
    followers: 12,
    accountDays: 900,
    overdueDays: 200,
    priceMinor: 2000,
    confidence: 60,
    noticed: true,
    hasAddress: true,
    noticesFailed: 0,
  }
  const codes = (more: Partial<RiskFacts>, near?: string) =>
    riskReasons({ ...calm, ...more }, near).map(({ code }) => code)

  it('is none where nothing speaks for one', () => {
    expect(riskReasons(calm, undefined)).toEqual([])
  })

  it.each([
    [{ followers: 1_000_000 }, undefined, ['followers']],
    [{ overdueDays: 0 }, undefined, ['boundary']],
    [{ overdueDays: 31 }, undefined, []],
    [{ overdueDays: -1 }, undefined, []],
    [{}, 'quiet_rivers', ['near_protected']],
    [{ hasAddress: false }, undefined, ['no_address']],
    [{ hasAddress: false, noticed: false }, undefined, []],
    [{ noticesFailed: 2 }, undefined, ['notices_failed']],
    [{ priceMinor: 1_500_000, confidence: 20 }, undefined, ['price_unsure']],
    [{ priceMinor: 1_500_000, confidence: 50 }, undefined, []],
    [{ name: 'moon', accountDays: 4000 }, undefined, ['old_and_short']],
    [{ group: 'verified' }, undefined, ['verified']],
    [
      { followers: 2_000_000, overdueDays: 3, group: 'verified' },
      'x',
      ['followers', 'near_protected', 'boundary', 'verified'],
    ],
  ] as const)('of %j near %s has the reasons %j, the heaviest first', (more, near, expected) => {
    expect(codes(more, near)).toEqual(expected)
  })

  it('only rises with each reason more, and every reason has words', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        fc.integer({ min: 0, max: 60 }),
        (followers, overdueDays) => {
          const without = riskReasons({ ...calm, followers, overdueDays }, undefined)
          const reasons = riskReasons({ ...calm, followers, overdueDays }, 'protected')
          expect(riskScore(reasons)).toBe(riskScore(without) + 30)
          expect(reasons.every(({ words }) => words.length > 10)).toBe(true)
        },
      ),
    )
  })

  it('ranks the highest hundred, whatever the order and however many there are', () => {
    const all = Array.from({ length: 2000 }, (_, index) => ({ name: `n${index}`, score: (index * 7919) % 111 }))
    const expected = all
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1))
      .slice(0, namesAtRiskMax)
    for (const list of [all, all.toReversed()]) {
      const ranking = newRanking(namesAtRiskMax)
      for (const one of list) ranking.add(one)
      expect(ranking.close()).toEqual(expected)
    }
  })
})

describe('a plan', () => {
  const id = 'pln_0123456789ABCDEFGHJKMNPQRS'
  const request = {
    type: 'plan_requested',
    requestHash: 'hash',
    asOf,
    operatorId: 'op',
    policy: shippedPolicy,
    inForce: null,
    sellThrough: { common: 100, notable: 100, rare: 100, priority: 100 },
    segments: 16,
  } as const
  const requested = evolvePlan(id, null, request, asOf)
  const seal = { lines: 2, sha256: 'ab', firstReleaseAt: plusDays(asOf, 42) }
  const computed = decideComputed(requested, seal).reduce<ReleasePlan>(
    (plan, event) => evolvePlan(id, plan, event, asOf),
    requested,
  )
  const publishedAt = plusDays(asOf, 1)
  const published = (plan: ReleasePlan): ReleasePlan => {
    const decided = decidePublishPlan(plan, null)
    if (!decided.ok) throw new Error(decided.refusal.code)
    return decided.value.plan.reduce((state, event) => evolvePlan(id, state, event, publishedAt), plan)
  }

  it('is sealed once: another schedule that comes later changes nothing', () => {
    expect(computed.seal).toEqual(seal)
    expect(decideComputed(computed, { ...seal, sha256: 'cd' })).toEqual([])
  })

  it('is published once, when it is computed, with its seal in the journal', () => {
    expect(decidePublishPlan(requested, null)).toMatchObject({ ok: false, refusal: { code: 'plan_not_ready' } })
    expect(decidePublishPlan(computed, null)).toMatchObject({
      ok: true,
      value: { plan: [{ type: 'plan_published', policyVersion: 1, asOf, ...seal }], policy: [] },
    })
    expect(decidePublishPlan(published(computed), null)).toEqual({ ok: true, value: { plan: [], policy: [] } })
  })

  it('is refused when the policy that it is of is not in force any more', () => {
    const newer = { ...shippedPolicy, version: 2, publishedAt: asOf }
    expect(decidePublishPlan(computed, newer)).toMatchObject({ ok: false, refusal: { code: 'policy_changed' } })
    const ofDraft = { ...computed, policy: { ...shippedPolicy, version: 2 }, inForce: shippedPolicy }
    expect(decidePublishPlan(ofDraft, newer)).toMatchObject({ ok: false, refusal: { code: 'policy_changed' } })
    expect(decidePublishPlan(ofDraft, null)).toMatchObject({
      ok: true,
      value: { plan: [{ policyVersion: 2 }], policy: [{ type: 'policy_published' }] },
    })
  })

  it('shows its schedule from its first release on, and not before it is published', () => {
    expect(opensAt(published(computed))).toBe(seal.firstReleaseAt)
    expect(opensAt(published({ ...computed, seal: { ...seal, firstReleaseAt: asOf } }))).toBe(publishedAt)
    expect(opensAt(published({ ...computed, seal: { ...seal, firstReleaseAt: null } }))).toBe(publishedAt)
  })
})

describe('a check', () => {
  const plan = { policyVersion: 2, asOf }
  const line = someLine('moons')
  const seen = (status: Handle['status'], since: HandleEvent['type'][] | null, legalHold = false) => ({
    status,
    legalHold,
    since: since?.map((type) => ({ type })) ?? null,
  })

  it.each([
    ['released', ['handle_released'], 'planned'],
    ['dormant', ['dormancy_started'], 'planned'],
    ['unreachable', null, 'planned'],
    ['active', ['handle_kept'], 'planned'],
    ['active', ['handle_released', 'handle_held', 'handle_handed_over'], 'planned'],
    ['active', [], 'differs'],
    ['active', null, 'untold'],
    ['reserved', ['handle_reserved'], 'explained'],
  ] as const)('of a listed name that is %s after %j says %s', (status, since, kind) => {
    expect(checkListed(line, seen(status, since === null ? null : [...since])).kind).toBe(kind)
  })

  it('finds a listed name that is gone, and one that was let out of its reservation by nobody', () => {
    expect(checkListed(line, null).kind).toBe('differs')
    const reserve: ScheduleLine = { ...line, outcome: 'reserve', code: 'reserved_name', askingPrice: null }
    expect(checkListed(reserve, seen('released', ['handle_released'])).kind).toBe('differs')
    expect(checkListed(reserve, seen('released', ['gate_overruled', 'handle_released'])).kind).toBe('explained')
    expect(checkListed(reserve, seen('reserved', ['handle_reserved'])).kind).toBe('planned')
  })

  it('finds a name that slipped in, unless it became due after the plan, or by another policy', () => {
    const released = { type: 'handle_released', policyVersion: 2, dueAt: asOf } as const
    const check = (...since: { type: HandleEvent['type']; policyVersion?: number; dueAt?: string }[]) =>
      checkUnlisted(plan, { since }, null).kind
    expect(check(released)).toBe('differs')
    expect(check({ type: 'dormancy_started' }, { type: 'notice_wanted' }, released)).toBe('differs')
    expect(check({ type: 'account_updated' }, released)).toBe('explained')
    expect(check(released, { type: 'account_updated' })).toBe('differs')
    expect(check({ ...released, dueAt: plusDays(asOf, 1) })).toBe('planned')
    expect(check({ ...released, policyVersion: 3 })).toBe('planned')
    expect(check()).toBe('planned')
    expect(checkUnlisted(plan, { since: null }, { policyVersion: 2, dueAt: asOf }).kind).toBe('untold')
  })
})
