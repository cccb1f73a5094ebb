import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AlertLink, alertLinkDays, alertToken, readAlertToken } from '../../shared/domain/alert-link.ts'
import { keepToken, readKeepToken } from '../../shared/domain/keep-link.ts'

const secret = 's'.repeat(64)
const sentAt = '2026-11-24T00:00:00.000Z'
const after = (ms: number) => new Date(Date.parse(sentAt) + ms).toISOString()
const endMs = alertLinkDays * 86_400_000

const accountId = fc.stringMatching(/^[\x21-\x7e]{1,64}$/)
const link: fc.Arbitrary<AlertLink> = fc.oneof(
  fc.record({ kind: fc.constant('all' as const), accountId }),
  fc.record({ kind: fc.constant('watch' as const), accountId, handle: fc.stringMatching(/^[0-9a-z_]{1,15}$/) }),
)

describe('the token of an alert', () => {
  test('leads to what it is about until its end, whatever account and handle, and fits into a header', () => {
    fc.assert(
      fc.property(link, (one) => {
        const token = alertToken(one, sentAt, secret)
        expect(readAlertToken(token, sentAt, secret)).toEqual(one)
        expect(readAlertToken(token, after(endMs - 1), secret)).toEqual(one)
        expect(readAlertToken(token, after(endMs), secret)).toBe('expired')
        expect(token).toMatch(/^[\w-]{1,160}$/)
      }),
    )
  })

  test('is none with another secret, with any bit changed, or spelt otherwise, also when it has ended', () => {
    const token = alertToken({ kind: 'watch', accountId: 'alice', handle: 'poem' }, sentAt, secret)
    const ended = after(endMs)
    expect(readAlertToken(token, sentAt, `${secret}x`)).toBe('invalid')
    const bytes = Buffer.from(token, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(readAlertToken(changed.toString('base64url'), ended, secret)).toBe('invalid')
    }
    for (const other of [`${token}=`, `${token}A`, token.slice(0, -1), ` ${token}`, '']) {
      expect(readAlertToken(other, sentAt, secret)).toBe('invalid')
    }
  })

  test('is no link that keeps a handle, nor the other way round, even under one secret', () => {
    const keep = keepToken({ handle: 'poem', cycle: sentAt }, secret)
    expect(readAlertToken(keep, sentAt, secret)).toBe('invalid')
    expect(readKeepToken(alertToken({ kind: 'all', accountId: 'alice' }, sentAt, secret), secret)).toBeNull()
  })
})
