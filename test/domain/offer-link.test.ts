import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keepToken, readKeepToken } from '../../shared/domain/keep-link.ts'
import { offerToken, readOfferToken } from '../../shared/domain/offer-link.ts'

const secret = 's'.repeat(64)
const offerId = 'pof_0123456789ABCDEFGHJKMNPQRS'

describe('the token of an offer', () => {
  test('leads to its offer, and fits into an address', () => {
    const token = offerToken(offerId, secret)
    expect(readOfferToken(token, secret)).toBe(offerId)
    expect(token).toMatch(/^[\w-]{40,80}$/)
  })

  test('is none with another secret, or with any bit changed', () => {
    const token = offerToken(offerId, secret)
    expect(readOfferToken(token, `${secret}x`)).toBeNull()
    const bytes = Buffer.from(token, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(readOfferToken(changed.toString('base64url'), secret)).toBeNull()
    }
  })

  test('has one spelling', () => {
    const token = offerToken(offerId, secret)
    for (const other of [`${token}=`, `${token}A`, token.slice(0, -1), ` ${token}`, token.toUpperCase()]) {
      expect(readOfferToken(other, secret)).toBeNull()
    }
    fc.assert(fc.property(fc.string(), (text) => readOfferToken(text, secret) === null))
  })

  test('is no link that keeps a handle, nor the other way round, even under one secret', () => {
    const keep = keepToken({ handle: 'pof', cycle: '2026-11-24T00:00:00.000Z' }, secret)
    expect(readOfferToken(keep, secret)).toBeNull()
    expect(readKeepToken(offerToken(offerId, secret), secret)).toBeNull()
  })
})
