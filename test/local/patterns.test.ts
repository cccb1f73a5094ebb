import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../local/json.ts'
import { atPath, matches } from '../../local/patterns.ts'

const event: JsonObject = {
  source: 'marketplace',
  'detail-type': 'order.funded',
  detail: { amount: 4200, handle: 'moons', tags: ['rare', 'short'], nothing: null, nested: { tier: 'gold' } },
}

describe('event patterns', () => {
  it.each<[string, JsonObject, boolean]>([
    ['exact text', { source: ['marketplace'] }, true],
    ['one of several', { 'detail-type': ['order.placed', 'order.funded'] }, true],
    ['another text', { source: ['other'] }, false],
    ['every member must match', { source: ['marketplace'], detail: { handle: ['other'] } }, false],
    ['nested', { detail: { nested: { tier: ['gold'] } } }, true],
    ['exact null', { detail: { nothing: [null] } }, true],
    ['an element of a list', { detail: { tags: ['short'] } }, true],
    ['no element of a list', { detail: { tags: ['long'] } }, false],
    ['prefix', { detail: { handle: [{ prefix: 'moo' }] } }, true],
    ['prefix that differs', { detail: { handle: [{ prefix: 'sun' }] } }, false],
    ['suffix', { detail: { handle: [{ suffix: 'ns' }] } }, true],
    ['anything but', { detail: { handle: [{ 'anything-but': ['stars'] }] } }, true],
    ['anything but it', { detail: { handle: [{ 'anything-but': 'moons' }] } }, false],
    ['anything but a prefix', { detail: { handle: [{ 'anything-but': { prefix: 'moo' } }] } }, false],
    ['anything but, on a member that is missing', { detail: { missing: [{ 'anything-but': ['x'] }] } }, false],
    ['exists', { detail: { handle: [{ exists: true }] } }, true],
    ['exists not', { detail: { missing: [{ exists: false }] } }, true],
    ['exists, but must not', { detail: { handle: [{ exists: false }] } }, false],
    ['numeric range', { detail: { amount: [{ numeric: ['>', 100, '<=', 4200] }] } }, true],
    ['numeric outside', { detail: { amount: [{ numeric: ['<', 4200] }] } }, false],
    ['numeric on text', { detail: { handle: [{ numeric: ['>', 1] }] } }, false],
    ['wildcard', { detail: { handle: [{ wildcard: 'm*s' }] } }, true],
    ['case ignored', { detail: { handle: [{ 'equals-ignore-case': 'MOONS' }] } }, true],
    ['either branch', { $or: [{ source: ['other'] }, { detail: { amount: [4200] } }] }, true],
  ])('%s', (_, pattern, expected) => {
    expect(matches(pattern, event)).toBe(expected)
  })

  it('refuses a comparison it does not know, instead of never matching', () => {
    expect(() => matches({ source: [{ cidr: '10.0.0.0/8' }] }, event)).toThrow('cidr')
  })

  it('reads the value at a path', () => {
    expect(atPath('$.detail.nested.tier', event)).toBe('gold')
  })
})
