import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asciiLookalike } from '../../shared/domain/ascii-lookalike.ts'
import { checkHandle, isHandle, normalizeHandle, skeleton } from '../../shared/domain/handle-name.ts'
import { lines } from '../fixtures/lines.ts'

const anyHandle = fc.string({
  unit: fc.constantFrom(...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_')),
  minLength: 1,
  maxLength: 15,
})
// Dense in what the skeleton rewrites.
const confusable = fc.string({
  unit: fc.constantFrom(...Array.from('rnvclmwd10iIl5sqg_')),
  minLength: 1,
  maxLength: 15,
})

describe('the grammar of handles', () => {
  it.each(lines('./handles/valid.txt'))('%s is the handle %s', (shown = '', canonical = '') => {
    expect(isHandle(shown)).toBe(true)
    expect(checkHandle(shown)).toEqual({ ok: true, value: canonical })
  })

  it.each(lines('./handles/invalid.txt'))('%s (%s, at %s): %j', (code = '', kind = '', position = '', text = '') => {
    expect(isHandle(text)).toBe(false)
    const checked = checkHandle(text)
    if (checked.ok) throw new Error('accepted')
    const { refusal } = checked
    const { kind: saidKind = '-', position: saidPosition = '-' } = refusal.extra ?? {}
    expect([refusal.code, saidKind, String(saidPosition)]).toEqual([code, kind, position])
    expect(refusal.field).toBe('handle')
    expect(refusal.message).toContain(position === '-' ? 'A handle has at' : `Character ${position} `)
  })

  it('accepts exactly what its expression says, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), anyHandle), (text) => {
        expect(checkHandle(text).ok).toBe(/^[A-Za-z0-9_]{1,15}$/.test(text))
      }),
    )
  })

  it('looks at sixteen characters at most, however long the text', () => {
    const checked = checkHandle(`${'a'.repeat(5_000_000)}é`)
    expect(checked).toMatchObject({ ok: false, refusal: { code: 'handle_too_long' } })
  })

  it('normalises once: a second time changes nothing, and nothing becomes a handle by it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), anyHandle), (text) => {
        const once = normalizeHandle(text)
        expect(normalizeHandle(once)).toBe(once)
        expect(isHandle(once)).toBe(isHandle(text))
      }),
    )
  })
})

describe('the confusable skeleton', () => {
  it.each(lines('./handles/confusable.txt'))('%s can be taken for %s', (a = '', b = '') => {
    expect(skeleton(a)).toBe(skeleton(b))
  })

  it.each(lines('./handles/distinct.txt'))('%s cannot be taken for %s', (a = '', b = '') => {
    expect(skeleton(a)).not.toBe(skeleton(b))
  })

  it('is its own skeleton, never empty, and blind to case', () => {
    fc.assert(
      fc.property(fc.oneof(anyHandle, confusable), (name) => {
        const shape = skeleton(name)
        expect(skeleton(shape)).toBe(shape)
        expect(shape).not.toBe('')
        expect(skeleton(name.toUpperCase())).toBe(skeleton(name.toLowerCase()))
      }),
    )
  })

  it('does not change when an underscore is put in', () => {
    fc.assert(
      fc.property(confusable, fc.nat(15), (name, at) => {
        fc.pre(/[^_]/.test(name))
        expect(skeleton(`${name.slice(0, at)}_${name.slice(at)}`)).toBe(skeleton(name))
      }),
    )
  })
})

describe('the ASCII name that a text passes for', () => {
  it.each(lines('./handles/lookalikes.txt'))('%s passes for %s', (text = '', ascii = '') => {
    expect(asciiLookalike(text)).toBe(ascii === '-' ? undefined : ascii)
  })

  it('is the canonical form for a handle', () => {
    fc.assert(
      fc.property(anyHandle, (name) => {
        expect(asciiLookalike(name)).toBe(normalizeHandle(name))
      }),
    )
  })

  it('is always a name of a–z, 0–9 and _, or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        expect(asciiLookalike(text) ?? 'a').toMatch(/^[a-z0-9_]+$/)
      }),
    )
  })

  it('is not sought in a text of unreasonable length', () => {
    expect(asciiLookalike('a'.repeat(201))).toBeUndefined()
  })
})
