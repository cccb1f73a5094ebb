import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepToken, readKeepToken } from '../../shared/domain/keep-link.ts'

const secret = 'a secret of this test'
const link = { handle: 'moses_1', cycle: '2026-11-24T10:00:00.000Z' }
const handles = fc.stringMatching(/^[0-9a-z_]{1,15}$/)
const cycles = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())

describe('the token of a keep link', () => {
  it('says what it is about to whoever has the secret', () => {
    fc.assert(
      fc.property(handles, cycles, (handle, cycle) => {
        expect(readKeepToken(keepToken({ handle, cycle }, secret), secret)).toEqual({ handle, cycle })
      }),
    )
  })

  it('fits into a path as it stands, and has at most 96 characters', () => {
    expect(keepToken(link, secret)).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(keepToken({ ...link, handle: 'x'.repeat(15) }, secret)).toHaveLength(96)
  })

  it('is refused when any one character of it is another, or one is missing or added', () => {
    const token = keepToken(link, secret)
    const others = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ .'.split('')
    const places = Array.from({ length: token.length + 1 }, (_, at) => at)
    const altered = places.flatMap((at) => [
      ...others.map((other) => token.slice(0, at) + other + token.slice(at + 1)),
      token.slice(0, at),
    ])
    expect(altered.filter((one) => one !== token && readKeepToken(one, secret) !== null)).toEqual([])
    expect(new Set(altered).size).toBeGreaterThan(token.length * 60)
  })

  it('is refused under another secret', () => {
    expect(readKeepToken(keepToken(link, 'another secret'), secret)).toBeNull()
  })

  it('is refused where it signs what no handle or instant is', () => {
    for (const wrong of [
      { ...link, handle: 'A' },
      { ...link, handle: '' },
      { ...link, cycle: 'soon' },
    ]) {
      expect(readKeepToken(keepToken(wrong, secret), secret)).toBeNull()
    }
    expect(readKeepToken('', secret)).toBeNull()
  })
})
