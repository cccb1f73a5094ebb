import { expect, test } from 'vitest'
import type { Holder } from '../../shared/domain/handle.ts'
import { atStakeMinor, decideResale, resaleOpensAt } from '../../shared/domain/resale.ts'

const at = '2026-11-24T12:00:00.000Z'
const terms = { resaleCoolingDays: 7 }
const holder: Holder = { accountId: 'acct_1', class: 'ordinary', createdAt: at, lastActiveAt: at, followers: 0 }
const bought = { name: 'river', holder: { ...holder, orderId: 'ord_1' } }

test('a handle that was bought here can be sold a week later, and not a moment before', () => {
  expect(resaleOpensAt(bought, terms)).toBe('2026-12-01T12:00:00.000Z')
  expect(decideResale(bought, terms, '2026-12-01T11:59:59.999Z')).toMatchObject({
    code: 'resale_cooling_off',
    field: 'handle',
    extra: { resaleCoolingDays: 7, opensAt: '2026-12-01T12:00:00.000Z' },
  })
  expect(decideResale(bought, terms, '2026-12-01T12:00:00.000Z')).toBe(null)
})

test('a handle that came with its account, or has no holder, waits for nothing', () => {
  expect(resaleOpensAt({ holder }, terms)).toBe(null)
  expect(resaleOpensAt({ holder: null }, terms)).toBe(null)
  expect(decideResale({ name: 'river', holder }, terms, at)).toBe(null)
})

test('a sale below value is judged by the value', () => {
  const appraisal = {
    low: 100,
    expected: 500,
    high: 900,
    tier: 'common',
    confidence: 50,
    reasons: '',
    model: 'm',
  } as const
  expect(atStakeMinor({ appraisal }, 1)).toBe(900)
  expect(atStakeMinor({ appraisal }, 901)).toBe(901)
  expect(atStakeMinor({}, 1)).toBe(1)
})
