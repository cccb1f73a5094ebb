import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { skeleton } from '../../shared/domain/handle-name.ts'
import { isOffensive } from '../../shared/domain/offensive-words.ts'
import { brandNames } from '../../shared/domain/protected-brands.ts'
import { gate } from '../../shared/domain/release-gate.ts'
import { reservedGroup, reservedReason } from '../../shared/domain/reserved-names.ts'
import { lines } from '../fixtures/lines.ts'

const nothing = {}

describe('reserved names', () => {
  it.each([
    ['support', 'safety'],
    ['Security', 'safety'],
    ['ADMIN', 'role'],
    ['escrow', 'money'],
    ['listings', 'route'],
    ['postmaster', 'system'],
    ['null', 'placeholder'],
    ['newsletter', 'common_page'],
  ] as const)('%s is kept back as %s', (name, group) => {
    expect(reservedGroup(name)).toBe(group)
    expect(gate(name, nothing)).toEqual({ pass: false, code: 'reserved_name', reason: reservedReason[group] })
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf', 'moon'])(
    '%s is not reserved',
    (name) => {
      expect(reservedGroup(name)).toBeUndefined()
    },
  )
})

describe('offensive names', () => {
  it.each(lines('./handles/offensive.txt'))('%s is refused', (name = '') => {
    expect(isOffensive(name)).toBe(true)
    expect(gate(name, nothing)).toMatchObject({ pass: false, code: 'offensive' })
  })

  it.each(lines('./handles/inoffensive.txt'))('%s is not', (name = '') => {
    expect(isOffensive(name)).toBe(false)
  })
})

describe('protected names', () => {
  it.each(['PayPal', 'google', 'Netflix'])('%s is a company', (name) => {
    expect(gate(name, nothing)).toMatchObject({ pass: false, code: 'protected_name' })
  })

  it.each([
    ['paypa1', 'paypal'],
    ['rnicrosoft', 'microsoft'],
    ['vvalmart', 'walmart'],
    ['G00GLE', 'google'],
    ['pay_pal', 'paypal'],
  ])('%s can be taken for %s', (name, brand) => {
    expect(gate(name, nothing)).toEqual({
      pass: false,
      code: 'confusable_with_protected',
      reason: `The name can be taken for ${brand}.`,
    })
  })

  const since = '2026-11-01T00:00:00.000Z'

  it('knows a verified account by its skeleton: others that look like it are refused, itself is not', () => {
    const look = { skeleton: skeleton('mondlicht'), handle: 'mondlicht', accountSince: since, marks: [] }
    expect(gate('Mondlicht', { look })).toEqual({ pass: true })
    expect(gate('mond1icht', { look })).toEqual({
      pass: false,
      code: 'confusable_with_protected',
      reason: 'The name can be taken for mondlicht, which is protected.',
    })
    expect(gate('mond1icht', nothing)).toEqual({ pass: true })
  })

  it('knows an imported mark, and tells being it from looking like it', () => {
    const marks = [{ name: 'mondlicht', source: 'tmch', since }]
    const look = { skeleton: skeleton('mondlicht'), marks }
    expect(gate('Mondlicht', { look })).toEqual({
      pass: false,
      code: 'protected_name',
      reason: 'The name is protected: it was registered by tmch.',
    })
    expect(gate('m0ndlicht', { look })).toMatchObject({ pass: false, code: 'confusable_with_protected' })
    // An account's own name falls to a mark that it looks like, or that it is.
    const both = { ...look, handle: 'm0ndlicht', accountSince: since }
    expect(gate('m0ndlicht', { look: both })).toMatchObject({ pass: false, code: 'confusable_with_protected' })
    expect(gate('mondlicht', { look: both })).toMatchObject({ pass: false, code: 'protected_name' })
    expect(gate('mondlicht', { look: { ...look, marks: [] } })).toEqual({ pass: true })
  })

  it('refuses every spelling of a brand with its skeleton', () => {
    fc.assert(
      fc.property(fc.constantFrom(...brandNames), fc.nat(14), (brand, at) => {
        const swapped = brand.replace(
          brand[at] ?? 'o',
          (letter) => ({ o: '0', l: '1', s: '5', i: '1' })[letter] ?? letter,
        )
        expect(gate(swapped, nothing).pass).toBe(false)
      }),
    )
  })
})

describe('the gate', () => {
  it.each(['Cloud', 'cheerful', 'weather', 'moon', 'anna', 'clove', 'target'])('%s passes', (name) => {
    expect(gate(name, nothing)).toEqual({ pass: true })
  })

  it('refuses what is no handle, with the sentence of the grammar', () => {
    expect(gate('p\u0430ypal', nothing)).toMatchObject({ pass: false, code: 'grammar' })
  })
})
