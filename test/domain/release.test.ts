import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideActivity, decideImport } from '../../shared/domain/account.ts'
import type { Actor } from '../../shared/domain/actors.ts'
import { dueFrom } from '../../shared/domain/handle-due.ts'
import { evolveHandle } from '../../shared/domain/handle-evolve.ts'
import type { Handle, HandleEvent } from '../../shared/domain/handle.ts'
import { decideHold } from '../../shared/domain/listing.ts'
import { decideKeep, decideNoticeFailed, decideNoticeGiven, isNoticeWanted } from '../../shared/domain/notice.ts'
import {
  checkPolicy,
  plusDays,
  type ReleasePolicy,
  type ReleaseRule,
  shippedPolicy,
} from '../../shared/domain/release-policy.ts'
import { type Assessment, decideDue, decideLegalHold, decideOverrule } from '../../shared/domain/release.ts'
import type { Result } from '../../shared/domain/result.ts'
import { dayMs } from '../../shared/domain/terms.ts'

const start = Date.parse('2026-11-23T12:00:00.000Z')
const at = (days: number): string => new Date(start + days * dayMs).toISOString()

const appraisal = { low: 1, expected: 2, high: 3, tier: 'rare', confidence: 50, reasons: '', model: 'm' } as const
const passes: Assessment = { pass: true, appraisal, priceMinor: 500, currency: 'USD' }
const assess = () => passes
const operator: Actor = { kind: 'operator', id: 'op' }
const platform: Actor = { kind: 'platform', id: 'platform' }
const holder: Actor = { kind: 'holder', id: 'acct_1' }

const ordinary = shippedPolicy.rules.ordinary ?? never()
function never(): never {
  throw new Error('there is no such rule')
}

type AccountFacts = { class?: 'ordinary' | 'verified' | 'government' | 'memorial'; suspendedAt?: string }
const imported = (lastActiveAt: string, more: AccountFacts = {}): Handle =>
  evolveHandle(
    'moons',
    null,
    {
      type: 'handle_imported',
      display: 'Moons',
      importId: 'imp_1',
      accountId: 'acct_1',
      class: 'ordinary',
      createdAt: at(-3000),
      lastActiveAt,
      followers: 3,
      ...more,
    },
    at(-1),
  )

const events = (decided: Result<readonly HandleEvent[]>): readonly HandleEvent[] =>
  decided.ok ? decided.value : never()
const fold = (handle: Handle, decided: Result<readonly HandleEvent[]>, now: string): Handle =>
  events(decided).reduce((state, event) => evolveHandle(state.name, state, event, now), handle)
const types = (decided: Result<readonly HandleEvent[]>) =>
  decided.ok ? decided.value.map(({ type }) => type) : decided.refusal.code

const due = (handle: Handle, now: string, policy: ReleasePolicy = shippedPolicy) =>
  decideDue(handle, policy, assess, now)
const given = (handle: Handle, policy: ReleasePolicy = shippedPolicy) => {
  const { startedAt: cycle = '', attempts: attempt = 0 } = handle.dormancy ?? {}
  return decideNoticeGiven(handle, { cycle, attempt, messageId: `m${attempt}`, addressHash: 'h' }, policy)
}
const bounced = (handle: Handle, attempt: number, now: string, policy: ReleasePolicy = shippedPolicy) =>
  decideNoticeFailed(handle, { cycle: handle.dormancy?.startedAt ?? '', attempt, reason: 'bounce' }, policy, now)

/** A handle whose three notices are given, at the end of its grace. */
const noticed = (): { handle: Handle; now: string } => {
  let handle = imported(at(-400))
  let now = at(0)
  for (let notice = 1; notice <= ordinary.notices; notice += 1) {
    handle = fold(handle, due(handle, now), now)
    handle = fold(handle, given(handle), now)
    now = handle.dormancy?.nextAt ?? never()
  }
  return { handle, now }
}

describe('the time of grace', () => {
  it('begins with the first notice, spaces the others, and ends in the release', () => {
    let handle = imported(at(-365))
    expect(types(due(handle, at(-0.001)))).toBe('not_due')
    const told: [string, string][] = []
    let now = at(0)
    for (let step = 0; handle.status !== 'released' && step < 10; step += 1) {
      const decided = due(handle, now)
      told.push([types(decided).toString(), now])
      handle = fold(handle, decided, now)
      if (handle.status === 'dormant') handle = fold(handle, given(handle), now)
      now = handle.dormancy?.nextAt ?? now
    }
    expect(told).toEqual([
      ['dormancy_started,notice_wanted', at(0)],
      ['notice_wanted', at(14)],
      ['notice_wanted', at(28)],
      ['handle_released', at(42)],
    ])
    expect(handle).toMatchObject({
      formerHolderId: 'acct_1',
      release: { rule: 'ordinary', policyVersion: 1, dueAt: at(0), noticesGiven: 3 },
    })
  })

  it('releases nobody of whom fewer notices counted than the rule asks for: it asks again, then the holder is unreachable', () => {
    let handle = imported(at(-365))
    let now = at(0)
    const seen: string[] = []
    for (let step = 0; handle.status === 'active' || handle.status === 'dormant'; step += 1) {
      if (step > 20) never()
      const decided = due(handle, now)
      seen.push(types(decided).toString())
      handle = fold(handle, decided, now)
      // Two of three get through; one address comes and goes.
      if (handle.dormancy !== null && handle.status === 'dormant') {
        const { attempts } = handle.dormancy
        handle = attempts <= 2 ? fold(handle, given(handle), now) : fold(handle, bounced(handle, attempts, now), now)
      }
      now = handle.dormancy?.nextAt ?? now
    }
    expect(handle.status).toBe('unreachable')
    expect(seen.at(-1)).toBe('contact_failed')
    expect(seen.filter((one) => one.includes('notice_wanted'))).toHaveLength(shippedPolicy.noticeAttemptsMax)
    expect(dueFrom(handle)).toBeNull()
  })

  it('does not take silence of the mail road for an unreachable holder', () => {
    for (const unreachable of ['keep', 'release'] as const) {
      const policy: ReleasePolicy = { ...shippedPolicy, unreachable }
      let handle = imported(at(-365))
      let now = at(0)
      for (let step = 0; step < 20; step += 1) {
        expect(types(due(handle, now, policy)).toString()).toContain('notice_wanted')
        handle = fold(handle, due(handle, now, policy), now)
        now = handle.dormancy?.nextAt ?? never()
      }
    }
  })

  it('of an unreachable holder ends in the release only where the policy says so, and not before the time told', () => {
    const policy: ReleasePolicy = { ...shippedPolicy, unreachable: 'release', noticeAttemptsMax: 3 }
    let handle = imported(at(-365))
    let now = at(0)
    const told: string[] = []
    while (handle.status !== 'released') {
      handle = fold(handle, due(handle, now, policy), now)
      if (handle.dormancy === null) break
      told.push(handle.dormancy.releaseAt)
      handle = fold(handle, bounced(handle, handle.dormancy.attempts, now, policy), now)
      now = handle.dormancy?.nextAt ?? now
    }
    expect(now >= (told.toSorted().at(-1) ?? '')).toBe(true)
    expect(handle.release?.noticesGiven).toBe(0)
  })

  it('goes on after a bounce that comes when all notices were counted', () => {
    const { handle: whole, now } = noticed()
    const handle = fold(whole, bounced(whole, 3, now), now)
    expect(handle.dormancy?.given).toEqual([1, 2])
    expect(types(due(handle, now))).toEqual(['notice_wanted'])
    const again = fold(handle, due(handle, now), now)
    const enough = fold(again, given(again), now)
    expect(enough.dormancy?.nextAt).toBe(plusDays(now, ordinary.noticeSpacingDays))
    expect(types(due(enough, enough.dormancy?.nextAt ?? ''))).toEqual(['handle_released'])
  })

  it('takes a bounce that overtakes the word of its sending: the notice does not count', () => {
    const first = fold(imported(at(-365)), due(imported(at(-365)), at(0)), at(0))
    const handle = fold(first, bounced(first, 1, at(1)), at(1))
    expect(events(given(handle))).toEqual([])
    expect(isNoticeWanted(handle, { cycle: at(0), attempt: 1 })).toBe(false)
  })

  it('ends when the holder is seen, and a report of an older sighting changes nothing', () => {
    const { handle, now } = noticed()
    const seen = decideActivity(handle, 'acct_1', at(41), platform)
    expect(types(seen)).toEqual(['account_updated', 'dormancy_ended'])
    const back = fold(handle, seen, at(41))
    expect([back.status, types(due(back, now))]).toEqual(['active', 'not_due'])
    expect(events(decideActivity(handle, 'acct_1', at(-500), platform))).toEqual([])
  })

  it('goes on through a feed that tells nothing of the holder but followers', () => {
    const { handle } = noticed()
    const account = {
      accountId: 'acct_1',
      class: 'ordinary',
      createdAt: at(-3000),
      lastActiveAt: at(-400),
      followers: 9,
    }
    const decided = decideImport(
      handle,
      { display: 'Moons', account: { ...account, class: 'ordinary' } },
      false,
      'imp_2',
    )
    expect(types(decided)).toEqual(['account_updated'])
    expect(fold(handle, decided, at(1)).status).toBe('dormant')
  })

  it('is never shortened by a newer policy, and is lengthened by one that asks for more', () => {
    const change = (rule: Partial<ReleaseRule>): ReleasePolicy => ({
      ...shippedPolicy,
      version: 2,
      rules: { ...shippedPolicy.rules, ordinary: { ...ordinary, ...rule } },
    })
    const { handle, now } = noticed()
    const early = at(30)
    expect(types(due(handle, early, change({ graceDays: 21, noticeSpacingDays: 7 })))).toBe('not_due')
    const longer = due(handle, now, change({ graceDays: 100 }))
    expect(events(longer)).toEqual([{ type: 'grace_extended', policyVersion: 2, releaseAt: at(100) }])
    expect(fold(handle, longer, now).dormancy).toMatchObject({ nextAt: at(100), policyVersion: 2 })
    expect(types(due(handle, now, change({ notices: 4, graceDays: 60 })))).toEqual(['notice_wanted'])
    expect(events(due(handle, now, change({ afterDays: 3000 })))).toEqual([
      { type: 'dormancy_ended', reason: 'policy' },
    ])
  })
})

describe('the keep link', () => {
  it('keeps the handle once, and only in the time of grace it was sent in', () => {
    const { handle, now } = noticed()
    const cycle = handle.dormancy?.startedAt ?? ''
    const kept = fold(handle, decideKeep(handle, cycle), at(20))
    expect(kept).toMatchObject({ status: 'active', dormancy: null, holder: { keptAt: at(20) } })
    expect(types(decideKeep(kept, cycle))).toBe('keep_link_used')
    expect(types(due(kept, at(20 + 364)))).toBe('not_due')
    const again = fold(kept, due(kept, at(20 + 365)), at(20 + 365))
    expect(types(decideKeep(again, cycle))).toBe('keep_link_used')
    expect(types(decideKeep(again, at(20 + 365)))).toEqual(['handle_kept'])
    const released = fold(handle, due(handle, now), now)
    expect(types(decideKeep(released, cycle))).toBe('keep_link_expired')
  })

  it('also brings an unreachable holder back', () => {
    const { handle } = noticed()
    const lost: Handle = evolveHandle('moons', handle, { type: 'contact_failed', policyVersion: 1 }, at(50))
    expect(types(decideKeep(lost, handle.dormancy?.startedAt ?? ''))).toEqual(['handle_kept'])
  })
})

describe('suspended, verified, government and memorial accounts', () => {
  it('go by their own rules', () => {
    const suspended = imported(at(-1), { suspendedAt: at(-90) })
    expect(types(due(suspended, at(-0.001)))).toBe('not_due')
    expect(types(due(suspended, at(0)))).toEqual(['handle_released'])
    expect(types(due(imported(at(-1094), { class: 'verified' }), at(0)))).toBe('not_due')
    expect(types(due(imported(at(-1095), { class: 'verified' }), at(0)))).toEqual(['dormancy_started', 'notice_wanted'])
    for (const accountClass of ['government', 'memorial'] as const) {
      const handle = imported(at(-3000), { class: accountClass, suspendedAt: at(-2000) })
      expect([types(due(handle, at(0))), dueFrom(handle)]).toEqual(['not_due', null])
    }
  })

  it('cannot be kept by a link while the account is suspended', () => {
    const policy: ReleasePolicy = { ...shippedPolicy, rules: { ...shippedPolicy.rules, suspended: ordinary } }
    const suspended = imported(at(-1), { suspendedAt: at(-365) })
    const dormant = fold(suspended, due(suspended, at(0), policy), at(0))
    expect(types(decideKeep(dormant, at(0)))).toBe('transition_not_allowed')
  })
})

describe('an operator', () => {
  it('keeps a handle by a legal hold, whatever is due, and sells none of it', () => {
    const { handle, now } = noticed()
    const held = fold(handle, decideLegalHold(handle, { place: true, reason: 'court' }, operator), now)
    expect([held.status, types(due(held, at(9999))), dueFrom(held)]).toEqual(['active', 'not_due', null])
    expect(events(decideLegalHold(held, { place: true, reason: 'again' }, operator))).toEqual([])
    expect(types(decideLegalHold(handle, { place: true, reason: 'mine' }, holder))).toBe('transition_not_allowed')
    const free = fold(held, decideLegalHold(held, { place: false, reason: 'settled' }, operator), now)
    expect(types(due(free, now))).toEqual(['dormancy_started', 'notice_wanted'])

    const released = fold(handle, due(handle, now), now)
    const stopped = fold(released, decideLegalHold(released, { place: true, reason: 'court' }, operator), now)
    const wanted = { orderId: 'ord_1', priceMinor: 500, currency: 'USD' } as const
    const hold = decideHold(stopped, wanted, { kind: 'buyer', id: 'b' }, 'b', null, at(9999))
    expect(hold).toMatchObject({ ok: false, refusal: { code: 'handle_not_for_sale' } })
  })

  it('overrules the very refusal of the gate, one at a time', () => {
    const { handle, now } = noticed()
    const refusing = (overruled: readonly string[]): Assessment => {
      const code = ['reserved_name', 'offensive'].find((one) => !overruled.includes(one))
      return code === undefined ? passes : { pass: false, code, reason: code }
    }
    const step = (state: Handle) => fold(state, decideDue(state, shippedPolicy, refusing, now), now)
    const reserved = step(handle)
    expect(reserved).toMatchObject({ status: 'reserved', reserved: { code: 'reserved_name' } })
    expect(types(decideDue(reserved, shippedPolicy, refusing, now))).toBe('not_due')
    expect(types(decideOverrule(reserved, 'offensive', 'why', operator))).toBe('transition_not_allowed')
    const first = fold(reserved, decideOverrule(reserved, 'reserved_name', 'why', operator), now)
    expect(dueFrom(first)).toEqual({ queue: 'waiting', from: now })
    const second = step(first)
    expect(second).toMatchObject({ status: 'reserved', reserved: { code: 'offensive' } })
    expect(dueFrom(second)).toBeNull()
    const third = step(fold(second, decideOverrule(second, 'offensive', 'why', operator), now))
    expect(third).toMatchObject({ status: 'released', formerHolderId: 'acct_1', release: { noticesGiven: 3 } })
    // The sale asks the gate once more, and hears the same; the next holder's release asks anew.
    expect(third.overruled?.codes).toEqual(['reserved_name', 'offensive'])
    const event = { type: 'handle_handed_over', orderId: 'ord_1', accountId: 'acct_b' } as const
    const sold = evolveHandle(third.name, third, event, now)
    expect(sold.overruled).toBeUndefined()
  })

  it('cannot overrule the grammar, nor a price that no payment carries', () => {
    const { handle, now } = noticed()
    for (const code of ['grammar', 'above_checkout']) {
      const refusing = (): Assessment => ({ pass: false, code, reason: code })
      const reserved = fold(handle, decideDue(handle, shippedPolicy, refusing, now), now)
      expect(types(decideOverrule(reserved, code, 'why', operator))).toBe('transition_not_allowed')
    }
  })
})

describe('a policy', () => {
  const { version: _, publishedAt: _at, ...shipped } = shippedPolicy

  it('that is shipped does not contradict itself', () => {
    expect(checkPolicy(shipped)).toEqual({ ok: true, value: shipped })
  })

  const rule: fc.Arbitrary<ReleaseRule> = fc
    .record({ notices: fc.integer({ min: 3, max: 5 }), noticeSpacingDays: fc.integer({ min: 7, max: 30 }) })
    .chain(({ notices, noticeSpacingDays }) =>
      fc.record({
        afterDays: fc.integer({ min: 30, max: 3650 }),
        notices: fc.constant(notices),
        noticeSpacingDays: fc.constant(noticeSpacingDays),
        graceDays: fc.integer({ min: notices * noticeSpacingDays, max: 365 }),
        rightsDays: fc.constant(7),
        firstRefusalDays: fc.constant(14),
        prospectsDays: fc.constant(9),
        quarantineDays: fc.constant(30),
      }),
    )
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('clock', 'given') },
    { weight: 1, arbitrary: fc.constantFrom('bounced', 'late_bounce', 'late_given') },
  )
  const draftOf = (one: ReleaseRule, noticeAttemptsMax: number, unreachable: 'keep' | 'release') => ({
    ...shipped,
    rules: { ...shipped.rules, ordinary: one },
    noticeAttemptsMax,
    unreachable,
  })

  it('that is accepted always leaves room for its notices, whoever does what in whatever order', () => {
    let releases = 0
    type Act = 'clock' | 'given' | 'bounced' | 'late_bounce' | 'late_given'
    /** Plays the acts, and tells what went wrong. */
    const play = (policy: ReleasePolicy, one: ReleaseRule, acts: readonly Act[]): string[] => {
      const faults: string[] = []
      let handle = imported(at(-4000))
      let now = at(0)
      let lastNoticeAt = ''
      let told = ''
      for (const what of acts) {
        const attempts = handle.dormancy?.attempts ?? 0
        const cycle = handle.dormancy?.startedAt ?? ''
        const earlier = Math.max(1, attempts - 1)
        if (what === 'clock') now = [now, handle.dormancy?.nextAt ?? now].toSorted().at(-1) ?? now
        const decided = {
          clock: () => due(handle, now, policy),
          given: () => given(handle, policy),
          bounced: () => bounced(handle, attempts, now, policy),
          late_bounce: () => bounced(handle, earlier, now, policy),
          late_given: () =>
            decideNoticeGiven(handle, { cycle, attempt: earlier, messageId: 'm', addressHash: 'h' }, policy),
        }[what]()
        for (const event of decided.ok ? decided.value : []) {
          if (event.type === 'notice_wanted') [lastNoticeAt, told] = [now, event.releaseAt]
          if (event.type === 'handle_released') {
            releases += 1
            if (event.noticesGiven < one.notices && policy.unreachable === 'keep')
              faults.push('too few notices counted')
            if (now < told) faults.push('before the time told')
            if (now < plusDays(lastNoticeAt, one.noticeSpacingDays)) faults.push('too soon after the last notice')
          }
          handle = evolveHandle('moons', handle, event, now)
        }
        const { given: counted = [], failed = [] } = handle.dormancy ?? {}
        if (counted.some((attempt) => failed.includes(attempt))) faults.push('a notice counts and does not')
        if (new Set(counted).size < counted.length) faults.push('a notice counts twice')
      }
      return faults
    }
    fc.assert(
      fc.property(
        rule,
        fc.integer({ min: 5, max: 12 }),
        fc.constantFrom('keep', 'release'),
        fc.array(act, { minLength: 20, maxLength: 80 }),
        (one, most, unreachable, acts) => {
          const checked = checkPolicy(draftOf(one, most, unreachable))
          const policy: ReleasePolicy = { ...(checked.ok ? checked.value : never()), version: 2, publishedAt: null }
          expect(play(policy, one, acts)).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
    expect(releases).toBeGreaterThan(20)
  })

  it('that leaves no room for its notices is refused', () => {
    fc.assert(
      fc.property(rule, (one) => {
        const graceDays = one.notices * one.noticeSpacingDays - 1
        expect(checkPolicy(draftOf({ ...one, graceDays }, 12, 'keep'))).toMatchObject({
          refusal: { code: 'policy_invalid', field: 'rules.ordinary.graceDays' },
        })
      }),
    )
  })
})
