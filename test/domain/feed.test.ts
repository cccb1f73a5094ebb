import { describe, expect, it } from 'vitest'
import { parseFeedLine } from '../../shared/domain/feed.ts'

const now = '2026-11-23T00:00:00.000Z'
const good = {
  accountId: 'acct_1',
  handle: 'Moons',
  class: 'ordinary',
  createdAt: '2020-02-09T00:00:00Z',
  lastActiveAt: '2021-02-09T00:00:00.000Z',
  followers: 3,
  email: 'holder@example.com',
  locale: 'pt-BR',
}
const line = (changes: Record<string, unknown> = {}) => JSON.stringify({ ...good, ...changes })

describe('a feed line', () => {
  it('is read with its canonical name and instants in one form', () => {
    expect(parseFeedLine(line(), now)).toEqual({
      ok: true,
      value: {
        name: 'moons',
        display: 'Moons',
        account: {
          accountId: 'acct_1',
          class: 'ordinary',
          createdAt: '2020-02-09T00:00:00.000Z',
          lastActiveAt: '2021-02-09T00:00:00.000Z',
          suspendedAt: undefined,
          followers: 3,
        },
        contact: { email: 'holder@example.com', locale: 'pt-BR' },
      },
    })
  })

  it.each([
    ['broken JSON', '{"accountId":"a', 'line_not_json', undefined],
    ['an empty line', '', 'line_not_json', undefined],
    ['no object', '[1]', 'line_not_json', undefined],
    ['a missing field', JSON.stringify({ ...good, handle: undefined }), 'field_invalid', 'handle'],
    ['an unknown field', line({ holderId: 'x' }), 'field_invalid', 'holderId'],
    ['a handle that is too long', line({ handle: 'abcdefghijklmnopq' }), 'handle_too_long', 'handle'],
    ['a Cyrillic letter', line({ handle: 'pаypal' }), 'handle_character', 'handle'],
    ['a zero-width joiner', line({ handle: 'zero\u200dwidth' }), 'handle_character', 'handle'],
    ['a space', line({ handle: 'has space' }), 'handle_character', 'handle'],
    ['an instant that is none', line({ lastActiveAt: 'yesterday' }), 'field_invalid', 'lastActiveAt'],
    [
      'activity in the future',
      line({ lastActiveAt: '2031-01-01T00:00:00.000Z' }),
      'instant_impossible',
      'lastActiveAt',
    ],
    [
      'activity before creation',
      line({ lastActiveAt: '2010-01-01T00:00:00.000Z' }),
      'instant_impossible',
      'lastActiveAt',
    ],
    ['an unknown class', line({ class: 'emperor' }), 'field_invalid', 'class'],
    ['negative followers', line({ followers: -3 }), 'field_invalid', 'followers'],
    ['fractional followers', line({ followers: 1.5 }), 'field_invalid', 'followers'],
    ['a wrong address', line({ email: 'nobody' }), 'field_invalid', 'email'],
    ['a line without end', `"${'x'.repeat(20_000)}"`, 'line_too_long', undefined],
  ])('with %s is refused with its code and field', (_, text, code, field) => {
    const parsed = parseFeedLine(text, now)
    expect(parsed.ok ? null : [parsed.refusal.code, parsed.refusal.field]).toEqual([code, field])
  })

  it('says which name a disguised one can be mistaken for', () => {
    const parsed = parseFeedLine(line({ handle: 'pаypal' }), now)
    expect(parsed.ok ? '' : parsed.refusal.reason).toContain('It can be mistaken for paypal.')
  })

  it('never repeats what it refused, since that may be personal', () => {
    const parsed = parseFeedLine('{"email":"secret@example.com', now)
    expect(JSON.stringify(parsed)).not.toContain('secret')
  })
})
